"""What kernels are told: plain numbers in samples and bins, already checked by the layer that takes options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WindowName = Literal[
    "hamming", "hamming-periodic", "hann", "hann-periodic", "blackman", "blackman-periodic", "povey", "rectangular"
]
Framing = Literal["tail", "snip", "center", "center-zero", "mirror"]
MelScale = Literal["htk", "slaney", "psf-bins", "htk-warped"]
MelNorm = Literal["none", "slaney"]
LogKind = Literal["natural", "decibel", "psf", "none"]
Channel = Literal["static", "delta", "delta2"]
Stage = Literal["stft", "spectrum", "mel", "cepstra"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectralParameters:
    """Parameters of the spectral kernels, in the order in which they act. One frame goes through:

    1. waveform: ``standardize`` brings it to zero mean and unit variance, without it it is multiplied by ``scale``;
       ``preemphasis`` c with ``preemphasis_scope="signal"``: y[t] = x[t] - c x[t-1], y[0] = x[0].
    2. frame of ``frame_samples`` every ``hop_samples``. ``framing``: ``tail`` has 1 + ceil((n - frame) / hop) frames,
       the last padded with zeros, 1 frame if n <= frame; ``snip`` whole frames only; ``center`` 1 + n // hop frames
       (1 + (n - 1) // hop for odd n_fft), frame i of n_fft samples centred on sample i hop of the waveform reflected
       without repeating the end samples, the window in its middle; ``center-zero`` the same over zeros; ``mirror``
       (n + hop // 2) // hop frames, frame i begins at hop i + hop // 2 - frame // 2, the waveform mirrored with the
       end samples repeated (Kaldi's snip_edges=false).
    3. ``remove_dc``: the mean of the frame's samples is subtracted; ``energy="frame"``: the sum of squares is taken
       here; ``preemphasis_scope="frame"``: y[t] = x[t] - c x[t-1], y[0] = x[0] - c x[0] within the frame.
    4. ``window``; plain names are symmetric, ``-periodic`` ones have the period of the frame; ``povey`` is the
       symmetric Hann window to the power 0.85.
    5. FFT of ``n_fft`` >= frame_samples points; frames of ``center`` and ``center-zero`` lie (n_fft - frame) // 2
       points into them, others begin them (which phases alone show), zeros are the rest. ``stage="stft"`` ends here:
       bins [first_bin, first_bin + n_bins), complex.
    6. power_gain |X|^2, or its square root with ``spectrum="magnitude"``. ``stage="spectrum"`` takes bins [first_bin,
       first_bin + n_bins) of it to 10. ``energy="spectrum"``: the sum of power_gain |X|^2 over bins 0..n_fft // 2 is
       taken here.
    7. ``n_mels`` triangles from ``f_min`` to ``f_max`` Hz (never 0 here). ``mel_scale``: ``htk`` 2595 log10(1 + f /
       700), triangles straight in Hz; ``slaney`` linear to 1 kHz; ``psf-bins`` the htk scale with corners at bins
       floor((n_fft + 1) f / sample_rate); ``htk-warped`` the htk scale, triangles straight in mel (HTK, Kaldi,
       openSMILE). ``mel_norm="slaney"`` divides each by half its width in Hz. ``stage="mel"`` goes to 9.
    8. ``log`` (see 10), then ``stage="cepstra"``: cepstra first_cepstrum .. first_cepstrum + n_cepstra - 1 of the
       type-II DCT over bands, ``dct="ortho"`` orthonormal, ``"htk"`` sqrt(2 / n_mels) for all; ``lifter`` L > 0
       multiplies cepstrum n by 1 + L / 2 sin(pi n / L). The logarithm of the energy, if any, comes before them as a
       row of its own.
    9. ``log`` for the other stages (stft takes none).
    10. ``log``: ``natural`` ln(max(p, floor)); ``decibel`` 10 log10(max(p, floor)); ``psf`` ln p with exact zeros
        replaced by float64's epsilon; ``none`` p itself.
    11. ``channels``: regression deltas over N = ``delta_window`` frames a side, edge frames repeated, and deltas of
        deltas. ``stage="stft"`` has the static channel only.
    """

    stage: Stage
    sample_rate: int
    standardize: bool = False
    scale: float = 1.0
    preemphasis: float = 0.0
    preemphasis_scope: Literal["signal", "frame"] = "signal"
    frame_samples: int
    hop_samples: int
    framing: Framing
    remove_dc: bool = False
    window: WindowName
    n_fft: int
    first_bin: int = 0
    n_bins: int = 0
    spectrum: Literal["power", "magnitude"] = "power"
    power_gain: float = 1.0
    energy: Literal["none", "frame", "spectrum"] = "none"
    n_mels: int = 0
    f_min: float = 0.0
    f_max: float = 0.0
    mel_scale: MelScale = "htk"
    mel_norm: MelNorm = "none"
    log: LogKind = "none"
    floor: float = 1e-10
    first_cepstrum: int = 0
    n_cepstra: int = 0
    dct: Literal["ortho", "htk"] = "ortho"
    lifter: float = 0.0
    delta_window: int = 2
    channels: tuple[Channel, ...] = ("static",)

    @property
    def n_rows(self) -> int:
        """Numbers of a frame and channel: bins, bands, or cepstra with the energy."""
        if self.stage in ("stft", "spectrum"):
            return self.n_bins
        return self.n_mels if self.stage == "mel" else self.n_cepstra + (self.energy != "none")

"""Cepstra, pitch period and harmonics-to-noise ratio with their deltas: the 30 numbers a frame of the DNN-ELM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Le, Lt

from serkit.config import dump, load
from serkit.features import MFCC, Delta, DeltaOptions, FrameOptions, MFCCOptions, Pitch, PitchOptions, log_energy
from serkit.features.base import Floats, options_of
from serkit.features.framewise import Framewise


@dataclass(frozen=True, slots=True, kw_only=True)
class MfccPitchOptions:
    """Options of ``MfccPitch``. Han et al. 2014 give the descriptors and the frames; what is finer is ours.

    * ``sample_rate`` in Hz, ``frame_ms`` and ``hop_ms`` in milliseconds (frames of the cepstra; pitch has its own).
    * ``n_cepstra`` from ``first_cepstrum`` on, of ``n_mels`` bands to half the sample rate.
    * ``f0_min`` and ``f0_max`` in Hz bound the pitch.
    * ``voicing="all"`` asks a period of every frame, as an autocorrelation without a voicing decision gives it;
      ``"voiced"`` only of voiced ones. Where there is none the period is 0 and the ratio ``hnr_floor``.
    * ``hnr_floor`` in dB: lower ratios are raised to it.
    * ``cepstral_mean="removed"`` subtracts from the cepstra their mean over the louder half of the utterance's frames,
      which takes away the level and much of the speaker's and the room's colour.
    * ``delta_window``: N of the regression.
    """

    sample_rate: Annotated[int, Ge(2000), Le(768_000)] = 16_000
    frame_ms: Annotated[float, Gt(0), Le(10_000)] = 25.0
    hop_ms: Annotated[float, Gt(0), Le(10_000)] = 10.0
    n_mels: Annotated[int, Ge(1), Le(1024)] = 26
    first_cepstrum: Annotated[int, Ge(0), Le(1023)] = 0
    n_cepstra: Annotated[int, Ge(1), Le(1024)] = 13
    f0_min: Annotated[float, Ge(20), Le(2000)] = 75.0
    f0_max: Annotated[float, Gt(20), Le(4000)] = 600.0
    voicing: Literal["all", "voiced"] = "all"
    hnr_floor: Annotated[float, Ge(-60), Lt(60)] = -20.0
    cepstral_mean: Literal["kept", "removed"] = "kept"
    delta_window: Annotated[int, Ge(1), Le(100)] = 2


class MfccPitch(Framewise):
    """``[T] -> [frames, 2 (n_cepstra + 2)]``, float32: cepstra, pitch period in milliseconds, harmonics-to-noise ratio
    in dB (Boersma 1993), then the deltas of all of them.

    Frames as ``Framewise`` has them. Raises ConfigError for options out of range.
    """

    def __init__(self, options: MfccPitchOptions | None = None) -> None:
        given = options_of(options, MfccPitchOptions, "MfccPitch")
        self.options = o = load(MfccPitchOptions, dump(given), where="the options of mfcc-pitch")
        frame = int(o.frame_ms * o.sample_rate / 1000 + 0.5)
        self._cepstra = MFCC(
            MFCCOptions(
                sample_rate=o.sample_rate,
                frame_ms=o.frame_ms,
                hop_ms=o.hop_ms,
                n_fft=1 << max(1, frame - 1).bit_length(),
                framing="center",
                n_mels=o.n_mels,
                first_cepstrum=o.first_cepstrum,
                n_cepstra=o.n_cepstra,
                energy="none",
                channels=("static",),
            )
        )
        # without thresholds the candidate "unvoiced" has no strength, and the best peak is taken
        thresholds = {"voicing_threshold": 0.0, "silence_threshold": 1e-6} if o.voicing == "all" else {}
        self._pitch = Pitch(
            PitchOptions(
                sample_rate=o.sample_rate,
                hop_ms=o.hop_ms,
                f0_min=o.f0_min,
                f0_max=o.f0_max,
                columns=("f0", "hnr"),
                **thresholds,
            )
        )
        frames = FrameOptions(sample_rate=o.sample_rate, hop_ms=o.hop_ms, frame_ms=o.frame_ms)
        self._energy = log_energy(frames) if o.cepstral_mean == "removed" else None
        self._delta = Delta(DeltaOptions(delta_window=o.delta_window))
        static = (*(f"mfcc{o.first_cepstrum + n}" for n in range(o.n_cepstra)), "period_ms", "hnr")
        self.columns = (*static, *(f"delta_{name}" for name in static))
        self.hop_samples = self._pitch.hop_samples

    def _compute(self, waveform: Floats, out: Floats) -> None:
        cepstra = self._cepstra(waveform)[:, :, 0]
        if self._energy is not None:
            cepstra = cepstra - _louder_half(cepstra, self._energy(waveform)[:, 0]).mean(axis=0)
        f0, hnr = self._pitch(waveform).T
        found = ~np.isnan(f0)
        period = np.divide(1000.0, f0, out=np.zeros_like(f0), where=found)
        ratio = np.maximum(np.where(found & ~np.isnan(hnr), hnr, self.options.hnr_floor), self.options.hnr_floor)
        static = np.column_stack([cepstra, period, ratio]).astype(np.float32)
        out[:, : static.shape[1]] = static
        out[:, static.shape[1] :] = self._delta(static)


def _louder_half(rows: Floats, loudness: Floats) -> Floats:
    return rows[loudness >= np.median(loudness)]

"""What kernels are told: plain numbers in samples and bins, already checked by the layer that takes options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

WindowName = Literal["hamming", "hamming-periodic", "hann", "hann-periodic", "rectangular"]
MelScale = Literal["htk", "slaney", "psf-bins"]
MelNorm = Literal["none", "slaney"]
Framing = Literal["tail", "snip", "center"]
LogKind = Literal["natural", "psf", "none"]
Channel = Literal["static", "delta", "delta2"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMelParameters:
    """Parameters of the log-Mel kernels.

    ``standardize`` brings each waveform to zero mean and unit variance; without it a waveform is multiplied by
    ``scale``. ``power_gain`` multiplies ``|X|^2``. ``f_max`` is in Hz and never 0 here.
    """

    sample_rate: int
    frame_samples: int
    hop_samples: int
    n_fft: int
    window: WindowName
    n_mels: int
    f_min: float
    f_max: float
    mel_scale: MelScale
    mel_norm: MelNorm
    framing: Framing
    preemphasis: float
    power_gain: float
    log: LogKind
    floor: float
    delta_window: int
    channels: tuple[Channel, ...]
    standardize: bool
    scale: float

"""SerKit's own contestants that need more than a call of ``LogMel``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from harness import lm3
from harness.lm3 import Signals
from serkit.kernels.native.spectral import SpectralKernel, as_waveform
from serkit.kernels.parameters import SpectralParameters

_POWER = SpectralParameters(
    stage="spectrum", sample_rate=lm3.RATE, frame_samples=lm3.FRAME, hop_samples=lm3.HOP, framing="center",
    window="hamming-periodic", n_fft=lm3.POINTS, n_bins=lm3.BINS,
)  # fmt: skip
_LM3 = replace(
    _POWER, stage="mel", n_bins=0, n_mels=lm3.BANDS, f_max=lm3.RATE / 2, log="natural", floor=lm3.FLOOR,
    channels=("static", "delta", "delta2"),
)  # fmt: skip
# python_speech_features: 26 bands at whole bins, energy of the spectrum, cepstra 1 to 12 of the orthonormal DCT
_MFCC = replace(
    _LM3, stage="cepstra", framing="tail", window="rectangular", preemphasis=0.97, power_gain=1.0 / lm3.POINTS,
    n_mels=26, mel_scale="psf-bins", log="psf", energy="spectrum", first_cepstrum=1, n_cepstra=12, lifter=22.0,
)  # fmt: skip


class Spectral:
    """One kind of spectral features of many signals on one thread."""

    def __init__(self, parameters: SpectralParameters) -> None:
        self._kernel = SpectralKernel(parameters)

    @classmethod
    def power(cls) -> Spectral:
        """Power spectra ``[frames, 257, 1]``."""
        return cls(_POWER)

    @classmethod
    def lm3(cls) -> Spectral:
        """LM3."""
        return cls(_LM3)

    @classmethod
    def mfcc(cls) -> Spectral:
        """MFCC-39 ``[frames, 13, 3]``: logarithm of the energy and 12 cepstra, with deltas."""
        return cls(_MFCC)

    def on(self, signals: Signals, *, reuse: bool = False) -> Callable[[], list[Any]]:
        """The call; with ``reuse`` it writes into one buffer of the caller's every time."""
        kernel = self._kernel
        buffer = kernel.empty(int(kernel.offsets(list(signals))[-1])) if reuse else None

        def run() -> list[Any]:
            waveforms = [as_waveform(x) for x in signals]
            offsets = kernel.offsets(waveforms)
            frames = kernel.batch(waveforms, offsets, threads=1, out=buffer)
            return [frames[begin:end] for begin, end in pairwise(offsets)]

        return run

"""The log-Mel kernel under its former name; ``serkit.kernels.native.spectral`` is what computes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from serkit.kernels.native.spectral import (
    MAX_AMPLITUDE,
    Floats,
    MomentCounter,
    Offsets,
    SpectralKernel,
    WaveformStatistics,
    check_waveform,
)
from serkit.kernels.parameters import LogMelParameters, SpectralParameters

__all__ = ["MAX_AMPLITUDE", "LogMelKernel", "MomentCounter", "Offsets", "WaveformStatistics", "check_waveform", "pack"]


class LogMelKernel(SpectralKernel):
    """``SpectralKernel`` from ``LogMelParameters``, on packed waveforms."""

    def __init__(self, parameters: LogMelParameters) -> None:
        super().__init__(SpectralParameters(stage="mel", **dataclasses.asdict(parameters)))

    def batch(self, samples: Floats, sample_offsets: Offsets, threads: int) -> tuple[Floats, Offsets]:  # type: ignore[override]
        """Features, float32 ``[sum F, n_mels, channels]``, and their offsets, of packed waveforms."""
        waveforms = [samples[begin:end] for begin, end in pairwise(sample_offsets)]
        offsets = self.offsets(waveforms)
        return super().batch(waveforms, offsets, threads), offsets


def pack(waveforms: Sequence[Floats]) -> tuple[Floats, Offsets]:
    """Checked waveforms end to end, float32 ``[sum T]``, and their offsets, int64 ``[n + 1]``."""
    offsets = np.concatenate([[0], np.cumsum([len(w) for w in waveforms])]).astype(np.int64)
    samples = waveforms[0] if len(waveforms) == 1 else np.concatenate([np.empty(0, np.float32), *waveforms])
    return samples, offsets

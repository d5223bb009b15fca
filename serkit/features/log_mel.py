"""Log-Mel features with deltas, on the compiled core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from serkit.features.options import MelOptions, Source
from serkit.features.presets import LOG_MEL_PRESETS
from serkit.features.spectral import SpectralExtractor


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMelOptions(MelOptions):
    """Options of ``LogMel``; all are ``FramingOptions``', ``SpectrumOptions``' and ``MelOptions``'.

    The defaults are SerKit's for Chen et al. 2018.
    """

    NAME: ClassVar[str] = "log-Mel"
    PRESETS: ClassVar = LOG_MEL_PRESETS

    waveform: Source = "standardize"

    def _values(self) -> dict[str, Any]:
        return {**MelOptions._values(self), "stage": "mel"}


class LogMel(SpectralExtractor[LogMelOptions, np.float32]):
    """Log-Mel bands, ``[T] -> [frames, n_mels, channels]``, float32; channels are static, delta, delta2."""

    OPTIONS = LogMelOptions

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one frame: ``(n_mels, channels)``."""
        return (self.options.n_mels, len(self.options.channels))

"""Spectrograms, on the compiled core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from serkit.features.options import Channels, SpectrumOptions
from serkit.features.presets import SPECTROGRAM_PRESETS
from serkit.features.spectral import BinExtractor


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrogramOptions(SpectrumOptions):
    """Options of ``Spectrogram``; all are ``FramingOptions``' and ``SpectrumOptions``'.

    The bins whose frequencies lie in [f_min, f_max] are kept: ``f_max=4000`` is what the AFCN takes. The natural
    logarithm of the power, without deltas, is the default; ``log="none"`` is linear.
    """

    NAME: ClassVar[str] = "spectrogram"
    PRESETS: ClassVar = SPECTROGRAM_PRESETS

    channels: Channels = ("static",)

    def _values(self) -> dict[str, Any]:
        return {**SpectrumOptions._values(self), "stage": "spectrum", **self._bins()}


class Spectrogram(BinExtractor[SpectrogramOptions, np.float32]):
    """Power or magnitude of FFT bins, linear or logarithmic, ``[T] -> [frames, bins, channels]``, float32."""

    OPTIONS = SpectrogramOptions

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one frame: ``(bins, channels)``."""
        return (self._kernel.parameters.n_rows, len(self.options.channels))

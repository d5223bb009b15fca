"""The complex short-time spectrum, on the compiled core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from serkit.features.base import Floats
from serkit.features.options import FramingOptions
from serkit.features.presets import STFT_PRESETS
from serkit.features.spectral import BinExtractor


@dataclass(frozen=True, slots=True, kw_only=True)
class STFTOptions(FramingOptions):
    """Options of ``STFT``; all are ``FramingOptions``'. The bins whose frequencies lie in [f_min, f_max] are kept."""

    NAME: ClassVar[str] = "STFT"
    PRESETS: ClassVar = STFT_PRESETS

    def _values(self) -> dict[str, Any]:
        return {**FramingOptions._values(self), "stage": "stft", **self._bins()}


class STFT(BinExtractor[STFTOptions, np.complex64]):
    """Short-time Fourier transform, ``[T] -> [frames, bins]``, complex64.

    Centred frames lie in the middle of their ``n_fft`` points, others begin them, which phases show.
    """

    OPTIONS = STFTOptions
    DTYPE = np.complex64

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one frame: ``(bins,)``."""
        return (self._kernel.parameters.n_rows,)

    def _buffer(self, out: npt.NDArray[np.complex64]) -> Floats:
        return out.view(np.float32).reshape(len(out), *self.shape, 2)

    def _values(self, buffer: Floats) -> npt.NDArray[np.complex64]:
        return buffer.view(np.complex64)[..., 0]

"""What every extractor of features looks like from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

from serkit.errors import ConfigError

Floats = npt.NDArray[np.float32]
Options = TypeVar("Options")


@runtime_checkable
class Extractor(Protocol):
    """Turns waveforms into frames. Built as ``Extractor(options)``, ``options`` a frozen dataclass.

    A frame's values depend on its own waveform only: never on the batch it came in or on the number of threads. They
    are float32; ``STFT`` alone has complex64. The extractors of this package have ``packed`` besides, those on the
    spectral kernels ``stream`` and ``measure`` too (``serkit.features.spectral.SpectralExtractor``).
    """

    @property
    def options(self) -> Any:
        """The frozen options dataclass this extractor was built from."""

    @property
    def sample_rate(self) -> int:
        """Sample rate in Hz that waveforms must have."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one frame, e.g. ``(40, 3)``: bands, channels."""

    @property
    def hop_s(self) -> float:
        """Seconds from one frame to the next."""

    def n_frames(self, n_samples: int) -> int:
        """Number of frames of a waveform of ``n_samples`` samples."""

    def __call__(self, waveform: Floats) -> Floats:
        """Frames, float32 ``[frames, *shape]``, of a waveform, float32 ``[T]`` in [-1, 1].

        Raises AudioError if the waveform is empty, not finite, not float32 or not one-dimensional.
        """

    def batch(self, waveforms: Sequence[Floats], threads: int = 0) -> list[Floats]:
        """``[self(w) for w in waveforms]``, on ``threads`` threads (0: ``SERKIT_THREADS``, or all cores of this
        process)."""


def options_of(given: object, kind: type[Options], owner: str) -> Options:
    """``given``, or for None the defaults of ``kind``. Raises ConfigError that names ``owner`` for anything else."""
    if given is None:
        return kind()
    if not isinstance(given, kind):
        raise ConfigError(f"{owner} was given {type(given).__name__}; it takes {kind.__name__}.")
    return given

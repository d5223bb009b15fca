"""The samples themselves, for systems that learn from the waveform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le

from serkit.features.base import Floats, options_of
from serkit.kernels.native.spectral import check_many, check_waveform
from serkit.kernels.threads import thread_count


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveformOptions:
    """``sample_rate`` in Hz."""

    sample_rate: Annotated[int, Ge(1000), Le(768_000)] = 16_000


class Waveform:
    """``[T] -> [T]``, float32 in [-1, 1]: a frame is a sample, and has no axes of its own."""

    def __init__(self, options: WaveformOptions | None = None) -> None:
        self.options = options_of(options, WaveformOptions, "Waveform")

    @property
    def sample_rate(self) -> int:
        """Sample rate in Hz that waveforms must have."""
        return self.options.sample_rate

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one frame: ``()``."""
        return ()

    @property
    def hop_s(self) -> float:
        """Seconds from one sample to the next."""
        return 1 / self.options.sample_rate

    def n_frames(self, n_samples: int) -> int:
        """``n_samples``."""
        return n_samples

    def __call__(self, waveform: Floats) -> Floats:
        """The waveform, float32 ``[T]``. Raises AudioError if it is empty, not finite, not float32 or not
        one-dimensional."""
        return check_waveform(waveform)

    def batch(self, waveforms: Sequence[Floats], threads: int = 0) -> list[Floats]:
        """``[self(w) for w in waveforms]``; ``threads`` is checked, and none is needed."""
        thread_count(threads)
        check_many(waveforms)
        return [self(w) for w in waveforms]

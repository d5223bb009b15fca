"""Checked wrappers over the compiled spectral kernels; ``serkit.kernels.reference`` defines what they compute.

Results are the same to the bit for any number of threads, any batch composition and any cut of a stream. Instruction
sets with and without fused multiply-adds round differently; docs/numerics.md has the bound.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from serkit.errors import AudioError, ConfigError
from serkit.kernels.native import _core
from serkit.kernels.parameters import SpectralParameters

Floats = npt.NDArray[np.float32]
Complexes = npt.NDArray[np.complex64]
Offsets = npt.NDArray[np.int64]

MAX_AMPLITUDE = 65536.0
"""Largest sample taken: twice the range of 16-bit integers. Powers of larger ones may overflow float32."""


@dataclass(frozen=True, slots=True)
class WaveformStatistics:
    """Length in samples, and mean and population standard deviation in double, of a waveform."""

    n_samples: int
    mean: float
    deviation: float


class MomentCounter:
    """Adds up a waveform that arrives in pieces; how it is cut does not change a bit of the result."""

    def __init__(self) -> None:
        self._moments = _core.Moments()

    def add(self, samples: Floats) -> None:
        """Add checked samples, float32 ``[n]``."""
        self._moments.add(samples)

    def statistics(self) -> WaveformStatistics:
        """Statistics of what was added. The deviation of a constant waveform is exactly 0. AudioError if empty."""
        if self._moments.count == 0:
            raise AudioError("The waveform is empty; at least one sample is needed.")
        return WaveformStatistics(self._moments.count, self._moments.mean, float(np.sqrt(self._moments.variance)))


def as_waveform(waveform: object, name: str = "The waveform") -> Floats:
    """``waveform`` as a contiguous float32 array ``[T]``, T >= 1; its values are not looked at.

    Raises AudioError, in a sentence that begins with ``name``, for anything else.
    """
    if not isinstance(waveform, np.ndarray):
        raise AudioError(f"{name} is a {type(waveform).__name__}; a NumPy array of float32 samples is needed.")
    if waveform.dtype != np.float32:
        hint = "divide by full scale and " if waveform.dtype.kind in "iu" else ""
        raise AudioError(f"{name} holds {waveform.dtype}; {hint}convert it with .astype(numpy.float32).")
    if waveform.ndim != 1:
        raise AudioError(f"{name} has shape {waveform.shape}; one channel is needed, shape [samples].")
    if waveform.size == 0:
        raise AudioError(f"{name} is empty; at least one sample is needed.")
    # misaligned, as from bytes at an odd offset: compiled loops take floats where floats lie
    return np.ascontiguousarray(waveform) if waveform.flags.aligned else waveform.copy()


def check_many(waveforms: object) -> None:
    """Raise AudioError unless ``waveforms`` has a length and is no single waveform; its items are not looked at."""
    check_several(waveforms, "waveforms", "waveforms")
    if not hasattr(waveforms, "__len__"):
        raise AudioError(
            f"waveforms is a {type(waveforms).__name__}; a list of waveforms, float32 [samples] each, is needed."
        )


def check_several(pieces: object, name: str, what: str) -> None:
    """Raise AudioError if ``pieces`` is one array of samples, whose samples would pass for pieces."""
    if isinstance(pieces, np.ndarray | np.generic) and pieces.ndim < 2 and pieces.dtype != object:
        raise AudioError(f"{name} is one array; a list of {what}, float32 [samples] each, is needed.")


def check_waveform(waveform: object, name: str = "The waveform") -> Floats:
    """As ``as_waveform``, and all samples finite and of at most ``MAX_AMPLITUDE``."""
    samples = as_waveform(waveform, name)
    if not _core.all_within(samples, MAX_AMPLITUDE):
        raise _bad_samples(samples, name)
    return samples


def _bad_samples(samples: Floats, name: str) -> AudioError:
    if np.isfinite(samples).all():
        return AudioError(f"{name} has samples beyond {MAX_AMPLITUDE:.0f}; scale it to [-1, 1].")
    first = int(np.flatnonzero(~np.isfinite(samples))[0])
    return AudioError(f"{name} holds {samples[first]} at sample {first}; all samples must be finite.")


class SpectralKernel:
    """The compiled spectral pipeline for one set of parameters. Raises ConfigError if they cannot be computed."""

    def __init__(self, parameters: SpectralParameters) -> None:
        self.parameters = parameters
        try:
            self._core = _core.Spectral(dataclasses.asdict(parameters))
        except ValueError as error:
            raise ConfigError(str(error)) from None

    @property
    def context_frames(self) -> int:
        """Frames on either side that a frame's deltas look at."""
        return int(self._core.context_frames())

    def n_frames(self, n_samples: int) -> int:
        """Frames of a waveform of ``n_samples`` samples."""
        return int(self._core.n_frames(n_samples))

    def n_complete_frames(self, n_samples: int) -> int:
        """Frames that lie wholly inside the first ``n_samples`` samples, whatever follows."""
        return int(self._core.n_complete_frames(n_samples))

    def samples_needed(self, first: int, count: int, total: int) -> tuple[int, int]:
        """Range of samples that frames ``[first, first + count)`` of ``total`` samples depend on, deltas included."""
        begin, end = self._core.samples_needed(first, count, total)
        return int(begin), int(end)

    def offsets(self, waveforms: Sequence[Floats]) -> Offsets:
        """Where the frames of each waveform begin in a batch, int64 ``[n + 1]``."""
        offsets = np.zeros(len(waveforms) + 1, dtype=np.int64)
        count = self._core.n_frames
        np.cumsum([count(w.shape[0]) for w in waveforms], out=offsets[1:])
        return offsets

    def batch(self, waveforms: Sequence[Floats], offsets: Offsets, threads: int, out: Floats | None = None) -> Floats:
        """Frames of all waveforms (from ``as_waveform``) end to end, float32 ``[sum F, n_rows, channels]``.

        ``offsets`` are ``self.offsets(waveforms)``; ``out`` is a caller's C-contiguous buffer of that shape. A complex
        spectrum has its real and imaginary parts as channels. Raises AudioError for samples that are not finite or
        beyond ``MAX_AMPLITUDE``; they are found while the frames are computed, and ``out`` then holds nothing of use.
        """
        p = self.parameters
        if out is None:
            out = self.empty(int(offsets[-1]))
        bad = self._core.batch(list(waveforms), p.standardize, p.scale, MAX_AMPLITUDE, offsets, out, threads)
        if bad >= 0:
            raise _bad_samples(waveforms[bad], "The waveform" if len(waveforms) == 1 else f"Waveform {bad}")
        return out

    def part(
        self, samples: Floats, start: int, statistics: WaveformStatistics, first: int, count: int, threads: int = 1
    ) -> Floats:
        """Frames ``[first, first + count)`` of a waveform with these statistics, of which ``samples`` are at hand.

        ``samples[0]`` is sample ``start`` of the waveform; they must be checked and hold ``samples_needed``. Returns
        float32 ``[count, n_rows, channels]``, the same to the bit as ``batch`` on the whole waveform.
        """
        mean, scale = 0.0, self.parameters.scale
        if self.parameters.standardize:
            mean = statistics.mean
            scale = 1.0 / statistics.deviation if statistics.deviation > 0.0 else 0.0
        out = self.empty(count)
        self._core.compute(samples, start, statistics.n_samples, mean, scale, first, count, out, threads)
        return out

    def empty(self, frames: int) -> Floats:
        """An uninitialised buffer for ``frames`` frames, float32 ``[frames, n_rows, channels]``."""
        channels = 2 if self.parameters.stage == "stft" else len(self.parameters.channels)
        return np.empty((frames, self.parameters.n_rows, channels), dtype=np.float32)

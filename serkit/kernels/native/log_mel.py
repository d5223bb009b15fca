"""Checked wrappers over the compiled log-Mel kernels; ``serkit.kernels.reference.log_mel`` defines what they compute.

Results are the same to the bit for any number of threads, any batch composition, any cut of a stream and, since fused
multiply-adds are off in this kernel, any instruction set.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from serkit.errors import AudioError, ConfigError
from serkit.kernels.native import _core
from serkit.kernels.parameters import LogMelParameters

Floats = npt.NDArray[np.float32]
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


def check_waveform(waveform: object, name: str = "The waveform") -> Floats:
    """``waveform`` as a contiguous float32 array ``[T]``, T >= 1, of finite samples of at most ``MAX_AMPLITUDE``.

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
    samples = np.ascontiguousarray(waveform)
    if not _core.all_within(samples, MAX_AMPLITUDE):
        if np.isfinite(samples).all():
            raise AudioError(f"{name} has samples beyond {MAX_AMPLITUDE:.0f}; scale it to [-1, 1].")
        first = int(np.flatnonzero(~np.isfinite(samples))[0])
        raise AudioError(f"{name} holds {samples[first]} at sample {first}; all samples must be finite.")
    return samples


class LogMelKernel:
    """The compiled log-Mel pipeline for one set of parameters. Raises ConfigError if they cannot be computed."""

    def __init__(self, parameters: LogMelParameters) -> None:
        self.parameters = parameters
        values = dataclasses.asdict(parameters)
        channels = values.pop("channels")
        for name in ("static", "delta", "delta2"):
            values["statics" if name == "static" else name] = name in channels
        try:
            self._core = _core.LogMel(values)
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

    def batch(self, samples: Floats, sample_offsets: Offsets, threads: int) -> tuple[Floats, Offsets]:
        """Features of packed waveforms.

        ``samples``: float32 ``[sum T]``, checked; waveform i is ``[sample_offsets[i], sample_offsets[i + 1])``.
        Returns frames, float32 ``[sum F, n_mels, channels]``, and their offsets, int64 ``[n + 1]``.
        """
        counts = [self.n_frames(int(n)) for n in np.diff(sample_offsets)]
        frame_offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        out = self._empty(int(frame_offsets[-1]))
        p = self.parameters
        self._core.batch(samples, sample_offsets, p.standardize, p.scale, frame_offsets, out, threads)
        return out, frame_offsets

    def part(
        self, samples: Floats, start: int, statistics: WaveformStatistics, first: int, count: int, threads: int = 1
    ) -> Floats:
        """Frames ``[first, first + count)`` of a waveform with these statistics, of which ``samples`` are at hand.

        ``samples[0]`` is sample ``start`` of the waveform; they must hold ``samples_needed``. Returns float32
        ``[count, n_mels, channels]``, the same to the bit as ``batch`` on the whole waveform.
        """
        mean, scale = 0.0, self.parameters.scale
        if self.parameters.standardize:
            mean = statistics.mean
            scale = 1.0 / statistics.deviation if statistics.deviation > 0.0 else 0.0
        out = self._empty(count)
        self._core.compute(samples, start, statistics.n_samples, mean, scale, first, count, out, threads)
        return out

    def _empty(self, frames: int) -> Floats:
        return np.empty((frames, self.parameters.n_mels, len(self.parameters.channels)), dtype=np.float32)


def pack(waveforms: Sequence[Floats]) -> tuple[Floats, Offsets]:
    """Checked waveforms end to end, float32 ``[sum T]``, and their offsets, int64 ``[n + 1]``."""
    offsets = np.concatenate([[0], np.cumsum([len(w) for w in waveforms])]).astype(np.int64)
    samples = waveforms[0] if len(waveforms) == 1 else np.concatenate([np.empty(0, np.float32), *waveforms])
    return samples, offsets


def real_fft(frames: Floats) -> npt.NDArray[np.complex64]:
    """Spectra ``[F, n // 2 + 1]``, complex64, of real frames, float32 ``[F, n]``.

    Raises ConfigError if n has a prime factor other than 2, 3 and 5 or is not in [2, 65536].
    """
    try:
        parts: Floats = _core.real_fft(np.ascontiguousarray(frames))
    except ValueError as error:
        raise ConfigError(str(error)) from None
    return parts.view(np.complex64)[..., 0]

"""What the extractors on the spectral kernels have in common: batches, threads, buffers, streams."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np
import numpy.typing as npt

from serkit.errors import AudioError, ConfigError
from serkit.features.base import Floats, options_of
from serkit.features.options import FramingOptions
from serkit.kernels.native.spectral import (
    MomentCounter,
    Offsets,
    SpectralKernel,
    WaveformStatistics,
    as_waveform,
    check_many,
    check_several,
    check_waveform,
)
from serkit.kernels.threads import thread_count

Options = TypeVar("Options", bound=FramingOptions)
Value = TypeVar("Value", np.float32, np.complex64)


class SpectralExtractor(ABC, Generic[Options, Value]):
    """An extractor on the spectral kernels, ``[T] -> [frames, *shape]``.

    Results are the same to the bit for one waveform, a batch, any number of threads and a stream, and within the bounds
    of docs/numerics.md of the float64 definition in ``serkit.kernels.reference.spectral`` on every instruction set.
    Raises ConfigError if the options cannot be computed.
    """

    OPTIONS: ClassVar[type[Any]]
    DTYPE: ClassVar[type[Any]] = np.float32

    def __init__(self, options: Options | None = None) -> None:
        self.options: Options = options_of(options, self.OPTIONS, type(self).__name__).checked()
        self._kernel = SpectralKernel(self.options.parameters())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.options!r})"

    def __reduce__(self) -> tuple[type[Self], tuple[Options]]:
        return type(self), (self.options,)

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Shape of one frame."""

    @property
    def sample_rate(self) -> int:
        """Sample rate in Hz that waveforms must have."""
        return self.options.sample_rate

    @property
    def hop_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.options.hop_samples / self.options.sample_rate

    @property
    def latency_frames(self) -> int:
        """Frames after its own that a stream waits for: N with deltas, 2 N with deltas of deltas, else 0."""
        return self._kernel.context_frames

    @property
    def latency_samples(self) -> int:
        """Samples, counted from a frame's first, that must have arrived before a stream gives the frame out."""
        return self.options.frame_samples + self.latency_frames * self.options.hop_samples

    def n_frames(self, n_samples: int) -> int:
        """Number of frames of ``n_samples >= 1`` samples; 0 only with ``framing="snip"`` and ``"mirror"``."""
        return self._kernel.n_frames(n_samples)

    def __call__(self, waveform: Floats) -> npt.NDArray[Value]:
        """Features, ``[frames, *shape]``, of a waveform, float32 ``[T]`` in [-1, 1].

        Raises AudioError if the waveform is empty, not finite, beyond 65536, not float32, not one-dimensional, or
        shorter than a frame with ``framing="snip"``, than half a hop with ``"mirror"``.
        """
        return self.packed([waveform], threads=1)[0]

    def batch(self, waveforms: Sequence[Floats], threads: int = 0) -> list[npt.NDArray[Value]]:
        """Features of each waveform, on ``threads`` threads (0: ``SERKIT_THREADS``, or all cores of this process).

        The arrays are views of one buffer; copy one to keep it without the others.
        """
        frames, offsets = self.packed(waveforms, threads)
        return [frames[begin:end] for begin, end in pairwise(offsets.tolist())]

    def packed(
        self, waveforms: Sequence[Floats], threads: int = 0, out: npt.NDArray[Value] | None = None
    ) -> tuple[npt.NDArray[Value], Offsets]:
        """Features of all waveforms end to end, ``[sum frames, *shape]``, and their offsets, int64 ``[n + 1]``.

        ``out``: a buffer ``[at least sum frames, *shape]`` of the features' dtype, C-contiguous; its beginning is
        returned. After an AudioError it holds nothing of use. Raises ConfigError for another ``out`` or ``threads``.
        """
        count = thread_count(threads)
        check_many(waveforms)
        single = len(waveforms) == 1
        checked = [as_waveform(w, "The waveform" if single else f"Waveform {i}") for i, w in enumerate(waveforms)]
        offsets = self._kernel.offsets(checked)
        if self.options.framing in ("snip", "mirror"):
            for i in np.flatnonzero(offsets[1:] == offsets[:-1])[:1]:
                self._refuse_short(len(checked[i]), "The waveform" if single else f"Waveform {i}")
        buffer = self._empty(int(offsets[-1])) if out is None else self._checked(out, int(offsets[-1]), checked)
        self._kernel.batch(checked, offsets, count, buffer)
        return self._values(buffer), offsets

    def measure(self, blocks: Iterable[Floats]) -> WaveformStatistics:
        """Length, mean and deviation of a waveform that arrives in blocks: the first of two passes over long audio."""
        check_several(blocks, "blocks", "blocks")
        counter = MomentCounter()
        for block in blocks:
            if len(block):
                counter.add(check_waveform(block, "A block of the waveform"))
        return counter.statistics()

    def stream(
        self, blocks: Iterable[Floats], statistics: WaveformStatistics | None = None
    ) -> Iterator[npt.NDArray[Value]]:
        """Features of a waveform that arrives in blocks, float32 ``[n]`` each of any n, as ``[frames, ...]`` pieces.

        The pieces end to end equal ``self(whole)`` to the bit; memory is that of a block. A frame comes out with the
        block that brings the last of ``latency_samples``. ``waveform="standardize"`` needs ``statistics`` of the whole
        waveform: ``extractor.stream(blocks(), extractor.measure(blocks()))``. Raises ConfigError if they are missing,
        AudioError for a bad block or if the blocks are not the waveform measured.
        """
        check_several(blocks, "blocks", "blocks")
        if self.options.waveform == "standardize" and statistics is None:
            raise ConfigError(
                'waveform="standardize" needs the statistics of the whole waveform before its first frame; '
                "pass statistics=extractor.measure(blocks) from a first pass over the same blocks."
            )
        return self._stream(blocks, statistics)

    def _stream(self, blocks: Iterable[Floats], measured: WaveformStatistics | None) -> Iterator[npt.NDArray[Value]]:
        kernel = self._kernel
        held = np.empty(0, dtype=np.float32)  # samples [start, seen) of the waveform
        start = seen = done = 0

        def frames(until: int) -> npt.NDArray[Value]:
            mean, deviation = (measured.mean, measured.deviation) if measured else (0.0, 1.0)
            statistics = WaveformStatistics(seen, mean, deviation)
            return self._values(kernel.part(held, start, statistics, done, until - done))

        for block in blocks:
            if not len(block):
                continue
            held = np.concatenate([held, check_waveform(block, "A block of the waveform")])
            seen += len(block)
            # frames whose deltas look at nothing that may still change
            ready = kernel.n_complete_frames(seen) - kernel.context_frames
            if ready > done:
                yield frames(ready)
                done = ready
                # n_fft + 1 more than the next frame: the waveform may end here and be reflected
                keep = max(start, min(kernel.samples_needed(done, 1, seen)[0], seen - self.options.n_fft - 1))
                held, start = held[keep - start :].copy(), keep
        if seen == 0:
            raise AudioError("The waveform is empty; at least one sample is needed.")
        if measured is not None and measured.n_samples != seen:
            raise AudioError(f"The stream has {seen} samples, but {measured.n_samples} were measured.")
        if kernel.n_frames(seen) == 0:
            self._refuse_short(seen, "The waveform")
        if kernel.n_frames(seen) > done:
            yield frames(kernel.n_frames(seen))

    def _refuse_short(self, n_samples: int, name: str) -> None:
        what = f"a frame of {self.options.frame_samples}" if self.options.framing == "snip" else "half a hop"
        raise AudioError(f'{name} has {n_samples} samples, less than {what}; framing="tail" pads it.')

    def _empty(self, frames: int) -> Floats:
        try:
            return self._kernel.empty(frames)
        except (MemoryError, ValueError):  # NumPy's word for more bytes than an address has
            raise ConfigError(
                f"{frames} frames of shape {self.shape} do not fit into memory; pass fewer waveforms at once, "
                "or stream them."
            ) from None

    def _checked(self, out: npt.NDArray[Value], frames: int, waveforms: Sequence[Floats]) -> Floats:
        """The beginning of a caller's buffer as the kernel wants it."""
        wanted = f"a writeable, C-contiguous {np.dtype(self.DTYPE)} array [at least {frames}, {str(self.shape)[1:-1]}]"
        if not isinstance(out, np.ndarray):
            raise ConfigError(f"out is a {type(out).__name__}; it must be {wanted}.")
        fits = out.ndim == 1 + len(self.shape) and out.shape[1:] == self.shape and len(out) >= frames
        if not (fits and out.dtype == self.DTYPE and out.flags.c_contiguous and out.flags.writeable):
            raise ConfigError(f"out is {out.dtype} {out.shape}; it must be {wanted}.")
        if any(np.may_share_memory(out, w) for w in waveforms):
            raise ConfigError("out overlaps a waveform in memory; pass a buffer of its own.")
        return self._buffer(out[:frames])

    def _buffer(self, out: npt.NDArray[Value]) -> Floats:
        """A checked ``out`` as the kernel's float32 ``[frames, rows, channels]``."""
        return out  # type: ignore[return-value]

    def _values(self, buffer: Floats) -> npt.NDArray[Value]:
        """The kernel's buffer as this extractor's values."""
        return buffer  # type: ignore[return-value]


class BinExtractor(SpectralExtractor[Options, Value]):
    """An extractor whose rows are FFT bins."""

    @property
    def frequencies(self) -> npt.NDArray[np.float64]:
        """Frequency of each row in Hz, float64 ``[bins]``."""
        p = self._kernel.parameters
        return np.arange(p.first_bin, p.first_bin + p.n_bins, dtype=np.float64) * (p.sample_rate / p.n_fft)

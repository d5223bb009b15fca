"""Many audio files at once: samples end to end and offsets, or views of them, for the extractors of a ragged batch.

Plain WAV files are opened, decoded and averaged over channels by the core, in one call without the GIL, straight into
their place; other files, and other sample rates, go through ``serkit.data.audio.read``. The samples are the same.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from serkit.data import audio
from serkit.errors import AudioError
from serkit.kernels.native import riff
from serkit.kernels.threads import thread_count

Paths = Sequence[str | os.PathLike[str]]


@dataclass(frozen=True, slots=True)
class Pack:
    """Consecutive files of a list: file ``first + i`` is ``samples[offsets[i] : offsets[i + 1]]``.

    ``samples``: float32 ``[sum T]``, mono, finite. ``offsets``: int64 ``[n + 1]``, from 0 to ``len(samples)``.
    """

    first: int
    samples: audio.Samples
    offsets: npt.NDArray[np.int64]

    @property
    def waveforms(self) -> list[audio.Samples]:
        """The files one by one, views of ``samples``: what ``batch`` and ``packed`` of an extractor take, uncopied."""
        return [self.samples[begin:end] for begin, end in pairwise(self.offsets.tolist())]


def read_pack(paths: Paths, *, sample_rate: int = 16000, threads: int = 0) -> Pack:
    """All files in one pack, each as ``serkit.data.audio.read(path, sample_rate=sample_rate)`` gives it, to the bit.

    ``sample_rate`` is in Hz and positive; ``threads=0`` takes what ``SERKIT_THREADS`` says, or all cores of this
    process. Memory is that of the samples. Raises AudioError, naming the file, if one is refused, and ConfigError for a
    number of threads that cannot be.
    """
    whole = list(packs(paths, sample_rate=sample_rate, seconds=math.inf, threads=threads))
    return whole[0] if whole else Pack(0, np.empty(0, dtype=np.float32), np.zeros(1, dtype=np.int64))


def packs(paths: Paths, *, sample_rate: int = 16000, seconds: float = 60.0, threads: int = 0) -> Iterator[Pack]:
    """The files in packs of at most ``seconds``, or of one longer file, in the order of the list.

    A minute fits the cache, so that what is computed from a pack at once need not fetch it from memory. The samples of
    a pack stay as they are while anything refers to them; their memory is used again when nothing does. Otherwise as
    ``read_pack``; a file that is refused ends the iteration where its pack would be.
    """
    if sample_rate <= 0:
        raise AudioError(f"The files of a pack need one sample rate in Hz, a positive number (got {sample_rate}).")
    if not seconds > 0:
        raise AudioError(f"Packs must be longer than 0 s (got {seconds:g}).")
    return _packs(list(paths), sample_rate, seconds * sample_rate, thread_count(threads))


def _packs(paths: list[str | os.PathLike[str]], sample_rate: int, limit: float, threads: int) -> Iterator[Pack]:
    headers = riff.headers(paths, threads)
    direct = ((headers.frames > 0) & (headers.sample_rate == sample_rate) & headers.exact_mean).tolist()
    memory = _Memory(limit)
    first, ends = 0, [0]
    decoded: dict[int, audio.Samples] = {}
    for i, frames in enumerate(headers.frames.tolist()):
        if not direct[i]:
            decoded[i] = audio.read(paths[i], sample_rate=sample_rate)
            frames = len(decoded[i])
        if i > first and ends[-1] + frames > limit:
            yield _pack(paths, sample_rate, first, ends, decoded, threads, memory)
            first, ends, decoded = i, [0], {k: v for k, v in decoded.items() if k == i}
        ends.append(ends[-1] + frames)
    if len(ends) > 1:
        yield _pack(paths, sample_rate, first, ends, decoded, threads, memory)


def _pack(
    paths: list[str | os.PathLike[str]],
    sample_rate: int,
    first: int,
    ends: list[int],
    decoded: dict[int, audio.Samples],
    threads: int,
    memory: _Memory,
) -> Pack:
    """The pack of files from ``first`` on that end at ``ends[1:]``; ``decoded`` has those the core does not read."""
    offsets = np.array(ends, dtype=np.int64)
    samples = memory.empty(ends[-1])
    last = first + len(ends) - 1
    begin = first
    for i in [*decoded, last]:  # the core reads what lies between two of them
        if i > begin:
            bad = riff.read_mono(paths[begin:i], offsets[begin - first : i - first + 1], samples, threads)
            if bad is not None:
                raise audio.not_finite(paths[begin + bad[0]], bad[1] / sample_rate)
        if i < last:
            samples[offsets[i - first] : offsets[i - first + 1]] = decoded[i]
        begin = i + 1
    return Pack(first, samples, offsets)


class _Memory:
    """Two buffers, since a loop holds a pack until it has the next; one that nobody else refers to is used again.

    Fresh memory would cost as much as reading into it: a page fault every 4 KiB.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._buffers: list[audio.Samples] = []
        self._unshared = 0  # what _references gives where there is no other than ours, which versions of Python change

    def empty(self, n: int) -> audio.Samples:
        """``n`` samples of any value."""
        for k in range(len(self._buffers)):
            if len(self._buffers[k]) >= n and self._references(k) == self._unshared:
                return self._buffers[k][:n]
        # room for a fuller pack to come, unless all that can come is here (no limit) or more than that (one long file)
        size = n if math.isinf(self._limit) else max(n, int(min(self._limit, n * 1.25)))
        self._buffers = [*self._buffers[-1:], np.empty(size, dtype=np.float32)]
        self._unshared = self._references(-1)
        return self._buffers[-1][:n]

    def _references(self, k: int) -> int:
        # a view of any kind holds one, since NumPy's views of views refer to the array that owns the memory
        return sys.getrefcount(self._buffers[k])

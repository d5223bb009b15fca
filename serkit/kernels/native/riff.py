"""RIFF/WAVE files through the compiled core: one file at any position, or many in one call without the GIL.

Read are integers of 8, 16, 24 and 32 bits and floats of 32 and 64, plain or extensible, one channel or many, whatever
chunks lie before the samples. Values equal libsndfile's to the bit. Everything else is refused with an AudioError that
names the file, the fault and its byte, for ``serkit.data.audio`` to read in another way or to explain.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from serkit.errors import AudioError
from serkit.kernels.native import _core

Path = str | os.PathLike[str]
Samples = npt.NDArray[np.float32]
Offsets = npt.NDArray[np.int64]


class RiffFile:
    """An open WAV file, a context manager. Threads may read from one at the same time (not on Windows).

    ``sample_rate`` in Hz; ``channels``; ``frames``, samples a channel; ``encoding``: PCM_U8, PCM_16, PCM_24, PCM_32,
    FLOAT or DOUBLE; ``exact_mean``: whether ``read_mono`` gives the same bits in whatever order channels are summed,
    which more than two floating-point channels do not. Raises AudioError if the file is refused.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._core = _core.RiffFile(os.fsencode(path))
        except _core.RiffError as error:
            raise _error(path, str(error)) from None
        self.sample_rate: int = self._core.sample_rate
        self.channels: int = self._core.channels
        self.frames: int = self._core.frames
        self.encoding: str = self._core.encoding
        self.exact_mean: bool = self._core.exact_mean

    def __enter__(self) -> RiffFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, where: TracebackType | None
    ) -> None:
        self._core = None  # the file is closed with the last reference

    def read(self, first: int, count: int) -> Samples:
        """Frames ``[first, first + count)``, which the file must have, float32 ``[count, channels]``.

        Integers are scaled to [-1, 1), exactly up to 24 bits; floats are as stored, rounded if they are of 64 bits.
        Raises AudioError if the file has become shorter since it was opened.
        """
        out = np.empty((count, self.channels), dtype=np.float32)
        try:
            self._core.read(first, out)
        except _core.RiffError as error:
            raise _error(self._path, str(error)) from None
        return out

    def read_mono(self, first: int, out: Samples) -> int:
        """Fill ``out``, float32 ``[n]``, with frames from ``first`` on, averaged over channels in float64.

        Returns the place in ``out`` of the first value that is not finite, -1 if all are. AudioError as in ``read``.
        """
        try:
            return int(self._core.read_mono(first, out))
        except _core.RiffError as error:
            raise _error(self._path, str(error)) from None


class Headers(NamedTuple):
    """What the headers of n files say, an entry a file; ``frames`` is 0 where a file is refused."""

    frames: npt.NDArray[np.int64]
    sample_rate: npt.NDArray[np.int64]
    exact_mean: npt.NDArray[np.bool_]


def headers(paths: Sequence[Path], threads: int = 1) -> Headers:
    """Headers of many files in one call, for ``read_mono``. A file that is missing or refused is no error here."""
    table = _core.riff_headers([os.fsencode(p) for p in paths], threads)
    return Headers(table[:, 0], table[:, 1], table[:, 2].astype(np.bool_))


def read_mono(paths: Sequence[Path], offsets: Offsets, out: Samples, threads: int = 1) -> tuple[int, int] | None:
    """Fill ``out[offsets[i] : offsets[i + 1]]`` with the whole of file i, as ``RiffFile.read_mono`` does.

    ``offsets``: int64 ``[n + 1]``, rising by the frames that ``headers`` found. ``out``: float32, contiguous. Returns
    the first file that holds NaN or infinity and the frame where it does, None if all are finite. Raises AudioError if
    an earlier file cannot be read or is no longer what its header said.
    """
    failure = _core.riff_read_mono([os.fsencode(p) for p in paths], offsets, out, threads)
    if failure is None:
        return None
    index, fault, frame = failure
    if fault:
        raise _error(paths[index], fault)
    return index, frame


def _error(path: Path, clause: str) -> AudioError:
    return AudioError(f"{os.fspath(path)} cannot be read as a plain WAV file: {clause}; check it, or convert it.")

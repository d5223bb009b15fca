"""Reads audio files: float32 mono at one sample rate, block by block, or a sentence that says what is wrong.

Every route goes through the same blocks and the same streaming resampler, so that ``read`` and the concatenation of
``blocks`` are equal to the bit and a long file costs no more memory than its mono result. Plain WAV files are read by
the core's own reader, everything else by libsndfile, which also has the words for what is no audio; which of the two
it was shows in the time alone.
"""

from __future__ import annotations

import hashlib
import math
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from serkit.errors import AudioError
from serkit.kernels.native.riff import RiffFile

Samples = npt.NDArray[np.float32]

SUFFIXES = frozenset({".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au",
                      ".caf", ".w64", ".rf64"})  # fmt: skip
"""Suffixes (lower case) that :func:`find` takes for audio; reading itself goes by content, not by suffix."""

_VALUES_PER_READ = 1 << 18  # values of all channels decoded at once: 1 MiB of float32, which stays in the L2 cache
_LOSSY = frozenset({"MP3", "OGG"})  # their length is an estimate until they are decoded
_LFS = b"version https://git-lfs"
_UNKNOWN_SIZES = frozenset({0xFFFFFFFF, 0x7FFFFFFF})  # written by encoders that stream and cannot go back
END_SLACK_SECONDS = 0.01
"""Annotations are often rounded up to the next 10 ms; an end later than that is a wrong file or a wrong table."""


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header of an audio file says; ``frames`` are samples per channel."""

    sample_rate: int
    channels: int
    frames: int

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return self.frames / self.sample_rate


def info(path: str | os.PathLike[str]) -> AudioInfo:
    """Sample rate (Hz), channels and frames of a file from its header, without decoding it.

    Raises AudioError as :func:`read` does, except for what only decoding shows (NaN, damaged FLAC frames).
    """
    with _open(Path(path)) as file:
        return AudioInfo(file.sample_rate, file.channels, file.frames)


def read(
    path: str | os.PathLike[str], *, start: float = 0.0, end: float | None = None, sample_rate: int = 16000
) -> Samples:
    """Samples of a file as float32 ``[T]``, mono, at ``sample_rate`` Hz (0: the file's own rate).

    ``start`` and ``end`` are seconds (``end=None``: to the end of the file), rounded to the nearest sample of the file.
    Integer formats are scaled to [-1, 1) exactly; floating-point files are returned as they are stored; channels are
    averaged. Another rate is made with soxr (HQ), which can overshoot a full-scale signal slightly; part of a file is
    cut before it is resampled.

    Raises AudioError, naming the file, if it is missing, a folder, empty, truncated, not audio, holds NaN or infinite
    samples, or if the part asked for is empty or outside the file.
    """
    path = Path(path)
    _check_rate(path, sample_rate)
    with _open(path) as file:
        first, last = _bounds(path, file, start, end)
        if isinstance(file, RiffFile) and file.exact_mean and sample_rate in (0, file.sample_rate) and first < last:
            out = np.empty(last - first, dtype=np.float32)
            _fill(path, file, first, out)
            return out
        ratio = sample_rate / file.sample_rate if sample_rate else 1.0
        # soxr returns round(n * ratio) samples; a few more cost nothing and spare a second copy of a long file
        out = np.empty(math.ceil((last - first) * ratio) + 64, dtype=np.float32)
        filled = 0
        for piece in _pieces(path, file, first, last, sample_rate):
            out[filled : filled + len(piece)] = piece
            filled += len(piece)
    if filled == 0:
        raise AudioError(f"{path} holds no sample between {start:g} s and its end; leave it out or give it audio.")
    return out[:filled]


def blocks(path: str | os.PathLike[str], *, sample_rate: int = 16000, seconds: float = 60.0) -> Iterator[Samples]:
    """A file in consecutive float32 blocks ``[n]`` of ``seconds`` at ``sample_rate`` Hz, the last one shorter.

    The concatenation is equal to the bit to ``read(path, sample_rate=sample_rate)``. Memory is that of one block.
    Raises AudioError as :func:`read` does, at the block where the fault is found.
    """
    path = Path(path)
    if not seconds > 0:
        raise AudioError(f"Blocks of {path} must be longer than 0 s (got {seconds:g}).")
    _check_rate(path, sample_rate)
    with _open(path) as file:
        first, last = _bounds(path, file, 0.0, None)
        size = max(1, round(seconds * (sample_rate or file.sample_rate)))
        held: list[Samples] = []
        n_held = 0
        for piece in _pieces(path, file, first, last, sample_rate):
            while n_held + len(piece) >= size:
                cut = size - n_held
                yield np.concatenate([*held, piece[:cut]])
                piece, held, n_held = piece[cut:], [], 0
            if len(piece):
                held.append(piece)
                n_held += len(piece)
        if held:
            yield np.concatenate(held)


def find(path: str | os.PathLike[str]) -> list[Path]:
    """Audio files under a folder, sorted by path; a file gives itself.

    Suffixes count in upper and lower case; hidden files (``._*`` of macOS among them) and hidden folders are left out.
    Linked folders are entered, each folder once, so that a link to a folder above does no harm.
    Raises AudioError if ``path`` does not exist or a folder cannot be read. A folder without audio gives an empty list.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise AudioError(f"{path} does not exist; check the path.")
    return sorted(p for _, _, files in walk(path) for p in files if p.suffix.lower() in SUFFIXES)


def walk(root: str | os.PathLike[str]) -> Iterator[tuple[Path, list[str], list[Path]]]:
    """Each folder from ``root`` down with the names of its folders and the paths of its files, none of them hidden.

    Linked folders are entered as :func:`find` enters them. What is taken out of the list of folders is not entered.
    Raises AudioError for a folder that cannot be read.
    """
    entered = {os.path.realpath(root)}
    for folder, subfolders, names in os.walk(root, onerror=_refuse_folder, followlinks=True):
        inside = [(d, os.path.join(folder, d)) for d in subfolders if not d.startswith(".")]
        subfolders.clear()
        # in a folder, real ones before links to them
        for name, full in sorted(inside, key=lambda pair: (os.path.islink(pair[1]), pair[0])):
            real = os.path.realpath(full)
            if real not in entered:
                entered.add(real)
                subfolders.append(name)
        base = Path(folder)
        yield base, subfolders, [base / n for n in sorted(names) if not n.startswith(".")]


def _refuse_folder(error: OSError) -> None:
    reason = error.strerror or type(error).__name__
    raise AudioError(f"{error.filename} cannot be read ({reason}); check its permissions.") from None


def is_lfs_pointer(path: str | os.PathLike[str]) -> bool:
    """Whether a file is what Git LFS leaves in place of a recording that was not pulled: a few lines of text."""
    try:
        if os.path.getsize(path) >= 1024:
            return False
        with open(path, "rb") as file:
            return file.read(len(_LFS)) == _LFS
    except OSError:
        return False


def decoded_sha256(path: str | os.PathLike[str]) -> str:
    """SHA-256 of what a file decodes to, the same for WAV and FLAC copies of one recording.

    Hashed are ``b"<sample rate> <channels>\\n"`` and the interleaved samples, little-endian: integers left-aligned in
    int32 (so that 16 bits stored in 24 give the same value), floating-point and lossy formats as float32.
    Raises AudioError as :func:`read` does, except for NaN, which is hashed as it is.
    """
    path = Path(path)
    # libsndfile for WAV as well: hashing takes longer than reading, and only libsndfile gives all formats as int32
    with _SoundFile(path) as file:
        digest = hashlib.sha256(f"{file.sample_rate} {file.channels}\n".encode())
        for block in file.decoded(0, file.frames, "int32" if file.integer else "float32"):
            digest.update(np.ascontiguousarray(block, dtype="<i4" if file.integer else "<f4").data)
    return digest.hexdigest()


def _open(path: Path) -> RiffFile | _SoundFile:
    """An open file, after every check that its header allows. AudioError says what is wrong with it."""
    try:
        return RiffFile(path)
    except AudioError:
        return _SoundFile(path)


class _SoundFile:
    """An open file of any kind that libsndfile decodes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _open_soundfile(path)
        self.sample_rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.frames: int = self._file.frames
        self._lossy = self._file.format in _LOSSY
        self.integer = not self._lossy and self._file.subtype.startswith(("PCM", "ALAC", "DPCM"))

    def __enter__(self) -> _SoundFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, where: TracebackType | None
    ) -> None:
        self._file.close()

    def decoded(self, first: int, last: int, dtype: str) -> Iterator[npt.NDArray[Any]]:
        """Frames ``first`` to ``last`` as arrays ``[n, channels]``; AudioError if a lossless file ends earlier."""
        import soundfile

        if first:
            try:
                self._file.seek(first)
            except soundfile.SoundFileError:
                raise AudioError(
                    f"{self._path} is damaged: it ends before its header says; fetch or copy it again."
                ) from None
        left, per_read = last - first, max(1, _VALUES_PER_READ // self.channels)
        while left > 0:
            try:
                block = self._file.read(min(per_read, left), dtype=dtype, always_2d=True)
            except soundfile.SoundFileError as error:
                reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
                raise AudioError(f"{self._path} is damaged ({reason}); fetch or copy it again.") from None
            if len(block) == 0:
                break
            left -= len(block)
            yield block
        if left > 0 and not self._lossy:
            raise AudioError(
                f"{self._path} is truncated: {left} of {last - first} samples are missing at its end; "
                "fetch or copy it again."
            )


def _open_soundfile(path: Path) -> Any:
    """An open ``soundfile.SoundFile`` at its first frame, after every check that the header allows."""
    import soundfile

    if path.is_dir():
        raise AudioError(f"{path} is a folder, not an audio file; name a file in it.")
    try:
        size = path.stat().st_size
        with path.open("rb") as raw:
            head = raw.read(64)
            promised = _promised_bytes(raw, head)
    except FileNotFoundError:
        raise AudioError(f"{path} does not exist; check the path.") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise AudioError(f"{path} cannot be read ({reason}); check the path and its permissions.") from None
    if size == 0:
        raise AudioError(f"{path} is an empty file (0 bytes); fetch or copy it again.")
    if head.startswith(_LFS):
        raise AudioError(f"{path} is a Git LFS pointer, not audio; run `git lfs pull` in its repository.")
    if promised > size:
        raise AudioError(
            f"{path} is truncated: its header promises {promised} bytes and {size} are there; fetch or copy it again."
        )
    try:
        # bytes, because soundfile cannot encode names that are no valid UTF-8
        file = soundfile.SoundFile(os.fsencode(path) if os.name != "nt" else str(path))
    except (soundfile.SoundFileError, TypeError, ValueError) as error:
        reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
        raise AudioError(
            f"{path} is not audio that can be decoded ({reason}); replace it by WAV, FLAC, OGG, MP3 or AIFF."
        ) from None
    if file.frames == 0:
        file.close()
        raise AudioError(f"{path} holds a header but no samples; fetch or copy it again.")
    return file


def _promised_bytes(raw: Any, head: bytes) -> int:
    """Size in bytes that a RIFF or AIFF header says the file has up to the end of its audio; 0 if it does not say.

    libsndfile reads a truncated WAV as a shorter one, so this is the only place where the loss shows.
    """
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        order, wanted = "<", b"data"
    elif head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        order, wanted = ">", b"SSND"
    else:
        return 0
    position, wide = 12, 0
    while True:
        raw.seek(position)
        chunk = raw.read(8)
        if len(chunk) < 8:
            return 0
        name, length = chunk[:4], struct.unpack(f"{order}I", chunk[4:])[0]
        if name == b"ds64":
            wide = struct.unpack("<Q", raw.read(16)[8:].ljust(8, b"\0"))[0]
        if name == wanted:
            if wide and length == 0xFFFFFFFF:
                length = wide
            elif length in _UNKNOWN_SIZES:
                return 0
            return int(position + 8 + length)
        position += 8 + length + (length & 1)


def _check_rate(path: Path, sample_rate: int) -> None:
    if sample_rate < 0:
        raise AudioError(f"The sample rate to read {path} at must be positive, or 0 for its own (got {sample_rate}).")


def _bounds(path: Path, file: RiffFile | _SoundFile, start: float, end: float | None) -> tuple[int, int]:
    """First and last (exclusive) frame of the part from ``start`` to ``end`` seconds."""
    rate, frames = file.sample_rate, file.frames
    seconds = frames / rate
    if not (start >= 0 and (end is None or end > start)):
        raise AudioError(f"{path}: the part from {start} s to {end} s is empty; start must be >= 0 and before end.")
    if start >= seconds or (end is not None and end > seconds + END_SLACK_SECONDS):
        wanted = f"from {start:g} s" + ("" if end is None else f" to {end:g} s")
        raise AudioError(f"{path} lasts {seconds:.3f} s, but the part {wanted} was asked for; check the annotation.")
    return round(start * rate), frames if end is None else min(frames, round(end * rate))


def _mono(path: Path, file: RiffFile | _SoundFile, first: int, last: int) -> Iterator[Samples]:
    """Frames ``first`` to ``last`` averaged over channels, float32 ``[n]``, checked to be finite."""
    per_read = max(1, _VALUES_PER_READ // file.channels)
    if isinstance(file, RiffFile) and file.exact_mean:
        for begin in range(first, last, per_read):
            out = np.empty(min(per_read, last - begin), dtype=np.float32)
            _fill(path, file, begin, out)
            yield out
        return
    if isinstance(file, RiffFile):
        # more than two floating-point channels: NumPy's order of summation, as for every other kind of file
        blocks: Iterator[npt.NDArray[Any]] = (
            file.read(begin, min(per_read, last - begin)) for begin in range(first, last, per_read)
        )
    else:
        blocks = file.decoded(first, last, "float32")
    done = first
    for block in blocks:
        mono = block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float64).astype(np.float32)
        finite = np.isfinite(mono)
        if not finite.all():
            raise not_finite(path, (done + int(np.argmin(finite))) / file.sample_rate)
        done += len(mono)
        yield mono


def _fill(path: Path, file: RiffFile, first: int, out: Samples) -> None:
    """Fill ``out`` with mono frames from ``first`` on; AudioError if one is not finite."""
    bad = file.read_mono(first, out)
    if bad >= 0:
        raise not_finite(path, (first + bad) / file.sample_rate)


def not_finite(path: str | os.PathLike[str], second: float) -> AudioError:
    """The error of a file whose sample at ``second`` is the first that is NaN or infinite."""
    return AudioError(
        f"{os.fspath(path)} holds NaN or infinite samples (first at {second:.3f} s); export it again or leave it out."
    )


def _pieces(path: Path, file: RiffFile | _SoundFile, first: int, last: int, sample_rate: int) -> Iterator[Samples]:
    """Mono pieces at ``sample_rate`` (0: unchanged), of varying length."""
    if sample_rate in (0, file.sample_rate):
        yield from _mono(path, file, first, last)
        return
    import soxr

    stream = soxr.ResampleStream(file.sample_rate, sample_rate, 1, dtype="float32", quality="HQ")
    for mono in _mono(path, file, first, last):
        yield stream.resample_chunk(np.ascontiguousarray(mono))
    yield stream.resample_chunk(np.empty(0, dtype=np.float32), last=True)

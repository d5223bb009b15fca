"""``predictions.csv`` and ``segments.csv``: what a model said, written before any metric is computed.

Both are RFC 4180 files in UTF-8 that hold every posterior to the last bit (the shortest decimal that reads back as the
same float64). A write is atomic: a reader, or a run that is resumed, sees the old file, the whole new one or none.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from serkit.errors import RunFolderError, SerkitError
from serkit.run.files import write_bytes

SPLITS = ("dev", "test")
"""Splits in the order of the rows of both files."""

_UTTERANCE_COLUMNS = ("id", "split", "speaker", "label", "predicted")
_SEGMENT_COLUMNS = ("id", "split", "segment", "start_frame", "frames")


@dataclass(frozen=True, eq=False)
class Predictions:
    """Posteriors of the utterances of one fold and seed, with the truth.

    ``ids``, ``split`` (``dev`` or ``test``) and ``speaker`` have N entries, ``truth`` and ``predicted`` are int64
    ``[N]`` (index into ``labels``), ``posteriors`` float64 ``[N, K]`` and finite, ``labels`` the K classes in order.
    Raises SerkitError if shapes, class indices, splits or values do not fit together.
    """

    ids: tuple[str, ...]
    split: tuple[str, ...]
    speaker: tuple[str, ...]
    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    posteriors: NDArray[np.float64]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("ids", "split", "speaker", "labels"):
            object.__setattr__(self, name, tuple(map(str, getattr(self, name))))
        for name in ("truth", "predicted"):
            object.__setattr__(self, name, _indices(getattr(self, name), name))
        posteriors = np.asarray(self.posteriors, dtype=np.float64)
        object.__setattr__(self, "posteriors", posteriors)
        for name in ("truth", "predicted", "posteriors"):  # a metric that changed them would change those after it
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)
        n, k = len(self.ids), len(self.labels)
        _check_posteriors(self.ids, posteriors, self.labels)
        for name in ("split", "speaker", "truth", "predicted"):
            if len(getattr(self, name)) != n:
                raise SerkitError(f"Predictions have {n} ids but {len(getattr(self, name))} entries of {name}.")
        for name in ("truth", "predicted"):
            values = getattr(self, name)
            if n and (values.min() < 0 or values.max() >= k):
                raise SerkitError(
                    f"Predictions hold the class {int(values.min() if values.min() < 0 else values.max())} in {name}; "
                    f"allowed are 0 to {k - 1}, one for each of {', '.join(self.labels)}."
                )
        _check_rows(list(zip(self.split, self.ids, strict=True)))

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, split: str) -> Predictions:
        """The rows of one split (``dev`` or ``test``), in the same order; there may be none."""
        keep = [i for i, s in enumerate(self.split) if s == split]
        return self._take(keep)

    def write(self, path: Path) -> None:
        """Write ``predictions.csv`` atomically, sorted by split (dev, test), then id."""
        order = sorted(range(len(self)), key=lambda i: (SPLITS.index(self.split[i]), self.ids[i]))
        rows = (
            [
                self.ids[i],
                self.split[i],
                self.speaker[i],
                self.labels[self.truth[i]],
                self.labels[self.predicted[i]],
                *map(repr, self.posteriors[i].tolist()),
            ]
            for i in order
        )
        _write(path, [*_UTTERANCE_COLUMNS, *(f"p_{x}" for x in self.labels)], rows)

    @classmethod
    def read(cls, path: Path) -> Predictions:
        """Read ``predictions.csv``; RunFolderError names the file and the line of what is damaged."""
        labels, rows = _read(path, _UTTERANCE_COLUMNS)
        index = {label: i for i, label in enumerate(labels)}
        truth: list[int] = []
        predicted: list[int] = []
        for line, row in rows:
            for column, into in ((3, truth), (4, predicted)):
                if row[column] not in index:
                    what = f"unknown class {row[column]!r} (allowed are {', '.join(labels)})"
                    raise _damaged(path, line, what)
                into.append(index[row[column]])
        return cls(
            ids=tuple(r[0] for _, r in rows),
            split=tuple(r[1] for _, r in rows),
            speaker=tuple(r[2] for _, r in rows),
            truth=np.array(truth, dtype=np.int64),
            predicted=np.array(predicted, dtype=np.int64),
            posteriors=_posteriors(path, rows, len(labels)),
            labels=labels,
        )

    def _take(self, keep: Sequence[int]) -> Predictions:
        where = np.array(keep, dtype=np.intp)
        return Predictions(
            ids=tuple(self.ids[i] for i in keep),
            split=tuple(self.split[i] for i in keep),
            speaker=tuple(self.speaker[i] for i in keep),
            truth=self.truth[where],
            predicted=self.predicted[where],
            posteriors=self.posteriors[where],
            labels=self.labels,
        )


@dataclass(frozen=True, eq=False)
class Segments:
    """Posteriors of the segments that an architecture cut utterances into.

    ``ids`` and ``split`` have one entry a segment; ``segment`` (number within the utterance, from 0), ``start_frame``
    and ``frames`` (input frames, without padding) are int64 ``[N]``; ``posteriors`` is float64 ``[N, K]``.
    """

    ids: tuple[str, ...]
    split: tuple[str, ...]
    segment: NDArray[np.int64]
    start_frame: NDArray[np.int64]
    frames: NDArray[np.int64]
    posteriors: NDArray[np.float64]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("ids", "split", "labels"):
            object.__setattr__(self, name, tuple(map(str, getattr(self, name))))
        for name in ("segment", "start_frame", "frames"):
            object.__setattr__(self, name, _indices(getattr(self, name), name))
        object.__setattr__(self, "posteriors", np.asarray(self.posteriors, dtype=np.float64))
        n = len(self.ids)
        _check_posteriors(self.ids, self.posteriors, self.labels)
        for name in ("split", "segment", "start_frame", "frames"):
            if len(getattr(self, name)) != n:
                raise SerkitError(f"Segments have {n} ids but {len(getattr(self, name))} entries of {name}.")
        _check_rows(list(zip(self.split, self.ids, self.segment.tolist(), strict=True)))

    def __len__(self) -> int:
        return len(self.ids)

    def write(self, path: Path) -> None:
        """Write ``segments.csv`` atomically, sorted by split (dev, test), id, segment."""
        order = sorted(range(len(self)), key=lambda i: (SPLITS.index(self.split[i]), self.ids[i], int(self.segment[i])))
        rows = (
            [
                self.ids[i],
                self.split[i],
                *(str(int(v[i])) for v in (self.segment, self.start_frame, self.frames)),
                *map(repr, self.posteriors[i].tolist()),
            ]
            for i in order
        )
        _write(path, [*_SEGMENT_COLUMNS, *(f"p_{x}" for x in self.labels)], rows)

    @classmethod
    def read(cls, path: Path) -> Segments:
        """Read ``segments.csv``; RunFolderError names the file and the line of what is damaged."""
        labels, rows = _read(path, _SEGMENT_COLUMNS)
        numbers = np.empty((len(rows), 3), dtype=np.int64)
        for at, (line, row) in enumerate(rows):
            for column in range(3):
                text = row[2 + column]
                if not text.isascii() or not text.isdigit():
                    raise _damaged(path, line, f"{_SEGMENT_COLUMNS[2 + column]} is {text!r}, not a whole number")
                numbers[at, column] = int(text)
        return cls(
            ids=tuple(r[0] for _, r in rows),
            split=tuple(r[1] for _, r in rows),
            segment=numbers[:, 0],
            start_frame=numbers[:, 1],
            frames=numbers[:, 2],
            posteriors=_posteriors(path, rows, len(labels)),
            labels=labels,
        )


def _write(path: Path, header: list[str], rows: Iterator[list[str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    # ids come from file names, which on POSIX need not be valid UTF-8
    write_bytes(path, text.getvalue().encode("utf-8", "surrogateescape"))


def _read(path: Path, columns: tuple[str, ...]) -> tuple[tuple[str, ...], list[tuple[int, list[str]]]]:
    """Labels of the header, and (line number, fields) of each row, with split and id checked."""
    try:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise RunFolderError(
            f"Cannot read {path} ({error.strerror}); continue the run with --resume to make it again."
        ) from None
    if not text.endswith("\n"):
        raise _damaged(path, text.count("\n") + 1, "the file ends in the middle of a line")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    seen: set[tuple[str, ...]] = set()
    try:
        header = next(reader)
        labels = tuple(h[2:] for h in header[len(columns) :])
        fits = tuple(header[: len(columns)]) == columns and len(set(labels)) == len(labels) > 0
        if not fits or not all(h.startswith("p_") for h in header[len(columns) :]):
            raise _damaged(path, 1, f"the header is not {','.join(columns)},p_<label>,...")
        for row in reader:
            line = reader.line_num
            if len(row) != len(header):
                raise _damaged(path, line, f"{len(row)} fields where the header has {len(header)}")
            if row[1] not in SPLITS:
                raise _damaged(path, line, f"the split is {row[1]!r}, not dev or test")
            key = (row[0], row[1]) if columns is _UTTERANCE_COLUMNS else (row[0], row[1], row[2])
            if key in seen:
                raise _damaged(path, line, f"{row[0]!r} stands there twice")
            seen.add(key)
            rows.append((line, row))
    except csv.Error as error:
        raise _damaged(path, reader.line_num, str(error)) from None
    return labels, rows


def _posteriors(path: Path, rows: list[tuple[int, list[str]]], n_classes: int) -> NDArray[np.float64]:
    out = np.empty((len(rows), n_classes), dtype=np.float64)
    for at, (line, row) in enumerate(rows):
        try:
            out[at] = [float(x) for x in row[len(row) - n_classes :]]
        except ValueError as error:
            raise _damaged(path, line, str(error)) from None
        if not np.isfinite(out[at]).all():
            raise _damaged(path, line, "a posterior is not finite")
    return out


def _indices(values: object, name: str) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iu":
        raise SerkitError(f"Predictions need whole numbers in {name}, not {array.dtype}.")
    return array.astype(np.int64).reshape(-1)


def _check_posteriors(ids: tuple[str, ...], posteriors: NDArray[np.float64], labels: tuple[str, ...]) -> None:
    if posteriors.shape != (len(ids), len(labels)):
        raise SerkitError(
            f"Posteriors have the shape {list(posteriors.shape)}; {len(ids)} rows of {len(labels)} classes "
            f"({', '.join(labels)}) need {[len(ids), len(labels)]}."
        )
    bad = np.flatnonzero(~np.isfinite(posteriors).all(axis=1))
    if bad.size:
        raise SerkitError(
            f"The posteriors of {ids[bad[0]]!r} are not finite ({bad.size} such rows); the model diverged: "
            "lower training.lr or set training.clip_norm."
        )


def _check_rows(keys: Sequence[tuple[object, ...]]) -> None:
    unknown = next((k for k in keys if k[0] not in SPLITS), None)
    if unknown is not None:
        raise SerkitError(f"Predictions of {unknown[1]!r} have the split {unknown[0]!r}; allowed are dev and test.")
    if len(set(keys)) != len(keys):
        twice = next(k for i, k in enumerate(keys) if k in keys[:i])
        raise SerkitError(f"Predictions hold {twice[1]!r} twice in the split {twice[0]!r}; once is allowed.")


def _damaged(path: Path, line: int, what: str) -> RunFolderError:
    return RunFolderError(
        f"{path}, line {line}, is damaged: {what}; delete the file and continue the run with --resume."
    )

"""Tables that people write: CSV and JSON lines, read with the line of each row, so that every error can name it."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serkit.errors import CorpusError, nearest

# pandas leaves the clock away where every time of a column is a whole number of days, as in a column of zeros
_TIMEDELTA = re.compile(r"(?:(-?\d+) days?,? *\+?)?(?:(\d+):([0-5]?\d):([0-5]?\d(?:\.\d+)?))?", re.ASCII)
# float() also takes 1_5 and the digits of other scripts, which nobody means by a time
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)
_NO_TIME = ("", "nat", "nan")

PARTS: Mapping[str, str] = {
    word: part
    for part, words in {
        "train": "train training trn",
        "dev": "dev devel development val valid validation",
        "test": "test testing tst eval evaluation",
    }.items()
    for word in words.split()
}
"""What tools call the parts of a split, in lower case, to SerKit's names."""

VOTES = "votes:"
"""How the name of a column of raters' votes begins; the class follows: ``votes:happy``."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells by column, without spaces at their ends, and the line it begins in, counted from 1."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file: its columns in their order and its rows."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def where(self, row: Row) -> str:
        """Words for a row in messages: file and line."""
        return f"{self.path}, line {row.line}"

    def need(self, *columns: str, remedy: str = "") -> None:
        """Raise CorpusError if one of ``columns`` is not there; ``remedy`` ends the sentence."""
        for column in columns:
            if column not in self.columns:
                near = nearest(column, self.columns)
                hint = remedy or (f"rename {near!r}, if it is meant." if near else "add it to the header.")
                raise CorpusError(
                    f"{self.path}, line 1, has no column {column!r}; there is {', '.join(self.columns)}; {hint}"
                )


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark. Raises CorpusError that names file and line."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(
            f"{path} cannot be read ({error.strerror or type(error).__name__}); check the path."
        ) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CorpusError(f"{path}, line {line}, is not UTF-8; save the file as UTF-8.") from None


def read_csv(path: Path, known: Iterable[str] = ()) -> Table:
    """A CSV file with a header, separated by commas. Lines without any cell are passed over.

    Columns whose name is one of ``known`` but for case get that name; one without a name is called ``column_1`` by its
    place. Raises CorpusError, naming file and line, if there is no header or no row, a column occurs twice, or a row
    has more or fewer cells than the header.
    """
    # newline="" leaves line ends within quotes as they are
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    rows, header, line = [], None, 1
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if any(cells):
                if header is None:
                    header = _header(path, line, cells, known)
                elif len(cells) != len(header):
                    raise CorpusError(
                        f"{path}, line {line}, has {len(cells)} cells where the header has {len(header)}; put cells "
                        'that hold commas into "quotes".'
                    )
                else:
                    rows.append(Row(line, dict(zip(header, cells, strict=True))))
            line = reader.line_num + 1
    except csv.Error as error:
        raise CorpusError(f"{path}, line {line}, is not CSV ({error}); write it with a CSV program.") from None
    if header is None:
        raise CorpusError(f"{path} is empty; it needs a header and rows.")
    if not rows:
        raise CorpusError(f"{path} has a header but no rows; add one for each utterance.")
    return Table(path, header, tuple(rows))


def read_jsonl(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """The objects of a file of JSON lines, each with its line. Raises CorpusError, naming file and line, if one is no
    JSON object, or if there is none."""
    found = []
    for line, text in enumerate(read_text(path).split("\n"), 1):
        if not text.strip():
            continue
        try:
            value = _decoded(text)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise CorpusError(f"{path}, line {line}, is not a JSON object; each line must be one.")
        found.append((line, value))
    if not found:
        raise CorpusError(f"{path} is empty; it needs a JSON object a line.")
    return found


def read_json(path: Path) -> Any:
    """The value of a JSON file. Raises CorpusError, naming file and line, if it is none."""
    text = read_text(path)
    try:
        return _decoded(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise CorpusError(f"{path}, line {line}, is not JSON ({error}); write the file again.") from None


def _decoded(text: str) -> Any:
    value = json.loads(text)
    if "\\u" in text:  # half a surrogate pair can be written in JSON, but nowhere else
        json.dumps(value, ensure_ascii=False).encode()
    return value


def seconds(text: str, where: str, column: str, *, plain: bool = True, timedelta: bool = False) -> float | None:
    """A time in seconds, None for an empty cell.

    ``plain`` allows a number of seconds (``1.5``), ``timedelta`` what pandas and audformat write
    (``0 days 00:00:01.500000``, and ``NaT`` for an empty one). Raises CorpusError, which begins with ``where``.
    """
    text = text.strip()
    if text == "" or (timedelta and text.lower() in _NO_TIME):
        return None
    if timedelta and (match := _TIMEDELTA.fullmatch(text)):
        days, hours, minutes, rest = match.groups(default="0")
        return int(days) * 86400.0 + int(hours) * 3600.0 + int(minutes) * 60.0 + float(rest)
    if plain and _NUMBER.fullmatch(text) and math.isfinite(value := float(text)):
        return value
    forms = ["a number of seconds such as 1.5"] * plain + ["a time such as 0 days 00:00:01.500000"] * timedelta
    raise CorpusError(f"{where}: {column} is {text!r}; {' or '.join(forms)} is expected.")


def _header(path: Path, line: int, cells: Sequence[str], known: Iterable[str]) -> tuple[str, ...]:
    if len(cells) == 1:
        for name, mark in (("semicolons", ";"), ("tabs", "\t")):
            if mark in cells[0]:
                raise CorpusError(f"{path}, line {line}, is separated by {name}; save the file with commas.")
    names = {k.casefold(): k for k in known}
    header = tuple(names.get(c.casefold(), c) or f"column_{i}" for i, c in enumerate(cells, 1))
    for i, column in enumerate(header):
        if column in header[:i]:
            raise CorpusError(f"{path}, line {line}, names the column {column!r} twice; each must occur once.")
    return header

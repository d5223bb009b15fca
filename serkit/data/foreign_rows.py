"""Rows of split files that other tools wrote, each as an utterance with its file, times and speaker."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from serkit.data.audit import stretch
from serkit.data.recognise import speaker_in
from serkit.data.tables import read_csv, read_json, read_jsonl, seconds
from serkit.errors import CorpusError
from serkit.types import Utterance

Identify = Callable[[PurePosixPath], Utterance | None]

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "file": ("file", "wav", "path", "filename", "file_name"),
    "label": ("emotion", "emo", "label"),
    "speaker": ("speaker", "spk"),
    "text": ("text", "transcription", "transcript"),
    "session": ("session",),
}
"""Names of columns or keys that are read, the first that is there; others are passed over."""

SUFFIXES = (".csv", ".json", ".jsonl")


@dataclass(frozen=True, slots=True)
class Names:
    """Who says what the rows do not: ``identify`` of the dataset ``dataset``, or ``pattern``, whose groups are the
    speaker in the path, or else in the key. Either may be missing."""

    dataset: str = ""
    identify: Identify | None = None
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class ForeignRow:
    """One row: what is known of its utterance, its cells or keys as text, and the speaker that the name of the file
    says where the dataset was asked."""

    utterance: Utterance
    cells: Mapping[str, str]
    identified: str


def recording(u: Utterance) -> str:
    """What makes two rows the same recording, as far as rows can tell: the file and the times."""
    return str(u.path) + stretch(u)


def read_rows(path: Path, root: Path, names: Names) -> list[ForeignRow]:
    """The rows of a file; their ids name it relative to ``root``.

    Raises CorpusError, one sentence with file and row, for a file that cannot be read, and rows without a file or a
    speaker or with times that cannot be.
    """
    if not path.exists():
        raise CorpusError(f"{path} given with --split does not exist; check the path.")
    where = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    read = {".csv": _csv, ".jsonl": _jsonl, ".json": _json}.get(path.suffix.lower())
    if read is None:
        raise CorpusError(f"{path} is none of the split files that are read ({', '.join(SUFFIXES)}); convert it.")
    return [_row(cells, path, where, line, names) for line, cells in read(path)]


def _csv(path: Path) -> list[tuple[str, Any]]:
    table = read_csv(path, [*(c for columns in COLUMNS.values() for c in columns), "split", "fold", "start", "end"])
    if not any(c in table.columns for c in COLUMNS["file"]):
        raise CorpusError(
            f"{path}, line 1, has no column of files ({', '.join(COLUMNS['file'])}); there is "
            f"{', '.join(table.columns)}: rename the one that is meant."
        )
    return [(f"line {row.line}", dict(row.cells)) for row in table.rows]


def _jsonl(path: Path) -> list[tuple[str, Any]]:
    return [(f"line {line}", cells) for line, cells in read_jsonl(path)]


def _json(path: Path) -> list[tuple[str, Any]]:
    content = read_json(path)
    if isinstance(content, dict) and isinstance(content.get("meta_data"), list):
        content = content["meta_data"]
    if isinstance(content, dict):
        named = [(f"key {key}", {"key": key, **row} if isinstance(row, dict) else row) for key, row in content.items()]
    else:
        named = [(f"entry {n}", row) for n, row in enumerate(content, 1)] if isinstance(content, list) else []
    if not named:
        raise CorpusError(f"{path} holds no utterances; an object of them by key, or a list of them, is expected.")
    for where, row in named:
        if not isinstance(row, dict):
            raise CorpusError(f"{path}, {where}, is no object; one with wav or path, and emo or label, is expected.")
    return named


def _row(given: Mapping[str, Any], path: Path, where: str, line: str, names: Names) -> ForeignRow:
    cells = {str(k): _text(v) for k, v in given.items()}
    place = f"{path}, {line}"
    said = {kind: next((cells[c] for c in known if cells.get(c)), "") for kind, known in COLUMNS.items()}
    written = said["file"] or cells.get("key", "")
    if not written:
        raise CorpusError(f"{place}, names no file (none of {', '.join(COLUMNS['file'])}); every row needs one.")
    file = PurePosixPath(written.replace("\\", "/"))
    known = _identify(file, cells.get("key", ""), names)
    if names.identify is not None and known is None and not said["speaker"]:
        raise CorpusError(
            f"{place}, has no speaker, and {file.name} is not named as files of {names.dataset} are; check --dataset."
        )
    speaker = said["speaker"] or (known.speaker if known else "") or _by_pattern(file, cells, place, names)
    if not speaker:
        named = cells.get("dataset", "")
        example = f"--dataset {named}" if re.fullmatch(r"[a-z0-9_-]+", named) else "--dataset NAME"
        raise CorpusError(
            f"{place}, has no speaker; say who speaks with {example}, whose file names tell, or with --speaker-pattern."
        )
    start = seconds(cells.get("start", ""), place, "start", timedelta=True) or 0.0
    end = seconds(cells.get("end", ""), place, "end", timedelta=True)
    if start < 0 or (end is not None and end <= start):
        raise CorpusError(f"{place}, ends at {end} s but starts at {start} s; check its times.")
    here = path.parent / file
    utterance = Utterance(
        id=f"{file.name} ({where}, {line})",
        path=here.resolve() if here.is_file() else Path(file),
        label=said["label"],
        speaker=speaker,
        start=start,
        end=end,
        session=said["session"] or (known.session if known else None),
        text=said["text"] or (known.text if known else None),
    )
    return ForeignRow(utterance, cells, known.speaker if known else "")


def _text(value: Any) -> str:
    """A value as text: 3.0 is 3, as a program may have written either; lists and objects are none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value.strip() if isinstance(value, str) else json.dumps(value) if isinstance(value, int | float) else ""


def _identify(file: PurePosixPath, key: str, names: Names) -> Utterance | None:
    if names.identify is None:
        return None
    return names.identify(file) or (names.identify(PurePosixPath(key)) if key else None)


def _by_pattern(file: PurePosixPath, cells: Mapping[str, str], place: str, names: Names) -> str:
    if names.pattern is None:
        return ""
    speaker = speaker_in(names.pattern, str(file)) or speaker_in(names.pattern, cells.get("key", ""))
    if not speaker:
        raise CorpusError(f"{place}: the pattern {names.pattern.pattern!r} finds no speaker in {file}; correct it.")
    return speaker

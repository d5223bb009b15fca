"""Tables as Nkululeko has them: ``file,speaker,<target>`` and more, times as seconds or as pandas writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serkit import config
from serkit.data.tables import PARTS, Row, Table, read_csv, seconds
from serkit.errors import CorpusError, UnknownNameError
from serkit.types import Corpus
from serkit_plugins.datasets.manifests.csv_manifest import find_csv
from serkit_plugins.datasets.manifests.rows import (
    SEXES,
    Entry,
    ManifestOptions,
    assemble,
    metadata,
    vote_columns,
    votes_of,
)

FIELDS = ("session", "scenario", "text", "language", "take", "intensity")
COLUMNS = ("file", "start", "end", "speaker", "gender", "sex", "age", "fold", "split", *FIELDS)
"""Columns that mean something, besides the target; others are kept as metadata."""
_EMPTY = frozenset(["nan", "NaN", "-nan", "-NaN", "NA", "<NA>", "N/A", "n/a", "#N/A", "null", "NULL", "None"])
"""What pandas, by which Nkululeko reads its tables, takes for an empty cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NkululekoOptions(ManifestOptions):
    """``target`` is the column of the label. ``audio_path`` is the folder that files are relative to, itself relative
    to the table; with ``absolute_path=True`` files are absolute, or relative to the working folder, and it is not
    used. ``colnames`` renames columns, either way round: of each pair, the one that the table has is renamed."""

    target: str = "emotion"
    audio_path: str = ""
    absolute_path: bool = False
    colnames: Mapping[str, str] = field(default_factory=dict)


class Nkululeko:
    """Reads a CSV file of Nkululeko, or the one in a folder."""

    def __init__(self, **options: Any) -> None:
        self.options = config.load(NkululekoOptions, options, where="the options of dataset nkululeko", path="dataset")

    def load(self, root: Path) -> Corpus:
        """The corpus of the table ``root``, or of ``manifest.csv`` or the only CSV file in the folder ``root``.

        Rows without a label are left out, as Nkululeko does, and a note counts them. Raises CorpusError in one sentence
        that names file and line.
        """
        o = self.options
        manifest = find_csv(Path(root), "a table of Nkululeko")
        table = _emptied(_renamed(read_csv(manifest, (*COLUMNS, o.target)), o.colnames))
        table.need("file")
        table.need(o.target, remedy='name the column of the label with the dataset option target = "...".')
        folder = Path.cwd() if o.absolute_path else manifest.parent / o.audio_path
        votes = vote_columns(table)
        others, notes = metadata(table, (*COLUMNS, o.target, *votes))
        labelled = [row for row in table.rows if row.cells[o.target]]
        if len(labelled) < len(table.rows):
            notes.append(f"Rows without {o.target} that were left out: {len(table.rows) - len(labelled)}.")
        entries = [_entry(table, row, o.target, others, votes) for row in labelled]
        return assemble("nkululeko", manifest, entries, o, roots=[folder], notes=notes)


def _renamed(table: Table, names: Mapping[str, str]) -> Table:
    new = {}
    for a, b in names.items():
        here = [x for x in (a, b) if x in table.columns]
        if len(here) != 1:
            if here:
                raise CorpusError(f"{table.path}, line 1, has both {a!r} and {b!r}; leave them out of colnames.")
            raise UnknownNameError(f"column of {table.path}", a, table.columns, "Correct the option colnames.")
        name = b if here[0] == a else a
        if name in new.values() or name in table.columns:
            raise CorpusError(f"{table.path}, line 1, would have two columns {name!r}; correct the option colnames.")
        new[here[0]] = name
    if not new:
        return table
    rows = (Row(r.line, {new.get(c, c): v for c, v in r.cells.items()}) for r in table.rows)
    return Table(table.path, tuple(new.get(c, c) for c in table.columns), tuple(rows))


def _emptied(table: Table) -> Table:
    rows = (Row(r.line, {c: "" if v in _EMPTY else v for c, v in r.cells.items()}) for r in table.rows)
    return Table(table.path, table.columns, tuple(rows))


def _entry(table: Table, row: Row, target: str, others: list[str], votes: list[str]) -> Entry:
    where, cells = table.where(row), row.cells
    if not cells["file"]:
        raise CorpusError(f"{where}: the cell of file is empty; name the recording, or delete the row.")
    gender = cells.get("gender") or cells.get("sex", "")
    extra = {c: cells[c] for c in ("age", "fold", "split", *others) if cells.get(c)}
    if "split" in extra:
        extra["split"] = PARTS.get(extra["split"].lower(), extra["split"])
    known: dict[str, Any] = {c: cells[c] for c in FIELDS if cells.get(c)}
    if gender and gender.lower() not in SEXES:
        extra["gender"] = gender
    return Entry(
        where=where,
        file=cells["file"],
        label=cells[target],
        speaker=cells.get("speaker", ""),
        start=seconds(cells.get("start", ""), where, "start", timedelta=True) or 0.0,
        end=seconds(cells.get("end", ""), where, "end", timedelta=True),
        sex=SEXES.get(gender.lower()),
        extra=extra,
        votes=votes_of(row, votes, where),
        **known,
    )

"""The generic CSV manifest: a row an utterance, ``file`` and ``emotion`` and whatever else is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serkit import config
from serkit.data.recognise import wrong_folder
from serkit.data.tables import PARTS, Row, Table, read_csv, seconds
from serkit.errors import CorpusError
from serkit.types import Corpus
from serkit_plugins.datasets.manifests.rows import (
    SEXES,
    Entry,
    ManifestOptions,
    assemble,
    metadata,
    vote_columns,
    votes_of,
)

FIELDS = ("speaker", "session", "scenario", "text", "language", "take", "intensity")
"""Columns that are fields of an utterance by the same name."""
COLUMNS = ("file", "emotion", "start", "end", "sex", "split", "fold", "corpus", *FIELDS)
"""All columns that mean something, besides votes; others are kept as metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvOptions(ManifestOptions):
    """The options of all manifests, and no others."""


class CsvManifest:
    """Reads a CSV file, or the one in a folder; paths in it are relative to where it lies."""

    def __init__(self, **options: Any) -> None:
        self.options = config.load(CsvOptions, options, where="the options of dataset csv", path="dataset")

    def load(self, root: Path) -> Corpus:
        """The corpus of the manifest ``root``, or of ``manifest.csv`` or the only CSV file in the folder ``root``.

        Raises CorpusError in one sentence that names file and line.
        """
        manifest = find_csv(Path(root), "a CSV manifest")
        table = read_csv(manifest, COLUMNS)
        table.need("file", "emotion")
        votes = vote_columns(table)
        others, notes = metadata(table, (*COLUMNS, *votes))
        entries = [_entry(table, row, others, votes) for row in table.rows]
        return assemble("csv", manifest, entries, self.options, roots=[manifest.parent], notes=notes)


def find_csv(root: Path, what: str) -> Path:
    """``root`` itself if it is a file, else ``manifest.csv`` or the only CSV file in it. Raises CorpusError."""
    if root.is_file():
        return root
    if not root.is_dir():
        raise wrong_folder(what, root, "manifest.csv, or a single file *.csv")
    if (root / "manifest.csv").is_file():
        return root / "manifest.csv"
    found = sorted(
        p for p in root.iterdir() if p.suffix.lower() == ".csv" and p.is_file() and not p.name.startswith(".")
    )
    if len(found) > 1:
        names = ", ".join(p.name for p in found[:5]) + (", ..." if len(found) > 5 else "")
        raise CorpusError(f"{root} holds {len(found)} CSV files ({names}); name one of them with --data.")
    if not found:
        raise wrong_folder(what, root, "manifest.csv, or a single file *.csv")
    return found[0]


def _entry(table: Table, row: Row, others: list[str], votes: list[str]) -> Entry:
    where, cells = table.where(row), row.cells
    if not cells["file"]:
        raise CorpusError(f"{where}: the cell of file is empty; name the recording, or delete the row.")
    sex, split = cells.get("sex", ""), cells.get("split", "")
    if sex and sex.lower() not in SEXES:
        raise CorpusError(f"{where}: sex is {sex!r}; f, m or nothing is allowed.")
    if split and split.lower() not in PARTS:
        raise CorpusError(f"{where}: split is {split!r}; train, dev, test or nothing is allowed.")
    extra = {c: cells[c] for c in ("corpus", "fold", *others) if cells.get(c)}
    if split:
        extra["split"] = PARTS[split.lower()]
    known: dict[str, Any] = {c: cells[c] for c in FIELDS if cells.get(c)}
    return Entry(
        where=where,
        file=cells["file"],
        label=cells["emotion"],
        start=seconds(cells.get("start", ""), where, "start") or 0.0,
        end=seconds(cells.get("end", ""), where, "end"),
        sex=SEXES.get(sex.lower()),
        extra=extra,
        votes=votes_of(row, votes, where),
        **known,
    )

"""Folder databases of audformat: a YAML header, tables as CSV beside it, media files below.

Tables are joined by file, and values of a scheme that has labels are looked up there: in the header, or in the misc
table that the scheme names. Nothing but the YAML parser is needed for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from serkit import config
from serkit.data.recognise import wrong_folder
from serkit.data.tables import PARTS
from serkit.errors import CorpusError, UnknownNameError
from serkit.types import Corpus
from serkit_plugins.datasets.manifests.header import Header, Key
from serkit_plugins.datasets.manifests.rows import SEXES, Entry, ManifestOptions, assemble

_EXPECTED = "a header db.yaml and tables such as db.emotion.csv beside it"


@dataclass(frozen=True, slots=True, kw_only=True)
class AudformatOptions(ManifestOptions):
    """``table`` is the table of the labels, or a list of tables that together are the corpus, and ``column`` its
    column. ``files`` is the table with speaker, transcription and the like of each file, used where the header has it.
    ``splits`` reads the parts of a split from these tables, whose ``split_id`` says which; without it from all tables
    that have one, as far as they agree."""

    table: str | tuple[str, ...] = "emotion"
    column: str = "emotion"
    files: str = "files"
    splits: tuple[str, ...] = ()


class Audformat:
    """Reads a database from its folder or from its header."""

    def __init__(self, **options: Any) -> None:
        self.options = config.load(AudformatOptions, options, where="the options of dataset audformat", path="dataset")

    def load(self, root: Path) -> Corpus:
        """The corpus of the database in the folder ``root``, or of the header ``root``.

        Rows without a label are left out, and a note counts them. Raises CorpusError in one sentence that names header
        or table and line.
        """
        o = self.options
        header = Header(_header(Path(root)))
        names = (o.table,) if isinstance(o.table, str) else o.table
        facts = header.attributes(o.files) if o.files in header.tables and o.files not in names else {}
        parts, notes = _splits(header, o.splits, names)
        entries, unlabelled = [], 0
        for name in names:
            if name not in header.tables:
                raise UnknownNameError(f"table in {header.path}", name, header.tables, "Set the dataset option table.")
            if o.column not in header.columns(name):
                raise UnknownNameError(
                    f"column of the table {name} in {header.path}", o.column, header.columns(name),
                    "Set the dataset option column.",
                )  # fmt: skip
            for where, key, cells in header.rows(name):
                if not cells[o.column]:
                    unlabelled += 1
                    continue
                header.check(name, o.column, cells[o.column], where)
                known = {**facts.get(key[0], {}), **header.expanded(name, cells, where, but=o.column)}
                entries.append(_entry(where, key, cells[o.column], known, parts, header.language))
        if unlabelled:
            notes.append(f"Rows without {o.column} that were left out: {unlabelled}.")
        return assemble("audformat", header.path, entries, o, roots=[header.path.parent], notes=notes)


def _header(root: Path) -> Path:
    if root.is_file():
        return root
    if not root.is_dir():
        raise wrong_folder("an audformat database", root, _EXPECTED)
    if (root / "db.yaml").is_file():
        return root / "db.yaml"
    found = sorted(p for p in root.glob("*.yaml") if p.is_file() and not p.name.startswith("."))
    if len(found) > 1:
        raise CorpusError(f"{root} holds {len(found)} files *.yaml and no db.yaml; name the header with --data.")
    if not found:
        raise wrong_folder("an audformat database", root, _EXPECTED)
    return found[0]


def _entry(
    where: str, key: Key, label: str, known: Mapping[str, str], parts: Mapping[Key, str], language: str
) -> Entry:
    rest = dict(known)
    gender = rest.pop("gender", "") or rest.pop("sex", "")
    sex: Literal["f", "m"] | None = SEXES.get(gender.lower())
    if gender and sex is None:
        rest["gender"] = gender
    text = rest.pop("transcription", "") or rest.pop("text", "")
    # a table of whole files may split the parts of a table of segments
    part = parts.get(key) or parts.get((key[0], 0.0, None), "")
    file, start, end = key
    return Entry(
        where=where,
        file=file,
        label=label,
        speaker=rest.pop("speaker", ""),
        start=start,
        end=end,
        sex=sex,
        session=rest.pop("session", "") or None,
        scenario=rest.pop("scenario", "") or None,
        text=text or None,
        language=rest.pop("language", "") or language or None,
        take=rest.pop("take", "") or None,
        intensity=rest.pop("intensity", "") or None,
        extra={**rest, **({"split": part} if part else {})},
    )


def _splits(header: Header, asked: tuple[str, ...], main: tuple[str, ...]) -> tuple[dict[Key, str], list[str]]:
    """Each file or part to its part of the split, and notes on what could not be used."""
    for name in asked:
        if name not in header.tables:
            raise UnknownNameError(f"table in {header.path}", name, header.tables, "Correct the dataset option splits.")
        if header.split(name) not in PARTS:
            raise CorpusError(
                f"{header.path}: the table {name} has no split_id of a train, dev or test part; correct the dataset "
                "option splits."
            )
    chosen = asked or tuple(n for n in header.tables if header.split(n) in PARTS and (n in main or header.has_csv(n)))
    found: dict[Key, str] = {}
    for name in chosen:
        part = PARTS[header.split(name)]
        for key in _keys(header, name):
            if found.setdefault(key, part) == part:
                continue
            if asked:
                raise CorpusError(f"{header.path}: {key[0]} is in two parts of the split ({found[key]} and {part}).")
            return {}, [
                f"The tables {', '.join(chosen)} split the files in several ways, so no split was taken; choose with "
                "the dataset option splits."
            ]
    return found, [f"The split is that of the tables {', '.join(chosen)}."] if chosen else []


def _keys(header: Header, name: str) -> Iterator[Key]:
    return (key for _, key, _ in header.rows(name))

"""The JSON lines of EmoBox (Ma et al. 2024): one file, or a folder of folds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge

from serkit import config
from serkit.data.fetch import user_path
from serkit.data.recognise import speaker_in, speaker_pattern, wrong_folder
from serkit.data.tables import PARTS, read_json, read_jsonl, read_text
from serkit.errors import CorpusError
from serkit.types import Corpus
from serkit_plugins.datasets.manifests.rows import Entry, ManifestOptions, assemble

_EXPECTED = "folders fold_1, fold_2, ... with files such as emodb_test_fold_1.jsonl, or a single file *.jsonl"
_PART = re.compile(r"(?:.*_)?(train|test|valid|val|dev)(?:_.*)?", re.IGNORECASE)
_FOLD = re.compile(r"fold_?(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmoBoxOptions(ManifestOptions):
    """``root`` is the folder that the paths in the files are relative to; without it, the one of the files or the
    nearest above it that has the recordings. ``speaker_pattern`` is a regular expression searched in each key, whose
    groups, put together, are the speaker, since the files do not name speakers. ``fold`` takes the parts of that one
    fold as the split; 0 takes all folds."""

    root: str = ""
    speaker_pattern: str = ""
    fold: Annotated[int, Ge(0)] = 0


class EmoBox:
    """Reads a file ``*.jsonl``, a corpus's folder with ``fold_1`` and so on, or one of these."""

    def __init__(self, **options: Any) -> None:
        self.options = config.load(EmoBoxOptions, options, where="the options of dataset emobox", path="dataset")
        text = self.options.speaker_pattern
        self.pattern = speaker_pattern(text, "dataset.speaker_pattern") if text else None

    def load(self, root: Path) -> Corpus:
        """The corpus of the rows in ``root``, a file or a folder.

        Where the test parts of the folds are disjoint and each is trained on all else, they become ``extra["fold"]``
        (protocol given_folds); of one fold, its parts become ``extra["split"]`` (given_split). Labels are translated by
        ``label_map.json`` where there is one. Raises CorpusError in one sentence that names file and line.
        """
        source = Path(root)
        folds, single = _files(source, self.options.fold)
        notes: list[str] = []
        rows: dict[str, _Row] = {}
        keys = {k: {part: _add(rows, file) for part, file in parts.items()} for k, parts in folds.items()}
        if single is not None:
            _add(rows, single)
        placed = _placed(source, folds, keys, notes)
        folder = source if source.is_dir() else source.parent
        names = _LabelMap(folder)
        entries = [self._entry(row, names, placed.get(key, {})) for key, row in rows.items()]
        notes += names.notes()
        if self.pattern:
            silent = sum(not e.speaker for e in entries)
            if silent:
                notes.append(f"speaker_pattern finds nothing in {silent} of {len(entries)} keys.")
        else:
            notes.append("The files name no speakers; the option speaker_pattern reads them from the keys.")
        # resolved, so that what lies above the working folder is looked through as well
        roots = (
            [user_path(self.options.root, "dataset.root")] if self.options.root else [folder, *folder.resolve().parents]
        )
        return assemble("emobox", source, entries, self.options, roots=roots, notes=notes)

    def _entry(self, row: _Row, names: _LabelMap, placed: Mapping[str, str]) -> Entry:
        extra = {"key": row.key, **({"corpus": row.corpus} if row.corpus else {}), **placed}
        return Entry(
            where=row.where,
            file=row.wav,
            label=names.get(row.emotion),
            speaker=speaker_in(self.pattern, row.key) if self.pattern else "",
            extra=extra,
        )


@dataclass(frozen=True, slots=True)
class _Row:
    where: str
    key: str
    wav: str
    emotion: str
    corpus: str


class _LabelMap:
    """``label_map.json`` of a corpus: its words for the emotions to EmoBox's. Keys that differ in case only are taken
    (EmoBox's EMO-DB has "Neutral" for "neutral"), and labels that are not there stay; notes tell of both."""

    def __init__(self, folder: Path) -> None:
        self.path = next(
            (p for p in (folder / "label_map.json", folder.parent / "label_map.json") if p.is_file()), None
        )
        self._loose: dict[str, str] = {}
        self._unknown: dict[str, int] = {}
        self._map: dict[str, str] = {}
        if self.path is not None:
            found = read_json(self.path)
            if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
                raise CorpusError(f"{self.path} must map each label to a name; correct it, or delete it.")
            self._map = found

    def get(self, label: str) -> str:
        """The name of ``label``."""
        if not self._map or label in self._map:
            return self._map.get(label, label)
        near = next((k for k in self._map if k.casefold() == label.casefold()), None)
        if near is None:
            self._unknown[label] = self._unknown.get(label, 0) + 1
            return label
        self._loose[label] = near
        return self._map[near]

    def notes(self) -> list[str]:
        """A sentence for the map, and for each kind of gap in it."""
        if self.path is None:
            return []
        shown = ", ".join(f"{k} is {v}" for k, v in self._map.items())
        notes = [f"Labels were translated by {self.path}: {shown}."]
        if self._loose:
            pairs = ", ".join(f"{v!r} for {k!r}" for k, v in self._loose.items())
            notes.append(f"Keys of {self.path.name} that differ from the labels in case were taken for them: {pairs}.")
        if self._unknown:
            pairs = ", ".join(f"{k} ({n})" for k, n in self._unknown.items())
            notes.append(f"{self.path.name} does not have these labels, which stay as they are: {pairs}.")
        return notes


def _files(source: Path, fold: int) -> tuple[dict[str, dict[str, Path]], Path | None]:
    """Fold to part (train, dev, test) to file; or else the one file."""
    if source.is_file():
        if fold:
            raise CorpusError(
                f"The option fold chooses a folder such as fold_{fold}, but {source} is a file; leave it out."
            )
        return {}, source
    if not source.is_dir():
        raise wrong_folder("lists of EmoBox", source, _EXPECTED)
    folders: dict[str, Path] = {}
    for p in sorted(source.iterdir()):
        if p.is_dir() and (match := _FOLD.fullmatch(p.name)):
            number = str(int(match[1]))
            if number in folders:
                raise CorpusError(f"{folders[number]} and {p} are both fold {number}; delete or rename one of them.")
            folders[number] = p
    if folders:
        if fold and str(fold) not in folders:
            raise CorpusError(f"{source} has no fold_{fold}; the option fold may be {', '.join(folders)}.")
        found = {k: _parts(p) for k, p in folders.items() if not fold or k == str(fold)}
        for k, parts in found.items():
            if not {"train", "test"} <= set(parts):
                raise CorpusError(f"{folders[k]} lacks a train or a test file (*_train_*.jsonl, *_test_*.jsonl).")
        return found, None
    name = _FOLD.sub(r"\1", source.name)
    if fold and name.lstrip("0") != str(fold):
        raise CorpusError(f"{source} has no fold_{fold}; leave the option fold out, or name the folder of the folds.")
    parts = _parts(source)
    if {"train", "test"} <= set(parts):
        return {name: parts}, None
    lists = _lists(source)
    whole = [p for p in lists if p.stem == source.name] or lists
    if len(whole) > 1:
        raise CorpusError(f"{source} holds {len(whole)} files *.jsonl; name one of them with --data.")
    if not whole:
        raise wrong_folder("lists of EmoBox", source, _EXPECTED)
    return {}, whole[0]


def _lists(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*.jsonl") if p.is_file() and not p.name.startswith("."))


def _parts(folder: Path) -> dict[str, Path]:
    """Part to file. Where a part is there under two names, as in copies of EmoBox, they must hold the same."""
    found: dict[str, Path] = {}
    for p in _lists(folder):
        match = _PART.fullmatch(p.stem)
        if not match:
            continue
        part = PARTS[match[1].lower()]
        if part in found and sorted(read_text(found[part]).split("\n")) != sorted(read_text(p).split("\n")):
            raise CorpusError(f"{found[part]} and {p} are both the {part} part, but differ; delete the wrong one.")
        found.setdefault(part, p)
    return found


def _add(rows: dict[str, _Row], file: Path) -> set[str]:
    """Add the rows of ``file`` to ``rows``, which may have them from other files, and return their keys."""
    here: dict[str, int] = {}
    for line, value in read_jsonl(file):
        where = f"{file}, line {line}"
        for name in ("key", "wav", "emo"):
            if not isinstance(value.get(name), str) or not value[name].strip():
                raise CorpusError(f"{where}: {name!r} is missing or no text; EmoBox's rows have key, wav and emo.")
        corpus = value.get("dataset")
        row = _Row(
            where,
            value["key"].strip(),
            value["wav"].strip(),
            value["emo"].strip(),
            corpus.strip() if isinstance(corpus, str) else "",
        )
        if row.key in here:
            raise CorpusError(f"{where}: the key {row.key!r} is there already (line {here[row.key]}); delete one row.")
        here[row.key] = line
        before = rows.get(row.key)
        if before is not None and (before.wav, before.emotion) != (row.wav, row.emotion):
            raise CorpusError(
                f"{where}: {row.key!r} has another wav or emo than in {before.where}; correct one of them."
            )
        rows.setdefault(row.key, row)
    return set(here)


def _placed(
    source: Path,
    folds: Mapping[str, Mapping[str, Path]],
    keys: Mapping[str, Mapping[str, set[str]]],
    notes: list[str],
) -> dict[str, dict[str, str]]:
    """Key to what the folds say of it: its split, or the fold it is tested in."""
    everything = {x for parts in keys.values() for xs in parts.values() for x in xs}
    for k, parts in keys.items():
        for part in ("dev", "test"):
            twice = sorted(parts.get(part, set()) & set().union(*(x for q, x in parts.items() if q != part)))
            if twice:
                raise CorpusError(
                    f"{folds[k][part]}: {twice[0]!r} is in another part of fold {k} as well; delete one row."
                )
    if len(keys) == 1:
        (parts,) = keys.values()
        return {x: {"split": part} for part, xs in parts.items() for x in xs}
    tested: dict[str, str] = {}
    for k, parts in keys.items():
        rest = everything - parts["test"]
        seen = parts["train"] | parts.get("dev", set())
        overlap = [x for x in parts["test"] if x in tested]
        if overlap or seen != rest:
            raise CorpusError(
                f"The folds of {source} do not test each recording once and train on all others (fold {k}), so they "
                f"are no column of folds; choose one with the dataset option fold = {k}."
            )
        tested.update(dict.fromkeys(parts["test"], k))
    if any("dev" in parts for parts in keys.values()):
        notes.append("Development lists were left out, since given_folds chooses its own; the option fold keeps them.")
    return {x: {"fold": k} for x, k in tested.items()}

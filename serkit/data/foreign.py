"""Split files of other tools, read as a corpus and folds that the audit can measure.

Read are CSV manifests with a column that says part or fold (SerKit's own, Nkululeko's), one CSV a part, EmoBox's JSON
lines (``fold_1/emodb_train_fold_1.jsonl``), SpeechBrain's JSON (``train.json``: an object of utterances by key) and
s3prl's (``meta_data``: a list of objects).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from serkit.data import audio
from serkit.data.corpus import alike_note
from serkit.data.foreign_rows import SUFFIXES, ForeignRow, Names, read_rows, recording
from serkit.data.tables import PARTS
from serkit.errors import CorpusError
from serkit.types import Corpus, Fold, Utterance


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignSplit:
    """A split as somebody else wrote it down.

    ``corpus`` has an utterance for every row, whose id names file and row; a recording that is listed twice is there
    twice. ``folds`` hold these ids. ``notes`` say what is odd about the files themselves.
    """

    corpus: Corpus
    folds: tuple[Fold, ...]
    notes: tuple[str, ...]


def read_split(sources: Sequence[tuple[str, Path]], names: Names, *, column: str = "") -> ForeignSplit:
    """Read a split from ``sources``: pairs of a part (``train``, ``dev``, ``test``, or what tools call them) and its
    file, or a single file or folder under the part ``""``.

    A single file is split by its ``column`` (``""``: ``split``, else ``fold``): where it names parts they are the
    split, other values are folds that are tested in turn, without development. In a folder the names of the files say
    the part, and where they have one, the fold.

    Raises CorpusError, one sentence with file and row, for files that cannot be read, rows without a file or a speaker,
    folds without a training or a test part.
    """
    if len(sources) == 1 and not sources[0][0]:
        path = sources[0][1]
        if not path.is_dir():
            rows = read_rows(path, path.parent, names)
            return _assembled(path, rows, _by_column(path, rows, column), names)
        found, notes = _folder(path)
    else:
        found, notes, path = _given(sources), [], sources[0][1].parent
    if found is None:
        only = _only_file(path)
        rows = read_rows(only, path, names)
        return _assembled(only, rows, _by_column(only, rows, column), names)
    rows, folds = [], []
    for fold, files in found.items():
        for part in ("train", "test"):
            if part not in files:
                where = f"The fold {fold} of {path}" if fold else str(path)
                raise CorpusError(f"{where} has no file for {part}; name one with --split {part}=FILE.")
        read = {part: read_rows(file, path, names) for part, file in files.items()}
        rows += [row for part in read.values() for row in part]
        ids = {part: tuple(r.utterance.id for r in read.get(part, ())) for part in ("train", "dev", "test")}
        folds.append(Fold(name=fold or "split", **ids))
    made = _assembled(path, rows, folds, names)
    return replace(made, notes=(*notes, *made.notes))


def with_audio(split: ForeignSplit, folder: Path) -> tuple[ForeignSplit, list[str]]:
    """The split with each row's recording looked up below ``folder``, and the ids of the rows whose file was found.

    A file is the one of the same name, whatever its format, whose path agrees in most folders; where two agree alike
    it is not taken.
    """
    by_name: dict[str, list[Path]] = {}
    for path in audio.find(folder):
        by_name.setdefault(_bare(path).name.casefold(), []).append(path)
    found: dict[str, Path] = {}
    for u in split.corpus.utterances:
        near = by_name.get(_bare(u.path).name.casefold(), [])
        depths = [_common(_bare(u.path), _bare(p)) for p in near]
        if depths and depths.count(max(depths)) == 1:
            found[u.id] = near[depths.index(max(depths))]
    rows = tuple(replace(u, path=found.get(u.id, u.path)) for u in split.corpus.utterances)
    return replace(split, corpus=replace(split.corpus, utterances=rows)), list(found)


# ---- which file is which part ----


def part_of(text: str) -> str:
    """The part that a file's name or a cell says (``valid.json``, ``emodb_train_fold_1.jsonl``), or ``""``."""
    said = {PARTS[word] for word in re.split(r"[^a-z]+", text.casefold()) if word in PARTS}
    return said.pop() if len(said) == 1 else ""


def _given(sources: Sequence[tuple[str, Path]]) -> dict[str, dict[str, Path]]:
    files: dict[str, Path] = {}
    for said, path in sources:
        part = PARTS.get(said.casefold(), "")
        if not part:
            what = f"{said}={path}" if said else str(path)
            raise CorpusError(
                f"--split {what} names no part; write train=FILE, dev=FILE and test=FILE, or a single file or folder."
            )
        if part in files:
            raise CorpusError(f"--split names two files for {part} ({files[part]} and {path}); name one.")
        files[part] = path
    return {"": files}


def _folder(folder: Path) -> tuple[dict[str, dict[str, Path]] | None, list[str]]:
    """Files by fold and part, and a note on those that say no part; None if none does."""
    found: dict[str, dict[str, Path]] = {}
    rest = []
    for path in _data_files(folder):
        name = path.relative_to(folder).as_posix()
        part = part_of(path.stem)
        if not part:
            rest.append(name)
            continue
        number = re.search(r"fold[_-]?([0-9]+)", name, re.IGNORECASE)
        fold = f"fold_{number[1]}" if number else ""
        if part in found.get(fold, {}):
            raise CorpusError(
                f"{folder} holds two files for {part} ({found[fold][part].relative_to(folder)} and {name}); name one "
                f"with --split {part}=FILE."
            )
        found.setdefault(fold, {})[part] = path
    if not found:
        return None, []
    if len(found) > 1 and "" in found:  # lists of the whole corpus beside those of its folds
        rest += [p.relative_to(folder).as_posix() for p in found.pop("").values()]
    notes = [f"Not read, since their names say no part or no fold: {', '.join(sorted(rest))}."] if rest else []
    return {fold: found[fold] for fold in sorted(found, key=_natural)}, notes


def _data_files(folder: Path) -> list[Path]:
    return sorted(
        p
        for p in folder.rglob("*")
        if p.suffix.lower() in SUFFIXES
        and p.is_file()
        and not any(x.startswith(".") for x in p.relative_to(folder).parts)
    )


def _only_file(folder: Path) -> Path:
    found = _data_files(folder)
    if len(found) != 1:
        seen = ", ".join(p.name for p in found[:5]) or "nothing"
        raise CorpusError(
            f"{folder} holds no split: expected were files whose names say train, dev or test "
            f"({', '.join(SUFFIXES)}), seen was {seen}; name them with --split train=FILE --split test=FILE."
        )
    return found[0]


def _by_column(path: Path, rows: Sequence[ForeignRow], column: str) -> list[Fold]:
    known = list(rows[0].cells)
    name = column or next((c for c in ("split", "fold") if c in known), "")
    if name not in known:
        asked = f"the column {column!r}" if column else "a column split or fold"
        raise CorpusError(
            f"{path} lacks {asked}, which says what is tested; there is {', '.join(known)}: name one with --column, or "
            "give each part's file with --split train=FILE --split test=FILE."
        )
    said: dict[str, list[str]] = {}
    for row in rows:
        value = row.cells.get(name, "")
        if not value:
            raise CorpusError(f"The column {name} says nothing of {row.utterance.id}; fill it, or delete the row.")
        said.setdefault(value, []).append(row.utterance.id)
    if all(value.casefold() in PARTS for value in said):
        parts: dict[str, list[str]] = {"train": [], "dev": [], "test": []}
        for value, ids in said.items():
            parts[PARTS[value.casefold()]] += ids
        lacking = [p for p in ("train", "test") if not parts[p]]
        if lacking:
            raise CorpusError(f"The column {name} of {path} gives no row to {lacking[0]}; an audit needs both.")
        return [Fold(name="split", **{p: tuple(ids) for p, ids in parts.items()})]
    odd = [value for value in said if value.casefold() not in PARTS]
    if len(odd) < len(said):
        part = next(value for value in said if value not in odd)
        raise CorpusError(
            f"The column {name} of {path} says {part} of some rows and {odd[0]} of others (first {said[odd[0]][0]}); "
            "name a part in each, or leave these rows out."
        )
    if len(said) < 2:
        raise CorpusError(f"The column {name} of {path} has one value only ({next(iter(said))}); folds need two.")
    return [
        Fold(name=v, train=tuple(x for w, ids in said.items() if w != v for x in ids), dev=(), test=tuple(said[v]))
        for v in sorted(said, key=_natural)
    ]


# ---- the whole ----


def _assembled(path: Path, rows: Sequence[ForeignRow], folds: Sequence[Fold], names: Names) -> ForeignSplit:
    table = tuple(row.utterance for row in rows)
    corpus = Corpus(
        name=names.dataset or path.name,
        root=path,
        utterances=table,
        labels=tuple(sorted({u.label for u in table} - {""})),
    )
    notes = [
        *_doubled(table, folds),
        *_overlapping(table, folds),
        *_contradictions(table),
        *_other_speakers(rows, names),
    ]
    notes += filter(None, [alike_note(u.speaker for u in table)])
    return ForeignSplit(corpus=corpus, folds=tuple(folds), notes=tuple(notes))


def _doubled(table: Sequence[Utterance], folds: Sequence[Fold]) -> list[str]:
    by_id = {u.id: recording(u) for u in table}
    pairs = []
    for fold in folds:
        for ids in (fold.train, fold.dev, fold.test):
            first: dict[str, str] = {}
            for x in ids:
                if first.setdefault(by_id[x], x) != x:
                    pairs.append((first[by_id[x]], x))
    pairs = list(dict.fromkeys(pairs))
    if not pairs:
        return []
    return [f"Rows that repeat another of the same part: {len(pairs)} (e.g. {pairs[0][0]} and {pairs[0][1]})."]


def _overlapping(table: Sequence[Utterance], folds: Sequence[Fold]) -> list[str]:
    """Rows that are other parts of a file, but overlap in time: no comparison of whole recordings can see them."""
    by_id = {u.id: u for u in table}
    found = []
    for fold in folds:
        seen: dict[Path, list[Utterance]] = {}
        for x in (*fold.train, *fold.dev):
            seen.setdefault(by_id[x].path, []).append(by_id[x])
        for u in (by_id[x] for x in fold.test):
            found += [(o.id, u.id) for o in seen.get(u.path, ()) if recording(o) != recording(u) and _meet(o, u)]
    pairs = list(dict.fromkeys(found))
    if not pairs:
        return []
    return [
        f"Rows of a test part that overlap in time with rows of training or development: "
        f"{len({b for _, b in pairs})} (e.g. {pairs[0][0]} and {pairs[0][1]})."
    ]


def _meet(a: Utterance, b: Utterance) -> bool:
    return (b.end is None or a.start < b.end) and (a.end is None or b.start < a.end)


def _contradictions(table: Sequence[Utterance]) -> list[str]:
    notes = []
    for noun, value in (("speakers", "speaker"), ("labels", "label")):
        first: dict[str, Utterance] = {}
        pairs = []
        for u in (u for u in table if getattr(u, value)):
            before = first.setdefault(recording(u), u)
            if getattr(before, value) != getattr(u, value):
                pairs.append((before, u))
        if pairs:
            a, b = pairs[0]
            notes.append(
                f"Recordings listed with two {noun}: {len({recording(b) for _, b in pairs})} (e.g. "
                f"{getattr(a, value)} of {a.id} and {getattr(b, value)} of {b.id})."
            )
    return notes


def _other_speakers(rows: Sequence[ForeignRow], names: Names) -> list[str]:
    """A column of speakers that groups utterances otherwise than the names of the files do."""
    column: dict[str, set[str]] = {}
    for row in rows:
        if row.identified:
            column.setdefault(row.utterance.speaker, set()).add(row.identified)
    mixed = {s: sorted(found) for s, found in column.items() if len(found) > 1}
    if not mixed:
        return []
    s = min(mixed)
    return [
        f"What the rows call one speaker are several by the file names of {names.dataset} in {len(mixed)} of "
        f"{len(column)} cases (e.g. {s}: {', '.join(mixed[s])}); the audit goes by the rows."
    ]


def _bare(path: Path) -> Path:
    """The path without the suffix of an audio format, if it has one: keys have none, and copies another."""
    return path.with_suffix("") if path.suffix.lower() in audio.SUFFIXES else path


def _common(a: Path, b: Path) -> int:
    """How many names two paths share from their ends."""
    n = 0
    for x, y in zip(reversed(a.parts), reversed(b.parts), strict=False):
        if x.casefold() != y.casefold():
            break
        n += 1
    return n


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts fold_2 before fold_10."""
    return tuple((1, int(x), "") if x.isdecimal() else (0, 0, x) for x in re.split(r"(\d+)", text))

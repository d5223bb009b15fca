"""From the rows of any manifest to a corpus: files found, times checked, ids made, labels named."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from serkit.data import audio
from serkit.data.corpus import alike_note, build, few
from serkit.data.labels import canonical, renaming_note
from serkit.data.tables import VOTES, Row, Table
from serkit.errors import AudioError, CorpusError, nearest
from serkit.types import Corpus, Utterance
from serkit_plugins.datasets.manifests.files import Finder, Ids

SEXES: Mapping[str, Literal["f", "m"]] = {"f": "f", "female": "f", "m": "m", "male": "m"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestOptions:
    """What all readers of manifests offer.

    ``canonical`` gives labels their canonical names (``anger`` is ``angry``). ``labels`` declares the class set: then
    any other label is an error; without it every label of the manifest is a class. ``missing="skip"`` goes on without
    the files that do not exist, and the corpus is incomplete.
    """

    canonical: bool = True
    labels: tuple[str, ...] = ()
    missing: Literal["error", "skip"] = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of a manifest, whatever its format. ``where`` names file and line; ``extra`` may hold ``corpus``,
    ``split`` and ``fold``."""

    where: str
    file: str
    label: str
    speaker: str = ""
    start: float = 0.0
    end: float | None = None
    sex: Literal["f", "m"] | None = None
    session: str | None = None
    scenario: str | None = None
    text: str | None = None
    language: str | None = None
    take: str | None = None
    intensity: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    votes: Mapping[str, float] = field(default_factory=dict)


def vote_columns(table: Table) -> list[str]:
    """The columns ``votes:happy`` and so on, of raters' votes for a class."""
    return [c for c in table.columns if c.casefold().startswith(VOTES) and c[len(VOTES) :].strip()]


def votes_of(row: Row, columns: Iterable[str], where: str) -> dict[str, float]:
    """Class to votes of a row; empty cells are no votes. Raises CorpusError for what is no number from 0 on."""
    found = {}
    for column in columns:
        cell = row.cells[column]
        if not cell:
            continue
        try:
            votes = float(cell)
        except ValueError:
            votes = -1.0
        if not 0 <= votes < math.inf:
            raise CorpusError(f"{where}: {column} is {cell!r}; a number of votes from 0 on, or nothing, is expected.")
        found[column[len(VOTES) :].strip()] = votes
    return found


def metadata(table: Table, known: Iterable[str]) -> tuple[list[str], list[str]]:
    """The columns of ``table`` that are not ``known`` and not empty, and a note that names them: a misspelt column
    would else be lost without a word."""
    mine = set(known)
    others = [c for c in table.columns if c not in mine and any(row.cells[c] for row in table.rows)]
    return others, [f"Columns kept as metadata: {', '.join(others)}."] if others else []


def assemble(
    name: str,
    manifest: Path,
    entries: Sequence[Entry],
    options: ManifestOptions,
    *,
    roots: Sequence[Path],
    notes: Iterable[str] = (),
) -> Corpus:
    """The corpus of ``entries``, whose files lie below the first of ``roots`` that has them.

    Raises CorpusError, naming file and line, if there is none, for a part that is empty or beyond the end of its file,
    two rows of the same recording, two files that would have one id, a label outside the declared set, and files that
    do not exist.
    """
    if not entries:
        raise CorpusError(f"No row of {manifest} has a label; fill its column, or name another one in the options.")
    finder, lengths, ids = Finder(roots), _Lengths(), Ids((e.file for e in entries), roots[0])
    declared = _declared(options)
    seen: dict[str, tuple[Entry, Path]] = {}
    lost: list[Entry] = []
    utterances = []
    for e in _with_corpus(entries):
        _check_part(e)
        path = finder.find(e.file)
        if path is None:
            lost.append(e)
            continue
        lengths.check(e, path)
        x = ids.of(e.file, e.start, e.end)
        if x in seen:
            raise _twice(e, path, *seen[x])
        seen[x] = (e, path)
        utterances.append(_utterance(e, x, path, _label(e, options, declared), _votes(e, options)))
    said = [*notes, *_missing(manifest, lost, len(entries), options)]
    if options.canonical:
        said += filter(None, [renaming_note(e.label for e, _ in seen.values())])
    people = [_sexes_note(utterances), alike_note(u.speaker for u in utterances)]
    said += filter(None, [_overlap_note(list(seen.values())), *people])
    labels = declared or tuple(sorted({u.label for u in utterances}))
    gone = [ids.of(e.file, e.start, e.end) for e in lost]
    return build(name, roots[0], utterances, labels, missing=gone, notes=said)


def _utterance(e: Entry, x: str, path: Path, label: str, votes: Mapping[str, float]) -> Utterance:
    return Utterance(
        id=x,
        path=path,
        label=label,
        speaker=e.speaker,
        start=e.start,
        end=e.end,
        sex=e.sex,
        session=e.session,
        scenario=e.scenario,
        text=e.text,
        language=e.language,
        take=e.take,
        intensity=e.intensity,
        extra=e.extra,
        votes=votes,
    )


class _Lengths:
    """Durations from headers, each file opened once, and only if a row names a part of it."""

    def __init__(self) -> None:
        self._seconds: dict[Path, float | None] = {}

    def check(self, e: Entry, path: Path) -> None:
        if e.start == 0 and e.end is None:
            return
        if path not in self._seconds:
            try:
                self._seconds[path] = audio.info(path).seconds
            except AudioError:  # whoever reads its samples says in words what is wrong with it
                self._seconds[path] = None
        length = self._seconds[path]
        last = e.start if e.end is None else e.end
        if length is not None and (e.start >= length or last > length + audio.END_SLACK_SECONDS):
            raise CorpusError(
                f"{e.where}: {e.file} lasts {length:.3f} s, but the row names a part {_part(e)}; correct its times."
            )


def _check_part(e: Entry) -> None:
    if e.start < 0 or (e.end is not None and e.end <= e.start):
        raise CorpusError(
            f"{e.where}: the part {_part(e)} is empty or before the file; start must be at least 0 and before end."
        )


def _part(e: Entry) -> str:
    return f"from {e.start:g} s" + ("" if e.end is None else f" to {e.end:g} s")


def _twice(e: Entry, path: Path, first: Entry, before: Path) -> CorpusError:
    if os.path.realpath(path) == os.path.realpath(before):
        return CorpusError(f"{e.where}: {e.file} is there already ({first.where}) with the same times; delete one row.")
    return CorpusError(
        f"{e.where}: {e.file} and {first.file} ({first.where}) differ only in their suffix, so both would have one id; "
        "rename one of the files, or delete one row."
    )


def _overlap_note(rows: Sequence[tuple[Entry, Path]]) -> str:
    """A sentence on parts of a file that overlap; the audit, which compares recordings, cannot see them."""
    by_file: dict[Path, list[Entry]] = {}
    for e, path in rows:
        by_file.setdefault(path, []).append(e)
    pairs = []
    for parts in by_file.values():
        parts.sort(key=lambda e: e.start)
        widest = parts[0]
        for e in parts[1:]:
            if widest.end is None or e.start < widest.end:
                pairs.append((widest, e))
            if widest.end is not None and (e.end is None or e.end > widest.end):
                widest = e
    if not pairs:
        return ""
    first, second = pairs[0]
    return (
        f"Rows that overlap in time with another row of their file: {len(pairs)} (first {second.where}, with "
        f"{first.where}); a split that is not by speaker, session or text may train on what it tests."
    )


def _sexes_note(utterances: Iterable[Utterance]) -> str:
    """A sentence on speakers who are women and men: two people under one name, or a slip."""
    sexes: dict[str, set[str]] = {}
    for u in utterances:
        if u.speaker and u.sex:
            sexes.setdefault(u.speaker, set()).add(u.sex)
    both = sorted(s for s, found in sexes.items() if len(found) > 1)
    return f"Speakers whose rows say both f and m: {few(both, 5)}." if both else ""


def _declared(options: ManifestOptions) -> tuple[str, ...]:
    names = [canonical(x) if options.canonical else x for x in options.labels]
    return tuple(dict.fromkeys(names))


def _label(e: Entry, options: ManifestOptions, declared: Sequence[str]) -> str:
    if not e.label:
        raise CorpusError(f"{e.where}: {e.file} has no emotion; give it one, or delete the row.")
    label = canonical(e.label) if options.canonical else e.label
    if declared and label not in declared:
        near = nearest(label, declared)
        hint = f"did you mean {near!r}?" if near else f"the option labels declares {', '.join(declared)}."
        raise CorpusError(f"{e.where}: unknown label {e.label!r}; {hint}")
    return label


def _votes(e: Entry, options: ManifestOptions) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, votes in e.votes.items():
        label = canonical(name) if options.canonical else name
        found[label] = found.get(label, 0.0) + votes
    return found


def _missing(manifest: Path, lost: Sequence[Entry], total: int, options: ManifestOptions) -> list[str]:
    if not lost:
        return []
    words = f"The files of {len(lost)} of the {total} rows of {manifest} do not exist, first {lost[0].file!r}"
    if options.missing == "skip" and len(lost) < total:
        return [f"{words} ({lost[0].where}); they were left out."]
    remedy = "" if len(lost) == total else ', or set the dataset option missing = "skip" to go on without them'
    raise CorpusError(f"{words} ({lost[0].where}); correct the paths{remedy}.")


def _with_corpus(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Speakers and sessions of several corpora kept apart, as in a pool: where two corpora have one of the same name,
    all are called ``corpus-name``."""
    for kind in ("speaker", "session"):
        owners: dict[str, set[str]] = {}
        for e in entries:
            owners.setdefault(getattr(e, kind) or "", set()).add(e.extra.get("corpus", ""))
        if any(name and len(found) > 1 for name, found in owners.items()):
            entries = [
                replace(e, **{kind: f"{e.extra['corpus']}-{getattr(e, kind)}"})
                if getattr(e, kind) and e.extra.get("corpus")
                else e
                for e in entries
            ]
    return entries

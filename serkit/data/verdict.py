"""What a split that somebody else made is worth, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from serkit.data.audit import Audit
from serkit.data.foreign import ForeignSplit
from serkit.data.foreign_rows import recording
from serkit.types import Fold


@dataclass(frozen=True, slots=True)
class Verdict:
    """``lines`` for a person. ``leaks``: a speaker or a recording of a test part is in training or development."""

    lines: tuple[str, ...]
    leaks: bool


def judge(split: ForeignSplit, found: Audit) -> Verdict:
    """The verdict on ``split``; ``found`` is its audit."""
    speakers = {u.id: u.speaker for u in split.corpus.utterances}
    recordings = {u.id: recording(u) for u in split.corpus.utterances}
    folds = split.folds
    lines = [_speakers(folds, speakers)]
    without = [f for f in folds if not f.dev]
    if without:
        lines.append(
            f"No development part in {_of(without, folds)}: whoever chooses an epoch or a setting by the test score "
            "selects on the test."
        )
    same = [f for f in folds if f.dev and {recordings[x] for x in f.dev} == {recordings[x] for x in f.test}]
    if same:
        lines.append(f"The development part is the test part in {_of(same, folds)}: what is selected saw the test.")
    leaks = any(o.between == "train+dev/test" and o.kind in ("speaker", "audio") for o in found.overlaps)
    return Verdict(tuple(lines), leaks)


def shared_recordings(split: ForeignSplit, same: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    """By fold, the rows of the test part whose recording is also in training or development, each after the row there.
    ``same`` maps ids to what is equal for equal recordings."""
    found = {}
    for fold in split.folds:
        first: dict[str, str] = {}
        for x in (*fold.train, *fold.dev):
            first.setdefault(same[x], x)
        found[fold.name] = [(first[same[x]], x) for x in fold.test if same[x] in first]
    return found


def class_counts(split: ForeignSplit) -> dict[str, dict[str, dict[str, int]]]:
    """Rows of each class by fold and part; rows without a label are not counted."""
    labels = {u.id: u.label for u in split.corpus.utterances}
    return {
        fold.name: {
            part: {label: count[label] for label in split.corpus.labels}
            for part, ids in (("train", fold.train), ("dev", fold.dev), ("test", fold.test))
            for count in [Counter(labels[x] for x in ids)]
        }
        for fold in split.folds
    }


def _speakers(folds: Sequence[Fold], speakers: dict[str, str]) -> str:
    for part, words, meaning in (
        ("train", "in training", "Speaker-dependent"),
        ("dev", "in development", "Selected on test speakers"),
    ):
        tested = [{speakers[x] for x in f.test} for f in folds]
        seen = [len(t & {speakers[x] for x in getattr(f, part)}) for f, t in zip(folds, tested, strict=True)]
        hit = [k for k, n in enumerate(seen) if n]
        if hit:
            shares = f"{_span([seen[k] for k in hit])} of {_span([len(tested[k]) for k in hit])} test speakers"
            every = len(hit) == len(folds)
            where = f"each of {len(folds)} folds" if every and len(folds) > 1 else _of([folds[k] for k in hit], folds)
            return f"{meaning}: {shares} are {words} in {where}."
    return f"Speaker-independent: no test speaker is in training or development in {_of(folds, folds)}."


def _of(some: Sequence[Fold], folds: Sequence[Fold]) -> str:
    return "the only fold" if len(folds) == 1 else f"{len(some)} of {len(folds)} folds"


def _span(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return str(low) if low == high else f"{low} to {high}"

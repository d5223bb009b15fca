"""``serkit audit --split``: a split that another tool made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from serkit.errors import UserError, blame

if TYPE_CHECKING:
    from serkit.data.foreign import ForeignSplit
    from serkit.data.foreign_rows import Names
    from serkit.types import Utterance


MOST_PAIRS = 8
"""Shared recordings that are named; `--json` has all."""


def audit_split(
    sources: Sequence[str], dataset: str, data: Sequence[str], column: str, pattern: str, no_audio: bool
) -> dict[str, Any]:
    """What ``serkit audit`` prints of the split files ``sources`` (paths, or ``part=path``). Raises SerkitError."""
    from serkit.data.audit import hash_audio, measure
    from serkit.data.foreign import read_split, with_audio
    from serkit.data.foreign_rows import recording
    from serkit.data.progress import make_progress
    from serkit.data.verdict import class_counts, judge, shared_recordings
    from serkit.types import Protocol

    split = read_split([_source(text) for text in sources], _names(dataset, pattern), column=column)
    notes = list(split.notes)
    decoded: dict[str, str] = {}
    if data and not no_audio:
        split, found_ids = with_audio(split, _folder(data))
        notes += _lost(split, found_ids, data)
        here = set(found_ids)
        rows = tuple(u for u in split.corpus.utterances if u.id in here)
        if rows:
            with make_progress() as bar:
                decoded = hash_audio(replace(split.corpus, utterances=rows), progress=bar)
    if not decoded:
        notes.append("Recordings are compared by their paths; name their folder with --data to compare their samples.")
    same = {u.id: decoded.get(u.id) or recording(u) for u in split.corpus.utterances}
    protocol = Protocol(
        corpus=split.corpus.name,
        name="foreign",
        version=0,
        folds=split.folds,
        labels=split.corpus.labels,
        hash="",
        guarantees=(),
        dev_guarantees=(),
    )
    found = measure(split.corpus, protocol, same)
    verdict, classes, pairs = judge(split, found), class_counts(split), shared_recordings(split, same)
    content = {
        "split": list(sources),
        "dataset": dataset or None,
        "notes": notes,
        "decoded": len(decoded),
        **{k: v for k, v in found.to_dict().items() if k != "protocol"},
        "classes": classes,
        "shared_recordings": pairs,
        "lines": found.lines(),
        "verdict": list(verdict.lines),
        "holds": not verdict.leaks,
    }
    corpus, folds = split.corpus, len(split.folds)
    sizes = f"{len(corpus.utterances)} rows, {len(corpus.speakers)} speakers, {folds} fold{'' if folds == 1 else 's'}"
    return {
        "title": f"{corpus.root}: {sizes}.",
        "notes": notes,
        "rows": [
            {
                "title": "Rows of each part, and what test and dev share with the parts before them",
                "audit": found,
                "tables": [_class_table(split.corpus.labels, classes)] if split.corpus.labels else [],
                "verdict": verdict.lines,
                "content": {"problem": None, "lines": [*found.lines(), *_pairs(pairs)]},
            }
        ],
        "content": content,
    }


def _source(text: str) -> tuple[str, Path]:
    part, mark, path = text.partition("=")
    return (part, Path(path)) if mark and path and not Path(text).exists() else ("", Path(text))


def _names(dataset: str, pattern: str) -> Names:
    from serkit.data.foreign_rows import Names
    from serkit.data.loading import make_dataset, named
    from serkit.data.recognise import speaker_pattern
    from serkit.host import get_host

    identify = None
    if dataset:
        host = get_host()
        registered = host.get("dataset", dataset)
        made = make_dataset(registered, host.load("dataset", dataset))
        if not hasattr(made, "identify"):
            raise UserError(
                f"File names of {dataset} do not say who speaks; give --speaker-pattern, or a column speaker."
            )

        def identify(path: PurePosixPath) -> Utterance | None:
            with blame(named(registered), f"identify({str(path)!r})"):
                said: Utterance | None = made.identify(path)
            return said

    return Names(dataset, identify, speaker_pattern(pattern, "--speaker-pattern") if pattern else None)


def _folder(data: Sequence[str]) -> Path:
    from serkit.data.fetch import user_path

    folder = user_path(data[0], "--data")
    if len(data) > 1 or not folder.is_dir():
        raise UserError(
            f"--data {' '.join(data)} is not one folder; name the one that holds the recordings of --split."
        )
    return folder


def _lost(split: ForeignSplit, found: Sequence[str], data: Sequence[str]) -> list[str]:
    lost = {u.id for u in split.corpus.utterances} - set(found)
    if not lost:
        return []
    return [
        f"{len(lost)} of {len(split.corpus.utterances)} rows name files that are not in {data[0]}, so their samples "
        f"were not compared (e.g. {min(lost)})."
    ]


def _pairs(pairs: Mapping[str, Sequence[tuple[str, str]]]) -> list[str]:
    every = list(dict.fromkeys(pair for found in pairs.values() for pair in found))
    if not every:
        return []
    more = f" and {len(every) - MOST_PAIRS} more, which --json names" if len(every) > MOST_PAIRS else ""
    return [f"Shared recordings: {' / '.join(f'{a} is {b}' for a, b in every[:MOST_PAIRS])}{more}"]


def _class_table(
    labels: Sequence[str], classes: Mapping[str, Mapping[str, Mapping[str, int]]]
) -> tuple[str, list[str], list[list[str]]]:
    """Classes down, parts across; where folds differ, from the least to the most."""
    rows = []
    for label in labels:
        cells = [[counts[part][label] for counts in classes.values()] for part in ("train", "dev", "test")]
        rows.append([label, *(str(min(c)) if min(c) == max(c) else f"{min(c)} to {max(c)}" for c in cells)])
    title = "Rows of each class" + (" in a fold" if len(classes) > 1 else "")
    return title, ["class", "train", "dev", "test"], rows

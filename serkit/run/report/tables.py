"""Rows of the tables that the terminal and both pages show: scores, classes, groups. Cells are plain text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serkit.run.report.facts import count, interval, percent, spread, tenths

SCORE_HEAD = ("Metric", "Pooled", "95 % interval", "Mean ± deviation over folds", "Deviation over seeds")
GROUP_HEAD = ("Utterances", "Speakers", "Classes", "UAR", "WAR")


def scores(m: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Summaries by metric, UAR and WAR first."""
    first = {name: m[name] for name in ("uar", "war") if m.get(name)}
    return first | {name: s for name, s in (m.get("metrics") or {}).items() if name not in first}


def score_rows(m: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row a metric, under ``SCORE_HEAD``."""
    return [
        (
            name,
            percent(s.get("pooled")),
            interval(s).removeprefix("95 % interval "),
            spread(s),
            "" if s.get("std_seeds") is None else f"{tenths(s['std_seeds'])} points",
        )
        for name, s in scores(m).items()
    ]


def definitions(m: Mapping[str, Any], only: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """(metric, what it is), of all or of those in ``only``: papers call one score by several names, and swap them."""
    return [
        (name, str(s["definition"]))
        for name, s in scores(m).items()
        if s.get("definition") and (not only or name in only)
    ]


@dataclass(frozen=True, kw_only=True)
class ClassRow:
    """One class: its utterances, its recall and the area under its ROC curve; None where not known or undefined."""

    label: str
    utterances: int | None
    recall: float | None
    auc: float | None


def class_rows(m: Mapping[str, Any]) -> list[ClassRow]:
    """A row a class, in the order of the protocol."""
    support = (m.get("support") or {}).get("pooled") or {}
    curves = (m.get("roc") or {}).get("classes") or {}
    return [
        ClassRow(
            label=str(label), utterances=support.get(label), recall=recall, auc=(curves.get(label) or {}).get("auc")
        )
        for label, recall in (m.get("per_class_recall") or {}).items()
    ]


@dataclass(frozen=True, kw_only=True)
class GroupTable:
    """The groups of one kind. ``rows`` are (group, *cells under ``GROUP_HEAD``); ``words`` say how far they differ.

    ``repeats`` is true where the groups are the folds, whose table says the same.
    """

    kind: str
    rows: list[tuple[str, ...]]
    words: str
    repeats: bool


def group_tables(m: Mapping[str, Any]) -> list[GroupTable]:
    """The groups of each kind that the run knows."""
    folds = set((m.get("uar") or {}).get("per_fold") or ())
    return [
        GroupTable(
            kind=kind,
            rows=[
                (
                    str(value),
                    str(g.get("n", "")),
                    "not known" if g.get("speakers") is None else str(g["speakers"]),
                    str(len(g.get("classes") or ())),
                    percent(g.get("uar")),
                    percent(g.get("war")),
                )
                for value, g in groups.items()
            ],
            words=_difference(kind, groups),
            repeats=set(groups) == folds,
        )
        for kind, groups in (m.get("groups") or {}).items()
    ]


def fold_name(row: Mapping[str, Any]) -> str:
    """The name of a fold, with a mark if it collapsed."""
    return f"{row['fold']} ({row['collapsed']})" if row.get("collapsed") else str(row["fold"])


def _difference(kind: str, groups: Mapping[str, Mapping[str, Any]]) -> str:
    known = {v: g for v, g in groups.items() if v != "unknown" and g.get("uar") is not None}
    if len(known) < 2:
        return f"UAR by {kind}: undefined in all groups{' but one' if known else ''}."
    top, low = max(known, key=lambda v: known[v]["uar"]), min(known, key=lambda v: known[v]["uar"])
    a, b = known[top]["uar"], known[low]["uar"]
    most = "" if len(known) == 2 else "at most "
    words = f"UAR by {kind}: {most}{tenths(a - b)} points between {top} ({percent(a)}) and {low} ({percent(b)})"
    few = [g["speakers"] for g in (known[top], known[low])]
    if a == b:  # top and low are then one group
        words = f"UAR by {kind}: {percent(a)} in each of {len(known)} groups"
    elif kind != "speaker" and None not in few:
        words += f", which are {few[0]} and {count(few[1], 'speaker')}"
    if len({frozenset(g.get("classes") or ()) for g in known.values()}) > 1:
        words += "; some groups lack classes that others have, so their tasks differ"
    return words + "."

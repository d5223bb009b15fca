"""The published figure beside ours: the rows and the verdict that the terminal and both pages show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serkit.run.report.facts import points, reasons, scored, spread

HEAD = ("Means over folds", "UAR", "WAR", "Protocol", "Information")


def rows(m: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Rows under ``HEAD`` that put the published figure beside ours, with deviations over folds; the last
    has the differences with their intervals. Empty without a published figure."""
    published = m.get("published")
    if not published:
        return []
    ours = [spread(m.get(name) or {}) if scored(m) else "no score" for name in ("uar", "war")]
    theirs = [
        "not given"
        if published.get(name) is None
        else spread({"mean": published[name], "std_folds": published.get(f"{name}_std")})
        for name in ("uar", "war")
    ]
    gaps = [_gap(published, ""), _gap(published, "war_")]
    return [
        (
            f"This run, preset {m.get('preset', 'unknown')}",
            *ours,
            str(m.get("protocol", "")),
            str(m.get("information", "")),
        ),
        (
            f"{published.get('source', 'Published')}, preset {published.get('preset', 'unknown')}",
            *theirs,
            str(published.get("protocol", "")),
            str(published.get("information", "")),
        ),
        ("Difference", *gaps, "", ""),
    ]


def _gap(published: Mapping[str, Any], prefix: str) -> str:
    gap, ends = published.get(f"{prefix}difference"), published.get(f"{prefix}interval95")
    if gap is None:
        return "not given"
    return points(gap) + (
        f" (95 % interval {points(ends[0]).removesuffix(' points')} to {points(ends[1])})" if ends else ""
    )


def verdict_words(m: Mapping[str, Any]) -> str:
    """Whether the published figure may be compared with, and if so whether it is reproduced, in a sentence."""
    why = reasons(m)
    if why:
        return f"Not comparable: {'; '.join(why)}."
    published = m.get("published") or {}
    found = [
        f"{name} {published[key]}" for name, key in (("UAR", "verdict"), ("WAR", "war_verdict")) if published.get(key)
    ]
    same = "Comparable: the same protocol, all of its folds, classes and files."
    rule = "reproduced: the 95 % interval of the difference of means lies within ± 3 points; not reproduced: outside"
    return f"{same} Verdict: {', '.join(found)} ({rule})." if found else same

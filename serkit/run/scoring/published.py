"""A paper's figure beside ours: whether the two may be compared, and whether it is reproduced."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from serkit.types import Published

MARGIN = 0.03
"""Three points: how far means may differ and still be called the same."""

CONFIDENCE = 0.95


def compare_published(
    published: Published | None,
    *,
    protocol: str,
    complete: bool,
    uar: Mapping[str, Any],
    war: Mapping[str, Any],
    subset: str = "all",
    corpus_complete: bool = True,
    scored: bool = True,
    information: str = "inductive",
) -> dict[str, Any] | None:
    """The published figure beside ours, and whether the two may be compared; None without a published figure.

    ``protocol`` is the full name of the run's protocol, ``complete`` false where folds were left out, ``uar`` and
    ``war`` the summaries of our scores (``mean``, ``std_folds``, ``per_fold``; papers print means over folds),
    ``subset`` what of the corpus is in its table and with which classes, ``corpus_complete`` false where files of it
    are missing, ``scored`` false where the protocol tests nothing, ``information`` the information level.
    ``comparable`` is true only for the same protocol, subset and level, all folds and files; ``reasons`` says in words
    what stands against the comparison.

    ``difference`` is our mean UAR minus theirs, given also where it is not comparable; ``interval95`` and ``verdict``
    (see :func:`verdict`) are None where it is not. ``war_difference``, ``war_interval95`` and ``war_verdict`` are the
    same of the accuracy.
    """
    if published is None:
        return None
    reasons = [] if scored else ["this run has no score"]
    if published.protocol != protocol:
        reasons.append(f"it was measured under {published.protocol}, this run under {protocol}")
    if published.subset != subset:
        reasons.append(f"it was measured on the subset {published.subset!r} of the corpus, this run on {subset!r}")
    if published.information != information:
        reasons.append(f"its information level is {published.information}, this run's {information}")
    if not complete:
        reasons.append("folds of the protocol were left out of this run")
    if not corpus_complete:
        reasons.append("files of the corpus are missing here")
    return {
        "source": published.source,
        "protocol": published.protocol,
        "preset": published.preset,
        "subset": published.subset,
        "information": published.information,
        "uar": published.uar,
        "uar_std": published.uar_std,
        "war": published.war,
        "war_std": published.war_std,
        "comparable": not reasons,
        "reasons": reasons,
        **_compare(uar, published.uar, published.uar_std, not reasons),
        **{f"war_{k}": v for k, v in _compare(war, published.war, published.war_std, not reasons).items()},
    }


def _compare(ours: Mapping[str, Any], theirs: float | None, std: float | None, comparable: bool) -> dict[str, Any]:
    mean = ours.get("mean")
    if mean is None or theirs is None:
        return {"difference": None, "interval95": None, "verdict": None}
    ends = None
    if comparable:
        ends = interval(mean - theirs, ours.get("std_folds"), std, len(ours.get("per_fold") or ()))
    return {"difference": mean - theirs, "interval95": ends, "verdict": verdict(ends) if comparable else None}


def interval(difference: float, ours: float | None, theirs: float | None, folds: int) -> list[float] | None:
    """95 % interval of a difference of two means over the same number of folds (Welch's t).

    ``ours`` and ``theirs`` are deviations over folds (ddof = 1). Without ``theirs`` (not printed) the paper's mean is
    taken as a fixed number, and the interval is that of our mean alone. None without ``ours``: a single fold has no
    deviation. Both means are over the same speakers, which a paired test would use; from printed figures none can be
    made, so the interval is wider than it need be.
    """
    from scipy.special import stdtrit

    if ours is None or folds < 2:
        return None
    a, b = ours**2 / folds, (theirs or 0.0) ** 2 / folds
    if a + b == 0.0:
        return [difference, difference]
    freedom = (a + b) ** 2 / (a**2 + b**2) * (folds - 1)
    half = float(stdtrit(freedom, 0.5 + CONFIDENCE / 2)) * math.sqrt(a + b)
    return [difference - half, difference + half]


def verdict(ends: list[float] | None) -> str:
    """``reproduced`` if the interval lies within ± 3 points, ``not reproduced`` if it lies outside, else ``cannot
    tell``. A score far above the published one is not that figure reproduced either."""
    if ends is not None and ends[0] >= -MARGIN and ends[1] <= MARGIN:
        return "reproduced"
    if ends is not None and (ends[0] > MARGIN or ends[1] < -MARGIN):
        return "not reproduced"
    return "cannot tell"

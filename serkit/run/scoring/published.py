"""A paper's figure beside ours, and whether the two may be compared."""

from __future__ import annotations

from typing import Any

from serkit.types import Published


def compare_published(
    published: Published | None,
    *,
    protocol: str,
    complete: bool,
    uar: float | None,
    subset: str = "all",
    corpus_complete: bool = True,
    scored: bool = True,
    information: str = "inductive",
) -> dict[str, Any] | None:
    """The published figure beside ours, and whether the two may be compared; None without a published figure.

    ``protocol`` is the full name of the run's protocol, ``complete`` false where folds were left out, ``uar`` our mean
    over folds in [0, 1] (papers print means over folds), ``subset`` what of the corpus is in its table and with which
    classes, ``corpus_complete`` false where files of it are missing, ``scored`` false where the protocol tests nothing,
    ``information`` the information level. ``comparable`` is true only for the same protocol, subset and level, all
    folds and files. ``difference`` is our UAR minus
    theirs, given also where it is not comparable; ``reasons`` says in words what stands against the comparison.
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
        "difference": None if uar is None or published.uar is None else uar - published.uar,
        "reasons": reasons,
    }

"""The scores of groups of utterances: whether a system serves women and men, or one speaker and the next, alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from serkit.run.predictions import Predictions
from serkit.run.scoring.calls import Checked, Results, mean
from serkit.types import Corpus, Utterance

Groups = Mapping[str, Mapping[str, str]]
"""Kind of group (``sex``) to utterance id to value (``f``)."""

KINDS = ("sex", "speaker", "corpus", "language", "scenario")
"""What utterances are grouped by: fields of an utterance, or keys of its ``extra``."""

UNKNOWN = "unknown"
"""The group of the utterances of which a corpus does not say the value."""

_MOST = 50
"""A table of more groups is no longer read, and their scores are noise."""


def group_values(corpus: Corpus) -> dict[str, dict[str, str]]:
    """For each of ``KINDS`` the value of each utterance that has one."""
    found = {kind: {u.id: v for u in corpus.utterances if (v := _value(u, kind))} for kind in KINDS}
    return {kind: values for kind, values in found.items() if values}


def group_scores(
    chosen: Results,
    pooled: Mapping[int, Predictions],
    folds: Sequence[str],
    metrics: Mapping[str, Checked],
    groups: Groups,
) -> dict[str, Any]:
    """``{kind: {value: {"n", "speakers", "classes", <metric>...}}}`` for kinds of 2 to 50 values among the utterances.

    A metric is pooled over folds as the headline is, then the mean over seeds; None where it is undefined or fails.
    ``n`` counts the utterances of one seed, ``speakers`` who speaks them (None where one is not known), ``classes`` are
    those that they hold: a group that lacks a class has an easier or a harder task, so its UAR is no like for like.
    Utterances without a value are the group ``unknown``.
    """
    out = {}
    for kind, values in groups.items():
        names = {s: [values.get(i, UNKNOWN) for f in folds for i in chosen[s, f].ids] for s in pooled}
        present = sorted({x for row in names.values() for x in row}, key=lambda x: (x == UNKNOWN, x))
        if not 2 <= len({*present} - {UNKNOWN}) <= _MOST:
            continue
        out[kind] = {value: _one(value, names, pooled, metrics) for value in present}
    return out


def _one(
    value: str, names: Mapping[int, Sequence[str]], pooled: Mapping[int, Predictions], metrics: Mapping[str, Checked]
) -> dict[str, Any]:
    rows = {s: np.flatnonzero(np.array(names[s]) == value) for s in pooled}
    seed = next(iter(pooled))
    first, at = pooled[seed], rows[seed]
    speakers = {first.speaker[i] for i in at}
    return {
        "n": len(at),
        "speakers": None if "" in speakers else len(speakers),
        "classes": [first.labels[c] for c in np.unique(first.truth[at])],
        **{name: mean([_score(metric, pooled[s], rows[s]) for s in pooled]) for name, metric in metrics.items()},
    }


def _score(metric: Checked, p: Predictions, rows: Any) -> float | None:
    try:
        return metric(p, rows)
    except (Exception, SystemExit):  # it worked on all utterances; what fails on a part of them is undefined there
        return None


def _value(u: Utterance, kind: str) -> str | None:
    value = getattr(u, kind, None) or u.extra.get(kind)
    return str(value) if value else None

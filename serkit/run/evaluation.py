"""From saved predictions to ``metrics.json``: the rules behind every number.

The sample is the speaker: seeds repeat a fold and add no speakers. ``per_fold`` is the mean over seeds of the metric
of a fold, ``mean`` and ``std_folds`` (ddof = 1) are over folds, ``std_seeds`` (ddof = 1) is over seeds of the mean
over folds. ``pooled`` is, for each seed, the metric over the utterances of all folds, then the mean over seeds.
``docs/metrics.md`` is the same in prose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.errors import RunFolderError
from serkit.host.specs import MetricSpec
from serkit.run.predictions import Predictions
from serkit.run.scoring.bootstrap import Bootstrap, draw
from serkit.run.scoring.calls import Checked, Metric, Results, deviation, fault_of, mean
from serkit.run.scoring.curves import calibration, roc
from serkit.run.scoring.groups import Groups, group_scores

HEADLINE = ("uar", "war")
"""Metrics that stand at the top level of ``metrics.json`` as well as under ``metrics``, and that groups are given."""


def evaluate(
    results: Results,
    *,
    labels: Sequence[str],
    metrics: Mapping[str, tuple[MetricSpec, Metric]],
    split: str = "test",
    rng_seed: int = 0,
    resamples: int = 10_000,
    groups: Groups | None = None,
) -> dict[str, Any]:
    """All aggregates of a run.

    ``results`` maps (seed, fold name) to predictions; every seed needs the same folds. ``labels`` are the K classes of
    all of them. ``metrics`` maps a name to its spec and function; a function may carry ``from_confusion`` or
    ``resampled``, the quick forms of docs/metrics.md. ``split`` is ``test`` or ``dev``. ``groups`` are the values that
    ``group_values`` reads from a corpus.

    ``interval95`` is the percentile bootstrap of the pooled value over speakers (see ``bootstrap.draw``), or None with
    the reason in ``interval_note``.

    A metric that raises, returns no number or one outside its declared range has nulls for values and says so in
    ``failed`` (null otherwise): one bad metric does not cost the run its others. So has a headline metric that is not
    among ``metrics``, because its code could not be imported.

    Returns a dict that ``json.dumps(..., allow_nan=False)`` takes, with the keys ``n_folds``, ``n_seeds``,
    ``collapsed``, ``uar``, ``war``, ``metrics``, ``per_class_recall`` (pooled), ``support``, ``confusion`` (counts over
    folds and seeds, rows are the truth), ``roc``, ``calibration``, ``groups`` and ``bootstrap``. Fractions in [0, 1];
    undefined is None.

    Raises RunFolderError for no results, folds missing from a seed, or predictions of other classes.
    """
    seeds, folds = _grid(results)
    names = tuple(labels)
    for (seed, fold), p in results.items():
        if p.labels != names:
            raise RunFolderError(
                f"Fold {fold!r} of seed {seed} predicts the classes {', '.join(p.labels)}, the protocol has "
                f"{', '.join(names)}; delete that fold and continue the run with --resume."
            )
    chosen = {key: p.only(split) for key, p in results.items()}
    k = len(names)
    pooled = {s: _concatenate([chosen[s, f] for f in folds], names) for s in seeds}
    confusions = np.stack([confusion(pooled[s].truth, pooled[s].predicted, k) for s in seeds])
    bootstrap = draw(pooled, np.random.default_rng(rng_seed), resamples)

    checked = {name: Checked(spec, function) for name, (spec, function) in metrics.items()}
    summaries = {
        name: _guarded(spec, checked[name], chosen, bootstrap, seeds, folds) for name, (spec, _) in metrics.items()
    }
    total = confusions.sum(0)
    truth_counts = confusions.sum(-1)  # [seeds, K]
    recall = [mean([_ratio(confusions[i, c, c], truth_counts[i, c]) for i in range(len(seeds))]) for c in range(k)]
    first = seeds[0]
    return {
        "n_folds": len(folds),
        "n_seeds": len(seeds),
        "collapsed": [{"seed": s, "fold": f} for s in seeds for f in folds if _collapsed(chosen[s, f])],
        **{name: summaries.get(name) or _undefined(f"the metric {name} was left out", folds) for name in HEADLINE},
        "metrics": summaries,
        "per_class_recall": dict(zip(names, recall, strict=True)),
        "support": {
            "pooled": _counts(pooled[first], names),
            "per_fold": {f: _counts(chosen[first, f], names) for f in folds},
        },
        "confusion": {"labels": list(names), "matrix": total.tolist()},
        "roc": roc(pooled),
        "calibration": calibration(pooled),
        "groups": group_scores(chosen, pooled, folds, {n: checked[n] for n in HEADLINE if n in checked}, groups or {}),
        "bootstrap": {
            "unit": "speaker",
            "speakers": len(bootstrap.speakers),
            "resamples": resamples,
            "rng_seed": rng_seed,
        },
    }


def unscored(*, n_folds: int, n_seeds: int) -> dict[str, Any]:
    """What :func:`evaluate` gives, for a run that made a model and tested nothing: counts, and nulls for scores. The
    headline metrics keep their keys, for readers who ask ``["uar"]["pooled"]`` of any run."""
    empty = ("per_class_recall", "support", "confusion", "roc", "calibration", "groups", "bootstrap")
    return {
        "n_folds": n_folds,
        "n_seeds": n_seeds,
        "collapsed": [],
        **{name: _undefined("nothing was tested", []) for name in HEADLINE},
        "metrics": {},
        **dict.fromkeys(empty),
    }


def confusion(truth: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
    """Counts int64 ``[K, K]``: row = truth, column = prediction. ``truth`` and ``predicted`` are int ``[N]``."""
    flat = np.bincount(truth * n_classes + predicted, minlength=n_classes * n_classes)
    return flat.reshape(n_classes, n_classes).astype(np.int64)


def _collapsed(p: Predictions) -> bool:
    """Whether all predictions are one class; a fold of one class that is all recognised is no collapse."""
    return np.unique(p.predicted).size == 1 and not np.array_equal(p.predicted, p.truth)


def _grid(results: Results) -> tuple[list[int], list[str]]:
    """Sorted seeds, and folds in the order in which they came."""
    if not results:
        raise RunFolderError("There are no predictions to evaluate; finish a fold first (--resume continues a run).")
    seeds = sorted({s for s, _ in results})
    folds = list(dict.fromkeys(f for _, f in results))
    for s in seeds:
        for f in folds:
            if (s, f) not in results:
                raise RunFolderError(
                    f"Seed {s} has no predictions of fold {f!r} but another seed has; continue the run with --resume."
                )
    return seeds, folds


def _guarded(
    spec: MetricSpec,
    metric: Checked,
    chosen: Results,
    bootstrap: Bootstrap,
    seeds: Sequence[int],
    folds: Sequence[str],
) -> dict[str, Any]:
    """The summary of one metric; if its code fails, one of nulls whose ``failed`` says how, and the rest goes on."""
    about = {"definition": spec.summary, "higher_is_better": spec.higher_is_better}
    try:
        return {**about, **_summary(spec, metric, chosen, bootstrap, seeds, folds), "failed": None}
    except (Exception, SystemExit) as error:
        failed = fault_of(error)
    return {**about, **_undefined(f"the metric {failed}", folds), "failed": failed}


def _undefined(why: str, folds: Sequence[str]) -> dict[str, Any]:
    """A summary without a value."""
    empty: dict[str, Any] = dict.fromkeys(("mean", "std_folds", "std_seeds", "pooled", "interval95"))
    return {**empty, "interval_note": why, "per_fold": dict.fromkeys(folds)}


def _summary(
    spec: MetricSpec,
    metric: Checked,
    chosen: Results,
    bootstrap: Bootstrap,
    seeds: Sequence[int],
    folds: Sequence[str],
) -> dict[str, Any]:
    grid = [[metric(chosen[s, f]) if spec.per_fold else None for f in folds] for s in seeds]
    per_fold = [mean([row[i] for row in grid]) for i in range(len(folds))]
    value = mean([metric(bootstrap.pooled[s]) for s in seeds])
    interval, note = bootstrap.interval(metric) if value is not None else (None, "the pooled value is undefined")
    return {
        "mean": mean(per_fold),
        "std_folds": deviation(per_fold),
        "std_seeds": deviation([mean(row) for row in grid]),
        "pooled": value,
        "interval95": interval,
        "interval_note": note,
        "per_fold": dict(zip(folds, per_fold, strict=True)),
    }


def _concatenate(parts: Sequence[Predictions], labels: tuple[str, ...]) -> Predictions:
    """All folds of one seed; ids get the number of the fold, since several folds may test the same utterance."""
    return Predictions(
        ids=tuple(f"{i}/{x}" for i, p in enumerate(parts) for x in p.ids),
        split=tuple(x for p in parts for x in p.split),
        speaker=tuple(x for p in parts for x in p.speaker),
        truth=np.concatenate([p.truth for p in parts]),
        predicted=np.concatenate([p.predicted for p in parts]),
        posteriors=np.concatenate([p.posteriors for p in parts]),
        labels=labels,
    )


def _counts(p: Predictions, labels: tuple[str, ...]) -> dict[str, int]:
    return dict(zip(labels, np.bincount(p.truth, minlength=len(labels)).tolist(), strict=True))


def _ratio(a: int, b: int) -> float | None:
    return float(a) / float(b) if b else None

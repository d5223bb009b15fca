"""From saved predictions to ``metrics.json``: the rules behind every number.

The sample is the speaker: seeds repeat a fold and add no speakers. ``per_fold`` is the mean over seeds of the metric
of a fold, ``mean`` and ``std_folds`` (ddof = 1) are over folds, ``std_seeds`` (ddof = 1) is over seeds of the mean
over folds. ``pooled`` is, for each seed, the metric over the utterances of all folds, then the mean over seeds.
``docs/metrics.md`` is the same in prose.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.errors import RunFolderError
from serkit.host.specs import MetricSpec
from serkit.run.predictions import Predictions
from serkit.types import Published

Metric = Callable[[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], int], "float | None"]
Results = Mapping[tuple[int, str], Predictions]

HEADLINE = ("uar", "war")
"""Metrics that stand at the top level of ``metrics.json`` as well as under ``metrics``."""

DIRECT_RESAMPLES = 1000
"""Most resamples of a metric without ``from_confusion``: each one costs a call of the metric for every seed."""

_MAX_ROUNDS = 50
"""Rounds of redrawing resamples that lost a class, before the interval is given up."""


def evaluate(
    results: Results,
    *,
    labels: Sequence[str],
    metrics: Mapping[str, tuple[MetricSpec, Metric]],
    split: str = "test",
    rng_seed: int = 0,
    resamples: int = 10_000,
) -> dict[str, Any]:
    """All aggregates of a run.

    ``results`` maps (seed, fold name) to predictions; every seed needs the same folds. ``labels`` are the K classes of
    all of them. ``metrics`` maps a name to its spec and function; a function may carry ``from_confusion``, its form
    over float64 ``[..., K, K]`` counts (rows are the truth), which makes its interval quick. ``split`` is ``test`` or
    ``dev``.

    ``interval95`` is the percentile bootstrap of the pooled value over speakers: S speakers are drawn from S with
    replacement, each with all its utterances in all seeds. A draw in which a class of the pooled truth vanishes is
    drawn again, so the interval is that of samples that hold every class. It is None, with the reason in
    ``interval_note``, for fewer than two speakers, and where nearly every draw loses a class.

    A metric that raises, returns no number or one outside its declared range has nulls for values and says so in
    ``failed`` (null otherwise): one bad metric does not cost the run its others.

    Returns a dict that ``json.dumps(..., allow_nan=False)`` takes, with the keys ``n_folds``, ``n_seeds``,
    ``collapsed``, ``uar``, ``war``, ``metrics``, ``per_class_recall`` (pooled), ``support``, ``confusion`` (counts over
    folds and seeds, rows are the truth) and ``bootstrap``. Fractions in [0, 1]; undefined is None.

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
    draws, note = _draw_speakers(pooled, seeds, k, np.random.default_rng(rng_seed), resamples)

    summaries = {
        name: _guarded(spec, function, chosen, pooled, seeds, folds, draws, note)
        for name, (spec, function) in metrics.items()
    }
    total = confusions.sum(0)
    truth_counts = confusions.sum(-1)  # [seeds, K]
    recall = [_mean([_ratio(confusions[i, c, c], truth_counts[i, c]) for i in range(len(seeds))]) for c in range(k)]
    first = seeds[0]
    return {
        "n_folds": len(folds),
        "n_seeds": len(seeds),
        "collapsed": [
            {"seed": s, "fold": f} for s in seeds for f in folds if np.unique(chosen[s, f].predicted).size == 1
        ],
        **{name: summaries[name] for name in HEADLINE if name in summaries},
        "metrics": summaries,
        "per_class_recall": dict(zip(names, recall, strict=True)),
        "support": {
            "pooled": _counts(pooled[first], names),
            "per_fold": {f: _counts(chosen[first, f], names) for f in folds},
        },
        "confusion": {"labels": list(names), "matrix": total.tolist()},
        "bootstrap": {
            "unit": "speaker",
            "speakers": len({x for s in seeds for x in pooled[s].speaker}),
            "resamples": resamples,
            "rng_seed": rng_seed,
        },
    }


def confusion(truth: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int) -> NDArray[np.int64]:
    """Counts int64 ``[K, K]``: row = truth, column = prediction. ``truth`` and ``predicted`` are int ``[N]``."""
    flat = np.bincount(truth * n_classes + predicted, minlength=n_classes * n_classes)
    return flat.reshape(n_classes, n_classes).astype(np.int64)


def compare_published(
    published: Published | None,
    *,
    protocol: str,
    complete: bool,
    labels: Sequence[str],
    protocol_labels: Sequence[str],
    uar: float | None,
    subset: str = "all",
    corpus_complete: bool = True,
) -> dict[str, Any] | None:
    """The published figure beside ours, and whether the two may be compared; None without a published figure.

    ``protocol`` is the full name of the run's protocol, ``complete`` false where folds were left out, ``labels`` the
    classes of the run, ``protocol_labels`` those of the protocol, ``uar`` our mean over folds in [0, 1] (papers print
    means over folds), ``subset`` what of the corpus is in its table, ``corpus_complete`` false where files of it are
    missing. ``comparable`` is true only for the same protocol and subset, all folds, classes and files.
    ``difference`` is our UAR minus theirs, given also where it is not comparable; ``reasons`` says in words what stands
    against the comparison.
    """
    if published is None:
        return None
    reasons = []
    if published.protocol != protocol:
        reasons.append(f"it was measured under {published.protocol}, this run under {protocol}")
    if published.subset != subset:
        reasons.append(f"it was measured on the subset {published.subset!r} of the corpus, this run on {subset!r}")
    if not complete:
        reasons.append("folds of the protocol were left out of this run")
    if set(labels) != set(protocol_labels):
        reasons.append(f"this run has the classes {', '.join(labels)}, the protocol {', '.join(protocol_labels)}")
    if not corpus_complete:
        reasons.append("files of the corpus are missing here")
    return {
        "source": published.source,
        "protocol": published.protocol,
        "preset": published.preset,
        "subset": published.subset,
        "uar": published.uar,
        "war": published.war,
        "comparable": not reasons,
        "difference": None if uar is None or published.uar is None else uar - published.uar,
        "reasons": reasons,
    }


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


class _MetricFault(Exception):
    """A metric broke its contract; the text completes "The metric ..."."""


def _guarded(
    spec: MetricSpec,
    metric: Metric,
    chosen: Results,
    pooled: Mapping[int, Predictions],
    seeds: Sequence[int],
    folds: Sequence[str],
    draws: NDArray[np.float64] | None,
    note: str | None,
) -> dict[str, Any]:
    """The summary of one metric; if its code fails, one of nulls whose ``failed`` says how, and the rest goes on."""

    def checked(*arguments: Any) -> float | None:
        value = metric(*arguments)
        if value is None:
            return None
        number = float(value)  # NumPy scalars are fine, text and arrays are not
        if math.isfinite(number) and not spec.range[0] <= number <= spec.range[1]:
            raise _MetricFault(
                f"returned {number:g}, outside the range {spec.range[0]:g} to {spec.range[1]:g} it declares"
            )
        return number

    if hasattr(metric, "from_confusion"):
        checked.from_confusion = metric.from_confusion  # type: ignore[attr-defined]
    try:
        return {**_summary(spec, checked, chosen, pooled, seeds, folds, draws, note), "failed": None}
    except _MetricFault as fault:
        failed = str(fault)
    except (Exception, SystemExit) as error:
        text = " ".join(str(error).split())
        failed = f"failed with {type(error).__name__}{': ' * bool(text)}{text}"
    empty: dict[str, Any] = dict.fromkeys(("mean", "std_folds", "std_seeds", "pooled", "interval95"))
    return {**empty, "interval_note": f"the metric {failed}", "per_fold": dict.fromkeys(folds), "failed": failed}


def _summary(
    spec: MetricSpec,
    metric: Metric,
    chosen: Results,
    pooled: Mapping[int, Predictions],
    seeds: Sequence[int],
    folds: Sequence[str],
    draws: NDArray[np.float64] | None,
    note: str | None,
) -> dict[str, Any]:
    if spec.per_fold:
        grid = [[_value(metric, chosen[s, f]) for f in folds] for s in seeds]
    else:
        grid = [[None] * len(folds) for _ in seeds]
    # a mean over some of the folds would be compared with a mean over all of them: one undefined value makes it null
    per_fold = [_mean([row[i] for row in grid]) for i in range(len(folds))]
    by_seed = [_mean(row) for row in grid]
    value = _mean([_value(metric, pooled[s]) for s in seeds])
    interval = None
    if value is None:
        note = "the pooled value is undefined"
    elif draws is not None:
        interval, note = _interval(metric, pooled, seeds, draws)
    return {
        "mean": _mean(per_fold),
        "std_folds": _std(per_fold),
        "std_seeds": _std(by_seed),
        "pooled": value,
        "interval95": interval,
        "interval_note": note,
        "per_fold": dict(zip(folds, per_fold, strict=True)),
    }


def _speakers(pooled: Mapping[int, Predictions], seeds: Sequence[int]) -> list[str]:
    return sorted({x for s in seeds for x in pooled[s].speaker})


def _by_speaker(pooled: Mapping[int, Predictions], seeds: Sequence[int], k: int) -> NDArray[np.float64]:
    """Counts ``[speakers, seeds, K, K]``, as float64: whole numbers, so sums are exact in any order."""
    index = {x: i for i, x in enumerate(_speakers(pooled, seeds))}
    out = np.zeros((len(index), len(seeds), k, k))
    for j, s in enumerate(seeds):
        p = pooled[s]
        who = np.array([index[x] for x in p.speaker], dtype=np.int64)
        flat = np.bincount((who * k + p.truth) * k + p.predicted, minlength=len(index) * k * k)
        out[:, j] = flat.reshape(len(index), k, k)
    return out


def _draw_speakers(
    pooled: Mapping[int, Predictions], seeds: Sequence[int], k: int, rng: np.random.Generator, resamples: int
) -> tuple[NDArray[np.float64] | None, str | None]:
    """How often each speaker is in each resample, float64 ``[resamples, speakers]``, or None and the reason."""
    counts = _by_speaker(pooled, seeds, k)
    n = len(counts)
    if resamples < 1:
        return None, "no resamples were asked for"
    if n < 2:
        return None, "one speaker is no sample of speakers" if n else "there are no utterances"
    truth = (counts.sum((1, 3)) > 0).astype(np.float64)  # [speakers, K]: who holds which class
    truth = truth[:, truth.any(0)]
    kept, left = [], resamples
    for _ in range(_MAX_ROUNDS):
        drawn = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)
        good = drawn[(drawn @ truth > 0).all(1)][:left]
        kept.append(good)
        left -= len(good)
        if left == 0:
            return np.concatenate(kept), None
    return None, "too few speakers hold each class: nearly every resample of speakers loses one"


def _interval(
    metric: Metric, pooled: Mapping[int, Predictions], seeds: Sequence[int], draws: NDArray[np.float64]
) -> tuple[list[float] | None, str | None]:
    k = len(pooled[seeds[0]].labels)
    form = getattr(metric, "from_confusion", None)
    note = None
    if form is not None:
        counts = _by_speaker(pooled, seeds, k)
        sums = (draws @ counts.reshape(len(counts), -1)).reshape(len(draws), len(seeds), k, k)
        values = np.asarray(form(sums), dtype=np.float64).mean(1)
    else:
        draws = draws[:DIRECT_RESAMPLES]
        note = f"{len(draws)} resamples: the metric has no from_confusion"
        values = np.array([_resampled(metric, pooled, seeds, weights) for weights in draws])
    if not np.isfinite(values).all():
        return None, "the metric is undefined in some resamples"
    low, high = np.quantile(values, [0.025, 0.975])
    return [float(low), float(high)], note


def _resampled(
    metric: Metric, pooled: Mapping[int, Predictions], seeds: Sequence[int], weights: NDArray[np.float64]
) -> float:
    times = dict(zip(_speakers(pooled, seeds), weights.astype(np.int64), strict=True))
    values = []
    for s in seeds:
        p = pooled[s]
        rows = np.repeat(np.arange(len(p)), [times[x] for x in p.speaker])
        value = metric(p.truth[rows], p.predicted[rows], p.posteriors[rows], len(p.labels))
        values.append(math.nan if value is None else float(value))
    return sum(values) / len(values)


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


def _value(metric: Metric, p: Predictions) -> float | None:
    """The metric, None where undefined: a metric may say so with None or, as NumPy does, with NaN."""
    value = metric(p.truth, p.predicted, p.posteriors, len(p.labels))
    return None if value is None or not math.isfinite(value) else float(value)


def _ratio(a: int, b: int) -> float | None:
    return float(a) / float(b) if b else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(values) else None


def _std(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    if len(known) < 2 or len(known) != len(values):
        return None
    centre = math.fsum(known) / len(known)
    return math.sqrt(math.fsum((v - centre) ** 2 for v in known) / (len(known) - 1))

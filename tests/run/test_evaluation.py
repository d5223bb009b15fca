"""Every aggregate of metrics.json against plain loops, and the rules for what is undefined."""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from serkit.errors import RunFolderError
from serkit.host import get_host
from serkit.host.specs import MetricSpec
from serkit.run.evaluation import evaluate
from serkit.run.plugins import load_metrics
from serkit.run.predictions import Predictions
from serkit.run.scoring.calls import Metric

LABELS = ("angry", "sad", "neutral", "fear")
# One ulp of 1.0 for each of the ~1e3 additions and divisions that separate two orders of summation of values below 1.
CLOSE = 1e-12


Row = tuple[str, int, int, NDArray[np.float64]]


def metrics() -> dict[str, tuple[MetricSpec, Metric]]:
    """The shipped metrics, as the host hands them over."""
    return load_metrics(get_host(), pytest.fail)


def random_run(
    seeds: int = 3, folds: int = 4, speakers_a_fold: int = 2, seed: int = 0, n: int = 17
) -> dict[tuple[int, str], Predictions]:
    """Predictions better than chance; the test speakers of a fold overlap with those of the next fold."""
    out = {}
    for f in range(folds):
        truth_rng = np.random.default_rng([seed, f])
        split = truth_rng.choice(["dev", "test"], n, p=[0.3, 0.7])
        truth = truth_rng.integers(0, len(LABELS), n)
        speaker = truth_rng.integers(f, f + speakers_a_fold, n)
        for s in range(seeds):
            rng = np.random.default_rng([seed, f, s])
            posteriors = rng.dirichlet(np.ones(len(LABELS)), n) + 0.4 * np.eye(len(LABELS))[truth]
            posteriors /= posteriors.sum(1, keepdims=True)
            out[s, f"f{f}"] = Predictions(
                ids=tuple(f"{f}-{i}" for i in range(n)),
                split=tuple(split),
                speaker=tuple(f"s{x}" for x in speaker),
                truth=truth,
                predicted=posteriors.argmax(1),
                posteriors=posteriors,
                labels=LABELS,
            )
    return out


def pairs(results: dict[tuple[int, str], Predictions], seed: int, folds: list[str]) -> list[Row]:
    """(speaker, truth, predicted, posteriors) of the test rows, by loops."""
    out = []
    for f in folds:
        p = results[seed, f]
        for i in range(len(p.ids)):
            if p.split[i] == "test":
                out.append((p.speaker[i], int(p.truth[i]), int(p.predicted[i]), p.posteriors[i]))
    return out


def plain(name: str, rows: list[Row]) -> float:
    """The metric of these rows: from its definition for some, else the metric itself, which has tests of its own."""
    if name == "war":
        return sum(t == p for _, t, p, _ in rows) / len(rows)
    if name not in ("uar", "f1_macro", "f1_weighted"):
        _, truth, predicted, posteriors = (np.array(x) for x in zip(*rows, strict=True))
        value = metrics()[name][1](truth, predicted, posteriors, len(LABELS))
        assert value is not None
        return value
    recalls, f1s, weighted = [], [], 0.0
    for c in range(len(LABELS)):
        hits = sum(t == p == c for _, t, p, _ in rows)
        true = sum(t == c for _, t, *_ in rows)
        said = sum(p == c for _, _, p, _ in rows)
        if true:
            recalls.append(hits / true)
        if true or said:
            f1s.append(2 * hits / (true + said))
            weighted += true / len(rows) * f1s[-1]
    return {"uar": statistics.fmean(recalls), "f1_macro": statistics.fmean(f1s), "f1_weighted": weighted}[name]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("seeds", [1, 3])
def test_every_aggregate_equals_plain_loops(seed: int, seeds: int) -> None:
    results = random_run(seeds=seeds, seed=seed)
    folds = ["f0", "f1", "f2", "f3"]
    got = evaluate(results, labels=LABELS, metrics=metrics(), resamples=50)
    assert (got["n_folds"], got["n_seeds"]) == (4, seeds)
    for name, (spec, _) in metrics().items():
        summary = got["metrics"][name]
        pooled = statistics.fmean(plain(name, pairs(results, s, folds)) for s in range(seeds))
        assert summary["pooled"] == pytest.approx(pooled, abs=CLOSE)
        assert summary["definition"] == spec.summary
        if not spec.per_fold:
            assert summary["per_fold"] == dict.fromkeys(folds)
            assert summary["mean"] is summary["std_folds"] is summary["std_seeds"] is None
            continue
        assert got[name] == summary
        grid = [[plain(name, pairs(results, s, [f])) for f in folds] for s in range(seeds)]
        per_fold = [statistics.fmean(row[i] for row in grid) for i in range(4)]
        assert list(summary["per_fold"]) == folds
        assert list(summary["per_fold"].values()) == pytest.approx(per_fold, abs=CLOSE)
        assert summary["mean"] == pytest.approx(statistics.fmean(per_fold), abs=CLOSE)
        assert summary["std_folds"] == pytest.approx(statistics.stdev(per_fold), abs=CLOSE)
        if seeds == 1:
            assert summary["std_seeds"] is None
        else:
            spread = statistics.stdev(statistics.fmean(row) for row in grid)
            assert summary["std_seeds"] == pytest.approx(spread, abs=CLOSE)
    matrix = [[0] * 4 for _ in LABELS]
    for s in range(seeds):
        for _, t, p, _ in pairs(results, s, folds):
            matrix[t][p] += 1
    assert got["confusion"] == {"labels": list(LABELS), "matrix": matrix}
    for c, label in enumerate(LABELS):
        rows = pairs(results, 0, folds)
        assert got["support"]["pooled"][label] == sum(t == c for _, t, *_ in rows)
        for f in folds:
            assert got["support"]["per_fold"][f][label] == sum(t == c for _, t, *_ in pairs(results, 0, [f]))
        assert got["per_class_recall"][label] == pytest.approx(matrix[c][c] / sum(matrix[c]), abs=CLOSE)
    assert json.loads(json.dumps(got, allow_nan=False)) == got


def test_the_interval_is_the_bootstrap_over_speakers_by_plain_loops() -> None:
    results = random_run(seeds=2, seed=11)
    got = evaluate(results, labels=LABELS, metrics=metrics(), resamples=60, rng_seed=7)
    folds = ["f0", "f1", "f2", "f3"]
    rows = [pairs(results, s, folds) for s in range(2)]
    speakers = sorted({r[0] for r in rows[0]})
    rng = np.random.default_rng(7)
    draws: list[list[int]] = []
    while len(draws) < 60:
        for weights in rng.multinomial(len(speakers), [1 / len(speakers)] * len(speakers), size=60).tolist():
            times = dict(zip(speakers, weights, strict=True))
            if len({t for x, t, *_ in rows[0] if times[x]}) == len(LABELS) and len(draws) < 60:
                draws.append(weights)
    for name in got["metrics"]:
        values = []
        for weights in draws:
            times = dict(zip(speakers, weights, strict=True))
            values.append(
                statistics.fmean(plain(name, [r for r in rows[s] for _ in range(times[r[0]])]) for s in range(2))
            )
        low, high = np.quantile(values, [0.025, 0.975])
        assert got["metrics"][name]["interval95"] == pytest.approx([low, high], abs=CLOSE)


def test_a_metric_without_a_form_over_confusions_gets_the_same_interval_from_fewer_draws() -> None:
    results = random_run(seeds=2, seed=3)
    spec, uar = metrics()["uar"]

    def bare(truth: Any, predicted: Any, posteriors: Any, n_classes: int) -> float | None:
        return uar(truth, predicted, posteriors, n_classes)

    got = evaluate(results, labels=LABELS, metrics={"uar": (spec, uar), "bare": (spec, bare)}, resamples=40)
    assert got["metrics"]["bare"]["interval95"] == pytest.approx(got["uar"]["interval95"], abs=CLOSE)
    assert (
        got["metrics"]["bare"]["interval_note"] == "40 resamples: the metric has neither from_confusion nor resampled"
    )
    assert got["uar"]["interval_note"] is None


def test_ten_thousand_resamples_of_a_real_sized_run_take_seconds_and_not_minutes() -> None:
    results = random_run(seeds=5, folds=10, n=60)
    begin = time.process_time()
    got = evaluate(results, labels=LABELS, metrics=metrics())
    # about 0.4 s of CPU; 5 leaves room for a slow machine, and 200,000 calls of a metric would take minutes
    assert time.process_time() - begin < 5
    assert got["bootstrap"] == {"unit": "speaker", "speakers": 11, "resamples": 10_000, "rng_seed": 0}
    for name, summary in got["metrics"].items():
        low, high = summary["interval95"]
        assert 0 < low < summary["pooled"] < high < 1, name


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    results = random_run()
    one, two, other = (
        evaluate(results, labels=LABELS, metrics=metrics(), resamples=200, rng_seed=s)["uar"]["interval95"]
        for s in (1, 1, 2)
    )
    assert one == two != other


def build(truth: list[int], predicted: list[int], speaker: list[str], labels: tuple[str, ...] = LABELS) -> Predictions:
    return Predictions(
        ids=tuple(map(str, range(len(truth)))),
        split=("test",) * len(truth),
        speaker=tuple(speaker),
        truth=np.array(truth, dtype=np.int64),
        predicted=np.array(predicted, dtype=np.int64),
        posteriors=np.eye(len(labels))[predicted] if predicted else np.zeros((0, len(labels))),
        labels=labels,
    )


def test_a_class_that_a_fold_lacks_is_left_out_of_its_uar() -> None:
    results = {(0, "a"): build([0, 0, 1], [0, 3, 1], ["x"] * 3), (0, "b"): build([2, 3], [2, 2], ["y"] * 2)}
    got = evaluate(results, labels=LABELS, metrics=metrics(), resamples=20)
    assert got["uar"]["per_fold"] == {"a": 0.75, "b": 0.5}
    assert got["uar"]["mean"] == 0.625
    assert got["uar"]["pooled"] == (0.5 + 1 + 1 + 0) / 4
    # each class is with one speaker only, so only draws of both speakers hold all four: all are that one draw
    assert got["uar"]["interval95"] == [0.625, 0.625]


def test_a_class_that_nobody_says_is_undefined_not_zero() -> None:
    results = {(0, "a"): build([0, 1], [0, 1], ["x", "y"]), (0, "b"): build([0, 1], [1, 1], ["z", "z"])}
    got = evaluate(results, labels=LABELS, metrics=metrics(), resamples=20)
    assert got["per_class_recall"] == {"angry": 0.5, "sad": 1.0, "neutral": None, "fear": None}
    assert got["support"]["pooled"] == {"angry": 2, "sad": 2, "neutral": 0, "fear": 0}


def test_folds_that_collapse_on_one_class_are_marked() -> None:
    good, bad = build([0, 1, 2], [0, 1, 1], ["x"] * 3), build([0, 1, 2], [1, 1, 1], ["y"] * 3)
    results = {(0, "a"): good, (0, "b"): bad, (1, "a"): good, (1, "b"): good}
    got = evaluate(results, labels=LABELS, metrics=metrics(), resamples=20)
    assert got["collapsed"] == [{"seed": 0, "fold": "b"}]


@pytest.mark.parametrize(("truth", "said", "marked"), [([1, 1], 1, False), ([1, 1], 2, True), ([1], 1, False)])
def test_a_fold_of_one_class_collapses_only_if_it_is_not_recognised(truth: list[int], said: int, marked: bool) -> None:
    results = {(0, "a"): build(truth, [said] * len(truth), ["x"] * len(truth))}
    assert bool(evaluate(results, labels=LABELS, metrics={})["collapsed"]) is marked


def test_one_speaker_has_no_interval_and_one_fold_no_deviation() -> None:
    got = evaluate({(0, "a"): build([0, 1], [0, 1], ["x", "x"])}, labels=LABELS, metrics=metrics())
    assert got["uar"]["interval95"] is None
    assert got["uar"]["interval_note"] == "one speaker is no sample of speakers"
    assert got["uar"]["std_folds"] is None
    assert got["uar"]["pooled"] == 1.0


def test_speakers_that_are_not_known_have_no_interval() -> None:
    results = {(0, "a"): build([0, 1, 0, 1], [0, 1, 1, 1], ["x", "y", "", "z"])}
    got = evaluate(results, labels=LABELS, metrics=metrics(), resamples=20)
    assert got["uar"]["pooled"] == 0.75
    assert got["uar"]["interval95"] is None
    assert got["uar"]["interval_note"].startswith("of 1 of 4 utterances the speaker is not known")
    assert got["bootstrap"]["speakers"] == 3


def test_a_quick_form_of_the_wrong_shape_fails_its_metric_alone() -> None:
    spec, uar = metrics()["uar"]

    def bent(*arguments: Any) -> float | None:
        return uar(*arguments)

    bent.resampled = lambda *_: np.zeros(3)  # type: ignore[attr-defined]
    got = evaluate(random_run(), labels=LABELS, metrics={"uar": (spec, uar), "bent": (spec, bent)}, resamples=40)
    assert "returned [3] values for 40 resamples" in got["metrics"]["bent"]["failed"]
    assert got["metrics"]["bent"]["pooled"] is None
    assert got["uar"]["failed"] is None


def test_an_interval_that_would_lose_a_class_in_nearly_every_draw_is_not_given() -> None:
    # twelve speakers of one class each: a draw holds all with chance 12!/12^12 = 5e-5, below 1 / 50 rounds
    labels = tuple(map(str, range(12)))
    results = {(0, "a"): build(list(range(12)), list(range(12)), list(labels), labels)}
    got = evaluate(results, labels=labels, metrics=metrics(), resamples=1000)
    assert got["uar"]["interval95"] is None
    assert "loses one" in got["uar"]["interval_note"]


def test_a_split_without_utterances_is_undefined_throughout() -> None:
    got = evaluate({(0, "a"): build([0], [0], ["x"])}, labels=LABELS, metrics=metrics(), split="dev")
    assert got["uar"]["pooled"] is got["uar"]["mean"] is got["uar"]["interval95"] is None
    assert got["uar"]["per_fold"] == {"a": None}
    assert got["roc"] is got["calibration"] is None
    assert got["groups"] == {}
    assert got["collapsed"] == []
    json.dumps(got, allow_nan=False)


def test_nan_from_a_metric_is_null() -> None:
    spec = MetricSpec(name="odd", summary="", target="x:y")
    results = {(0, "a"): build([0, 1], [0, 1], ["x", "y"]), (0, "b"): build([0], [0], ["z"])}

    def odd(truth: Any, *_: Any) -> float:
        return 0.5 if len(truth) == 2 else math.nan

    got = evaluate(results, labels=LABELS, metrics={"odd": (spec, odd)}, resamples=20)["metrics"]["odd"]
    assert got["per_fold"] == {"a": 0.5, "b": None}
    assert got["mean"] is None  # a mean over the other folds alone would pass for one over all
    assert got["pooled"] is got["interval95"] is None


def test_a_run_outlives_a_headline_metric_and_a_scikit_learn_that_cannot_be_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both ended a run after its training: with KeyError 'uar', and in the ROC curves, which no metric guards."""
    results = random_run(seeds=1)
    got = evaluate(results, labels=LABELS, metrics={k: v for k, v in metrics().items() if k != "uar"}, resamples=20)
    assert got["uar"]["mean"] is got["uar"]["pooled"] is None
    assert got["uar"]["per_fold"] == dict.fromkeys(["f0", "f1", "f2", "f3"])
    assert "uar was left out" in got["uar"]["interval_note"]
    assert 0 < got["war"]["pooled"] < 1

    for name in ("sklearn", "sklearn.metrics"):
        monkeypatch.setitem(sys.modules, name, None)
    got = evaluate(results, labels=LABELS, metrics=metrics(), resamples=20)
    assert got["roc"] is got["uar"]["pooled"] is None
    assert "ModuleNotFoundError" in got["metrics"]["uar"]["failed"]
    assert 0 < got["metrics"]["ece"]["pooled"] < 1  # it needs no scikit-learn
    assert got["per_class_recall"]["sad"] > 0


def test_missing_folds_and_foreign_classes_are_refused() -> None:
    p = build([0], [0], ["x"])
    with pytest.raises(RunFolderError, match="no predictions to evaluate"):
        evaluate({}, labels=LABELS, metrics={})
    with pytest.raises(RunFolderError, match="Seed 1 has no predictions of fold 'b'"):
        evaluate({(0, "a"): p, (0, "b"): p, (1, "a"): p}, labels=LABELS, metrics={})
    with pytest.raises(RunFolderError, match="Fold 'a' of seed 0 predicts the classes angry, sad"):
        evaluate({(0, "a"): p}, labels=LABELS[:2], metrics={})

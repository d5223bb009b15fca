"""Scores of groups: by plain loops, unknown values, and a metric that fails on a part."""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serkit.host import get_host
from serkit.host.specs import MetricSpec
from serkit.run.evaluation import evaluate
from serkit.run.plugins import load_metrics
from serkit.run.predictions import Predictions
from serkit.run.scoring.groups import group_values
from serkit.types import Corpus, Utterance

LABELS = ("angry", "sad", "neutral")
# a handful of float64 roundings of values in [0, 1]
CLOSE = 1e-14


def run(seeds: int = 2, folds: int = 3, n: int = 12) -> dict[tuple[int, str], Predictions]:
    out = {}
    for f in range(folds):
        truth = np.arange(n) % len(LABELS)
        for s in range(seeds):
            rng = np.random.default_rng([s, f])
            predicted = np.where(rng.random(n) < 0.6, truth, rng.integers(0, len(LABELS), n))
            out[s, f"f{f}"] = Predictions(
                ids=tuple(f"{f}-{i:02d}" for i in range(n)),
                split=tuple("dev" if i == 0 else "test" for i in range(n)),
                speaker=tuple(f"s{f}{i % 2}" for i in range(n)),
                truth=truth,
                predicted=predicted,
                posteriors=np.eye(len(LABELS))[predicted],
                labels=LABELS,
            )
    return out


def scores(results: Any, groups: Any, **over: Any) -> Any:
    metrics = over.pop("metrics", load_metrics(get_host(), pytest.fail))
    return evaluate(results, labels=LABELS, metrics=metrics, groups=groups, resamples=5)["groups"]


def test_a_group_is_pooled_over_folds_and_averaged_over_seeds() -> None:
    results = run()
    values = {i: "f" if int(i[-1]) % 3 else "m" for p in results.values() for i in p.ids}
    got = scores(results, {"sex": values})["sex"]
    assert list(got) == ["f", "m"]
    for value in got:
        uars, wars = [], []
        for s in range(2):
            rows = [
                (t, p)
                for f in range(3)
                for i, t, p, split in zip(
                    results[s, f"f{f}"].ids, results[s, f"f{f}"].truth, results[s, f"f{f}"].predicted,
                    results[s, f"f{f}"].split, strict=True,
                )
                if split == "test" and values[i] == value
            ]  # fmt: skip
            wars.append(statistics.fmean(t == p for t, p in rows))
            recalls = [statistics.fmean(t == p for t, p in rows if t == c) for c in {t for t, _ in rows}]
            uars.append(statistics.fmean(recalls))
        assert got[value]["uar"] == pytest.approx(statistics.fmean(uars), abs=CLOSE)
        assert got[value]["war"] == pytest.approx(statistics.fmean(wars), abs=CLOSE)
        assert got[value]["n"] == len(rows)
    assert sum(g["n"] for g in got.values()) == 33
    assert {g["speakers"] for g in got.values()} == {6}


def test_a_group_of_fewer_classes_says_so() -> None:
    results = run(seeds=1)
    values = {i: "a" if int(i[2:]) % 3 == 1 else "b" for p in results.values() for i in p.ids}
    got = scores(results, {"scenario": values})["scenario"]
    assert (got["a"]["classes"], got["b"]["classes"]) == (["sad"], ["angry", "neutral"])


def test_utterances_without_a_value_are_a_group_of_their_own_at_the_end() -> None:
    results = run(seeds=1)
    values = {i: "xyz"[int(i[0])] for p in results.values() for i in p.ids if not i.endswith("05")}
    got = scores(results, {"language": values})["language"]
    assert list(got) == ["x", "y", "z", "unknown"]
    assert got["unknown"]["n"] == 3


@pytest.mark.parametrize("different", [0, 1, 51])
def test_one_group_and_too_many_are_left_out(different: int) -> None:
    results = run(seeds=1, folds=6)
    ids = [i for p in results.values() for i, split in zip(p.ids, p.split, strict=True) if split == "test"]
    assert len(ids) > 51
    values = {i: str(k % different) for k, i in enumerate(ids)} if different else {}
    assert scores(results, {"speaker": values}) == {}


def test_a_metric_that_fails_on_a_part_is_undefined_there() -> None:
    def picky(truth: Any, *_: Any) -> float:
        if len(truth) == 11:
            raise ValueError("eleven")
        return math.nan if len(truth) == 22 else 0.5

    results = run(seeds=1)
    values = {i: "f" if i[0] == "0" else "m" for p in results.values() for i in p.ids}
    spec = MetricSpec(name="uar", summary="A score.", target="m:f", per_fold=False)
    got = scores(results, {"sex": values}, metrics={"uar": (spec, picky)})["sex"]
    assert got["f"]["uar"] is got["m"]["uar"] is None


def test_speakers_that_are_not_known_are_not_counted() -> None:
    p = run(seeds=1, folds=1)[0, "f0"]
    blank = Predictions(
        ids=p.ids, split=p.split, speaker=tuple("" if i < 6 else x for i, x in enumerate(p.speaker)), truth=p.truth,
        predicted=p.predicted, posteriors=p.posteriors, labels=LABELS,
    )  # fmt: skip
    values = {i: "f" if k < 6 else "m" for k, i in enumerate(p.ids)}
    got = scores({(0, "f0"): blank}, {"sex": values})["sex"]
    assert (got["f"]["speakers"], got["m"]["speakers"]) == (None, 2)


def test_values_are_read_from_fields_and_extra() -> None:
    def one(number: int, **fields: Any) -> Utterance:
        return Utterance(id=str(number), path=Path(f"{number}.wav"), label="sad", **fields)

    corpus = Corpus(
        name="pool",
        root=Path("."),
        labels=("sad",),
        utterances=(
            one(1, speaker="a", sex="f", language="de", extra={"corpus": "emodb", "age": "31"}),
            one(2, speaker="", scenario="scripted", extra={"corpus": "savee"}),
        ),
    )
    assert group_values(corpus) == {
        "sex": {"1": "f"},
        "speaker": {"1": "a"},
        "corpus": {"1": "emodb", "2": "savee"},
        "language": {"1": "de"},
        "scenario": {"2": "scripted"},
    }

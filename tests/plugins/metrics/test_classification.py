"""The shipped metrics of the confusion matrix: worked values and other names.

The conformance kit holds each equal to its definition and to its quick form (``tests/plugins/test_conformance.py``).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score

from serkit.host import MetricSpec
from serkit_plugins.metrics import classification, posteriors
from serkit_plugins.metrics.hooks import serkit_metrics

SPECS = {s.name: s for s in serkit_metrics()}
NAMES = [n for n, s in SPECS.items() if s.target.startswith(classification.__name__)]
# a handful of float64 roundings of values in [0, 1]
CLOSE = 1e-14


def call(name: str, truth: list[int], predicted: list[int], k: int = 3) -> float | None:
    metric = getattr(classification, name)
    return metric(np.array(truth, int), np.array(predicted, int), np.zeros((len(truth), k)), k)


def test_the_targets_exist_and_have_their_definitions() -> None:
    averaged = [f"{score}_{average}" for score in ("precision", "f1", "f05") for average in ("macro", "weighted")]
    assert ["uar", "war", *averaged] == NAMES
    for spec in SPECS.values():
        module, _, attribute = spec.target.partition(":")
        assert getattr(importlib.import_module(module), attribute).__doc__
        assert len(spec.summary) > 30
        module, _, attribute = spec.reference.partition(":")
        assert getattr(importlib.import_module(module), attribute).__name__ == spec.name


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_only_recall_and_accuracy_are_computed_per_fold(spec: MetricSpec) -> None:
    assert spec.per_fold is (spec.name in ("uar", "war"))


def test_worked_values() -> None:
    # class 0: 3 true, 2 found, said 3 times; class 1: 1 true, 0 found, said once; class 2: neither
    truth, predicted = [0, 0, 0, 1], [0, 0, 1, 0]
    assert call("uar", truth, predicted) == pytest.approx((2 / 3 + 0) / 2)
    assert call("war", truth, predicted) == 0.5
    assert call("f1_macro", truth, predicted) == pytest.approx((4 / 6 + 0) / 2)
    assert call("f1_weighted", truth, predicted) == pytest.approx(3 / 4 * 4 / 6)
    assert call("precision_macro", truth, predicted) == pytest.approx((2 / 3 + 0) / 2)
    # class 0: all 2 found in 4 claims, so precision 1/2, recall 1, F0.5 = 1.25 * 0.5 / (0.125 + 1); class 1: never said
    truth, predicted = [0, 0, 1, 1], [0, 0, 0, 0]
    assert call("f05_macro", truth, predicted) == pytest.approx((1.25 * 0.5 / 1.125 + 0) / 2)
    assert call("precision_macro", truth, predicted) == 0.25


def test_a_class_that_is_said_but_never_true_lowers_macro_f1_and_leaves_uar() -> None:
    assert call("uar", [0, 0], [0, 2]) == 0.5
    assert call("f1_macro", [0, 0], [0, 2]) == pytest.approx((2 / 3 + 0) / 2)
    assert call("f1_weighted", [0, 0], [0, 2]) == pytest.approx(2 / 3)
    assert call("precision_macro", [0, 0], [0, 2]) == 0.5
    assert call("precision_weighted", [0, 0], [0, 2]) == 1


ALIASES: dict[str, Callable[[list[int], list[int]], float]] = {
    "balanced_accuracy": balanced_accuracy_score,
    "recall_macro": lambda t, p: recall_score(t, p, labels=sorted(set(t)), average="macro"),
    "recall_weighted": lambda t, p: recall_score(t, p, average="weighted", zero_division=0.0),
    "f1_micro": lambda t, p: f1_score(t, p, average="micro"),
}


@pytest.mark.parametrize("alias", ALIASES)
def test_what_an_alias_names_is_the_same_score(alias: str) -> None:
    (name,) = [n for n, s in SPECS.items() if alias in s.aliases]
    rng = np.random.default_rng(0)
    for _ in range(20):
        truth = [0, 1, 2, *rng.integers(0, 3, 20).tolist()]
        predicted = rng.integers(0, 3, 23).tolist()
        assert call(name, truth, predicted) == pytest.approx(ALIASES[alias](truth, predicted), abs=CLOSE)


def test_ua_is_the_mean_of_recalls_and_wa_is_accuracy() -> None:
    assert "ua" in SPECS["uar"].aliases
    assert "wa" in SPECS["war"].aliases
    every = [n for s in SPECS.values() for n in (s.name, *s.aliases)]
    assert len(set(every)) == len(every)


def test_no_metric_is_in_both_modules() -> None:
    assert {n for n in SPECS if hasattr(posteriors, n)}.isdisjoint(NAMES)

"""The shipped metrics: worked values, what is undefined, and the form over confusion matrices."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from serkit.host import MetricSpec
from serkit_plugins.metrics import classification
from serkit_plugins.metrics.hooks import serkit_metrics

SPECS = serkit_metrics()
NAMES = [s.name for s in SPECS]


def call(name: str, truth: list[int], predicted: list[int], k: int = 3) -> float | None:
    metric = getattr(classification, name)
    return metric(np.array(truth, int), np.array(predicted, int), np.zeros((len(truth), k)), k)


def test_the_four_metrics_are_shipped_and_their_targets_exist() -> None:
    assert NAMES == ["uar", "war", "f1_macro", "f1_weighted"]
    for spec in SPECS:
        module, _, attribute = spec.target.partition(":")
        assert getattr(importlib.import_module(module), attribute) is getattr(classification, spec.name)


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_f1_is_pooled_only(spec: MetricSpec) -> None:
    assert spec.per_fold is not spec.name.startswith("f1")


def test_worked_values() -> None:
    # class 0: 3 true, 2 found, said 3 times; class 1: 1 true, 0 found, said once; class 2: neither
    truth, predicted = [0, 0, 0, 1], [0, 0, 1, 0]
    assert call("uar", truth, predicted) == pytest.approx((2 / 3 + 0) / 2)
    assert call("war", truth, predicted) == 0.5
    assert call("f1_macro", truth, predicted) == pytest.approx((4 / 6 + 0) / 2)
    assert call("f1_weighted", truth, predicted) == pytest.approx(3 / 4 * 4 / 6)


def test_a_class_that_is_said_but_never_true_lowers_macro_f1_and_leaves_uar() -> None:
    assert call("uar", [0, 0], [0, 2]) == 0.5
    assert call("f1_macro", [0, 0], [0, 2]) == pytest.approx((2 / 3 + 0) / 2)
    assert call("f1_weighted", [0, 0], [0, 2]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_undefined_and_not_zero(name: str) -> None:
    assert call(name, [], []) is None
    assert np.isnan(getattr(classification, name).from_confusion(np.zeros((2, 3, 3)))).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("k", [2, 3, 7])
def test_the_form_over_confusions_equals_the_metric(name: str, k: int) -> None:
    rng = np.random.default_rng(k)
    metric = getattr(classification, name)
    stack, expected = [], []
    for n in [1, 2, 3, 5, 50] * 8:
        truth, predicted = rng.integers(0, k, n), rng.integers(0, k, n)
        confusion = np.zeros((k, k))
        np.add.at(confusion, (truth, predicted), 1.0)
        stack.append(confusion)
        expected.append(metric(truth, predicted, np.zeros((n, k)), k))
    got = metric.from_confusion(np.array(stack).reshape(4, 10, k, k)).ravel()
    # a handful of float64 roundings of values in [0, 1]
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-14)

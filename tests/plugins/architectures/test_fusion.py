from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from serkit.errors import UserError
from serkit.nn import Estimator
from serkit.types import FoldContext
from serkit_plugins.architectures.fusion.config import FusionConfig
from serkit_plugins.architectures.fusion.late import Fusion, FusionEstimator

LABELS = ("angry", "sad", "happy")
STACKED = FusionConfig(rule="stacked", ridge=1e-6, bias=True)


def build(settings: FusionConfig, runs: int = 2) -> FusionEstimator:
    return Fusion(settings).build(FoldContext(labels=LABELS, input_shapes={"runs": (runs,)}, seed=0, fold="03"))


def rows(*posteriors: NDArray[np.float64]) -> dict[str, list[NDArray[np.float32]]]:
    """Posteriors [N, K] of each run as the input, one array [K, R] an utterance."""
    return {"runs": list(np.stack(posteriors, axis=2).astype(np.float32))}


def drawn(n: int, sharpness: float, truth: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    scores = rng.standard_normal((n, 3)) + sharpness * np.eye(3)[truth]
    return np.asarray(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))


def test_means_are_those_of_their_names() -> None:
    a, b = np.array([[0.7, 0.2, 0.1]]), np.array([[0.1, 0.6, 0.3]])
    arithmetic = build(FusionConfig()).predict_proba(rows(a, b))
    np.testing.assert_allclose(arithmetic, (a + b) / 2, rtol=1e-6)  # 1e-6: the input is float32
    wanted = np.sqrt(a * b) / np.sqrt(a * b).sum()
    np.testing.assert_allclose(build(FusionConfig(rule="geometric")).predict_proba(rows(a, b)), wanted, rtol=1e-6)


def test_no_run_alone_can_rule_out_a_class() -> None:
    sure, other = np.array([[1.0, 0.0, 0.0]]), np.array([[0.0, 1.0, 0.0]])
    found = build(FusionConfig(rule="geometric")).predict_proba(rows(sure, other))
    np.testing.assert_allclose(found[0, :2], 0.5, atol=0.01)
    assert np.isfinite(found).all()


def test_only_stacking_learns_and_it_does_so_from_development_utterances() -> None:
    assert [Fusion(FusionConfig(rule=r)).learns_from for r in ("arithmetic", "geometric")] == ["nothing", "nothing"]
    assert Fusion(STACKED).learns_from == "dev"
    assert isinstance(build(STACKED), Estimator)


def test_stacking_trusts_the_better_run_and_undoes_a_bias() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 300)
    good, noise = drawn(300, 3.0, truth, rng), drawn(300, 0.0, truth, rng)
    biased = good * np.array([0.05, 1.0, 1.0])
    biased /= biased.sum(axis=1, keepdims=True)
    model = build(STACKED)
    model.fit(rows(biased, noise), truth, rng, np.ones(300))
    assert abs(model.weights[1]) < model.weights[0] / 4
    assert model.bias[0] == max(model.bias)
    hits = [float((p.argmax(1) == truth).mean()) for p in (model.predict_proba(rows(biased, noise)), biased, good)]
    assert hits[0] > hits[1] + 0.05
    assert abs(hits[0] - hits[2]) < 0.03  # as good as without the bias, but for what 300 utterances cannot tell


def test_without_biases_only_the_runs_are_weighed() -> None:
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 3, 200)
    inputs = rows(drawn(200, 2.0, truth, rng), drawn(200, 0.0, truth, rng))
    model = build(FusionConfig(rule="stacked"))
    model.fit(inputs, truth, rng, np.ones(200))
    assert model.weights[0] > model.weights[1]
    assert not model.bias.any()
    assert model.bias.shape == (3,)


def test_the_gradient_is_zero_where_stacking_ends_and_strong_ridge_is_the_geometric_mean() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 80)
    inputs, weights = rows(drawn(80, 2.0, truth, rng), drawn(80, 1.0, truth, rng)), rng.uniform(0.5, 2.0, 80)
    settings = replace(STACKED, ridge=0.05)
    model = build(settings)
    model.fit(inputs, truth, rng, weights)
    theta = np.concatenate([model.weights, model.bias])

    def loss(values: NDArray[np.float64]) -> float:
        logs = np.log(np.maximum(np.stack(inputs["runs"]).astype(float), settings.floor)) @ values[:2] + values[2:]
        chosen = logs[np.arange(80), truth] - np.log(np.exp(logs).sum(axis=1))
        start = np.array([0.5, 0.5, 0, 0, 0])
        return float(-(weights * chosen).sum() / weights.sum() + settings.ridge / 2 * ((values - start) ** 2).sum())

    step = 1e-5 * np.eye(5)
    slopes = [(loss(theta + h) - loss(theta - h)) / 2e-5 for h in step]
    # 1e-8: central differences of a smooth function of order one, in double
    np.testing.assert_allclose(slopes, 0, atol=1e-8)
    strong = build(replace(STACKED, ridge=1e6))
    strong.fit(inputs, truth, rng, weights)
    wanted = build(FusionConfig(rule="geometric")).predict_proba(inputs)
    # 1e-4: a ridge of a million leaves steps of a millionth of logarithms up to nine
    np.testing.assert_allclose(strong.predict_proba(inputs), wanted, atol=1e-4)


def test_a_class_that_development_lacks_can_still_be_predicted() -> None:
    rng = np.random.default_rng(2)
    truth = np.arange(40) % 2  # never the third class
    model = build(replace(STACKED, ridge=0.1))
    model.fit(rows(drawn(40, 3.0, truth, rng), drawn(40, 3.0, truth, rng)), truth, rng, np.ones(40))
    sure = np.array([[0.02, 0.02, 0.96]])
    assert model.predict_proba(rows(sure, sure)).argmax() == 2


def test_a_saved_fusion_predicts_the_same() -> None:
    rng = np.random.default_rng(3)
    truth = np.arange(30) % 3
    inputs = rows(drawn(30, 2.0, truth, rng), drawn(30, 1.0, truth, rng))
    model, other = build(STACKED), build(STACKED)
    model.fit(inputs, truth, rng, np.ones(30))
    other.load_state(model.state())
    np.testing.assert_array_equal(model.predict_proba(inputs), other.predict_proba(inputs))
    with pytest.raises(UserError, match="made for 2 runs and 3 classes, not for 3"):
        build(STACKED, runs=3).load_state(model.state())

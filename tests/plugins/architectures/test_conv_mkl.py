from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save
from scipy.optimize import minimize

import serkit
from serkit.errors import RunFolderError, UserError
from serkit.run.files import read_json
from serkit.testing.trees import iemocap
from serkit.types import FoldContext
from serkit_plugins.architectures.conv_mkl.config import ConvMklConfig
from serkit_plugins.architectures.conv_mkl.easymkl import easy_weights, nearest_hulls
from serkit_plugins.architectures.conv_mkl.model import ConvMkl, ConvMklEstimator
from serkit_plugins.architectures.conv_mkl.network import TextNet

pytestmark = pytest.mark.usefixtures("one_thread")

TINY = ConvMklConfig(widths=(1, 2), filters=4, hidden=6, dropout=0.0)


def problem(n: int = 24, d: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    signs = np.where(np.arange(n) % 3 == 0, 1.0, -1.0)
    x = rng.standard_normal((n, d)) + 0.7 * signs[:, None]
    return x, signs


def objective(g: np.ndarray, kernel: np.ndarray, signs: np.ndarray, trade: float) -> float:
    return float((1 - trade) * (g * signs) @ kernel @ (g * signs) + trade * g @ g)


def test_nearest_points_of_two_hulls() -> None:
    """A triangle of corners (1, 0), (3, 1), (3, -1) and the segment x = -1: nearest are (1, 0) and (-1, 0)."""
    points = np.array([[1.0, 0], [3, 1], [3, -1], [-1, 2], [-1, -2]])
    signs = np.array([1.0, 1, 1, -1, -1])
    # 1e-9: so little ridge that it only settles what the margin leaves open
    g = nearest_hulls(points @ points.T, signs, 1e-9)
    # 2e-3: an objective within 4e-6 of its minimum 4 leaves the difference of the points within the root of that
    np.testing.assert_allclose((g[:3] @ points[:3], g[3:] @ points[3:]), [[1, 0], [-1, 0]], atol=2e-3)


def test_all_trade_is_the_mean_of_each_class() -> None:
    x, signs = problem()
    g = nearest_hulls(x @ x.T, signs, 1.0)
    # 1e-12: the start is the answer
    np.testing.assert_allclose(g, np.where(signs > 0, 1 / 8, 1 / 16), atol=1e-12)


@pytest.mark.parametrize("trade", [0.01, 0.1, 0.5])
def test_another_solver_finds_no_lower_objective(trade: float) -> None:
    x, signs = problem()
    kernel = np.exp(-0.1 * ((x[:, None] - x[None]) ** 2).sum(2))
    g = nearest_hulls(kernel, signs, trade)
    assert (g >= 0).all()
    # 1e-12: sums of two dozen doubles
    np.testing.assert_allclose([g[signs > 0].sum(), g[signs < 0].sum()], [1, 1], atol=1e-12)
    sides = [{"type": "eq", "fun": lambda v, s=s: v[signs == s].sum() - 1} for s in (1, -1)]
    start = np.where(signs > 0, 1 / 8, 1 / 16)
    other = minimize(
        objective, start, (kernel, signs, trade), "SLSQP", bounds=[(0, 1)] * 24, constraints=sides,
        options={"maxiter": 500, "ftol": 1e-14},
    )  # fmt: skip
    assert other.success
    # 2e-6: the gap that nearest_hulls stops at, relative to the objective, and SLSQP's own rest
    assert objective(g, kernel, signs, trade) == pytest.approx(other.fun, rel=2e-6)


def test_a_problem_without_an_answer_in_time_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from serkit_plugins.architectures.conv_mkl import easymkl

    x, signs = problem()
    monkeypatch.setattr(easymkl, "MOST_STEPS", 2)
    with pytest.raises(UserError, match=r"did not converge in 2 steps at architecture.trade=0.001; raise it"):
        nearest_hulls(x @ x.T, signs, 0.001)


def test_the_ideal_kernel_gets_all_weight_and_a_constant_one_none() -> None:
    _, signs = problem()
    weights = easy_weights([np.outer(signs, signs), np.ones((24, 24))], signs, 0.1)
    # 1e-12: (sum g)^2 = 4 against (sum y g)^2 = 0
    np.testing.assert_allclose(weights, [1, 0], atol=1e-12)


def test_equal_kernels_have_equal_weights_and_noise_has_little() -> None:
    x, signs = problem(60, seed=1)
    noise = np.random.default_rng(2).standard_normal((60, 5))
    good, bad = (np.exp(-0.1 * ((v[:, None] - v[None]) ** 2).sum(2)) for v in (x, noise))
    weights = easy_weights([good, good, bad], signs, 0.1)
    assert weights[0] == pytest.approx(weights[1])
    assert weights[2] < 0.6 * weights[0]
    assert weights.sum() == pytest.approx(1)


def data(n: int = 30, classes: int = 3, seed: int = 0) -> tuple[dict[str, list[np.ndarray]], np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    words = np.random.default_rng(9).standard_normal((classes, 8)).astype(np.float32)
    audio = [(rng.standard_normal((1, 10)) + (np.arange(10) == k)).astype(np.float32) for k in labels]
    text = [
        np.concatenate([0.3 * rng.standard_normal((int(rng.integers(1, 7)), 8)), words[k : k + 1]]).astype(np.float32)
        for k in labels
    ]
    return {"audio": audio, "text": text}, labels


def build(settings: ConvMklConfig = TINY, classes: int = 3, **training: Any) -> ConvMklEstimator:
    torch.manual_seed(0)
    context = FoldContext(
        labels=("a", "b", "c")[:classes],
        input_shapes={"audio": (10,), "text": (8,)},
        seed=0,
        fold="f",
        training=replace(ConvMkl.training, **training),
    )
    return ConvMkl(settings).build(context)


def fitted(settings: ConvMklConfig = TINY, seed: int = 0) -> ConvMklEstimator:
    inputs, labels = data()
    model = build(settings)
    model.fit(inputs, labels, np.random.default_rng(seed), np.ones(len(labels)))
    return model


def test_it_learns_both_modalities_and_says_what_they_weigh() -> None:
    model = fitted()
    unseen, labels = data(seed=5)
    posteriors = model.predict_proba(unseen)
    # 1e-12: a softmax in double
    np.testing.assert_allclose(posteriors.sum(1), 1, atol=1e-12)
    assert (posteriors.argmax(1) == labels).mean() > 0.9
    assert len(model.kernel_names) == 8
    assert model.kernel_weights.shape == (3, 8)
    np.testing.assert_allclose(model.kernel_weights.sum(1), 1, atol=1e-12)
    spoilt = {"audio": unseen["audio"], "text": [x[::-1] * 0 for x in unseen["text"]]}
    assert not np.allclose(model.predict_proba(spoilt), posteriors)


@pytest.mark.parametrize("kernel_weights", ["easy", "uniform"])
def test_it_is_deterministic_and_its_state_gives_the_same_posteriors(kernel_weights: Any) -> None:
    settings = replace(TINY, kernel_weights=kernel_weights)
    first, second, other = fitted(settings), fitted(settings), fitted(settings, seed=1)
    unseen, _ = data(seed=5)
    expected = first.predict_proba(unseen)
    assert np.array_equal(second.predict_proba(unseen), expected)
    assert not np.array_equal(other.predict_proba(unseen), expected)
    again = build(settings)
    again.load_state(load(save({k: np.ascontiguousarray(v) for k, v in first.state().items()})))
    assert np.array_equal(again.predict_proba(unseen), expected)


def test_batch_mates_do_not_change_a_posterior() -> None:
    model = fitted()
    unseen, _ = data(seed=5)
    whole = model.predict_proba(unseen)
    for row in (0, 7):
        alone = model.predict_proba({name: values[row : row + 1] for name, values in unseen.items()})
        # 1e-6: the text network is single precision and sums in another order
        np.testing.assert_allclose(alone[0], whole[row], rtol=1e-5, atol=1e-6)


def test_padding_never_changes_a_text_feature() -> None:
    torch.manual_seed(0)
    net = TextNet(TINY, 8, 3).eval()
    x, lengths = torch.randn(3, 9, 8), torch.tensor([9, 4, 1])
    with torch.no_grad():
        whole = net.features(x, lengths)
        x[1, 4:] = torch.nan
        # 1e-6: convolutions of another shape sum in another order
        torch.testing.assert_close(net.features(x, lengths), whole, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(net.features(x[2:, :1], lengths[2:]), whole[2:], rtol=1e-5, atol=1e-6)


def test_a_class_that_training_lacked_has_posterior_zero() -> None:
    inputs, labels = data(classes=2)
    model = build()
    model.fit(inputs, labels, np.random.default_rng(0), np.ones(len(labels)))
    assert not model.predict_proba(inputs)[:, 2].any()
    with pytest.raises(UserError, match="has 1 of 3 classes; conv-mkl needs two at least"):
        build().fit(inputs, labels * 0, np.random.default_rng(0), np.ones(len(labels)))


def test_frames_instead_of_functionals_are_refused() -> None:
    inputs, labels = data()
    inputs["audio"][3] = np.zeros((5, 10), np.float32)
    with pytest.raises(UserError, match="one row of audio an utterance, but one has 5"):
        build().fit(inputs, labels, np.random.default_rng(0), np.ones(len(labels)))


def test_another_models_state_is_refused() -> None:
    state = fitted().state()
    with pytest.raises(RunFolderError, match="not that of this conv-mkl"):
        build(replace(TINY, hidden=7)).load_state(state)
    with pytest.raises(RunFolderError, match="not that of this conv-mkl"):
        build().load_state({k: v for k, v in state.items() if k != "places"})


def test_the_recipe_runs_on_a_small_tree(tmp_path: Path) -> None:
    iemocap.write(tmp_path / "corpus", seconds=0.4)
    sets = ["features.audio.feature=egemaps", "training.epochs=2"]
    run = serkit.run("poria2016-iemocap", data=tmp_path / "corpus", out=tmp_path / "run", folds=[9], sets=sets)
    metrics = read_json(run.path / "metrics.json")
    assert (metrics["plugin"], metrics["subset"]) == ("conv-mkl", "improvised+excited")
    assert metrics["published"] is None

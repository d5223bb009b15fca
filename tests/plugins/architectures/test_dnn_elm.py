"""DNN-ELM: parameters, the choice of segments, statistics, the extreme learning machine, and the whole estimator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from serkit import config
from serkit.errors import UserError
from serkit.nn import Estimator, count_parameters
from serkit.run.api import describe_architecture
from serkit.types import FoldContext, Training
from serkit_plugins.architectures.dnn_elm.config import PRESETS, DnnElmConfig
from serkit_plugins.architectures.dnn_elm.elm import ExtremeLearningMachine, nearest_posteriors
from serkit_plugins.architectures.dnn_elm.model import DnnElm, DnnElmEstimator, loudest, statistics

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = ("angry", "happy", "neutral", "sad")
TINY = DnnElmConfig(segment=5, share=0.5, hidden=16, elm_units=12)
FAST = Training(optimizer="adam", lr=5e-3, batch=32, epochs=6, patience=0, select="last")


def build(settings: DnnElmConfig = TINY, dim: int = 4, training: Training = FAST, classes: int = 4) -> DnnElmEstimator:
    torch.manual_seed(0)
    context = FoldContext(
        labels=LABELS[:classes], input_shapes={"x": (dim,), "energy": (1,)}, seed=0, fold="03", training=training
    )
    return DnnElm(settings).build(context)


def corpus(n: int = 24, seed: int = 0) -> tuple[dict[str, list[np.ndarray]], np.ndarray]:
    """Utterances of 3 to 20 frames, whose class is the place of a raised feature."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 4
    lengths = rng.integers(3, 21, n)
    x = [
        (rng.standard_normal((t, 4)) + 1.5 * np.eye(4)[k]).astype(np.float32)
        for t, k in zip(lengths, labels, strict=True)
    ]
    return {"x": x, "energy": [rng.standard_normal((t, 1)).astype(np.float32) for t in lengths]}, labels


def fitted(seed: int = 0, settings: DnnElmConfig = TINY) -> DnnElmEstimator:
    model = build(settings)
    inputs, labels = corpus()
    model.fit(inputs, labels, np.random.default_rng(seed), np.ones(len(labels)))
    return model


def test_parameters_of_the_paper() -> None:
    paper = build(config.load(DnnElmConfig, PRESETS["paper"].get("architecture", {})), dim=30)
    assert isinstance(paper, Estimator)
    assert count_parameters(paper.network) == (324_868, 324_868)
    shown = describe_architecture("dnn-elm")
    assert (shown["preset"], shown["parameters"], shown["parameters_spec"]) == ("paper", 324_868, 324_868)
    elm = ExtremeLearningMachine(120, 1e-3)
    elm.fit(np.random.default_rng(0).random((9, 16)), np.arange(9) % 4, 4, np.ones(9), np.random.default_rng(1))
    sizes = {name: value.size for name, value in elm.state().items()}
    assert (sizes["weight"] + sizes["bias"], sizes["out"]) == (2_040, 480)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_load(name: str) -> None:
    settings = config.load(DnnElmConfig, PRESETS[name].get("architecture", {}))
    config.load(Training, {**config.dump(DnnElm.training), **PRESETS[name].get("training", {})})
    assert DnnElm(settings).min_frames == 25


def test_the_loudest_segments_are_chosen() -> None:
    energy = np.log(np.array([1, 1, 1, 9, 9, 1, 1, 1, 1, 5, 1, 1], np.float64)).astype(np.float32)
    # sums of two frames: 2 2 10 18 10 2 2 2 6 6 2
    assert loudest(energy, 11, 2, 0.1).tolist() == [2, 3]  # a tenth of eleven, rounded up
    assert loudest(energy, 11, 2, 0.05).tolist() == [3]
    assert loudest(energy, 11, 2, 0.45).tolist() == [2, 3, 4, 8, 9]
    assert loudest(energy, 11, 2, 1.0).tolist() == list(range(11))
    assert loudest(energy[:1], 1, 2, 0.1).tolist() == [0]  # shorter than a segment


def test_statistics_of_known_posteriors() -> None:
    p = np.array([[0.1, 0.9], [0.6, 0.4], [0.8, 0.2]])
    got = statistics(p, 0.2)  # strictly above: 0.2 itself is not counted
    # 1e-15: means of three numbers of order one in float64
    np.testing.assert_allclose(got, [0.8, 0.9, 0.1, 0.2, 0.5, 0.5, 2 / 3, 2 / 3], atol=1e-15)


def test_the_output_layer_solves_the_ridge_problem() -> None:
    rng = np.random.default_rng(0)
    x, y, w = rng.random((40, 5)), np.arange(40) % 3, rng.uniform(0.5, 2.0, 40)
    elm = ExtremeLearningMachine(7, 0.1)
    elm.fit(x, y, 3, w, np.random.default_rng(1))
    hidden = 1 / (1 + np.exp(-(x @ elm.weight + elm.bias)))
    # the penalised problem as plain least squares with rows for the penalty
    rows = np.concatenate([np.sqrt(w)[:, None] * hidden, np.sqrt(0.1) * np.eye(7)])
    targets = np.concatenate([np.sqrt(w)[:, None] * np.eye(3)[y], np.zeros((7, 3))])
    want = np.linalg.lstsq(rows, targets, rcond=None)[0]
    # 1e-9: two float64 solvers of a problem of condition below 1e4
    np.testing.assert_allclose(elm.out, want, atol=1e-9)
    assert np.abs(elm.weight).max() <= 1 >= np.abs(elm.bias).max()


def test_scores_become_the_nearest_posteriors() -> None:
    scores = np.array([[0.2, 0.3, 0.5], [1.4, 0.2, -0.6], [-3.0, -1.0, -2.0], [1.2, 1.1, 0.0]])
    want = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.55, 0.45, 0.0]])
    got = nearest_posteriors(scores)
    # 1e-6: the share of the uniform distribution that is mixed in
    np.testing.assert_allclose(got, want, atol=1e-6)
    assert (got > 0).all()
    # 1e-15: three float64 terms
    np.testing.assert_allclose(got.sum(1), 1.0, atol=1e-15)


def test_learns_is_deterministic_and_comes_back_from_its_state() -> None:
    model = fitted()
    inputs, labels = corpus()
    posteriors = model.predict_proba(inputs)
    assert (posteriors.argmax(1) == labels).all()
    other, truth = corpus(seed=9)
    scores = model.predict_proba(other)
    assert (scores.argmax(1) == truth).mean() > 0.6  # chance is a quarter
    assert np.array_equal(scores, fitted().predict_proba(other))
    assert not np.array_equal(scores, fitted(seed=1).predict_proba(other))
    torch.manual_seed(77)
    loaded = build()
    loaded.load_state(model.state())
    assert np.array_equal(scores, loaded.predict_proba(other))


def test_batch_mates_never_change_a_posterior() -> None:
    model = fitted()
    other, _ = corpus(seed=5)
    together = model.predict_proba(other)
    for i in range(len(other["x"])):
        alone = model.predict_proba({name: [rows[i]] for name, rows in other.items()})
        # 1e-5: products of another shape sum in another order in single precision; a share of segments above the
        # threshold would jump by a whole segment if a posterior crossed it, which none of these does
        np.testing.assert_allclose(alone[0], together[i], atol=1e-5)


def test_energy_of_another_frame_rate_is_refused_before_training() -> None:
    inputs, labels = corpus()
    inputs["energy"] = [e[::2] for e in inputs["energy"]]
    model = build()
    before = {k: v.clone() for k, v in model.network.state_dict().items()}
    with pytest.raises(UserError, match="the same hop_ms"):
        model.fit(inputs, labels, np.random.default_rng(0), np.ones(len(labels)))
    assert all(torch.equal(v, before[k]) for k, v in model.network.state_dict().items())


def test_frames_of_several_rows_are_read_as_one() -> None:
    inputs, labels = corpus()
    inputs["x"] = [x.reshape(-1, 2, 2) for x in inputs["x"]]
    context = FoldContext(labels=LABELS, input_shapes={"x": (2, 2), "energy": (1,)}, seed=0, fold="03", training=FAST)
    torch.manual_seed(0)
    model = DnnElm(TINY).build(context)
    model.fit(inputs, labels, np.random.default_rng(0), np.ones(len(labels)))
    flat = {**inputs, "x": [x.reshape(-1, 4) for x in inputs["x"]]}
    assert np.array_equal(model.predict_proba(inputs), fitted().predict_proba(flat))


def test_weights_move_decisions_towards_the_heavy_class() -> None:
    inputs, labels = corpus()
    mixed = {name: rows[:] for name, rows in inputs.items()}
    noise = np.random.default_rng(3)
    mixed["x"] = [noise.standard_normal(x.shape).astype(np.float32) for x in mixed["x"]]  # nothing to learn
    model = build()
    model.fit(mixed, labels, np.random.default_rng(0), np.where(labels == 2, 50.0, 1.0))
    assert (model.predict_proba(corpus(seed=4)[0]).argmax(1) == 2).mean() > 0.6


def test_gradients_reach_every_parameter_of_the_network() -> None:
    before = {k: v.clone() for k, v in build().network.state_dict().items()}
    after = fitted().network.state_dict()
    assert all(not torch.equal(before[k], after[k]) for k in before)


def test_training_on_every_nth_segment_still_takes_statistics_of_all() -> None:
    settings = replace(TINY, train_every=4)
    model = fitted(settings=settings)
    inputs, labels = corpus()
    assert (model.predict_proba(inputs).argmax(1) == labels).mean() > 0.6  # chance is a quarter

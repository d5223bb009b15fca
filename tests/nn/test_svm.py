"""The support vector estimator against scikit-learn's own decisions, its posteriors and its state."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.svm import SVC

from serkit.errors import RunFolderError, UserError
from serkit.nn import Estimator, SupportVectorClassifier

RNG = np.random.default_rng(0)


def made(classes: int, n: int = 90, dim: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    centres = rng.standard_normal((classes, dim))
    return (centres[labels] + 1.5 * rng.standard_normal((n, dim))).astype(np.float32), labels


def rows(x: np.ndarray) -> dict[str, list[np.ndarray]]:
    return {"x": [row[None] for row in x]}


def fitted(x: np.ndarray, labels: np.ndarray, **settings: object) -> SupportVectorClassifier:
    machine = SupportVectorClassifier(int(labels.max()) + 1, **settings)  # type: ignore[arg-type]
    machine.fit(rows(x), labels, RNG, np.ones(len(x)))
    return machine


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_decision_values_and_hard_votes_are_scikit_learns(kernel: str, classes: int) -> None:
    x, labels = made(classes)
    others, _ = made(classes, seed=1)
    gamma = 0.7 if kernel == "rbf" else 1.0
    machine = fitted(x, labels, kernel=kernel, c=2.0, gamma=gamma, vote="hard")
    dim = x.shape[1]
    theirs = SVC(kernel=kernel, C=2.0 if kernel == "rbf" else 2.0 / dim, gamma=gamma / dim, break_ties=classes > 2)
    theirs.fit(x.astype(np.float64), labels)
    theirs.decision_function_shape = "ovo"
    values = theirs.decision_function(others.astype(np.float64))
    values = -values[:, None] if classes == 2 else values
    # both stop once no pair of vectors violates optimality by more than LIBSVM's 1e-3
    np.testing.assert_allclose(machine.decisions(rows(others)), values, atol=5e-3)
    theirs.decision_function_shape = "ovr"
    posteriors = machine.predict_proba(rows(others))
    # of predictions whose two best classes are not as close as the solvers' tolerance
    best = np.sort(posteriors, axis=1)
    sure = (best[:, -1] - best[:, -2] > 1e-3) & (np.abs(values).min(axis=1) > 5e-3)
    assert sure.mean() > 0.8
    np.testing.assert_array_equal(posteriors.argmax(1)[sure], theirs.predict(others.astype(np.float64))[sure])


def test_soft_votes_are_limited_margins() -> None:
    x, labels = made(4)
    machine = fitted(x, labels, c=30.0)
    found, scores = machine.predict_proba(rows(x)), np.zeros((len(x), 4))
    for d, (a, b) in zip(machine.decisions(rows(x)).T, combinations(range(4), 2), strict=True):
        scores[:, a] += np.clip(d, -1, 1)
        scores[:, b] -= np.clip(d, -1, 1)
    wanted = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)  # float64, a handful of operations
    np.testing.assert_array_equal(found.argmax(1), scores.argmax(1))


@pytest.mark.parametrize("settings", [{}, {"kernel": "rbf", "gamma": 0.5}, {"clip": 1.0}, {"vote": "hard"}])
def test_it_learns_and_saves_to_the_same_bits(settings: dict[str, object]) -> None:
    x, labels = made(3, n=60, dim=100)
    machine = fitted(x, labels, c=10.0, **settings)
    assert isinstance(machine, Estimator)
    posteriors = machine.predict_proba(rows(x))
    np.testing.assert_array_equal(posteriors.argmax(1), labels)
    np.testing.assert_allclose(posteriors.sum(1), 1.0, rtol=1e-12)  # float64, three terms
    again = SupportVectorClassifier(3, **settings)  # type: ignore[arg-type]
    again.load_state(machine.state())
    np.testing.assert_array_equal(again.predict_proba(rows(x)), posteriors)
    np.testing.assert_array_equal(fitted(x, labels, c=10.0, **settings).predict_proba(rows(x)), posteriors)
    for k in (0, 7):
        # matrix products of one row and of sixty sum in another order in float64
        np.testing.assert_allclose(machine.predict_proba(rows(x[k : k + 1]))[0], posteriors[k], rtol=1e-9)


def test_clipping_is_of_values() -> None:
    x, labels = made(3)
    wild = x.copy()
    wild[np.abs(x) > 1] *= 1000
    a, b = (fitted(v, labels, clip=1.0).predict_proba(rows(v)) for v in (x, wild))
    np.testing.assert_array_equal(a, b)


def test_weights_multiply_c() -> None:
    x, labels = made(2, n=40, dim=3)
    plain, heavy = SupportVectorClassifier(2, c=2.0), SupportVectorClassifier(2, c=1.0)
    plain.fit(rows(x), labels, RNG, np.ones(40))
    heavy.fit(rows(x), labels, RNG, np.full(40, 2.0))
    np.testing.assert_array_equal(plain.decisions(rows(x)), heavy.decisions(rows(x)))
    tilted = SupportVectorClassifier(2, c=2.0)
    tilted.fit(rows(x), labels, RNG, np.where(labels == 0, 20.0, 1.0))
    assert (tilted.predict_proba(rows(x)).argmax(1) == 0).sum() > (plain.predict_proba(rows(x)).argmax(1) == 0).sum()


def test_a_class_that_training_lacks_has_no_posterior() -> None:
    x, labels = made(3)
    machine = SupportVectorClassifier(4)
    machine.fit(rows(x), np.where(labels == 2, 3, labels), RNG, np.ones(len(x)))
    posteriors = machine.predict_proba(rows(x))
    assert posteriors.shape == (len(x), 4)
    assert not posteriors[:, 2].any()
    assert set(posteriors.argmax(1)) == {0, 1, 3}


def test_several_inputs_are_one_vector() -> None:
    x, labels = made(3)
    parts = {"a": [r[None, :5] for r in x], "b": [r[None, 5:] for r in x]}
    machine = SupportVectorClassifier(3)
    machine.fit(parts, labels, RNG, np.ones(len(x)))
    np.testing.assert_array_equal(machine.predict_proba(parts), fitted(x, labels).predict_proba(rows(x)))


def test_what_cannot_be_is_refused() -> None:
    x, labels = made(3)
    with pytest.raises(UserError, match=r"has 1 of 3 classes; .* needs two at least"):
        SupportVectorClassifier(3).fit(rows(x), np.zeros(len(x), np.int64), RNG, np.ones(len(x)))
    with pytest.raises(UserError, match=r"the input 'x' has up to 7; give it a feature of one row"):
        SupportVectorClassifier(3).fit({"x": [np.zeros((7, 3), np.float32)] * 2}, labels[:2], RNG, np.ones(2))
    machine = fitted(x, labels)
    with pytest.raises(UserError, match="rows of 12 values and was given 5"):
        machine.decisions(rows(x[:, :5]))
    for state, kernel in ((machine.state(), "rbf"), ({}, "linear"), ({"classes": np.arange(3)}, "linear")):
        with pytest.raises(RunFolderError, match=rf"kernel '{kernel}'; train the fold again"):
            SupportVectorClassifier(3, kernel=kernel).load_state(state)  # type: ignore[arg-type]

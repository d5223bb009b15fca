from __future__ import annotations

import numpy as np

from serkit.run.targets import class_weights, oversampled, shares_of
from serkit.types import Training

BALANCED = Training(oversample="balanced")


def test_shares_are_the_votes_for_the_classes_or_the_label() -> None:
    votes = {
        "a": {"happy": 2.0, "sad": 1.0},
        "b": {"sad": 0.5, "bored": 7.0},
        "c": {"bored": 1.0},
    }
    truth = {"a": "happy", "b": "sad", "c": "happy", "d": "sad"}
    found = shares_of(["a", "b", "c", "d"], truth, ("happy", "sad"), votes)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.float32([[2 / 3, 1 / 3], [0, 1], [1, 0], [0, 1]]))


def test_weights_are_one_or_make_each_class_count_alike() -> None:
    y = np.array([0, 0, 0, 1])
    np.testing.assert_array_equal(class_weights(y, 3, Training()), [1, 1, 1])
    weights = class_weights(y, 3, Training(class_weights="balanced"))
    np.testing.assert_allclose(weights, [4 / 9, 4 / 3, 4 / 3])  # N / (K n_k), and the absent class as if it had one
    shares = np.array([[1.0, 0.0], [0.5, 0.5], [0.5, 0.5], [1.0, 0.0]], np.float32)
    np.testing.assert_allclose(class_weights(shares, 2, Training(class_weights="balanced")), [4 / 6, 4 / 2])


def test_oversampling_repeats_small_classes_up_to_the_largest() -> None:
    y = np.array([0] * 7 + [1] * 3 + [3])
    index = oversampled(y, BALANCED, np.random.default_rng(0))
    np.testing.assert_array_equal(index[: len(y)], np.arange(len(y)))  # every unit is there
    np.testing.assert_array_equal(np.bincount(y[index]), [7, 7, 0, 7])
    times = np.bincount(index, minlength=len(y))
    assert times[7:10].tolist() in ([3, 2, 2], [2, 3, 2], [2, 2, 3])  # nobody three times before all were twice
    other = oversampled(y, BALANCED, np.random.default_rng(1))
    assert not np.array_equal(index, other)
    np.testing.assert_array_equal(oversampled(y, Training(), np.random.default_rng(0)), np.arange(len(y)))

from __future__ import annotations

import numpy as np

from serkit.run.posteriors import merge_units, softmax

LOGITS = np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 3.0]])
OWNER = np.array([0, 0, 1])


def test_softmax_rows_sum_to_one_at_any_size() -> None:
    p = softmax(np.array([[1000.0, 0.0], [-1000.0, -1000.0]]))
    np.testing.assert_allclose(p, [[1, 0], [0.5, 0.5]], atol=1e-15)


def test_max_takes_the_largest_posterior_of_any_segment() -> None:
    p = softmax(LOGITS)
    expected = np.maximum(p[0], p[1])
    np.testing.assert_allclose(merge_units(LOGITS, OWNER, 2, "max")[0], expected / expected.sum())
    np.testing.assert_allclose(merge_units(LOGITS, OWNER, 2, "max")[1], p[2])


def test_mean_and_max_logit() -> None:
    p = softmax(LOGITS)
    np.testing.assert_allclose(merge_units(LOGITS, OWNER, 2, "mean")[0], (p[0] + p[1]) / 2)
    np.testing.assert_allclose(merge_units(LOGITS, OWNER, 2, "max_logit")[0], softmax(np.array([[2.0, 1.0, 0.0]]))[0])


def test_max_and_max_logit_can_disagree() -> None:
    # the spec's reason for offering both: a segment of large logits but low confidence
    logits = np.array([[9.0, 8.9, 8.9], [0.0, 3.0, 0.0]])
    owner = np.array([0, 0])
    assert merge_units(logits, owner, 1, "max").argmax() == 1
    assert merge_units(logits, owner, 1, "max_logit").argmax() == 0

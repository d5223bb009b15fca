from __future__ import annotations

import numpy as np
import pytest

from serkit.nn import Transform, UtteranceMean, ZScore


def data() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [(rng.standard_normal((n, 5, 3)) * 4 - 30).astype(np.float32) for n in (10, 1, 300)]


def test_zscore_is_per_cell_of_a_frame_over_all_frames() -> None:
    x = data()
    z = ZScore.fit(x, np.random.default_rng(0))
    whole = np.concatenate(x).astype(np.float64)
    # 1e-6: the stored moments are float32, whose spacing near 30 is 2e-6
    np.testing.assert_allclose(z.mean, whole.mean(0), rtol=1e-6)
    np.testing.assert_allclose(z.std, whole.std(0), rtol=1e-6)
    np.testing.assert_allclose(z(x[0]), (x[0] - z.mean) / (z.std + 1e-5), rtol=1e-6)
    assert z(x[0]).dtype == np.float32


def test_zscore_of_a_constant_cell_is_zero_and_finite() -> None:
    x = np.full((50, 2), 7.0, np.float32)
    z = ZScore.fit([x], np.random.default_rng(0))
    assert not z(x).any()


def test_zscore_round_trips_through_its_state() -> None:
    z = ZScore.fit(data(), np.random.default_rng(0))
    again = ZScore.from_state(z.state())
    np.testing.assert_array_equal(again(data()[0]), z(data()[0]))
    assert isinstance(z, Transform)


def test_zscore_needs_a_frame() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        ZScore.fit([], np.random.default_rng(0))


def test_utterance_mean_is_taken_off_each_cell_and_nothing_is_learned() -> None:
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((7, 13, 3)) + 5).astype(np.float32)
    fitted = UtteranceMean.fit([], rng)
    assert isinstance(fitted, Transform)
    again = UtteranceMean.from_state(fitted.state())
    # 1e-6: values of order one in single precision
    np.testing.assert_allclose(fitted(x), x - x.mean(axis=0), atol=1e-6)
    assert fitted(x).dtype == np.float32
    np.testing.assert_array_equal(again(x), fitted(x))

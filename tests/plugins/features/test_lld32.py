from __future__ import annotations

import numpy as np
import pytest

from serkit.errors import ConfigError
from serkit.features import Delta, DeltaOptions
from serkit_plugins.features.lld32 import STATIC, Lld32, Lld32Options


def tone_and_silence() -> np.ndarray:
    """Half a second of a buzz at 200 Hz, then half a second of faint noise."""
    t = np.arange(8000) / 16_000
    buzz = sum(np.sin(2 * np.pi * 200 * k * t) / k for k in range(1, 9)) * 0.1
    noise = np.random.default_rng(0).standard_normal(8000) * 1e-4
    return np.concatenate([buzz, noise]).astype(np.float32)


def test_columns_are_what_their_names_say() -> None:
    made = Lld32()
    rows = made(tone_and_silence())
    assert rows.shape == (101, 32) == (made.n_frames(16_000), *made.shape)
    assert made.columns[:4] == ("f0", "voicing", "log_energy", "zero_crossing_rate")
    voiced, silent = rows[10:40], rows[60:95]
    # 1 Hz of 200: the period of Boersma's method on a steady buzz
    np.testing.assert_allclose(voiced[:, 0], 200, atol=1)
    assert (voiced[:, 1] > 0.95).all()
    assert (voiced[:, 1] <= 1).all()
    assert not silent[:, :2].any()
    assert voiced[:, 2].min() > silent[:, 2].max()
    assert voiced[:, 3].max() < silent[:, 3].min()


def test_the_second_half_is_the_derivative_of_the_first() -> None:
    rows = Lld32(Lld32Options(delta_window=3))(tone_and_silence())
    wanted = Delta(DeltaOptions(delta_window=3))(np.ascontiguousarray(rows[:, : len(STATIC)]))
    np.testing.assert_array_equal(rows[:, len(STATIC) :], wanted)


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="f0_min"):
        Lld32(Lld32Options(f0_min=5))

"""CCC, PCC, RMSE and MAE: their definitions in plain loops, NumPy and SciPy, and what is undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from serkit.errors import UserError
from serkit.metrics import ccc, mae, pcc, rmse

# float64 rounding of means and products over at most a few hundred numbers of unit size
CLOSE = 1e-12


def plain_ccc(x: list[float], y: list[float]) -> float:
    """Lin 1989 with exactly rounded sums."""
    n = len(x)
    mx, my = math.fsum(x) / n, math.fsum(y) / n
    cov = math.fsum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / n
    vx, vy = math.fsum((a - mx) ** 2 for a in x) / n, math.fsum((b - my) ** 2 for b in y) / n
    return 2 * cov / (vx + vy + (mx - my) ** 2)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [2, 3, 50, 300])
def test_they_equal_their_definitions(seed: int, n: int) -> None:
    rng = np.random.default_rng([seed, n])
    x = rng.uniform(1, 5, n)
    y = 0.6 * x + rng.normal(0, 0.5, n) + seed / 4
    assert ccc(x, y) == pytest.approx(plain_ccc(x.tolist(), y.tolist()), abs=CLOSE)
    assert pcc(x, y) == pytest.approx(stats.pearsonr(x, y).statistic, abs=CLOSE)
    assert pcc(x, y) == pytest.approx(np.corrcoef(x, y)[0, 1], abs=CLOSE)
    # Lin's own form: correlation times a term for shift and scale, over moments with N
    v, u = x.std() / y.std(), (x.mean() - y.mean()) / math.sqrt(x.std() * y.std())
    assert ccc(x, y) == pytest.approx(np.corrcoef(x, y)[0, 1] * 2 / (v + 1 / v + u * u), abs=CLOSE)
    assert rmse(x, y) == pytest.approx(math.sqrt(math.fsum((a - b) ** 2 for a, b in zip(x, y, strict=True)) / n))
    assert mae(x, y) == pytest.approx(math.fsum(abs(a - b) for a, b in zip(x, y, strict=True)) / n)


def test_worked_values() -> None:
    # means 2 and 3, variances 2/3, covariance 2/3: 2 * 2/3 / (2/3 + 2/3 + 1)
    assert ccc([1, 2, 3], [2, 3, 4]) == pytest.approx(4 / 7, abs=CLOSE)
    assert pcc([1, 2, 3], [2, 3, 4]) == pytest.approx(1, abs=CLOSE)
    assert (rmse([1, 2, 3], [2, 3, 4]), mae([1, 2, 3], [2, 3, 4])) == (1, 1)
    assert rmse([0, 0], [3, 4]) == pytest.approx(math.sqrt(12.5))
    assert mae([0, 0], [3, 4]) == 3.5


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=20).filter(lambda v: len(set(v)) > 1))
def test_perfect_is_one_and_mirrored_is_minus_one_whatever_the_unit(values: list[int]) -> None:
    x = np.array(values, dtype=float)
    x -= x.mean()
    for scale in (1e-200, 1.0, 1e200):  # squares of these are outside float64
        assert ccc(scale * x, scale * x) == pytest.approx(1, abs=CLOSE)
        assert ccc(scale * x, -scale * x) == pytest.approx(-1, abs=CLOSE)
        assert pcc(scale * x, 3 * scale * x) == pytest.approx(1, abs=CLOSE)
    assert rmse(x, x) == mae(x, x) == 0


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=2, max_size=20), st.randoms())
def test_the_order_of_utterances_and_of_the_two_raters_is_nothing(
    pairs: list[tuple[float, float]], random: object
) -> None:
    mixed = list(pairs)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    x, y = zip(*pairs, strict=True)
    for score in (ccc, pcc, rmse, mae):
        one = score(x, y)
        for other in (score(*zip(*mixed, strict=True)), score(y, x)):
            # sums in another order; a correlation of nearly constant ratings magnifies their rounding
            assert (one is None) == (other is None)
            if one is not None and other is not None and np.ptp(x) > 1e-3 and np.ptp(y) > 1e-3:
                assert other == pytest.approx(one, abs=1e-9)


@pytest.mark.parametrize("unit", [2.0**1022, 2.0**-1070])
def test_the_ends_of_float64_are_no_other_task(unit: float) -> None:
    """Sums overflowed: two ratings of 1e308 in the right order had a correlation of NaN, clipped to -1."""
    x, y = np.array([1.0, 2.0, 3.0]) * unit, np.array([2.0, 3.0, 3.0]) * unit
    # a power of two changes no digit, so all are equal to the bit
    assert ccc(x, y) == ccc([1, 2, 3], [2, 3, 3])
    assert pcc(x, y) == pcc([1, 2, 3], [2, 3, 3])
    assert rmse(x, y) == rmse([1, 2, 3], [2, 3, 3]) * unit  # type: ignore[operator]
    assert mae(x, y) == mae([1, 2, 3], [2, 3, 3]) * unit  # type: ignore[operator]


@pytest.mark.parametrize("constant", [0.0, 0.1, 2.7, 1e9])
def test_a_constant_has_no_correlation(constant: float) -> None:
    flat, other = [constant] * 7, [1.0, 2, 3, 4, 5, 6, 7]
    for score in (ccc, pcc):
        assert score(flat, other) is score(other, flat) is score(flat, flat) is None
    assert rmse(flat, flat) == mae(flat, flat) == 0


def test_too_few_utterances_are_undefined() -> None:
    assert ccc([1.0], [1.0]) is pcc([1.0], [1.0]) is None
    assert ccc([], []) is pcc([], []) is rmse([], []) is mae([], []) is None
    assert rmse([1.0], [3.0]) == mae([1.0], [3.0]) == 2


def test_small_floats_are_computed_in_float64() -> None:
    x, y = np.array([1000, 1000.5, 1001], np.float16), np.array([1000, 1001, 1001], np.float16)
    assert ccc(x, y) == pytest.approx(plain_ccc([1000, 1000.5, 1001], [1000, 1001, 1001]), abs=CLOSE)


@pytest.mark.parametrize(
    ("truth", "predicted", "words"),
    [
        ([1, 2], [1, 2, 3], r"shape \[2\] and the prediction \[3\]"),
        ([[1, 2]], [[1, 2]], r"must be \[N\]"),
        ([1, math.nan], [1, 2], "must be finite"),
        ([1, 2], [1, math.inf], "must be finite"),
        ([1, 2], ["x", "y"], "must be numbers"),
        ([1, None], [1, 2], "finite|numbers"),
    ],
)
@pytest.mark.parametrize("score", [ccc, pcc, rmse, mae])
def test_what_cannot_be_scored_is_refused(score: object, truth: object, predicted: object, words: str) -> None:
    with pytest.raises(UserError, match=words):
        score(truth, predicted)  # type: ignore[operator]

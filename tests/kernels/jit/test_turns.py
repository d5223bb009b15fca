"""Turns and slopes of contours against their float64 definition and against contours drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serkit.kernels.jit.turns import turn_functionals
from serkit.kernels.reference import turns as reference


@given(st.lists(st.floats(-100, 100, width=16), max_size=40))
def test_the_kernel_is_its_definition(values: list[float]) -> None:
    contour = np.array(values, dtype=np.float64)
    # a dozen float64 operations
    np.testing.assert_allclose(turn_functionals(contour), reference.turn_functionals(contour), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("contour", "turns", "functionals"),
    [
        ([], [], [0, 0, 0, 0, 0]),
        ([3], [], [0, 0, 0, 0, 0]),
        ([3, 3, 3], [], [0, 0, 0, 0, 0]),
        ([0, 1, 4], [], [2, 0, 0, 0, 0]),
        ([4, 1, 0], [], [0, 0, 2, 0, 0]),
        ([0, 10, 0], [(1, 1)], [10, 0, 10, 0, 1]),
        ([10, 0, 20, 10], [(1, -1), (2, 1)], [20, 0, 10, 0, 1]),
        ([0, 6, 5.5, 10, 9.5, 0, 4], [(3, 1), (5, -1)], [(10 / 3 + 4) / 2, (4 - 10 / 3) / 2, 5, 0, 1]),
        # exactly a tenth is not more than a tenth; of equal peaks the first counts
        ([0, 10, 9, 10, 0], [(1, 1)], [10, 0, 10 / 3, 0, 1]),
        ([0, 10, 8.9, 10, 0], [(1, 1), (2, -1), (3, 1)], [5.55, 4.45, 5.55, 4.45, 2]),
    ],
)
def test_contours_drawn_by_hand(contour: list, turns: list, functionals: list) -> None:
    x = np.array(contour, dtype=np.float64)
    assert reference.turns(x) == turns
    np.testing.assert_allclose(turn_functionals(x), functionals, rtol=1e-12, atol=1e-15)  # float64

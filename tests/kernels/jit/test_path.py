"""The best way through candidates against trying every way, for both trackers of F0, which share it."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

from serkit.kernels.jit import path, pitch, subharmonics

JUMP, VOICING = 0.35, 0.14
COUNTS = (3, 1, 4, 2, 4, 3)


def score_of(way: tuple[int, ...], strength: np.ndarray, log_f0: np.ndarray) -> float:
    total = sum(strength[i, k] for i, k in enumerate(way))
    for i, (j, k) in enumerate(pairwise(way)):
        total -= VOICING if (j == 0) != (k == 0) else JUMP * abs(log_f0[i, j] - log_f0[i + 1, k])
    return float(total)


@pytest.mark.parametrize("seed", range(8))
def test_it_is_the_best_of_all_ways(seed: int) -> None:
    rng = np.random.default_rng(seed)
    strength, f0 = rng.uniform(0, 1, (len(COUNTS), 4)), rng.uniform(60, 600, (len(COUNTS), 4))
    log_f0 = np.log2(f0)
    log_f0[:, 0] = 0.0  # unvoiced frames follow one another for nothing
    came, score = np.zeros((len(COUNTS), 4), np.uint8), strength.copy()
    for i in range(1, len(COUNTS)):
        path.extend(
            score[i], log_f0[i], COUNTS[i], score[i - 1], log_f0[i - 1], COUNTS[i - 1], JUMP, VOICING, came, i
        )  # fmt: skip
    found = np.empty(len(COUNTS))
    path.trace(score[-1], COUNTS[-1], f0, came, found)
    best = max(product(*map(range, COUNTS)), key=lambda way: score_of(way, strength, log_f0))
    np.testing.assert_array_equal(found, [f0[i, k] if k else np.nan for i, k in enumerate(best)])


def test_both_trackers_take_it() -> None:
    assert pitch.extend is subharmonics.extend is path.extend
    assert pitch.trace is subharmonics.trace is path.trace

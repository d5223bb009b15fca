"""The published figure beside ours: comparable only where nothing stands against it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from serkit.run.scoring.published import compare_published, interval, verdict
from serkit.types import Published

# one subtraction of two float64 below 1
CLOSE = 1e-12

PAPER = Published(source="Chen 2018", protocol="emodb/chen4@1", preset="paper", uar=0.8282)
SAME: dict[str, Any] = {
    "protocol": "emodb/chen4@1",
    "complete": True,
    "uar": {"mean": 0.8, "std_folds": 0.05, "per_fold": dict.fromkeys("abcd")},
    "war": {"mean": 0.82, "std_folds": 0.05, "per_fold": dict.fromkeys("abcd")},
}


def test_a_published_figure_is_comparable_under_the_same_protocol() -> None:
    got = compare_published(PAPER, **SAME)
    assert got is not None
    assert got["comparable"] is True
    assert got["reasons"] == []
    assert got["difference"] == pytest.approx(-0.0282, abs=CLOSE)
    assert (got["source"], got["protocol"], got["preset"], got["uar"], got["war"]) == (
        "Chen 2018",
        "emodb/chen4@1",
        "paper",
        0.8282,
        None,
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"protocol": "emodb/loso_next@1"}, "measured under emodb/chen4@1, this run under emodb/loso_next@1"),
        ({"complete": False}, "folds of the protocol were left out"),
        ({"corpus_complete": False}, "files of the corpus are missing"),
    ],
)
def test_a_published_figure_is_not_comparable_otherwise(change: dict[str, Any], reason: str) -> None:
    got = compare_published(PAPER, **(SAME | change))
    assert got is not None
    assert got["comparable"] is False
    assert (got["verdict"], got["interval95"]) == (None, None)
    assert got["difference"] == pytest.approx(-0.0282, abs=CLOSE)
    assert [reason in r for r in got["reasons"]] == [True]


def test_no_published_figure_is_none() -> None:
    assert compare_published(None, **SAME) is None
    war = Published(source="X", protocol="emodb/chen4@1", preset="paper", war=0.8)
    got = compare_published(war, **SAME)
    assert got is not None
    assert (got["difference"], got["verdict"]) == (None, None)
    assert got["war_difference"] == pytest.approx(0.02, abs=CLOSE)
    assert got["war_verdict"] == "cannot tell"


def test_the_interval_is_welchs_t_of_two_means_over_folds() -> None:
    from scipy import stats

    ours, theirs = [0.7, 0.75, 0.82, 0.6, 0.9], [0.72, 0.71, 0.88, 0.69, 0.93]
    gap = float(np.mean(ours) - np.mean(theirs))
    expected = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)
    got = interval(gap, float(np.std(ours, ddof=1)), float(np.std(theirs, ddof=1)), 5)
    assert got == pytest.approx([expected.low, expected.high], abs=1e-9)  # both float64, other order of sums
    alone = stats.ttest_1samp(ours, float(np.mean(theirs))).confidence_interval(0.95)
    shift = float(np.mean(theirs))
    fixed = interval(gap, float(np.std(ours, ddof=1)), None, 5)
    assert fixed == pytest.approx([alone.low - shift, alone.high - shift], abs=1e-9)
    assert interval(0.1, None, 0.05, 10) is None
    assert interval(0.1, 0.05, 0.05, 1) is None
    assert interval(0.1, 0.0, None, 3) == [0.1, 0.1]


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ([-0.029, 0.03], "reproduced"),
        ([-0.031, 0.0], "cannot tell"),
        ([0.031, 0.05], "not reproduced"),
        ([-0.2, -0.04], "not reproduced"),
        ([-0.2, 0.2], "cannot tell"),
        (None, "cannot tell"),
    ],
)
def test_the_verdict_is_that_of_the_interval(ends: list[float] | None, words: str) -> None:
    assert verdict(ends) == words


def test_a_small_spread_gives_a_verdict() -> None:
    near = {"mean": 0.8282, "std_folds": 0.01, "per_fold": dict.fromkeys("abcd")}
    got = compare_published(PAPER, **{**SAME, "uar": near})
    assert got is not None
    assert got["verdict"] == "reproduced"
    assert got["war_verdict"] is None  # the paper gives none

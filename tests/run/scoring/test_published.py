"""The published figure beside ours: comparable only where nothing stands against it."""

from __future__ import annotations

from typing import Any

import pytest

from serkit.run.scoring.published import compare_published
from serkit.types import Published

# one subtraction of two float64 below 1
CLOSE = 1e-12

PAPER = Published(source="Chen 2018", protocol="emodb/chen4@1", preset="paper", uar=0.8282)
SAME: dict[str, Any] = {
    "protocol": "emodb/chen4@1",
    "complete": True,
    "uar": 0.8,
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
    assert [reason in r for r in got["reasons"]] == [True]


def test_no_published_figure_is_none() -> None:
    assert compare_published(None, **SAME) is None
    war = Published(source="X", protocol="emodb/chen4@1", preset="paper", war=0.8)
    got = compare_published(war, **SAME)
    assert got is not None
    assert got["difference"] is None

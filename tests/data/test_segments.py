from __future__ import annotations

import numpy as np
import pytest

from serkit.data.segments import Segment, segment
from serkit.types import Unit

PAPER = Unit(frames=300)
CODE = Unit(frames=300, rule="chen_reference")


def starts(n: int, unit: Unit, **kwargs: object) -> list[int]:
    return [s.start for s in segment([n], unit, **{"training": False, "labels": ["sad"], **kwargs})]  # type: ignore[arg-type]


def test_whole_utterance() -> None:
    assert segment([7, 0x1000], Unit(), training=True) == [Segment(0, 0, 7), Segment(1, 0, 4096)]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [(1, [0]), (300, [0]), (301, [0, 1]), (599, [0, 299]), (600, [0, 300]), (601, [0, 300, 301]), (900, [0, 300, 600])],
)
def test_cover_aligns_the_last_segment_to_the_right(frames: int, expected: list[int]) -> None:
    assert starts(frames, PAPER) == expected


@pytest.mark.parametrize("n", [1, 299, 300, 301, 450, 777, 1200])
@pytest.mark.parametrize("hop", [0, 1, 100, 299])
def test_cover_leaves_no_frame_out_and_never_counts_padding(n: int, hop: int) -> None:
    found = segment([n], Unit(frames=300, hop=hop), training=True)
    covered = np.zeros(n, bool)
    for s in found:
        assert s.frames == min(n, 300)
        assert s.start + s.frames <= n
        covered[s.start : s.start + s.frames] = True
    assert covered.all()


def test_chen_reference_cuts_two_segments_and_oversamples_happy_in_training() -> None:
    assert starts(750, CODE) == [0, 450]
    assert starts(750, CODE, training=True) == [0, 450]
    assert starts(750, CODE, training=True, labels=["happy"]) == [0, 100, 200, 300, 400]
    assert starts(750, CODE, labels=["happy"]) == [0, 450]
    assert starts(300, CODE, training=True, labels=["happy"]) == [0]


def test_chen_reference_keeps_300_random_training_segments_a_class() -> None:
    labels = ["sad"] * 200 + ["angry"] * 40
    rng = np.random.default_rng(1)
    kept = segment([650] * 240, CODE, training=True, labels=labels, rng=rng)
    per_class = {c: sum(labels[s.utterance] == c for s in kept) for c in set(labels)}
    assert per_class == {"sad": 300, "angry": 80}
    again = segment([650] * 240, CODE, training=True, labels=labels, rng=np.random.default_rng(1))
    other = segment([650] * 240, CODE, training=True, labels=labels, rng=np.random.default_rng(2))
    assert kept == again
    assert kept != other

"""Deltas of any frames."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from serkit.errors import AudioError, ConfigError
from serkit.features import Delta, DeltaOptions, LogMel
from serkit.kernels.reference import spectral as reference


def rows(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("half", [1, 2, 5, 100])
@pytest.mark.parametrize("shape", [(1,), (7,), (50, 13), (30, 4, 2)])
def test_deltas_are_those_of_the_definition(half: int, shape: tuple[int, ...]) -> None:
    found = Delta(DeltaOptions(delta_window=half))(rows(*shape))
    assert found.dtype == np.float32
    truth = reference.delta(rows(*shape).astype(np.float64), half)
    # 3 half float32 operations, the weights n / (2 sum n^2) of which add up to less than 1
    assert np.abs(found - truth).max() <= 3 * half * 2.0**-24 * np.abs(rows(*shape)).max()


def test_deltas_are_the_channels_of_log_mel() -> None:
    x = (0.1 * np.random.default_rng(0).standard_normal(8000)).astype(np.float32)
    frames, delta = LogMel()(x), Delta()
    # two orders of the same sums: 6 float32 operations on values of up to 10 for each application
    assert np.allclose(delta(frames[..., 0]), frames[..., 1], rtol=0, atol=6 * 2.0**-24 * 10)
    assert np.allclose(delta(delta(frames[..., 0])), frames[..., 2], rtol=0, atol=12 * 2.0**-24 * 10)


def test_utterances_end_to_end_do_not_touch() -> None:
    frames, offsets = rows(20, 3), np.array([0, 1, 8, 20])
    packed = Delta().packed(frames, offsets)
    for begin, end in pairwise(offsets):
        assert np.array_equal(packed[begin:end], Delta()(frames[begin:end]))


def test_frames_of_any_stride_are_taken_and_left_as_they_are() -> None:
    frames = rows(20, 6)
    before = frames.copy()
    assert np.array_equal(Delta()(frames[::-1, ::2]), Delta()(frames[::-1, ::2].copy()))
    assert np.array_equal(frames, before)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.zeros((3, 2)), "hold float64; convert"),
        (np.zeros((0, 2), np.float32), r"have shape \(0, 2\); at least one frame"),
        (np.zeros((), np.float32), r"have shape \(\); at least one frame"),
        (np.array([[0, 1], [0, np.inf]], np.float32), "hold inf in frame 1; all values"),
        ([1.0], "are a list; a NumPy array"),
    ],
)
def test_bad_frames_are_refused_in_a_sentence(bad: object, words: str) -> None:
    with pytest.raises(AudioError, match=f"^The frames {words}"):
        Delta()(bad)


@pytest.mark.parametrize(
    "offsets", [[0, 20], [[0, 20]], [0.0, 20.0], [0], [1, 20], [0, 19], [0, 5, 5, 20], [0, 9, 5, 20]]
)
def test_bad_offsets_are_refused_in_a_sentence(offsets: list[object]) -> None:
    wrong = offsets if offsets == [0, 20] else np.array(offsets)
    with pytest.raises(AudioError, match=r"^Offsets must "):
        Delta().packed(rows(20), wrong)
    if offsets == [0, 9, 5, 20]:  # the differences of unsigned integers are never negative
        with pytest.raises(AudioError, match=r"^Offsets must rise"):
            Delta().packed(rows(20), np.array(offsets, dtype=np.uint64))


@pytest.mark.parametrize("half", [0, 101, 1.5])
def test_bad_options_are_refused(half: float) -> None:
    with pytest.raises(ConfigError, match="delta_window: "):
        Delta(DeltaOptions(delta_window=half))

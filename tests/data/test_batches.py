from __future__ import annotations

import numpy as np
import pytest

from serkit.data.batches import batches, collate, make_units, pad_frames
from serkit.data.segments import Segment, segment
from serkit.errors import ProtocolError
from serkit.types import Unit


def frames(*lengths: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.standard_normal((n, 4, 2)).astype(np.float32) for n in lengths]


def test_padding_comes_after_the_transform_and_is_zero() -> None:
    x = frames(3, 5)
    units = make_units({"x": x}, segment([3, 5], Unit(), training=True), {"x": lambda a: a + 1}, Unit())
    batch = collate(units, [0, 1])
    assert batch["x"].shape == (2, 5, 4, 2)
    assert batch["x_lengths"].tolist() == [3, 5]
    np.testing.assert_array_equal(batch["x"][0, :3], x[0] + 1)
    assert not batch["x"][0, 3:].any()


def test_padding_before_the_transform_is_transformed_and_counts_as_signal() -> None:
    unit = Unit(frames=6, pad="before")
    units = make_units({"x": frames(3)}, [Segment(0, 0, 3)], {"x": lambda a: a + 1}, unit)
    batch = collate(units, [0], frames=6)
    assert batch["x_lengths"].tolist() == [6]
    assert (batch["x"][0, 3:] == 1).all()


def test_batches_are_at_least_as_long_as_asked() -> None:
    units = make_units({"x": frames(2)}, [Segment(0, 0, 2)], {}, Unit())
    assert collate(units, [0], min_frames=9)["x"].shape[1] == 9
    assert collate(units, [0], frames=12, min_frames=9)["x"].shape[1] == 12


def test_segments_of_inputs_with_different_rates_are_refused() -> None:
    with pytest.raises(ProtocolError, match="'a' and 'b' differ"):
        make_units({"a": frames(9), "b": frames(8)}, [Segment(0, 0, 5)], {}, Unit(frames=5))


def test_batches_hold_every_unit_once() -> None:
    order = np.concatenate(list(batches(23, 5, np.random.default_rng(3))))
    assert sorted(order) == list(range(23))
    assert order.tolist() != list(range(23))
    np.testing.assert_array_equal(order, np.concatenate(list(batches(23, 5, np.random.default_rng(3)))))


def test_batches_are_few_and_equally_large_up_to_one_unit() -> None:
    # 434 units in batches of 16 once left a last batch of 2, whose batch statistics kept one fold from learning
    assert [len(b) for b in batches(434, 16)] == [16] * 14 + [15] * 14
    assert [len(b) for b in batches(21, 20)] == [11, 10]
    assert [len(b) for b in batches(40, 20)] == [20, 20]
    assert [len(b) for b in batches(1, 5)] == [1]


def test_pad_frames_leaves_long_input_alone() -> None:
    x = frames(4)[0]
    assert pad_frames(x, 3) is x
    assert pad_frames(x, 6).shape == (6, 4, 2)

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from serkit.nn.augment import augment, mixup, shift_bands
from serkit.types import Augment


def batch() -> dict[str, torch.Tensor]:
    return {"x": torch.ones(6, 50, 8, 3), "x_lengths": torch.tensor([50, 40, 30, 20, 10, 1])}


def test_off_by_default() -> None:
    inputs = batch()
    out = augment(inputs, Augment(), np.random.default_rng(0))
    assert all(out[k] is inputs[k] for k in inputs)


def test_masks_zero_whole_bands_and_frames_within_their_widths() -> None:
    settings = Augment(freq_masks=1, freq_mask_width=3, time_masks=1, time_mask_width=12)
    out = augment(batch(), settings, np.random.default_rng(0))
    x = out["x"].numpy()
    assert set(np.unique(x)) == {0.0, 1.0}
    for row in x:
        assert (row == row[:, :, :1]).all()  # every channel alike
        bands = (row[:, :, 0] == 0).all(axis=0).sum()
        times = (row[:, :, 0] == 0).all(axis=1).sum()
        assert bands <= 3
        assert times <= 12
    assert (x == 0).any()


def test_is_reproducible_and_leaves_its_input_alone() -> None:
    settings = replace(Augment(), input_noise=0.1, band_shift=1.0, time_masks=1, time_mask_width=9)
    inputs = batch()
    a = augment(inputs, settings, np.random.default_rng(5))["x"]
    b = augment(inputs, settings, np.random.default_rng(5))["x"]
    assert torch.equal(a, b)
    assert (inputs["x"] == 1).all()


def test_band_shift_moves_bands_and_repeats_the_edges() -> None:
    x = torch.arange(8.0)[None, None, :, None].expand(3, 4, 8, 2)
    moved = shift_bands(x, torch.tensor([0.0, 2.0, -0.5]))[:, 0, :, 0]
    expected = [[0, 1, 2, 3, 4, 5, 6, 7], [2, 3, 4, 5, 6, 7, 7, 7], [0, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5]]
    torch.testing.assert_close(moved, torch.tensor(expected))


def test_band_shift_stays_within_its_bound_and_is_drawn_for_each_unit() -> None:
    inputs = batch()
    inputs["x"] = torch.arange(8.0)[None, None, :, None].expand(6, 50, 8, 3).clone()
    out = augment(inputs, Augment(band_shift=1.5), np.random.default_rng(0))
    shifts = out["x"][:, 0, 3, 0] - 3
    assert shifts.abs().max() <= 1.5
    assert len(set(shifts.tolist())) == 6


def test_band_offset_is_one_smooth_curve_a_unit_on_valid_frames_of_the_first_channel() -> None:
    inputs = batch()
    out = augment(inputs, Augment(band_offset=0.5), np.random.default_rng(0))["x"]
    added = out - inputs["x"]
    assert not added[..., 1:].any()
    curves = []
    for row, n in zip(added[..., 0], inputs["x_lengths"].tolist(), strict=True):
        assert not row[n:].any()
        torch.testing.assert_close(row[:n], row[:1].expand(n, 8))
        curves.append(row[0])
    # 48 values of deviation 0.5 at the knots, less between them; the bounds hold for any but a broken generator
    assert 0.2 < torch.stack(curves).std() < 0.8
    assert len({c[0].item() for c in curves}) == 6
    static = {"x": inputs["x"][..., 0], "x_lengths": inputs["x_lengths"]}
    alone = augment(static, Augment(band_offset=0.5), np.random.default_rng(0))["x"]
    torch.testing.assert_close(alone, out[..., 0])


def test_words_are_left_alone_and_whole_inputs_get_noise_only() -> None:
    settings = Augment(input_noise=0.1, freq_masks=2, freq_mask_width=8, time_masks=2, time_mask_width=30)
    inputs = {
        "x": torch.ones(6, 50, 8),
        "functionals": torch.ones(6, 1, 30),
        "text": torch.ones(6, 9, 16),
        **{f"{n}_lengths": torch.full((6,), k) for n, k in (("x", 50), ("functionals", 1), ("text", 9))},
    }
    out = augment(inputs, settings, np.random.default_rng(0), whole={"functionals", "text"}, words={"text"})
    assert out["text"] is inputs["text"]
    assert (out["x"] == 0).any()
    assert (out["functionals"] != 0).all()
    assert (out["functionals"] != 1).all()


def test_mixup_blends_units_targets_and_lengths_by_one_share() -> None:
    n = 200
    value = torch.arange(n, dtype=torch.float32)
    inputs = {"x": value[:, None, None].expand(n, 5, 2), "x_lengths": torch.arange(n) % 5 + 1}
    out, y = mixup(inputs, torch.eye(n), 0.5, np.random.default_rng(0))
    assert torch.equal(inputs["x"][:, 0, 0], value)
    torch.testing.assert_close(y.sum(1), torch.ones(n))
    torch.testing.assert_close(out["x"][:, 3, 1], y @ value)  # what a unit is made of is what its target says
    pairs = [row.nonzero().flatten() for row in y]
    assert all(k in pair for k, pair in enumerate(pairs))
    longest = torch.stack([inputs["x_lengths"][pair].max() for pair in pairs])
    assert torch.equal(out["x_lengths"], longest)
    # Beta(0.5, 0.5) has the variance 1/8; of 200 draws it deviates by about 0.006
    assert y.diagonal()[[len(p) == 2 for p in pairs]].var().item() == pytest.approx(1 / 8, abs=0.03)

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from serkit.nn.augment import augment
from serkit.types import Training


def batch() -> dict[str, torch.Tensor]:
    return {"x": torch.ones(6, 50, 8, 3), "x_lengths": torch.tensor([50, 40, 30, 20, 10, 1])}


def test_off_by_default() -> None:
    inputs = batch()
    out, _, share = augment(inputs, Training(), np.random.default_rng(0))
    assert share == 1.0
    assert all(out[k] is inputs[k] for k in inputs)


def test_masks_zero_whole_bands_and_frames_within_their_widths() -> None:
    settings = Training(freq_masks=1, freq_mask_width=3, time_masks=1, time_mask_width=12)
    out, _, _ = augment(batch(), settings, np.random.default_rng(0))
    x = out["x"].numpy()
    assert set(np.unique(x)) == {0.0, 1.0}
    for row in x:
        assert (row == row[:, :, :1]).all()  # every channel alike
        bands = (row[:, :, 0] == 0).all(axis=0).sum()
        times = (row[:, :, 0] == 0).all(axis=1).sum()
        assert bands <= 3
        assert times <= 12
    assert (x == 0).any()


def test_mixup_mixes_each_unit_with_its_partner() -> None:
    inputs = batch()
    inputs["x"] = torch.arange(6.0)[:, None, None, None].expand(6, 50, 8, 3).clone()
    out, other, share = augment(inputs, Training(mixup=0.4), np.random.default_rng(1))
    expected = share * torch.arange(6.0) + (1 - share) * torch.from_numpy(other).float()
    torch.testing.assert_close(out["x"][:, 0, 0, 0], expected)
    assert out["x_lengths"].tolist() == torch.maximum(inputs["x_lengths"], inputs["x_lengths"][other]).tolist()


def test_is_reproducible_and_leaves_its_input_alone() -> None:
    settings = replace(Training(), input_noise=0.1, mixup=0.3, time_masks=1, time_mask_width=9)
    inputs = batch()
    a = augment(inputs, settings, np.random.default_rng(5))[0]["x"]
    b = augment(inputs, settings, np.random.default_rng(5))[0]["x"]
    assert torch.equal(a, b)
    assert (inputs["x"] == 1).all()

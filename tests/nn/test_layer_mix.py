from __future__ import annotations

import torch
from torch.nn.functional import layer_norm

from serkit.nn.layer_mix import LayerMix


def test_the_mix_begins_as_the_mean_and_follows_its_weights() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 5, 3, 8) * torch.tensor([1.0, 100.0, 0.01])[:, None]  # layers of very different size
    mix = LayerMix(3)
    normed = layer_norm(x, (8,))
    # 1e-6: float32 sums of three terms of order one
    torch.testing.assert_close(mix(x), normed.mean(2), rtol=1e-6, atol=1e-6)
    with torch.no_grad():
        mix.weight.copy_(torch.tensor([0.0, 40.0, 0.0]))
    torch.testing.assert_close(mix(x), normed[:, :, 1], rtol=1e-6, atol=1e-6)

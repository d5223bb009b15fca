from __future__ import annotations

import pytest
import torch

from serkit.nn import count_parameters
from serkit.testing.modules import check_learns, dead_parameters
from serkit.types import FoldContext, Unit
from serkit_plugins.architectures.fusion.config import FusionFeaturesConfig
from serkit_plugins.architectures.fusion.features import FusionFeatures, FusionFeaturesNet

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = ("angry", "sad", "happy", "neutral")
TINY = FusionFeaturesConfig(
    convs=2, maps=(4, 6), linear=10, hidden=8, functionals=6, dense=7, dropout=0.0, functionals_dropout=0.0,
    unit=Unit(frames=30),
)  # fmt: skip


def build(settings: FusionFeaturesConfig = TINY, dim: int = 20) -> FusionFeaturesNet:
    shapes = {"x": (40, 3), "functionals": (dim,)}
    net = FusionFeatures(settings).build(FoldContext(labels=LABELS, input_shapes=shapes, seed=0, fold="03"))
    assert isinstance(net, FusionFeaturesNet)
    return net


def batch(lengths: list[int]) -> dict[str, torch.Tensor]:
    n = len(lengths)
    return {
        "x": torch.randn(n, max(lengths), 40, 3),
        "x_lengths": torch.tensor(lengths),
        "functionals": torch.randn(n, 1, 20),
        "functionals_lengths": torch.ones(n, dtype=torch.int64),
    }


def test_padding_and_batch_mates_never_change_a_logit() -> None:
    torch.manual_seed(0)
    net, inputs = build().eval(), batch([30, 17, 4])
    with torch.no_grad():
        whole = net(**inputs)
        for row, n in enumerate(inputs["x_lengths"].tolist()):
            alone = {name: values[row : row + 1] for name, values in inputs.items()}
            alone["x"] = torch.cat([alone["x"][:, :n], torch.full((1, 9, 40, 3), 1e3)], dim=1)
            # 1e-5: convolutions of another shape sum in another order in single precision
            torch.testing.assert_close(net(**alone), whole[row : row + 1], rtol=1e-5, atol=1e-5)


def test_gradients_reach_every_parameter_and_eight_samples_are_learnt() -> None:
    torch.manual_seed(0)
    assert dead_parameters(build(), batch([30, 30, 21, 9, 4, 2]), 4) == []
    check_learns(build(), batch([30] * 8), 4, steps=120, lr=3e-3)


def test_both_halves_are_heard_and_no_functional_counts_without_bound() -> None:
    torch.manual_seed(0)
    net, inputs = build().eval(), batch([30, 30])
    with torch.no_grad():
        here = net(**inputs)
        assert not torch.allclose(net(**{**inputs, "x": inputs["x"] * 2}), here)
        assert not torch.allclose(net(**{**inputs, "functionals": inputs["functionals"] * 2}), here)
        far, farther = ({**inputs, "functionals": torch.full((2, 1, 20), v)} for v in (5.0, 1e6))
        torch.testing.assert_close(net(**far), net(**farther), rtol=0, atol=0)


def test_the_size_of_the_default_and_its_weights_over_frames() -> None:
    architecture = FusionFeatures(FusionFeaturesConfig())
    shapes = {"x": (40, 3), "functionals": (5540,)}
    net = architecture.build(FoldContext(labels=LABELS, input_shapes=shapes, seed=0, fold="03")).eval()
    encoder = (3 * 16 + 16 * 32 + 32 * 48) * 15 + 2 * (16 + 32 + 48) + 240 * 96 + 96 + 96 * 96 + 2 * 96
    assert count_parameters(net)[0] == encoder + 5540 * 64 + 64 + 160 * 64 + 64 + 64 * 4 + 4
    inputs = {**batch([40, 16]), "functionals": torch.randn(2, 1, 5540)}
    weights = architecture.attention(net, inputs)
    assert weights is not None
    assert weights.shape == (2, 10)
    assert not weights[1, 4:].any()

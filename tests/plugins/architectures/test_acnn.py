from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from serkit import config
from serkit.nn import count_parameters
from serkit.testing.modules import check_learns, check_padding, dead_parameters
from serkit.types import FoldContext, Unit
from serkit_plugins.architectures.acnn.config import PRESETS, AcnnConfig
from serkit_plugins.architectures.acnn.model import Acnn

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = ("angry", "sad", "happy", "neutral")
TINY = AcnnConfig(convs=2, maps=(6, 8), linear=16, hidden=12, unit=Unit(frames=30))


def build(settings: AcnnConfig, channels: int = 3) -> torch.nn.Module:
    return Acnn(settings).build(FoldContext(labels=LABELS, input_shapes={"x": (40, channels)}, seed=0, fold="03"))


def preset(name: str) -> AcnnConfig:
    return config.load(AcnnConfig, PRESETS[name].get("architecture", {}))


def test_parameters_of_the_poster() -> None:
    assert count_parameters(build(preset("paper"))) == (8_958_212, 8_958_212)
    assert PRESETS["paper_2d"]["features"] == {"x": {"channels": ["static"]}}
    assert count_parameters(build(preset("paper_2d"), channels=1))[1] == 8_954_372


@pytest.mark.parametrize("name", PRESETS)
def test_presets_load_and_give_logits(name: str) -> None:
    net = build(preset(name)).eval()
    with torch.no_grad():
        logits = net(x=torch.randn(2, 60, 40, 3), x_lengths=torch.tensor([60, 30]))
    assert logits.shape == (2, 4)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("settings", [TINY, replace(TINY, batch_norm=True, dense=9)], ids=["plain", "norm-dense"])
def test_padding_and_batch_mates_never_change_a_logit(settings: AcnnConfig) -> None:
    check_padding(build(settings), {"x": (40, 3)}, [30, 17, 16, 1], min_frames=2)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_gradients_reach_every_parameter(batch_norm: bool) -> None:
    net = build(replace(TINY, batch_norm=batch_norm, dense=9))
    assert (
        dead_parameters(net, {"x": torch.randn(6, 30, 40, 3), "x_lengths": torch.tensor([30, 30, 21, 9, 4, 2])}, 4)
        == []
    )


def test_eight_samples_are_learnt() -> None:
    torch.manual_seed(0)
    check_learns(build(TINY), {"x": torch.randn(8, 30, 40, 3), "x_lengths": torch.full((8,), 30)}, 4, steps=60, lr=3e-3)


def test_lambda_scales_the_scores_before_the_softmax() -> None:
    """The poster's equation with lambda 0.3, written out; lambda 0 is the plain mean."""
    torch.manual_seed(0)
    net = build(TINY).eval()
    x, lengths = torch.randn(2, 30, 40, 3), torch.tensor([30, 12])
    with torch.no_grad():
        frames, valid = net.encode(x, lengths)
        pool = net.pooling.attention
        scores = torch.tanh(frames @ pool.W.T + pool.b) @ pool.u
        for row, n in enumerate(valid.tolist()):
            alpha = torch.softmax(0.3 * scores[row, :n], 0)
            weights = Acnn(TINY).attention(net, {"x": x, "x_lengths": lengths})
            assert weights is not None
            # 1e-6: weights of 1/15 in single precision, by another kernel
            np.testing.assert_allclose(weights[row, :n], alpha, atol=1e-6)
            assert not weights[row, n:].any()
    flat = build(replace(TINY, scale=0.0)).eval()
    weights = Acnn(TINY).attention(flat, {"x": x, "x_lengths": lengths})
    assert weights is not None
    np.testing.assert_allclose(weights[0].detach(), np.full(15, 1 / 15), atol=1e-6)

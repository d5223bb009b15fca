from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from serkit import config
from serkit.nn import count_parameters
from serkit.testing.modules import check_learns, check_padding, dead_parameters
from serkit.types import FoldContext, Unit
from serkit_plugins.architectures.cnn_lstm.config import PRESETS, CnnLstmConfig
from serkit_plugins.architectures.cnn_lstm.model import CnnLstm

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = ("angry", "sad", "happy", "neutral")
TINY = CnnLstmConfig(convs=2, maps=(6, 8), linear=16, lstm=5, dense=7, unit=Unit(frames=30))


def build(settings: CnnLstmConfig) -> torch.nn.Module:
    return CnnLstm(settings).build(FoldContext(labels=LABELS, input_shapes={"x": (40, 1)}, seed=0, fold="03"))


def preset(name: str) -> CnnLstmConfig:
    return config.load(CnnLstmConfig, PRESETS[name].get("architecture", {}))


def test_parameters_of_the_baseline() -> None:
    assert CnnLstm(preset("paper")).inputs["x"].options == {"channels": ["static"]}
    assert count_parameters(build(preset("paper")))[1] == 9_295_300
    # side by side the BLSTM reads 40 bands instead of 768 numbers, and the dense layer 768 more
    changed = 4 * 128 * 2 * (40 - 768) + 64 * 768
    assert count_parameters(build(preset("parallel")))[1] == 9_295_300 + changed


@pytest.mark.parametrize("name", PRESETS)
def test_presets_load_and_give_logits(name: str) -> None:
    net = build(preset(name)).eval()
    with torch.no_grad():
        logits = net(x=torch.randn(2, 60, 40, 1), x_lengths=torch.tensor([60, 30]))
    assert logits.shape == (2, 4)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("arrangement", ["series", "parallel"])
@pytest.mark.parametrize(("pooling", "batch_norm"), [("mean", "dense"), ("attention", "linear"), ("max", "convs")])
def test_padding_and_batch_mates_never_change_a_logit(arrangement: str, pooling: str, batch_norm: str) -> None:
    net = build(replace(TINY, arrangement=arrangement, pooling=pooling, batch_norm=batch_norm))
    check_padding(net, {"x": (40, 1)}, [30, 17, 16, 1], min_frames=2)


@pytest.mark.parametrize("arrangement", ["series", "parallel"])
def test_gradients_reach_every_parameter(arrangement: str) -> None:
    net = build(replace(TINY, arrangement=arrangement))
    inputs = {"x": torch.randn(6, 30, 40, 1), "x_lengths": torch.tensor([30, 30, 21, 9, 4, 2])}
    # a constant added before a batch normalisation cannot reach the output
    assert [name for name in dead_parameters(net, inputs, 4) if name != "dense.bias"] == []


@pytest.mark.parametrize("arrangement", ["series", "parallel"])
def test_eight_samples_are_learnt(arrangement: str) -> None:
    settings = replace(TINY, arrangement=arrangement)
    torch.manual_seed(0)
    inputs = {"x": torch.randn(8, 30, 40, 1), "x_lengths": torch.full((8,), 30)}
    check_learns(build(settings), inputs, 4, steps=60, lr=1e-2)


@pytest.mark.parametrize("arrangement", ["series", "parallel"])
def test_weights_over_frames_are_those_of_attention_pooling_only(arrangement: str) -> None:
    batch = {"x": torch.randn(2, 30, 40, 1), "x_lengths": torch.tensor([30, 11])}
    settings = replace(TINY, arrangement=arrangement)
    assert CnnLstm(settings).attention(build(settings), batch) is None
    attended = replace(settings, pooling="attention", attention="sigmoid")
    weights = CnnLstm(attended).attention(build(attended), batch)
    assert weights is not None
    assert weights.shape == (2, 15)
    assert not weights[1, 5:].any()

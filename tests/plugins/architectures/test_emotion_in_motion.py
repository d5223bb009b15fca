"""Emotion in Motion, as its report describes it and as its code does it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from serkit import config
from serkit.nn import count_parameters
from serkit.run.api import describe_architecture
from serkit.types import FoldContext, Training
from serkit_plugins.architectures.emotion_in_motion.config import PRESETS, EmotionInMotionConfig
from serkit_plugins.architectures.emotion_in_motion.model import Convolutions, EmotionInMotion, SlotsNet

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = ("angry", "happy", "neutral", "sad")


def architecture(preset: str) -> EmotionInMotion:
    return EmotionInMotion(config.load(EmotionInMotionConfig, PRESETS[preset].get("architecture", {})))


def build(preset: str = "default", seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    return architecture(preset).build(FoldContext(labels=LABELS, input_shapes={"x": (1,)}, seed=0, fold="1"))


def test_parameters_of_the_table() -> None:
    net = build()
    sizes = [sum(p.numel() for p in conv.parameters()) for conv in net.convolutions.convs]
    assert sizes == [60, 260, 620, 1_830]
    assert count_parameters(net) == (3_854, 3_854)
    shown = describe_architecture("emotion-in-motion")
    assert (shown["preset"], shown["parameters"], shown["parameters_spec"]) == ("default", 3_854, 3_854)
    literal = build("literal")
    assert literal.u.numel() == 204
    assert count_parameters(literal)[0] == 3_254 + 204
    assert {p.dtype for p in literal.parameters()} == {torch.float64}


@pytest.mark.parametrize(("frames", "positions"), [(259, 4), (300, 5), (163, 1)])
def test_positions_that_the_convolutions_leave(frames: int, positions: int) -> None:
    out, lengths = Convolutions(1)(torch.randn(1, frames, 1), torch.tensor([frames]))
    assert out.shape == (1, positions, 30)
    assert int(lengths) == positions


@pytest.mark.parametrize("preset", PRESETS)
def test_frames_of_several_rows_are_read_as_one(preset: str) -> None:
    net = architecture(preset).build(FoldContext(labels=LABELS, input_shapes={"x": (4, 3)}, seed=0, fold="1")).eval()
    x, lengths = torch.randn(2, 259, 4, 3), torch.tensor([259, 259])
    assert torch.equal(net(x, lengths), net(x.flatten(2), lengths))


def test_training_of_the_paper() -> None:
    for name, batching in (("default", "even"), ("literal", "exact")):
        made = architecture(name)
        training = config.load(Training, {**config.dump(made.training), **PRESETS[name].get("training", {})})
        assert (training.lr, training.batch, training.epochs, training.reduction) == (1e-3, 51, 200, "sum")
        assert training.batching == batching
        assert not made.transforms
    assert (architecture("literal").min_frames, architecture("literal").short) == (259, "refuse")
    assert (architecture("default").min_frames, architecture("default").short) == (163, "pad")


def test_padding_and_batch_mates_never_change_a_logit() -> None:
    net = build().eval()
    torch.manual_seed(1)
    x, lengths = torch.randn(5, 259, 1), torch.tensor([259, 215, 163, 90, 1])
    with torch.no_grad():
        whole = net(x, lengths)
        for row, n in enumerate(lengths.tolist()):
            x[row, n:] = float("nan")  # what stands in padding does not matter
        filled = net(x, lengths)
        for row, n in enumerate(lengths.tolist()):
            for more in (n, n + 1, n + 40):
                padded = torch.zeros(1, more, 1)
                padded[0, :n] = x[row, :n]
                alone = net(padded, lengths[row : row + 1])
                # 1e-5: convolutions of another shape sum in another order in single precision
                torch.testing.assert_close(alone, whole[row : row + 1], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(filled, whole, rtol=1e-5, atol=1e-5)


def test_the_code_weighs_over_the_whole_batch() -> None:
    net = build("literal").eval()
    assert isinstance(net, SlotsNet)
    x, lengths = torch.randn(51, 259, 1), torch.full((51,), 259)
    with torch.no_grad():
        logits = net(x, lengths).numpy()
        positions, _ = net.convolutions(x.double(), lengths)
        z = torch.tanh(net.dense(positions.flatten(1))).numpy()
    u = net.u.detach().numpy()
    scores = np.exp(0.8 * np.einsum("bi,bj->bij", z, u))
    want = z * (scores / scores.sum()).sum(2)
    # 1e-12: the same formula in float64
    np.testing.assert_allclose(logits, want, rtol=1e-12)
    assert np.abs(logits).max() < 0.03  # 4 of 816 weights: posteriors stay near uniform
    with torch.no_grad():
        others = net(torch.cat([x[:1], torch.randn(50, 259, 1)]), lengths).numpy()
    assert not np.allclose(others[0], logits[0], rtol=1e-6)  # declared: a logit depends on the batch


@pytest.mark.parametrize("rows", [1, 20, 51, 64])
def test_the_code_takes_batches_of_any_size(rows: int) -> None:
    net = build("literal").eval()
    x = torch.randn(rows, 259, 1)
    with torch.no_grad():
        logits = net(x, torch.full((rows,), 259))
        filled = x[torch.arange(-(-rows // 51) * 51) % rows]
        parts = [net(part, torch.full((51,), 259)) for part in filled.split(51)]
    assert logits.shape == (rows, 4)
    # 1e-12: the convolutions see another number of rows
    torch.testing.assert_close(logits, torch.cat(parts)[:rows], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("preset", PRESETS)
def test_gradients_reach_every_parameter(preset: str) -> None:
    net = build(preset).train()
    x = torch.randn(51, 259, 1)
    cross_entropy(net(x, torch.full((51,), 259)), torch.arange(51) % 4, reduction="sum").backward()
    assert [n for n, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_learns_eight_samples_is_deterministic_and_comes_back_from_its_state() -> None:
    torch.manual_seed(3)
    x, y, lengths = torch.randn(8, 259, 1), torch.arange(8) % 4, torch.full((8,), 259)

    def learned() -> torch.nn.Module:
        net = build().train()
        optimizer = torch.optim.Adam(net.parameters(), 3e-3)
        for _ in range(250):
            loss = cross_entropy(net(x, lengths), y, reduction="sum")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return net.eval()

    net, again, empty = learned(), learned(), build(seed=5).eval()
    logits = net(x, lengths)
    assert (logits.argmax(1) == y).all()
    assert torch.equal(again(x, lengths), logits)
    empty.load_state_dict(net.state_dict())
    assert torch.equal(empty(x, lengths), logits)


def test_attention_is_of_the_report_only() -> None:
    batch = {"x": torch.randn(2, 259, 1), "x_lengths": torch.tensor([259, 163])}
    weights = architecture("default").attention(build().eval(), batch)
    assert weights is not None
    assert weights.shape == (2, 4)
    assert weights[1, 1:].abs().max() == 0
    assert architecture("literal").attention(build("literal"), batch) is None

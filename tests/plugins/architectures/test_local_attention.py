from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from serkit import config
from serkit.nn import count_parameters
from serkit.testing.modules import check_learns, check_padding, dead_parameters, loss_of
from serkit.types import FoldContext
from serkit_plugins.architectures.local_attention.config import PRESETS, LocalAttentionConfig
from serkit_plugins.architectures.local_attention.model import LocalAttention

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = ("angry", "sad", "happy", "neutral")
TINY = LocalAttentionConfig(dense=(12, 10), lstm=6, dropout=0.0)
MODES = ("attention", "mean", "last", "frames")


def build(settings: LocalAttentionConfig, shape: tuple[int, ...] = (32,)) -> torch.nn.Module:
    return LocalAttention(settings).build(FoldContext(labels=LABELS, input_shapes={"x": shape}, seed=0, fold="03"))


def preset(name: str) -> LocalAttentionConfig:
    return config.load(LocalAttentionConfig, PRESETS[name].get("architecture", {}))


def test_parameters_of_the_paper() -> None:
    assert count_parameters(build(preset("paper"))) == (937_220 + 2 * 4 * 128, 937_220)
    # 257 bins instead of 32 descriptors; the scores of the attention are its 256 other parameters
    assert count_parameters(build(preset("spectrum"), (257, 1)))[1] == 937_220 + 512 * (257 - 32)
    assert count_parameters(build(replace(preset("paper"), pooling="mean")))[1] == 937_220 - 256


@pytest.mark.parametrize("mode", MODES)
def test_padding_and_batch_mates_never_change_a_logit(mode: str) -> None:
    check_padding(build(replace(TINY, pooling=mode)), {"x": (32,)}, [30, 17, 16, 1])


@pytest.mark.parametrize("mode", MODES)
def test_gradients_reach_every_parameter_and_eight_samples_are_learnt(mode: str) -> None:
    settings = replace(TINY, pooling=mode)
    torch.manual_seed(0)
    inputs = {"x": torch.randn(6, 30, 32), "x_lengths": torch.tensor([30, 30, 21, 9, 4, 2])}
    assert dead_parameters(build(settings), inputs, 4) == []
    check_learns(
        build(settings), {"x": torch.randn(8, 20, 32), "x_lengths": torch.full((8,), 20)}, 4, steps=80, lr=1e-2
    )


def test_frames_are_each_labelled() -> None:
    """The host's loss with the penalty is the mean over frames of the cross-entropy of each, lengths apart."""
    torch.manual_seed(0)
    net = build(replace(TINY, pooling="frames")).train()
    x, lengths, truth = torch.randn(3, 20, 32), torch.tensor([20, 11, 4]), torch.tensor([0, 3, 1])
    found = loss_of(net, net(x, lengths), truth)
    frames = net.out(net.encode(x, lengths))
    wanted = torch.stack(
        [cross_entropy(frames[b, :n], truth[b].expand(n)) for b, n in enumerate(lengths.tolist())]
    ).mean()
    # 1e-6: float32 sums of twenty terms of order one
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-6)
    assert net.penalty() == 0  # once a batch


def test_frames_are_each_labelled_under_a_summed_loss() -> None:
    training = replace(LocalAttention.training, reduction="sum")
    context = FoldContext(labels=LABELS, input_shapes={"x": (32,)}, seed=0, fold="03", training=training)
    torch.manual_seed(0)
    net = LocalAttention(replace(TINY, pooling="frames")).build(context).train()
    x, lengths, truth = torch.randn(3, 20, 32), torch.tensor([20, 11, 4]), torch.tensor([0, 3, 1])
    found = cross_entropy(net(x, lengths), truth, reduction="sum") + net.penalty()
    frames = net.out(net.encode(x, lengths))
    wanted = sum(cross_entropy(frames[b, :n], truth[b].expand(n)) for b, n in enumerate(lengths.tolist()))
    # 1e-6: float32 sums of twenty terms of order one
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-6)


def test_last_is_where_each_direction_ends() -> None:
    torch.manual_seed(0)
    net = build(replace(TINY, pooling="last")).eval()
    x, lengths = torch.randn(2, 20, 32), torch.tensor([20, 7])
    with torch.no_grad():
        frames = net.encode(x, lengths)
        pooled, weights = net.pooling(frames, lengths)
    assert weights is None
    torch.testing.assert_close(pooled[1], torch.cat([frames[1, 6, :6], frames[1, 0, 6:]]))


class Train:
    """Three utterances of one descriptor."""

    ids = speakers = ("a", "b", "c")

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes, self.labels = classes, np.array([0, 1, 1])

    def utterances(self, name: str) -> list[np.ndarray]:
        return [np.full((4, 1), v, np.float32) for v in (7.0, 1.0, 3.0)]

    units = utterances


def test_features_are_normalised_by_neutral_speech() -> None:
    system, rng = LocalAttention(TINY), np.random.default_rng(0)
    neutral = system.fit_transforms(Train(("angry", "neutral")), rng)["x"].state()
    assert (neutral["mean"], neutral["std"]) == (2.0, 1.0)
    with pytest.warns(UserWarning, match="no neutral training utterance"):
        everybody = system.fit_transforms(Train(("angry", "sad")), rng)["x"].state()
    assert everybody["mean"] == pytest.approx(11 / 3)

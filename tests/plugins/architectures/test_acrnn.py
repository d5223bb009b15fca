from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from serkit import config
from serkit.errors import ConfigError
from serkit.nn import count_parameters
from serkit.types import FoldContext, Unit
from serkit_plugins.architectures.acrnn.config import PRESETS, AcrnnConfig
from serkit_plugins.architectures.acrnn.model import Acrnn

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = ("angry", "sad", "happy", "neutral", "fear", "disgust", "boredom")
TINY = AcrnnConfig(convs=2, maps=(6, 8), linear=16, lstm=5, dense=7, unit=Unit(frames=30))


def build(settings: AcrnnConfig, classes: int = 4, channels: int = 3, seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    context = FoldContext(labels=LABELS[:classes], input_shapes={"x": (40, channels)}, seed=0, fold="03")
    return Acrnn(settings).build(context)


def preset(name: str) -> AcrnnConfig:
    return config.load(AcrnnConfig, PRESETS[name].get("architecture", {}))


# Chen 2018, table of depths, with one bias a recurrent gate
@pytest.mark.parametrize(
    ("convs", "three_d", "two_d"),
    [
        (1, 2_908_356, 2_904_516),
        (2, 5_366_212, 5_362_372),
        (3, 6_349_508, 6_345_668),
        (4, 7_332_804, 7_328_964),
        (5, 8_316_100, 8_312_260),
        (6, 9_299_396, 9_295_556),
        (7, 10_282_692, 10_278_852),
    ],
)
def test_parameters_of_the_paper(convs: int, three_d: int, two_d: int) -> None:
    settings = replace(preset("paper"), convs=convs)
    second_biases = 2 * 4 * 128
    assert count_parameters(build(settings)) == (three_d + second_biases, three_d)
    assert count_parameters(build(settings, channels=1))[1] == two_d
    assert count_parameters(build(settings, classes=7))[1] == three_d + 195


def test_parameters_of_the_authors_code() -> None:
    assert count_parameters(build(preset("chen_reference")))[1] == 7_334_726


@pytest.mark.parametrize("name", PRESETS)
def test_presets_load_and_give_logits(name: str) -> None:
    settings = preset(name)
    net = build(settings).eval()
    frames = max(settings.unit.frames, 20)
    with torch.no_grad():
        logits = net(x=torch.randn(2, frames, 40, 3), x_lengths=torch.tensor([frames, frames // 2]))
    assert logits.shape == (2, 4)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("pooling", ["attention", "mean", "max"])
@pytest.mark.parametrize("batch_norm", ["dense", "linear", "convs"])
def test_padding_and_batch_mates_never_change_a_logit(pooling: str, batch_norm: str) -> None:
    net = build(replace(TINY, pooling=pooling, batch_norm=batch_norm)).eval()
    x, lengths = torch.randn(4, 30, 40, 3), torch.tensor([30, 17, 16, 1])
    with torch.no_grad():
        whole = net(x, lengths)
        x[1, 17:] = 1e3  # what stands in padding does not matter
        filled = net(x, lengths)
        for row, n in enumerate(lengths.tolist()):
            for more in (max(n, 2), n + 5, n + 12):
                padded = torch.zeros(1, more, 40, 3)
                padded[0, :n] = x[row, :n]
                alone = net(padded, lengths[row : row + 1])
                # 1e-5: convolutions of another shape sum in another order in single precision
                torch.testing.assert_close(alone, whole[row : row + 1], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(filled, whole, rtol=1e-5, atol=1e-5)


def test_gradients_reach_every_parameter() -> None:
    for name in PRESETS:
        settings = replace(preset(name), convs=2, maps=(4,), linear=8, lstm=4, dense=6)
        net = build(settings).train()
        net(torch.randn(6, 40, 40, 3), torch.tensor([40, 40, 33, 12, 8, 4])).square().sum().backward()
        dead = [n for n, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
        # a constant added before a batch normalisation cannot reach the output; the authors' layers have that zero
        normalised = {"dense": "dense.bias", "linear": "linear.bias"}.get(settings.batch_norm)
        assert [n for n in dead if n != normalised and ".bias" not in n] == [], name


def test_same_seed_same_weights_other_seed_others() -> None:
    a, b, c = (build(TINY, seed=s).state_dict() for s in (1, 1, 2))
    assert all(torch.equal(a[k], b[k]) for k in a)
    assert any(not torch.equal(a[k], c[k]) for k in a)


def test_attention_weights_are_drawn_over_valid_frames() -> None:
    architecture, net = Acrnn(TINY), build(TINY).eval()
    weights = architecture.attention(net, {"x": torch.randn(2, 30, 40, 3), "x_lengths": torch.tensor([30, 11])})
    assert weights is not None
    assert weights.shape == (2, 15)
    # 1e-6: fifteen float32 terms
    np.testing.assert_allclose(weights.detach().sum(1), [1, 1], atol=1e-6)
    assert not weights[1, 5:].any()


def test_two_dimensional_log_mel_is_one_channel() -> None:
    torch.manual_seed(0)
    context = FoldContext(labels=LABELS[:4], input_shapes={"x": (40,)}, seed=0, fold="03")
    net = Acrnn(TINY).build(context).eval()
    assert net(torch.randn(2, 30, 40), torch.tensor([30, 20])).shape == (2, 4)


def test_learns_eight_samples() -> None:
    net = build(TINY).train()
    torch.manual_seed(3)
    x, y = torch.randn(8, 30, 40, 3), torch.arange(8) % 4
    lengths = torch.full((8,), 30)
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(net(x, lengths), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (net(x, lengths).argmax(1) == y).all()


def test_a_feature_too_narrow_for_the_pools_is_refused() -> None:
    fold = FoldContext(labels=LABELS, input_shapes={"x": (1,)}, seed=0, fold="03")
    with pytest.raises(ConfigError, match=r"nothing of 1 band\(s\); take a feature with more"):
        Acrnn(preset("small")).build(fold)

"""AFCN and its form with several heads: sizes, padding, attention, weights from files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy

from serkit import config
from serkit.errors import ConfigError, UserError
from serkit.nn import ZScore, count_parameters
from serkit.nn.optimizers import make_optimizer
from serkit.run.api import describe_architecture
from serkit.types import FoldContext, Training
from serkit_plugins.architectures.afcn.config import MULTIHEAD_PRESETS, PRESETS, AfcnConfig, AfcnMultiheadConfig
from serkit_plugins.architectures.afcn.encoder import ALEXNET, Encoder, local_response_norm
from serkit_plugins.architectures.afcn.model import Afcn, AfcnMultihead, AfcnMultiheadNet, AfcnNet

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = ("angry", "sad", "happy", "neutral")
TINY = AfcnConfig(maps=(4, 6, 6, 6, 5), dropout=0.0)
HEADS = AfcnMultiheadConfig(maps=TINY.maps, dropout=0.0)


def build(settings: AfcnConfig, bands: int = 80, channels: int = 1, seed: int = 0, start: bool = False) -> AfcnNet:
    """``start``: as where training begins, with transforms fitted."""
    torch.manual_seed(seed)
    kind = AfcnMultihead if isinstance(settings, AfcnMultiheadConfig) else Afcn
    context = FoldContext(
        labels=LABELS,
        input_shapes={"x": (bands, channels)},
        seed=0,
        fold="03",
        transforms={"x": ZScore(np.zeros(bands), np.ones(bands))} if start else {},
    )
    return kind(settings).build(context)


def preset(name: str) -> AfcnConfig:
    return config.load(AfcnConfig, PRESETS[name].get("architecture", {}))


def test_parameters_of_the_table() -> None:
    assert count_parameters(build(preset("paper"), bands=400)) == (3_791_044, 3_791_044)
    assert count_parameters(build(preset("alexnet"), bands=400))[0] == 2_536_772
    shown = describe_architecture("afcn")
    assert (shown["preset"], shown["parameters"], shown["parameters_spec"]) == ("paper", 3_791_044, 3_791_044)
    assert shown["inputs"]["x"]["shape"] == [400, 1]


@pytest.mark.parametrize("heads", [1, 2, 4, 8])
def test_each_head_adds_its_own_attention(heads: int) -> None:
    settings = config.load(AfcnMultiheadConfig, MULTIHEAD_PRESETS[f"heads{heads}"]["architecture"])
    assert count_parameters(build(settings, bands=400))[0] == 3_723_968 + heads * (66_048 + 1_024) + 4


@pytest.mark.parametrize(
    ("bands", "same", "steps", "columns"),
    [
        (400, False, 8, 11),
        (200, False, 8, 5),
        (40, True, 10, 2),
        (63, False, 8, 1),
    ],  # the table of the spec, 300 frames
)
def test_annotations_of_three_seconds(bands: int, same: bool, steps: int, columns: int) -> None:
    encoder = Encoder(bands, 1, (2, 2, 2, 2, 3), same=same, lrn=True)
    annotations, lengths = encoder(torch.randn(1, 300, bands, 1), torch.tensor([300]))
    assert annotations.shape == (1, steps, columns, 3)
    assert (int(lengths), encoder.columns) == (steps, columns)


def test_same_padding_is_taken_below_63_bands_and_standard_padding_refused() -> None:
    assert build(TINY, bands=62).encoder.same
    assert not build(TINY, bands=63).encoder.same
    assert build(replace(TINY, padding="same"), bands=80).encoder.same
    with pytest.raises(
        ConfigError, match=r"needs 63 bands and there are 62; set architecture\.padding to auto or same"
    ):
        build(replace(TINY, padding="standard"), bands=62)


def test_local_response_norm_is_krizhevskys() -> None:
    x = torch.rand(2, 9, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 50
    want = nn.functional.local_response_norm(x, 5, alpha=5e-4, beta=0.75, k=2.0)  # torch divides alpha by the size
    # 1e-12: the same sums in float64 in another order
    torch.testing.assert_close(local_response_norm(x), want, rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_load_and_give_logits(name: str) -> None:
    settings = preset(name)
    config.load(Training, {**config.dump(Afcn.training), **PRESETS[name].get("training", {})})
    net = build(replace(settings, maps=tuple(n // 8 for n in settings.maps)), bands=200).eval()
    with torch.no_grad():
        logits = net(x=torch.randn(2, 150, 200, 1), x_lengths=torch.tensor([150, 70]))
    assert logits.shape == (2, 4)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("settings", [TINY, replace(TINY, lrn=False), replace(HEADS, heads=2)])
@pytest.mark.parametrize("bands", [80, 40])
def test_padding_and_batch_mates_never_change_a_logit(settings: AfcnConfig, bands: int) -> None:
    net = build(settings, bands).eval()
    torch.manual_seed(1)
    x, lengths = torch.randn(6, 170, bands, 1), torch.tensor([170, 131, 96, 64, 21, 1])
    with torch.no_grad():
        whole = net(x, lengths)
        for row, n in enumerate(lengths.tolist()):
            x[row, n:] = float("nan")  # what stands in padding does not matter
        filled = net(x, lengths)
        for row, n in enumerate(lengths.tolist()):
            for more in (max(n, 63), max(n, 63) + 1, max(n, 63) + 30):
                padded = torch.zeros(1, more, bands, 1)
                padded[0, :n] = x[row, :n]
                alone = net(padded, lengths[row : row + 1])
                # 1e-5: convolutions of another shape sum in another order in single precision
                torch.testing.assert_close(alone, whole[row : row + 1], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(filled, whole, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("settings", [TINY, replace(HEADS, heads=4, diversity=0.5)])
def test_gradients_reach_every_parameter(settings: AfcnConfig) -> None:
    net = build(settings).train()
    out = net(torch.randn(3, 150, 80, 1), torch.tensor([150, 120, 70]))
    loss = (out * torch.randn(3, 4, generator=torch.Generator().manual_seed(2))).sum()
    loss.backward()
    assert [n for n, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def steps(net: AfcnNet, count: int) -> list[torch.Tensor]:
    """Losses of ``count`` training steps on eight samples, the penalty included as the host does."""
    rng = torch.Generator().manual_seed(3)
    x, y = torch.randn(8, 90, 80, 1, generator=rng), torch.arange(8) % 4
    lengths = torch.tensor([90, 80, 90, 70, 90, 64, 90, 90])
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    torch.manual_seed(4)  # dropout
    losses = []
    for _ in range(count):
        loss = cross_entropy(net(x, lengths), y)
        if isinstance(net, AfcnMultiheadNet):
            loss = loss + net.penalty()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    net.eval()
    return [*losses, net(x, lengths).detach()]


def test_one_head_is_the_afcn_to_the_bit() -> None:
    one = build(replace(HEADS, heads=1, dropout=0.5))
    plain = build(replace(TINY, dropout=0.5))
    assert all(torch.equal(a, b) for a, b in zip(steps(plain, 4), steps(one, 4), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), one.parameters(), strict=True))


def test_learns_eight_samples_and_comes_back_from_its_state() -> None:
    net = build(TINY)
    *_, logits = steps(net, 80)
    assert logits.argmax(1).tolist() == [0, 1, 2, 3] * 2
    again = build(TINY, seed=9).eval()
    again.load_state_dict(net.state_dict())
    x, lengths = torch.randn(2, 90, 80, 1), torch.tensor([90, 70])
    assert torch.equal(again(x, lengths), net(x, lengths))
    assert torch.equal(steps(build(TINY), 3)[-1], steps(build(TINY), 3)[-1])


def test_the_diversity_penalty_of_known_weights() -> None:
    net = build(replace(HEADS, heads=2, diversity=0.5)).train()
    assert isinstance(net, AfcnMultiheadNet)
    assert net.penalty() == 0  # nothing has gone through yet
    apart, equal = torch.eye(2), torch.tensor([[0.5, 0.5], [0.5, 0.5]])
    net.last = torch.stack([apart, equal])
    # A A^T of the equal heads is 0.5 everywhere: four times 0.25, half of it, the mean of two utterances
    assert float(net.penalty()) == pytest.approx(0.25)
    net.last = None
    net(torch.randn(2, 150, 80, 1), torch.tensor([150, 130]))
    net.penalty().backward()
    assert net.pool.W.grad is not None
    assert net.pool.W.grad.abs().max() > 0
    net.eval()(torch.randn(2, 90, 80, 1), torch.tensor([90, 70]))
    assert net.penalty() == 0


def test_lambdas_a_head() -> None:
    net = build(replace(HEADS, heads=2, scales=(0.3, 1.0)))
    assert net.pool.scale == (0.3, 1.0)
    with pytest.raises(ConfigError, match=r"scales has 2 number\(s\) for 4 head\(s\)"):
        build(replace(HEADS, heads=4, scales=(0.3, 1.0)))


@pytest.mark.parametrize("settings", [TINY, replace(HEADS, heads=2)])
def test_attention_is_drawn_over_valid_time(settings: AfcnConfig) -> None:
    net = build(settings, bands=200).eval()
    batch = {"x": torch.randn(2, 300, 200, 1), "x_lengths": torch.tensor([300, 150])}
    weights = Afcn(settings).attention(net, batch)
    assert weights is not None
    assert weights.shape == (2, 8)
    # 1e-6: forty float32 terms
    np.testing.assert_allclose(weights.detach().sum(1), [1, 1], atol=1e-6)
    assert not weights[1, 4:].any()


def alexnet(maps: tuple[int, ...], channels: int = 3) -> dict[str, torch.Tensor]:
    torch.manual_seed(5)
    sizes = zip([channels, *maps], maps, (11, 5, 3, 3, 3), strict=False)
    out = {"classifier.1.weight": torch.randn(2, 2)}
    for name, (a, b, k) in zip(ALEXNET, sizes, strict=True):
        out |= {f"{name}.weight": torch.randn(b, a, k, k), f"{name}.bias": torch.randn(b)}
    return out


def test_training_begins_with_weights_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "alexnet.safetensors"
    given = alexnet(TINY.maps)
    save_file(given, path)
    settings = replace(TINY, copies=3, lrn=False, weights=str(path))
    net = build(settings, start=True)
    first = net.encoder.convs[0]
    assert torch.equal(first.weight, given["features.0.weight"].transpose(2, 3))
    assert torch.equal(net.encoder.convs[4].bias, given["features.10.bias"])
    rates = {id(p): g["factor"] for g in make_optimizer(net, Afcn.training).param_groups for p in g["params"]}
    assert {n.partition(".")[0]: rates[id(p)] for n, p in net.named_parameters()} == {
        "encoder": 0.1, "pool": 1.0, "out": 1.0,
    }  # fmt: skip
    path.unlink()
    assert not torch.equal(build(settings).encoder.convs[0].weight, first.weight)  # described or loaded: no file asked


def test_weights_of_a_trained_afcn_can_begin_another(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    trained = build(TINY, seed=7)
    save_file(trained.state_dict(), path)
    net = build(replace(TINY, weights=str(path)), start=True)
    assert all(torch.equal(a, b) for a, b in zip(net.encoder.parameters(), trained.encoder.parameters(), strict=True))


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "alexnet.safetensors"
    save_file(alexnet(TINY.maps), path)
    with pytest.raises(UserError, match=r"convs\.0\.weight is \[4, 3, 11, 11\]; \[4, 1, 11, 11\] is expected"):
        build(replace(TINY, weights=str(path)), start=True)
    partial = {k: v for k, v in alexnet(TINY.maps).items() if k != "features.6.bias"}
    save_file(partial, path)
    with pytest.raises(UserError, match=r"convs\.2\.bias is missing"):
        build(replace(TINY, copies=3, weights=str(path)), start=True)


def test_more_channels_than_copies_can_be_made_of_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"copies=3 repeats one channel and there are 2"):
        build(replace(TINY, copies=3), channels=2)

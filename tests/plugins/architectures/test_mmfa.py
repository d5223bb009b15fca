from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from serkit import config
from serkit.errors import ConfigError
from serkit.features import MFCC, MFCCOptions
from serkit.nn import count_parameters
from serkit.run.api import describe_architecture
from serkit.types import FoldContext
from serkit_plugins.architectures.mmfa.config import PRESETS, MmfaAudioConfig, MmfaConfig, MmfaTextConfig
from serkit_plugins.architectures.mmfa.layers import MultiHead, SelfAttention, fast_gelu, resample
from serkit_plugins.architectures.mmfa.model import AUDIO, Mmfa, MmfaAudio, MmfaText

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = ("angry", "happy", "neutral", "sad", "fear", "frustrated", "surprise")
SYSTEMS: Mapping[str, tuple[Any, Any]] = {
    "mmfa": (Mmfa, MmfaConfig),
    "mmfa-audio": (MmfaAudio, MmfaAudioConfig),
    "mmfa-text": (MmfaText, MmfaTextConfig),
}
TINY = {"mmfa": {"audio_units": 6, "text_units": 8}, "mmfa-audio": {"audio_units": 6}, "mmfa-text": {"text_units": 8}}
VARIANTS = [{}, {"bidirectional": True}, {"causal": True}]


def build(name: str, settings: Any, classes: int = 4, words: int = 768, seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    shapes = {"audio": (13, 3), "text": (words,)}
    context = FoldContext(labels=LABELS[:classes], input_shapes=shapes, seed=0, fold="Ses01F")
    return SYSTEMS[name][0](settings).build(context)


def tiny(name: str, **more: Any) -> Any:
    return SYSTEMS[name][1](dense=(7, 5), **TINY[name], **more)


def inputs(name: str, audio: list[int], text: list[int], words: int = 10) -> dict[str, torch.Tensor]:
    made = {
        "audio": torch.randn(len(audio), max(audio), 13, 3),
        "audio_lengths": torch.tensor(audio),
        "text": torch.randn(len(text), max(text), words),
        "text_lengths": torch.tensor(text),
    }
    return {k: v for k, v in made.items() if name == "mmfa" or k.startswith(name.removeprefix("mmfa-"))}


@pytest.mark.parametrize(
    ("name", "spec", "second_biases"),
    [
        ("mmfa", 734_712, 3 * (78 + 192)),
        ("mmfa-audio", 71_867, 3 * 78),
        ("mmfa-text", 762_725, 3 * 192),
    ],
)
def test_parameters_of_the_paper(name: str, spec: int, second_biases: int) -> None:
    shown = describe_architecture(name)
    assert (shown["parameters"], shown["parameters_spec"]) == (spec + second_biases, spec)
    seven = count_parameters(build(name, SYSTEMS[name][1](), classes=7))
    assert seven[1] == spec + 3 * 81


def test_parameters_of_the_options() -> None:
    # 39 + 39 and 96 + 96 cells: a direction has 3 (d + h + 1) h parameters
    both = count_parameters(build("mmfa", MmfaConfig(bidirectional=True)))[1]
    gru = sum(2 * 3 * (width + cells + 1) * cells for width, cells in ((39, 39), (768, 96)))
    assert both == 734_712 - 27_612 - 553_536 + gru
    wide = count_parameters(build("mmfa", MmfaConfig(concat_all=True)))[1]
    assert wide == 734_712 + (462 - 192) * 80


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("preset", PRESETS)
def test_presets_load(name: str, preset: str) -> None:
    over = PRESETS[preset]
    settings = config.load(SYSTEMS[name][1], over.get("architecture", {}))
    training = config.load(type(Mmfa.training), config.merge(config.dump(Mmfa.training), over.get("training", {})))
    assert build(name, settings, words=10)
    assert preset != "ho_literal" or (training.optimizer, training.beta1) == ("sgd", 0.0)


def test_audio_frames_are_the_papers() -> None:
    extract = MFCC(config.load(MFCCOptions, AUDIO.options))
    assert extract.shape == (13, 3)
    assert extract.n_frames(3 * 16_000) == 59
    assert extract.options.lifter == 22
    assert extract.options.n_mels == 26


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: next(iter(v), "plain"))
def test_padding_and_batch_mates_never_change_a_logit(name: str, variant: dict[str, Any]) -> None:
    over = {"concat_all": True} if name == "mmfa" and variant else {}
    net = build(name, tiny(name, **variant, **over), words=10).eval()
    batch = inputs(name, [30, 17, 5, 1], [9, 2, 1, 6])
    with torch.no_grad():
        whole = net(**batch)
        filled = dict(batch)
        for key in [k for k in batch if not k.endswith("lengths")]:
            filled[key] = batch[key].clone()
            for row, n in enumerate(batch[f"{key}_lengths"].tolist()):
                filled[key][row, n:] = torch.nan  # what stands in padding does not matter
        # 1e-6 here and below: batches of another shape may multiply in another order
        torch.testing.assert_close(net(**filled), whole, rtol=1e-5, atol=1e-6)
        for row in range(4):
            alone = {}
            for key in [k for k in batch if not k.endswith("lengths")]:
                n = int(batch[f"{key}_lengths"][row])
                padded = torch.zeros(1, n + 3, *batch[key].shape[2:])
                padded[0, :n] = batch[key][row, :n]
                alone |= {key: padded, f"{key}_lengths": torch.tensor([n])}
            torch.testing.assert_close(net(**alone), whole[row : row + 1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", SYSTEMS)
def test_padding_does_not_enter_what_training_learns(name: str) -> None:
    """Batch normalisation in training mode: statistics are of valid rows only."""
    net = build(name, tiny(name, dropout=0.0, recurrent_dropout=0.0), words=10).train()
    batch = inputs(name, [12, 7, 3], [6, 4, 2])
    first = net(**batch)
    longer = {}
    for key, value in batch.items():
        longer[key] = value if key.endswith("lengths") else torch.cat([value, torch.full_like(value, 1e3)], dim=1)
    torch.testing.assert_close(net(**longer), first, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: next(iter(v), "plain"))
def test_gradients_reach_every_parameter(name: str, variant: dict[str, Any]) -> None:
    net = build(name, tiny(name, dropout=0.0, **variant), words=10).train()
    net(**inputs(name, [20, 14, 9, 6, 5, 4], [9, 8, 7, 5, 4, 3])).square().sum().backward()
    dead = {n for n, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 1e-12}
    # constants that a softmax or a batch normalisation takes away again: kept for the paper's count
    without_effect = {
        n for n, _ in net.named_parameters()
        if n.endswith(("attend.b", "key.bias")) or (".dense." in f".{n}" and n.endswith("bias"))
    }  # fmt: skip
    assert dead <= without_effect


@pytest.mark.parametrize("name", SYSTEMS)
def test_penalty_is_the_weighted_sum_of_squares(name: str) -> None:
    net = build(name, tiny(name), words=10)
    expected = 0.0
    for n, p in net.named_parameters():
        if ".gru." in n and ".weight" in n:
            expected += 1e-4 * float(p.detach().square().sum())
        if n.removeprefix("single.").startswith(("fusion.", "heads.")) and n.endswith("weight"):
            expected += 1e-3 * float(p.detach().square().sum())
    # 1e-6: float32 sums of a few hundred terms
    assert net.penalty().item() == pytest.approx(expected, rel=1e-6)  # type: ignore[operator]
    assert build(name, tiny(name, l2_recurrent=0.0, l2_attention=0.0), words=10).penalty().item() == 0  # type: ignore[operator]


@pytest.mark.parametrize("name", SYSTEMS)
def test_learns_eight_samples(name: str) -> None:
    net = build(name, tiny(name, dropout=0.0, recurrent_dropout=0.0), words=10).train()
    batch, y = inputs(name, [12] * 8, [5] * 8), torch.arange(8) % 4
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(80):
        loss = torch.nn.functional.cross_entropy(net(**batch), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (net(**batch).argmax(1) == y).all()


def test_same_seed_same_weights_and_saved_weights_same_logits() -> None:
    a, b, c = (build("mmfa", tiny("mmfa"), words=10, seed=s).eval() for s in (1, 1, 2))
    batch = inputs("mmfa", [9, 4], [3, 5])
    with torch.no_grad():
        assert torch.equal(a(**batch), b(**batch))
        assert not torch.equal(a(**batch), c(**batch))
        c.load_state_dict(load(save(a.state_dict())))
        assert torch.equal(a(**batch), c(**batch))


def test_fast_gelu() -> None:
    x = torch.tensor([-2.0, -1 / 1.702, -0.2, 0.0, 0.2, 1 / 1.702, 3.0])
    expected = [0.0, 0.0, -0.2 * (1 - 0.3404) / 2, 0.0, 0.2 * 1.3404 / 2, 1 / 1.702, 3.0]
    # 1e-6: single precision
    torch.testing.assert_close(fast_gelu(x), torch.tensor(expected), rtol=0, atol=1e-6)


def test_resampling_is_linear_between_the_end_points() -> None:
    x = torch.tensor([[[0.0], [10.0], [40.0], [torch.nan]], [[5.0], [7.0], [9.0], [11.0]]])
    got = resample(x, torch.tensor([3, 4]), torch.tensor([5, 2]), 6)
    # 1e-5: places in time are computed in single precision
    torch.testing.assert_close(got[0, :5, 0], torch.tensor([0.0, 5.0, 10.0, 25.0, 40.0]), rtol=0, atol=1e-5)
    torch.testing.assert_close(got[1, :2, 0], torch.tensor([5.0, 11.0]), rtol=0, atol=1e-5)
    one = resample(x, torch.tensor([1, 4]), torch.tensor([3, 1]), 3)
    torch.testing.assert_close(one[0, :, 0], torch.zeros(3))
    assert one[1, 0, 0] == 5.0


def test_resampling_keeps_its_places_in_bfloat16() -> None:
    x = (torch.arange(1000) % 2)[None, :, None].bfloat16()  # past 256, places in bfloat16 would all be even
    lengths = torch.tensor([1000])
    assert torch.equal(resample(x, lengths, lengths, 1000), x)


def test_self_attention_by_its_formula() -> None:
    torch.manual_seed(0)
    layer, x = SelfAttention(4), torch.randn(1, 3, 4)
    e = x[0] @ layer.W @ x[0].T + layer.b
    expected = torch.softmax(e, 1) @ x[0]
    # 1e-6: the same products in single precision
    torch.testing.assert_close(layer(x, torch.tensor([3]))[0], expected, rtol=1e-5, atol=1e-6)


def test_causal_self_attention_sees_no_future() -> None:
    torch.manual_seed(0)
    layer, x = SelfAttention(4, causal=True), torch.randn(1, 6, 4)
    before = layer(x, torch.tensor([6]))
    x[0, 4:] += 1
    after = layer(x, torch.tensor([6]))
    assert torch.equal(before[0, :4], after[0, :4])
    assert not torch.equal(before[0, 4:], after[0, 4:])
    assert torch.equal(before[0, 0], x[0, 0])


def test_fusion_is_scaled_dot_product_attention() -> None:
    torch.manual_seed(0)
    layer, x, values = MultiHead(6, 8, 2), torch.randn(2, 5, 6), torch.randn(2, 5, 8)
    lengths = torch.tensor([5, 3])
    got, weights = layer(x, values, lengths)
    q, k = (f(x).view(2, 5, 2, 3).transpose(1, 2) for f in (layer.query, layer.key))
    v = layer.value(values).view(2, 5, 2, 4).transpose(1, 2)
    seen = (torch.arange(5) < lengths[:, None])[:, None, None, :]
    whole = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=seen)
    expected = layer.out(whole.transpose(1, 2).reshape(2, 5, 8))
    expected[1, 3:] = 0
    # 1e-6: torch's own attention sums in another order
    torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-6)
    assert weights.shape == (2, 2, 5, 5)


@pytest.mark.parametrize("name", ["mmfa", "mmfa-audio"])
def test_attention_is_drawn_over_valid_frames(name: str) -> None:
    net = build(name, tiny(name), words=10).eval()
    weights = SYSTEMS[name][0](tiny(name)).attention(net, inputs(name, [12, 5], [4, 6]))
    assert weights.shape == (2, 12)
    # 1e-6: a dozen float32 terms
    np.testing.assert_allclose(weights.detach().sum(1), [1, 1], atol=1e-6)
    assert not weights[1, 5:].any()


def test_settings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"heads=5 does not divide 78 units"):
        build("mmfa", MmfaConfig(heads=5))
    with pytest.raises(ConfigError, match="bidirectional needs an even number of units, not 7"):
        build("mmfa-audio", replace(MmfaAudioConfig(), audio_units=7, bidirectional=True))

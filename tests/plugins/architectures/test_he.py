"""The networks of He, Ren and He: parameter tables, padding, gradients, presets; the SVM beside scikit-learn's own."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.svm import SVC

from serkit import config
from serkit.errors import ConfigError
from serkit.host import get_host
from serkit.nn import Transform, count_parameters
from serkit.run.api import describe_architecture
from serkit.run.recipe import Request, resolve
from serkit.testing.modules import check_learns, check_padding, dead_parameters
from serkit.types import FoldContext
from serkit_plugins.architectures.he.blocks import block_statistics
from serkit_plugins.architectures.he.config import (
    ATTENTION_PRESETS,
    AutoEncoder,
    HeBlstmConfig,
    HeSaeAttentionConfig,
    HeSaeConfig,
    HeSvmConfig,
)
from serkit_plugins.architectures.he.model import HeBlstm, HeSaeBlstm, HeSaeNet
from serkit_plugins.architectures.he.spectra import SparseSpectra
from serkit_plugins.architectures.he.svm import HeSvm

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = ("angry", "boredom", "disgust", "fear", "happy", "neutral", "sad")
TINY_BLSTM = HeBlstmConfig(dense=12, lstm=(6,), dropout=0.0)
TINY_SAE = HeSaeConfig(
    components=5,
    maps=4,
    lstm=(6,),
    dropout=0.0,
    autoencoder=AutoEncoder(patches=200, epochs=2, batch=64),
)
MODES = ("mean", "attention", "last", "max")


def fold(classes: int, shape: tuple[int, ...], transforms: dict[str, Transform] | None = None) -> FoldContext:
    return FoldContext(
        labels=LABELS[:classes], input_shapes={"x": shape}, seed=0, fold="03", transforms=transforms or {}
    )


def blstm(settings: HeBlstmConfig, classes: int = 4) -> torch.nn.Module:
    return HeBlstm(settings).build(fold(classes, (275,)))


def sae(settings: HeSaeConfig, classes: int = 4) -> torch.nn.Module:
    return HeSaeBlstm(settings).build(fold(classes, (settings.components,)))


def fixed(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters() if not p.requires_grad)


# specification 2.4 and 2.5, one bias a gate
@pytest.mark.parametrize(("classes", "two", "three", "four"), [
    (4, 798_724, 501_764, 115_984), (6, 798_724 + 514, 502_278, 116_106), (7, 798_724 + 771, 502_535, 116_167),
])  # fmt: skip
def test_parameters_of_the_paper(classes: int, two: int, three: int, four: int) -> None:
    assert count_parameters(blstm(HeBlstmConfig(), classes)) == (two + 2 * 4 * 128, two)
    assert count_parameters(sae(HeSaeConfig(), classes)) == (three + 2 * 4 * 128, three)
    assert count_parameters(sae(HeSaeAttentionConfig(), classes)) == (four + 2 * 2 * 4 * 30, four)
    assert fixed(sae(HeSaeConfig(), classes)) == fixed(sae(HeSaeAttentionConfig(), classes)) == 68_580


def test_parameters_of_the_options() -> None:
    tuned = sae(HeSaeConfig(finetune_kernels=True))
    assert (count_parameters(tuned)[1], fixed(tuned)) == (501_764 + 68_580, 0)
    ablation = config.load(HeSaeAttentionConfig, ATTENTION_PRESETS["exp4_128"]["architecture"])
    assert count_parameters(sae(ablation))[1] == 501_764 + 256  # experiment three with attention
    # as many cells in all, in one direction: 4 gates of (inputs + cells + 1)
    one_way = count_parameters(sae(HeSaeAttentionConfig(bidirectional=False)))[1]
    assert one_way == 4 * 60 * (360 + 60 + 1) + 4 * 60 * (60 + 60 + 1) + 60 + 244


@pytest.mark.parametrize(
    ("name", "shape", "counts"),
    [
        ("he-svm", [3300], (None, None)),
        ("he-blstm", [275], (799_748, 798_724)),
        ("he-sae-blstm", [256, 1], (502_788, 501_764)),
        ("he-sae-attention", [256, 1], (116_464, 115_984)),
    ],
)
def test_what_serkit_show_says(name: str, shape: list[int], counts: tuple[int | None, int | None]) -> None:
    shown = describe_architecture(name)
    assert shown["inputs"]["x"]["shape"] == shape
    assert (shown["parameters"], shown["parameters_spec"]) == counts
    assert shown["not_counted"] == []


@pytest.mark.parametrize("name", ["he-svm", "he-blstm", "he-sae-blstm", "he-sae-attention"])
def test_practical_is_the_default_and_literal_the_papers(name: str) -> None:
    def of(preset: str) -> object:
        return resolve(Request(plugin=name, dataset="emodb", preset=preset), get_host())

    assert of("").run.preset == "practical"
    literal, practical = of("literal").training, of("practical").training
    if name == "he-svm":
        return
    assert (literal.optimizer, literal.lr, literal.beta1, literal.reduction) == ("sgd", 1e-6, 0.9, "sum")
    assert (practical.optimizer, practical.lr, practical.reduction) == ("adam", 1e-3, "mean")
    for training in (literal, practical):
        assert (training.batch, training.patience, training.epochs, training.augment.input_noise) == (10, 20, 200, 0.1)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_padding_and_batch_mates_never_change_a_logit(mode: str, bidirectional: bool) -> None:
    over = {"pooling": mode, "bidirectional": bidirectional, "lstm": (6, 4)}
    check_padding(blstm(replace(TINY_BLSTM, **over)), {"x": (275,)}, [30, 17, 16, 1])
    # 29 frames are the fewest with a block; the shorter ones are what the host pads
    check_padding(sae(replace(TINY_SAE, **over)), {"x": (5,)}, [80, 58, 29, 12, 1], min_frames=29)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_gradients_reach_every_parameter(mode: str, bidirectional: bool) -> None:
    torch.manual_seed(0)
    over = {"pooling": mode, "bidirectional": bidirectional, "lstm": (6, 4)}
    lengths = torch.tensor([90, 90, 60, 41, 33, 29])
    first = blstm(replace(TINY_BLSTM, **over))
    assert dead_parameters(first, {"x": torch.randn(6, 90, 275), "x_lengths": lengths}, 4) == []
    tuned = sae(replace(TINY_SAE, finetune_kernels=True, **over))
    assert dead_parameters(tuned, {"x": torch.randn(6, 90, 5), "x_lengths": lengths}, 4) == []


def test_learns_eight_samples() -> None:
    torch.manual_seed(0)
    x, lengths = torch.randn(8, 60, 275), torch.full((8,), 60)
    check_learns(blstm(TINY_BLSTM), {"x": x, "x_lengths": lengths}, 4, steps=60, lr=1e-2)
    # with its kernels: four random ones of each length cannot tell eight samples apart
    settings = replace(TINY_SAE, lstm=(8, 8), pooling="attention", finetune_kernels=True)
    level = torch.randn(8, 1, 5)  # statistics of blocks tell utterances by what lasts, not by noise
    check_learns(sae(settings), {"x": x[:, :, :5] + level, "x_lengths": lengths}, 4, steps=100, lr=3e-2)


def test_recurrence_and_attention_begin_as_the_paper_says() -> None:
    net = sae(HeSaeAttentionConfig())
    for name, p in net.recurrent.named_parameters():
        if "weight" in name:
            assert 0.09 < float(p.detach().abs().max()) <= 0.1, name
        elif "bias_ih" in name:
            assert (p.detach()[30:60] == 1).all()  # the forget gates
            assert float(p.detach()[:30].abs().max()) <= 0.1
        else:
            assert not p.detach().any()
    assert 0 < float(net.pool.attention.theta.detach().abs().max()) <= 0.1


def test_kernels_come_from_the_folds_auto_encoders_and_stay() -> None:
    rng = np.random.default_rng(0)
    rows = [rng.standard_normal((n, 12, 1)).astype(np.float32) for n in (40, 35, 60, 44, 31, 50)]
    spectra = SparseSpectra.fit(rows, rng, settings=TINY_SAE)
    net = HeSaeBlstm(TINY_SAE).build(fold(4, (5,), {"x": spectra}))
    assert isinstance(net, HeSaeNet)
    x = torch.from_numpy(spectra(rows[0]))[None]
    maps, lengths = net.maps(x, torch.tensor([40]))
    assert (maps.shape, lengths.tolist()) == ((1, 31, 12), [31])
    weight, bias = spectra.kernels[6]
    patch = np.clip(x[0, 4:10].numpy(), -3, 3) / 7.5 + 0.5  # three deviations are 0.4 of the way from 0.5
    by_hand = 1 / (1 + np.exp(-((weight * patch).sum((1, 2)) + bias)))
    # 1e-5: sums of thirty float32 products
    np.testing.assert_allclose(maps[0, 4, 4:8].detach(), by_hand, rtol=1e-5)
    before = {k: v.clone() for k, v in net.kernels.state_dict().items()}
    optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], 0.1)
    net(x, torch.tensor([40])).square().sum().backward()
    optimizer.step()
    assert all(torch.equal(before[k], v) for k, v in net.kernels.state_dict().items())
    loaded = HeSaeBlstm(TINY_SAE).build(fold(4, (5,)))  # as prediction builds it: weights come from the file
    loaded.load_state_dict(net.state_dict())
    net.eval(), loaded.eval()
    assert torch.equal(net(x, torch.tensor([40])), loaded(x, torch.tensor([40])))


def test_a_kernel_length_named_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="names a length twice"):
        HeSaeBlstm(replace(TINY_SAE, kernels=(3, 6, 3)))


def test_three_hundred_frames_are_twenty_eight_blocks() -> None:
    rng = np.random.default_rng(0)
    maps = rng.random((2, 291, 180)).astype(np.float32)
    blocks, lengths = block_statistics(torch.from_numpy(maps), torch.tensor([291, 57]))
    assert blocks.shape == (2, 28, 360)
    assert lengths.tolist() == [28, 4]
    part = maps[1, 30:50, 7].astype(np.float64).reshape(5, 4).mean(1)
    # 1e-6: means of a few float32 values of order one
    np.testing.assert_allclose(blocks[1, 3, 14:16], [part.mean(), part.var()], rtol=1e-5, atol=1e-6)


def test_attention_weights_are_over_valid_blocks() -> None:
    settings = replace(TINY_SAE, pooling="attention")
    architecture, net = HeSaeBlstm(settings), sae(settings).eval()
    batch = {"x": torch.randn(2, 79, 5), "x_lengths": torch.tensor([79, 40])}
    weights = architecture.attention(net, batch)
    assert weights is not None
    assert weights.shape == (2, 6)
    # 1e-6: six float32 terms
    np.testing.assert_allclose(weights.detach().sum(1), [1, 1], atol=1e-6)
    assert not weights[1, 2:].any()


def test_neutral_speech_of_training_normalises() -> None:
    rng = np.random.default_rng(0)
    rows = [rng.standard_normal((20, 275)).astype(np.float32) + k for k in range(4)]
    train = SimpleNamespace(
        classes=["angry", "neutral"], labels=np.array([0, 1, 1, 0]), utterances=lambda name: iter(rows)
    )
    scaler = HeBlstm(HeBlstmConfig()).fit_transforms(train, rng)["x"]
    neutral = np.concatenate(rows[1:3]).astype(np.float64)
    np.testing.assert_allclose(scaler.mean, neutral.mean(0), rtol=1e-5)  # moments are kept in float32
    train.classes = ["angry", "happy"]
    with pytest.warns(UserWarning, match="no neutral training utterance"):
        scaler = HeBlstm(HeBlstmConfig()).fit_transforms(train, rng)["x"]
    np.testing.assert_allclose(scaler.mean, np.concatenate(rows).mean(0), rtol=1e-5, atol=1e-6)


def test_the_svm_has_the_papers_kernel_and_votes() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(7), 20)
    x, unseen = (rng.standard_normal((len(y), 30)).astype(np.float32) + 2 * np.eye(7, 30)[y] for _ in range(2))
    model = HeSvm(HeSvmConfig(c=0.5)).build(fold(7, (30,)))
    model.fit({"x": list(x[:, None])}, y, rng, np.ones(len(y)))
    found = model.predict_proba({"x": list(unseen[:, None])}).argmax(1)
    theirs = SVC(C=0.5, gamma="auto", decision_function_shape="ovr", break_ties=True).fit(x, y)
    # all but ties and decisions within rounding of 0: the kernel is computed in another order
    assert (found == theirs.predict(unseen)).mean() > 0.98

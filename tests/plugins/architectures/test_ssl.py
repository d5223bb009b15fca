from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import serkit
from serkit import config
from serkit.errors import ConfigError, RunFolderError, UserError
from serkit.host import get_host
from serkit.nn import count_parameters
from serkit.run.api import describe_architecture
from serkit.run.files import read_json
from serkit.run.recipe import Request, read_recipe, resolve
from serkit.testing.encoders import SPEECH, write_speech
from serkit.testing.modules import check_learns, check_padding, dead_parameters
from serkit.testing.trees import emodb
from serkit.types import FoldContext
from serkit_plugins.architectures.ssl.config import PRESETS, SslConfig
from serkit_plugins.architectures.ssl.model import Ssl

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = ("angry", "sad", "happy", "neutral")
TINY = SslConfig(dense=8, attention=4, dropout=0.0)


@pytest.fixture(scope="module")
def hubert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_speech(tmp_path_factory.mktemp("hubert"))


def build(settings: SslConfig, shape: tuple[int, ...] = (3, 16)) -> torch.nn.Module:
    return Ssl(settings).build(FoldContext(labels=LABELS, input_shapes={"x": shape}, seed=0, fold="03"))


def tuned(folder: Path, **settings: object) -> SslConfig:
    return replace(TINY, folder=str(folder), finetune=True, **settings)  # type: ignore[arg-type]


def test_parameters() -> None:
    shown = describe_architecture("ssl")
    # mix of 13 layers, dense 768 -> 256, scores 256 -> 64 -> 1, output 256 -> 4
    assert shown["parameters"] == 13 + 769 * 256 + 257 * 64 + 64 + 257 * 4 == 214_417
    assert shown["parameters_spec"] == 214_417
    assert shown["inputs"]["x"]["shape"] == [13, 768]
    last = config.load(SslConfig, PRESETS["last"]["architecture"])
    assert count_parameters(build(last, (768,)))[0] == 214_417 - 13


@pytest.mark.parametrize("shape", [(3, 16), (16,)])
def test_frozen_states_padding_gradients_seeds_learning(shape: tuple[int, ...]) -> None:
    check_padding(build(TINY, shape), {"x": shape}, [30, 17, 16, 1])
    torch.manual_seed(0)
    inputs = {"x": torch.randn(8, 12, *shape), "x_lengths": torch.tensor([12, 12, 9, 8, 7, 5, 4, 2])}
    assert dead_parameters(build(TINY, shape), inputs, 4) == []
    check_learns(build(TINY, shape), inputs, 4, steps=80, lr=3e-2)


@pytest.mark.parametrize("kind", SPEECH)
def test_padding_and_batch_mates_never_change_a_logit_of_a_fine_tuned_encoder(tmp_path: Path, kind: str) -> None:
    module = build(tuned(write_speech(tmp_path / kind, kind)), ())
    check_padding(module, {"x": ()}, [900, 333, 40, 2])


@pytest.mark.parametrize("kind", ["wavlm", "whisper"])
@pytest.mark.parametrize("layers", ["all", "last"])
def test_gradients_reach_what_is_trained(tmp_path: Path, kind: str, layers: str) -> None:
    folder = write_speech(tmp_path / kind, kind, norm="layer")
    torch.manual_seed(0)
    inputs = {"x": torch.randn(4, 700) * 0.1, "x_lengths": torch.tensor([700, 700, 500, 640])}
    module = build(tuned(folder, layers=layers), ())
    # keys: a constant added to all scores of a softmax changes nothing, so their bias has no gradient but rounding's
    dead = [n for n in dead_parameters(module, inputs, 4) if "k_proj.bias" not in n]
    assert dead == []
    frozen = {n.split(".")[1] for n, p in module.named_parameters() if not p.requires_grad}
    assert frozen == ({"conv1", "conv2", "embed_positions"} if kind == "whisper" else {"feature_extractor"})
    free = build(tuned(folder, freeze_convolutions=False), ())
    assert {n.split(".")[1] for n, p in free.named_parameters() if not p.requires_grad} <= {"embed_positions"}


def test_a_fine_tuned_encoder_learns_starts_from_its_weights_and_is_seeded(hubert: Path) -> None:
    settings = tuned(hubert, encoder_rate=0.5)
    torch.manual_seed(0)
    module = build(settings, ())
    assert module.rate_factors == {"encoder.": 0.5}
    theirs = {k.removeprefix("encoder."): v for k, v in module.state_dict().items() if k.startswith("encoder.")}
    other = {k: v for k, v in build(settings, ()).state_dict().items() if k.startswith("encoder.")}
    assert all(torch.equal(other[f"encoder.{k}"], v) for k, v in theirs.items())
    x = torch.sin(torch.arange(300.0) * torch.linspace(0.1, 2, 8)[:, None])
    check_learns(module, {"x": x, "x_lengths": torch.full((8,), 300)}, 4, steps=60, lr=1e-2)


def test_training_steps_draw_from_torch_alone(hubert: Path) -> None:
    """transformers would mask frames by NumPy's global generator and skip layers."""
    module = build(tuned(hubert), ()).train()
    inputs = {"x": torch.randn(2, 600), "x_lengths": torch.tensor([600, 400])}
    np.random.seed(0)  # noqa: NPY002  # the generator that must not be drawn from
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    outs = []
    for _ in range(2):
        torch.manual_seed(3)
        outs.append(module(**inputs))
    assert torch.equal(*outs)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_bad_input_is_told_before_training(hubert: Path, tmp_path: Path) -> None:
    def run(*sets: str) -> None:
        serkit.run({"run": {"plugin": "ssl"}, "dataset": {"name": "demo"}}, out=tmp_path / "run", folds=[0], sets=sets)

    with pytest.raises(UserError, match=r"No folder of a speech encoder .* --set architecture\.folder=DIR"):
        run()
    with pytest.raises(UserError, match=r"No folder of a speech encoder"):
        run("architecture.finetune=true")
    folder = f"architecture.folder={hubert}"
    with pytest.raises(ConfigError, match=r"sample_rate=8000, but the encoder in .* was trained at 16000 Hz"):
        run(folder, "architecture.finetune=true", "features.x.sample_rate=8000")
    with pytest.raises(ConfigError, match=r"hears the waveform, but features.x has frames of shape \[40, 3\]"):
        run(folder, "architecture.finetune=true", "features.x.feature=log-mel")
    with pytest.raises(ConfigError, match=r"set both to the folder of the encoder"):
        run(folder, f"features.x.folder={write_speech(tmp_path / 'other')}")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("preset", ["frozen", "finetune"])
def test_a_run_predicts_and_says_what_the_encoder_has_heard(tmp_path: Path, hubert: Path, preset: str) -> None:
    folder = Path(shutil.copytree(hubert, tmp_path / "emotion2vec_plus_tiny"))
    emodb.write(tmp_path / "corpus")
    run = serkit.run(
        {"run": {"plugin": "ssl", "preset": preset}, "dataset": {"name": "emodb"}},
        data=tmp_path / "corpus",
        out=tmp_path / "run",
        folds=[0],
        sets=["training.epochs=1", f"architecture.folder={folder}"],
    )
    metrics = read_json(run.path / "metrics.json")
    assert any("known to have been trained on emodb" in note for note in metrics["notes"])
    assert "known to have been trained on emodb" in (run.path / "report.md").read_text(encoding="utf-8")
    files = sorted((tmp_path / "corpus").rglob("*.wav"))[:3]
    alone, together = run.predict(files[:1]), run.predict(files)
    # 1e-5: a batch of one and one of several sum in another order
    assert list(together[0].posteriors.values()) == pytest.approx(list(alone[0].posteriors.values()), abs=1e-5)
    write_speech(folder, seed=1)
    words = "input 'x'" if preset == "frozen" else "architecture"
    with pytest.raises(RunFolderError, match=rf"weights behind the {words} are not those"):
        run.predict(files)


@pytest.mark.parametrize("name", ["ssl-emodb", "ssl-iemocap"])
def test_recipes(name: str, hubert: Path) -> None:
    tables, where = read_recipe(name, get_host())
    recipe = resolve(Request(recipe=tables, where=where, sets=[f"architecture.folder={hubert}"]), get_host())
    assert (recipe.run.plugin, recipe.features["x"].options.folder) == ("ssl", str(hubert))

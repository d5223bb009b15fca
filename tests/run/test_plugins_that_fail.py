"""Plugins that misbehave during a run: each is named with its distribution, and nothing else is lost."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import serkit
from serkit.errors import ConfigError, CorpusError, PluginError, ProtocolError, RunFolderError, SerkitError, UserError
from serkit.host import Host
from serkit.host.discovery import installed
from serkit.run.events import Events
from serkit.run.recipe import Request, resolve
from serkit.run.runner import execute

HOOKS = """
from serkit.host import ArchitectureSpec, DatasetSpec, FeatureSpec, MetricSpec, hookimpl
from serkit.host.specs import ProtocolSpec

@hookimpl
def serkit_architectures():
    return [ArchitectureSpec(name="strange", summary="s", target="strange_code:Strange", config="strange_code:Config",
                             presets=PRESETS)]

@hookimpl
def serkit_datasets():
    loso = ProtocolSpec(name="loso", version=1, summary="s", splitter="serkit.data.splits.speakers:loso_next")
    return [DatasetSpec(name="beeps", summary="s", target="strange_code:Beeps", labels={"high": 6, "low": 6},
                        speakers=3, protocols=(loso,), default_protocol="loso", embedded=True)]

@hookimpl
def serkit_features():
    return [FeatureSpec(name="odd", summary="s", target="strange_code:Odd", options="strange_code:Options")]

@hookimpl
def serkit_metrics():
    return [MetricSpec(name="mine", summary="s", target="strange_code:mine")]
"""

CODE = '''
from dataclasses import dataclass
import numpy as np
import soundfile
import torch
from torch import nn
from serkit.nn import Architecture
from serkit.nn.transforms import ZScore
from serkit.types import Corpus, Input, Training, Utterance

@dataclass(frozen=True, kw_only=True)
class Config:
    hidden: int = 4

class Net(nn.Module):
    def __init__(self, dim, classes):
        super().__init__()
        self.out = nn.Linear(dim, classes)
    def forward(self, x, x_lengths):
        return self.out(x.flatten(2).mean(1))

class Nearest:
    """An estimator: the nearest class mean."""
    def __init__(self, classes):
        self.classes = classes
    def features(self, inputs):
        return np.stack([a.reshape(len(a), -1).mean(0) for a in inputs["x"]])
    def fit(self, inputs, labels, rng, weights):
        found = self.features(inputs)
        self.centres = np.stack([found[labels == k].mean(0) for k in range(self.classes)])
    def predict_proba(self, inputs):
        away = ((self.features(inputs)[:, None] - self.centres) ** 2).mean(2)
        near = np.exp(away.min(1, keepdims=True) - away)
        return near / near.sum(1, keepdims=True)
    def state(self):
        return {"centres": self.centres}
    def load_state(self, state):
        self.centres = state["centres"]

class Strange(Architecture):
    training = Training(optimizer="adam", lr=0.01, batch=4, epochs=1, patience=0)
    def build(self, fold):
        return Net(int(np.prod(fold.input_shapes["x"])), fold.n_classes)

class Beeps:
    """Three speakers, two classes of noisy tones."""
    def fetch(self, into, progress):
        rng = np.random.default_rng(0)
        for speaker in "xyz":
            for k in range(4):
                tone = 0.1 * np.sin(np.arange(3200) * (0.2 + k % 2)) + 0.01 * rng.standard_normal(3200)
                soundfile.write(into / f"{speaker}{k}.wav", tone, 16000)
    def rows(self, root):
        return tuple(Utterance(id=f"{s}{k}", path=root / f"{s}{k}.wav", label=("high", "low")[k % 2], speaker=s)
                     for s in "xyz" for k in range(4))
    def corpus(self, folder, **over):
        whole = {"name": "beeps", "root": folder, "utterances": self.rows(folder), "labels": ("high", "low")}
        return Corpus(**{**whole, **over})
    def load(self, root):
        return self.corpus(root)

@dataclass(frozen=True)
class Options:
    n: int = 3

class Odd:
    sample_rate, hop_s, shape = 16000, 0.01, (3,)
    def __init__(self, options):
        self.options = options
    def __call__(self, waveform):
        return np.ones((5, 3), np.float32)

def mine(truth, predicted, posteriors, n_classes):
    return 0.5
'''

Go = Callable[..., dict[str, Any]]


@pytest.fixture
def strange(distribution: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Go:
    """``strange(change, presets)`` installs the plugin with ``change`` appended to its code and runs it; more keywords
    go to the request. ``.host`` and ``.said`` are the host and the notes of the last run."""
    monkeypatch.setenv("SERKIT_CACHE", str(tmp_path / "cache"))

    def go(
        change: str = "", presets: str = '{"default": {}}', *, resume: bool = False, report: bool = False, **over: Any
    ):
        if not hasattr(go, "host") or change:
            for name in ("strange_code", "strange_hooks"):
                sys.modules.pop(name, None)
            modules = {"strange_hooks": f"PRESETS = {presets}\n{HOOKS}", "strange_code": CODE + change}
            points = distribution("strange-ser", {"s": "strange_hooks"}, modules)
            go.host = Host([*(p for p in installed() if p.dist is not None and p.dist.name == "serkit"), *points])  # type: ignore[attr-defined]
        go.said = []  # type: ignore[attr-defined]

        class Notes(Events):
            def note(self, text: str) -> None:
                go.said.append(text)  # type: ignore[attr-defined]

        request = Request(**{"plugin": "strange", "dataset": "beeps", **over})
        host = go.host  # type: ignore[attr-defined]
        with pytest.MonkeyPatch.context() as patch:
            if not report:  # its pictures take longer than everything else
                patch.setattr("serkit.run.report.write_report", lambda folder: None)
            return execute(resolve(request, host), out=tmp_path / "run", resume=resume, host=host, events=Notes())

    return go


ARCHITECTURES = {
    "forward raises": (
        "def bad(self, x, x_lengths):\n    raise KeyError('no such\\nkey')\nNet.forward = bad",
        r"failed in forward\(\) with KeyError: .*no such",
    ),
    "wrong shape": (
        "Net.forward = lambda self, x, x_lengths: self.out(x.flatten(2).mean(1))[:, :1]",
        r"returned \[4, 1\] for 4 units; \[B, K\] = \[4, 2\] is expected",
    ),
    "no tensor": ("Net.forward = lambda self, x, x_lengths: {}", r"returned dict from forward\(\)"),
    "only in evaluation": (
        "def bad(self, x, x_lengths):\n    if not self.training: raise ValueError('eval')\n"
        "    return self.out(x.flatten(2).mean(1))\nNet.forward = bad",
        r"failed in forward\(\) with ValueError: eval",
    ),
    "build raises": ("Strange.build = lambda self, fold: 1 / 0", r"failed in build\(\) with ZeroDivisionError"),
    "build exits": (
        "import sys\nStrange.build = lambda self, fold: sys.exit(3)",
        r"failed in build\(\) with SystemExit",
    ),
    "build returns text": (
        "Strange.build = lambda self, fold: 'model'",
        "built str; a torch.nn.Module or an estimator",
    ),
    "nothing to train": ("Strange.build = lambda self, fold: nn.Identity()", "without parameters to train"),
    "constructor": ("Strange.__init__ = lambda self, config: 1 / 0", "failed in its constructor"),
    "training is a dict": ("Strange.training = {}", "has training of type dict; Training is expected"),
    "inputs is a list": ("Strange.inputs = ['x']", "has inputs of type list"),
    "transforms fail": ("Strange.fit_transforms = lambda self, train, rng: None", r"failed in fit_transforms\(\)"),
    "transforms do not come back": (
        "ZScoreOld = ZScore\nclass T(ZScore):\n    def state(self): return {'m': self.mean}\n"
        "Strange.transforms = {'x': T}",
        r"failed in the from_state\(\) of its transforms with KeyError",
    ),
    "estimator": (
        "Nearest.predict_proba = lambda self, inputs: [1, 2]\n"
        "Strange.build = lambda self, fold: Nearest(fold.n_classes)",
        r"returned \[2\] for 8 units",
    ),
}


@pytest.mark.parametrize("case", ARCHITECTURES)
def test_an_architecture_that_fails_is_named_with_its_distribution(strange: Go, case: str) -> None:
    change, words = ARCHITECTURES[case]
    with pytest.raises(PluginError, match=words) as caught:
        strange(change)
    assert "architecture 'strange' (distribution strange-ser 1.0)" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_config_that_is_no_dataclass_is_named(strange: Go) -> None:
    with pytest.raises(PluginError, match="'Config' of strange_code, which is no dataclass"):
        strange("class Config:\n    hidden = 4")


@pytest.mark.parametrize(
    ("preset", "words"),
    [
        ('{"trainin": {"lr": 1.0}}', "changes the table 'trainin'; a preset may change architecture, training"),
        ('{"training": {"lrr": 1.0}}', r"preset 'default' of .* is wrong: unknown key 'training\.lrr'"),
    ],
)
def test_a_bad_preset_is_the_plugins_fault(strange: Go, preset: str, words: str) -> None:
    with pytest.raises(PluginError, match=words):
        strange(presets=f'{{"default": {preset}}}')


def test_a_reserved_task_is_refused(strange: Go) -> None:
    with pytest.raises(UserError, match="is made for the task 'regression'"):
        strange("Strange.task = 'regression'")


DATASETS: dict[str, tuple[str, type[SerkitError], str]] = {
    "returns text": ("Beeps.load = lambda self, root: 'corpus'", PluginError, "returned str from load"),
    "raises": ("Beeps.load = lambda self, root: {}['x']", PluginError, r"failed in load\(.*KeyError"),
    "constructor": ("Beeps.__init__ = lambda self: 1 / 0", PluginError, "failed in its constructor"),
    "drops the root": (
        "Beeps.load = lambda self, root: self.corpus(root, root=None)",
        PluginError,
        "whose root is None",
    ),
    "takes another's name": (
        "Beeps.load = lambda self, root: self.corpus(root, name='emodb')",
        PluginError,
        "returned a corpus named 'emodb'; it must bear the dataset's name",
    ),
    "paths are text": (
        "from dataclasses import replace\nold = Beeps.rows\n"
        "Beeps.rows = lambda self, root: tuple(replace(u, path=str(u.path)) for u in old(self, root))",
        PluginError,
        "an Utterance with a pathlib.Path is expected",
    ),
    "an unknown label": (
        "Beeps.load = lambda self, root: self.corpus(root, labels=('high',))",
        CorpusError,
        "has the label 'low', which is not one of high",
    ),
    "an id twice": (
        "old = Beeps.rows\nBeeps.rows = lambda self, root: 2 * old(self, root)",
        CorpusError,
        "occurs twice",
    ),
    "no utterance": ("Beeps.rows = lambda self, root: ()", CorpusError, "No utterance of beeps"),
    "a speaker that is no folder": (
        "from dataclasses import replace\nold = Beeps.rows\n"
        "Beeps.rows = lambda self, root: tuple(replace(u, speaker='a/' + u.speaker) for u in old(self, root))",
        ProtocolError,
        "must do as the name of a folder",
    ),
    "fetch leaves nothing": (
        "Beeps.fetch = lambda self, into, progress: None",
        PluginError,
        "left nothing in the folder",
    ),
    "fetch removes": ("Beeps.fetch = lambda self, into, progress: into.rmdir()", PluginError, "left nothing"),
    "fetch raises": ("Beeps.fetch = lambda self, into, progress: 1 / 0", PluginError, r"failed in fetch\(\)"),
}


@pytest.mark.parametrize("case", DATASETS)
def test_a_dataset_that_fails_is_named_and_no_run_is_begun(strange: Go, tmp_path: Path, case: str) -> None:
    change, kind, words = DATASETS[case]
    with pytest.raises(kind, match=words):
        strange(change)
    assert not (tmp_path / "run").exists()


def test_a_dataset_without_options_refuses_them(strange: Go) -> None:
    with pytest.raises(ConfigError, match=r"Unknown key 'dataset\.foo'; the dataset 'beeps' has no options"):
        strange(sets=["dataset.foo=1"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("Odd.__call__ = lambda self, w: 1 / 0", r"failed in __call__\(\) on 'x0' with ZeroDivisionError"),
        ("Odd.__call__ = lambda self, w: np.ones((5, 4), np.float32)", r"returned float32 \(5, 4\) for 'x0'"),
        ("Odd.__call__ = lambda self, w: np.ones((5, 3))", r"returned float64 \(5, 3\)"),
        ("Odd.__call__ = lambda self, w: np.full((5, 3), np.nan, np.float32)", "not finite for 'x0'"),
        ("Odd.__init__ = lambda self, options: 1 / 0", "failed in its constructor"),
    ],
)
def test_a_feature_that_fails_is_named_with_the_utterance(strange: Go, change: str, words: str) -> None:
    with pytest.raises(PluginError, match=words) as caught:
        strange(change, sets=["features.x.feature=odd"])
    assert "feature 'odd' (distribution strange-ser 1.0)" in str(caught.value)


def test_a_complex_feature_is_refused_as_a_choice_not_as_a_fault(strange: Go) -> None:
    with pytest.raises(ConfigError, match=r"feature 'odd' .* is complex, .* use the feature spectrogram instead"):
        strange("Odd.__call__ = lambda self, w: np.ones((5, 3), np.complex64)", sets=["features.x.feature=odd"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("mine = lambda *a: 1 / 0", "failed with ZeroDivisionError: division by zero"),
        ("mine = lambda *a: 'high'", "failed with ValueError"),
        ("mine = lambda *a: 55.0", "returned 55, outside the range 0 to 1 it declares"),
        ("def mine(truth, *a):\n    truth[:] = 0\n    return 1.0", "read-only"),
    ],
)
def test_a_metric_that_fails_costs_only_itself(strange: Go, change: str, words: str) -> None:
    metrics = strange(change)
    assert metrics["metrics"]["mine"]["pooled"] is None
    assert words in metrics["metrics"]["mine"]["failed"]
    assert any(words in s and "metric 'mine' (distribution strange-ser 1.0)" in s for s in strange.said)  # type: ignore[attr-defined]
    assert metrics["uar"]["failed"] is None
    assert metrics["uar"]["pooled"] is not None


def test_nan_of_a_metric_is_null_and_one_that_is_not_there_is_left_out(strange: Go, tmp_path: Path) -> None:
    assert strange("mine = lambda *a: float('nan')")["metrics"]["mine"]["pooled"] is None
    (tmp_path / "run").rename(tmp_path / "first")
    metrics = strange("del mine")
    assert "mine" not in metrics["metrics"]
    assert any("the metric is left out" in s for s in strange.said)  # type: ignore[attr-defined]


def test_an_estimator_goes_through_a_run_prediction_and_resume(strange: Go, tmp_path: Path) -> None:
    metrics = strange("Strange.build = lambda self, fold: Nearest(fold.n_classes)", report=True)
    assert metrics["uar"]["pooled"] == 1.0  # the tones differ far more than the noise
    assert metrics["complete"] is True
    assert (metrics["cost"]["parameters"], metrics["cost"]["multiply_adds"]) == (None, None)
    assert metrics["cost"]["latency_ms"] > 0
    run = tmp_path / "run"
    before = {p: p.read_bytes() for p in sorted(run.glob("folds/*/*.csv"))}
    assert len(before) == 3

    host = strange.host  # type: ignore[attr-defined]
    files = sorted((tmp_path / "cache" / "corpora" / "beeps").glob("x*.wav"))
    found = serkit.load(run / "folds" / "0-x", host=host).predict(files)
    written = (run / "folds" / "0-x" / "predictions.csv").read_text().splitlines()
    rows = {line.split(",")[0]: line.split(",") for line in written if ",test," in line}
    for p in found:
        row = rows[Path(p.file).stem]
        assert p.label == row[4]
        # 1e-12: log and softmax of the same posteriors, in float64
        np.testing.assert_allclose(list(p.posteriors.values()), [float(v) for v in row[5:]], rtol=0, atol=1e-12)

    for fold in ("0-y", "0-z"):
        (run / "folds" / fold / "predictions.csv").unlink()
    (run / "folds" / "0-z" / "transforms.safetensors").unlink()
    again = strange(resume=True)
    assert any("1 of 3 folds" in s for s in strange.said)  # type: ignore[attr-defined]
    assert {p: p.read_bytes() for p in sorted(run.glob("folds/*/*.csv"))} == before
    assert again["uar"] == metrics["uar"]
    assert again["cost"] == metrics["cost"]
    # one evaluation of the test folds, however often its folder is looked at
    assert again["test_evaluations"] == metrics["test_evaluations"] == {"recipe": 1, "protocol": 1}


def test_a_state_that_was_tampered_with_is_the_files_fault_or_the_plugins(strange: Go, tmp_path: Path) -> None:
    strange("Strange.build = lambda self, fold: Nearest(fold.n_classes)")
    fold = tmp_path / "run" / "folds" / "0-x"
    whole = (fold / "model.safetensors").read_bytes()
    (fold / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RunFolderError, match=r"0-x/model\.safetensors is damaged"):
        strange(resume=True)
    (fold / "model.safetensors").unlink()  # what the sentence asks for
    strange(resume=True)
    assert (fold / "model.safetensors").read_bytes() == whole


@pytest.mark.parametrize("damage", ["lines", "history", "protocol", "environment", "recipe", "metrics"])
def test_a_damaged_folder_is_named_and_its_remedy_works(strange: Go, tmp_path: Path, damage: str) -> None:
    metrics = strange()
    run = tmp_path / "run"
    path, remedy = {
        "lines": (run / "folds/0-y/predictions.csv", Path.unlink),
        "history": (run / "folds/0-y/history.csv", Path.unlink),
        "protocol": (run / "protocol.json", Path.unlink),
        "environment": (run / "environment.json", Path.unlink),
        "recipe": (run / "recipe.toml", None),
        "metrics": (run / "metrics.json", None),
    }[damage]
    whole = path.read_text()
    changed = {
        "lines": "".join(whole.splitlines(keepends=True)[:-2]),
        "history": whole.replace("1,", "one,"),
        "recipe": whole.replace("hidden = 4", "hidden = 5"),
    }.get(damage, whole[: len(whole) // 2])
    assert changed != whole
    path.write_text(changed)
    if damage == "metrics":  # made of what is kept, so simply made again
        assert strange(resume=True)["uar"] == metrics["uar"]
        assert json.loads(path.read_text())["uar"] == metrics["uar"]
        return
    over = {"sets": ["architecture.hidden=5"]} if damage == "recipe" else {}
    with pytest.raises(RunFolderError, match=path.name.replace(".", r"\.")):
        strange(resume=True, **over)
    if remedy is None:
        path.write_text(whole)
    else:
        remedy(path)
    again = strange(resume=True)
    assert again["uar"] == metrics["uar"]


def test_other_recordings_of_the_same_names_are_noticed(strange: Go, tmp_path: Path) -> None:
    strange()
    one = tmp_path / "cache" / "corpora" / "beeps" / "x0.wav"
    one.write_bytes(one.read_bytes()[:-2] + b"\x01\x02")
    with pytest.raises(RunFolderError, match="other recordings of the same names"):
        strange(resume=True)


def test_a_ledger_that_cannot_be_kept_does_not_cost_the_run(strange: Go, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "ledger.jsonl").mkdir()
    assert strange()["uar"]["pooled"] is not None
    assert any("ledger.jsonl cannot be written" in s for s in strange.said)  # type: ignore[attr-defined]
    (tmp_path / "run").rename(tmp_path / "first")
    (tmp_path / "cache" / "ledger.jsonl").rmdir()
    (tmp_path / "cache" / "ledger.jsonl").write_text("half a li\n")
    assert strange()["test_evaluations"] == {"recipe": 1, "protocol": 1}
    assert any("1 damaged line(s)" in s for s in strange.said)  # type: ignore[attr-defined]

"""``[search]``: values chosen in each fold on its development speakers, and on nothing else."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import serkit
from serkit.errors import ConfigError, PluginError, ProtocolError, RunFolderError, UnknownNameError
from serkit.host import Host, get_host
from serkit.host.discovery import installed
from serkit.run.events import Events
from serkit.run.recipe import Recipe, Request, resolve, variants
from serkit.run.runner import execute

TINY = [
    "architecture.convs=1",
    "architecture.maps=[4]",
    "architecture.pools=[[4, 4]]",
    "architecture.linear=12",
    "architecture.lstm=6",
    "architecture.unit.frames=80",
    "training.patience=0",
    "architecture.batch_norm=convs",
    "training.batch=32",
    "training.crop=0",
]

HOOKS = """
from serkit.host import ArchitectureSpec, hookimpl

@hookimpl
def serkit_architectures():
    common = {"summary": "s", "target": "searched_code:Nearby", "config": "searched_code:Config"}
    return [ArchitectureSpec(name="nearby", presets={"default": {"search": {"architecture": {"sharp": [0.0, 1.0]}}}},
                             **common),
            ArchitectureSpec(name="wrong", presets={"default": {"search": {"architecture": {"sharp": 3}}}}, **common)]
"""

CODE = """
from dataclasses import dataclass
import numpy as np
from serkit.nn import Architecture

@dataclass(frozen=True, kw_only=True)
class Config:
    sharp: float = 1.0

class Nearest:
    def __init__(self, classes, sharp):
        self.classes, self.sharp = classes, sharp
    def features(self, inputs):
        return np.stack([a.reshape(len(a), -1).mean(0) for a in inputs["x"]])
    def fit(self, inputs, labels, rng, weights):
        found = self.features(inputs)
        self.centres = np.stack([found[labels == k].mean(0) for k in range(self.classes)])
    def predict_proba(self, inputs):
        away = self.sharp * ((self.features(inputs)[:, None] - self.centres) ** 2).mean(2)
        near = np.exp(away.min(1, keepdims=True) - away)
        return near / near.sum(1, keepdims=True)
    def state(self):
        return {"centres": self.centres}
    def load_state(self, state):
        self.centres = state["centres"]

class Nearby(Architecture):
    after_transforms = ("sharp",)
    fitted = 0
    def fit_transforms(self, train, rng):
        Nearby.fitted += 1
        return super().fit_transforms(train, rng)
    def build(self, fold):
        return Nearest(fold.n_classes, self.config.sharp)
"""


@pytest.fixture
def plugin_host(distribution: Any) -> Host:
    return Host(installed() + distribution("searched", {"main": "searched_hooks"}, MODULES))


MODULES = {"searched_hooks": HOOKS, "searched_code": CODE}


def recipe(*sets: str, host: Host | None = None, **over: Any) -> Recipe:
    asked = {"plugin": "acrnn", "dataset": "demo", "epochs": 1, "folds": [0], "sets": [*TINY, *sets], **over}
    return resolve(Request(**asked), host or get_host())


def run(out: Path, *sets: str, host: Host | None = None, events: Events | None = None, **over: Any) -> dict[str, Any]:
    host = host or get_host()
    resume = over.pop("resume", False)
    made = recipe(*sets, host=host, **over)
    return execute(made, out=out, resume=resume, host=host, events=events or Events())


SEARCH = ("search.architecture.convs=[1, 2]", "search.training.lr=[0.003, 1e-9]")


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "searched"
    run(out, *SEARCH, epochs=2)
    return out


def record(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "folds" / "0-f01" / "search.json").read_text())
    return found


def test_the_best_on_development_is_kept_and_predicts_as_a_run_of_its_own_would(searched: Path, tmp_path: Path) -> None:
    found = record(searched)
    grid = [(c["values"]["architecture.convs"], c["values"]["training.lr"]) for c in found["candidates"]]
    assert grid == [(1, 0.003), (1, 1e-9), (2, 0.003), (2, 1e-9)]
    scores = [c["dev_uar"] for c in found["candidates"]]
    assert scores[0] != scores[1], "the candidates were not trained by their own settings"
    assert found["chosen"] == int(np.argmax(scores))
    convs, lr = grid[found["chosen"]]
    run(tmp_path / "alone", f"architecture.convs={convs}", f"training.lr={lr}", epochs=2)
    for name in ("predictions.csv", "segments.csv", "model.safetensors"):
        alone, kept = (r / "folds" / "0-f01" / name for r in (tmp_path / "alone", searched))
        assert alone.read_bytes() == kept.read_bytes()
    assert not (searched / "folds" / "0-f01" / "search").exists()  # the other models


def test_metrics_and_report_say_what_was_searched(searched: Path) -> None:
    metrics = json.loads((searched / "metrics.json").read_text())["search"]
    found = record(searched)
    assert [c["dev_uar"] for c in metrics["candidates"]] == [c["dev_uar"] for c in found["candidates"]]
    assert [c["chosen"] for c in metrics["candidates"]].count(1) == 1
    assert metrics["folds"]["0-f01"] == found["candidates"][found["chosen"]]
    for page in ("report.md", "report.html"):
        text = (searched / page).read_text()
        assert "convs 1, lr 0.003" in text.replace("\\", "")
        assert "development" in text


def test_predict_builds_the_model_that_was_chosen(searched: Path, tmp_path: Path) -> None:
    wav = tmp_path / "a.wav"
    soundfile.write(wav, np.sin(np.arange(16000)).astype(np.float32) * 0.1, 16000)
    other = tmp_path / "two"
    shutil.copytree(searched, other)
    assert serkit.load(other).predict([wav])[0].models == 1
    path = other / "folds" / "0-f01" / "search.json"
    found = record(other)
    convs = found["candidates"][found["chosen"]]["values"]["architecture.convs"]
    swapped = next(k for k, c in enumerate(found["candidates"]) if c["values"]["architecture.convs"] != convs)
    path.write_text(json.dumps({**found, "chosen": swapped}))
    with pytest.raises(RunFolderError, match="does not fit the model"):
        serkit.load(other).predict([wav])
    found["candidates"][found["chosen"]]["values"]["architecture.convs"] = 7
    path.write_text(json.dumps(found))
    with pytest.raises(RunFolderError, match="values that the recipe does not search"):
        serkit.load(other).predict([wav])
    path.write_text("{}")
    with pytest.raises(RunFolderError, match="damaged"):
        serkit.load(other).predict([wav])


class Stop(Exception):
    pass


class StopAfter(Events):
    """Stops after so many batches; counts candidates that are trained here."""

    def __init__(self, batches: int) -> None:
        self.left, self.lines = batches, []  # type: ignore[var-annotated]

    def batch_done(self, *args: Any, **kwargs: Any) -> None:
        self.left -= 1
        if self.left == 0:
            raise Stop

    def candidate_done(self, fold: str, seed: int, words: str) -> None:
        self.lines.append(words)


@pytest.mark.parametrize("batches", [40, 70])
def test_an_interrupted_search_goes_on_to_the_same_choice(searched: Path, tmp_path: Path, batches: int) -> None:
    events = StopAfter(batches)
    with pytest.raises(Stop):
        run(tmp_path / "x", *SEARCH, epochs=2, events=events)
    assert 0 < len(events.lines) < 4
    rest = StopAfter(-1)
    run(tmp_path / "x", *SEARCH, epochs=2, resume=True, events=rest)
    assert len([line for line in rest.lines if line.endswith("kept")]) == len(events.lines)
    for name in ("predictions.csv", "search.json", "model.safetensors"):
        a, b = (r / "folds" / "0-f01" / name for r in (tmp_path / "x", searched))
        assert a.read_bytes() == b.read_bytes()


def test_estimators_are_searched_and_their_transforms_fitted_once(plugin_host: Host, tmp_path: Path) -> None:
    metrics = run(tmp_path / "x", plugin="nearby", host=plugin_host, sets=())
    scores = [c["dev_uar"] for c in metrics["search"]["candidates"]]
    assert scores[0] == 0.25  # all posteriors are equal, so everything is the first of four classes
    assert [c["chosen"] for c in metrics["search"]["candidates"]] == [0, 1]
    import searched_code  # type: ignore[import-not-found]

    assert searched_code.Nearby.fitted == 1
    alone = run(tmp_path / "alone", plugin="nearby", host=plugin_host, sets=["architecture.sharp=1.0"])
    assert alone["search"] is None  # what the user sets is not searched
    assert alone["uar"] == metrics["uar"]


def test_a_preset_may_search_and_what_the_user_sets_is_not_searched(plugin_host: Host) -> None:
    def grid(**over: Any) -> Any:
        return recipe(plugin="nearby", host=plugin_host, **{"sets": (), **over}).search

    assert grid() == {"architecture.sharp": (0.0, 1.0)}
    assert grid(sets=["architecture.sharp=2.0"]) == {}
    assert grid(sets=["search.architecture.sharp=[3.0]"]) == {"architecture.sharp": (3.0,)}
    assert grid(recipe={"architecture": {"sharp": 2.0}}) == {}
    again = resolve(Request(recipe=recipe(plugin="nearby", host=plugin_host, sets=()).to_dict()), plugin_host)
    assert again.search == grid()
    settled = recipe(plugin="nearby", host=plugin_host, sets=["sharp=2.0"])
    assert resolve(Request(recipe=settled.to_dict()), plugin_host) == settled
    with pytest.raises(PluginError, match=r"preset 'default'.*searched 1.0.* must be a list"):
        recipe(plugin="wrong", host=plugin_host, sets=())


def test_a_search_is_part_of_the_recipe_and_of_its_identity() -> None:
    plain, wide = recipe(), recipe(*SEARCH)
    assert wide.search == {"architecture.convs": (1, 2), "training.lr": (0.003, 1e-9)}
    assert resolve(Request(recipe=wide.to_dict()), get_host()) == wide
    assert wide.identity() != plain.identity()
    assert len(variants(wide, "search", get_host())) == 4
    assert [r.architecture.convs for _, r in variants(wide, "search", get_host())] == [1, 1, 2, 2]
    assert replace(wide, search={}) == plain
    assert recipe("search.training.epochs=[1, 2]", epochs=None).search == {"training.epochs": (1, 2)}
    assert recipe("search.training.epochs=[1, 2]").search == {}  # --epochs 1


def test_a_key_that_a_recipe_sets_and_searches_is_searched() -> None:
    both = {
        "run": {"plugin": "acrnn", "preset": "small"},
        "dataset": {"name": "demo"},
        "architecture": {"convs": 3},
        "search": {"architecture": {"convs": [1, 2]}},
    }
    found = resolve(Request(recipe=both), get_host())
    assert (found.search, found.architecture.convs) == ({"architecture.convs": (1, 2)}, 3)
    assert [r.architecture.convs for _, r in variants(found, "search", get_host())] == [1, 2]
    assert resolve(Request(recipe=found.to_dict()), get_host()) == found
    fixed = resolve(Request(recipe=both, sets=["architecture.convs=2"]), get_host())
    assert (fixed.search, fixed.architecture.convs) == ({}, 2)


@pytest.mark.parametrize(
    ("sets", "error", "words"),
    [
        ("search.architecture.convz=[1]", ConfigError, r"\[search\], unknown key .*convz'; did you mean 'convs'"),
        ("search.architecture.convs=[1, 9]", ConfigError, r"architecture.convs: .*less than or equal to 7 \(got 9\)"),
        ("search.architecture.convs=3", ConfigError, r"search.architecture.convs must be a list of the values"),
        ("search.architecture.convs=[]", ConfigError, r"must be a list of the values"),
        ("search.architecture.convs=[1, 1]", ConfigError, "has a value twice"),
        ("search.run.seeds=[1, 2]", UnknownNameError, r"no table of \[search\] in .* named 'run'"),
        ("search.training.select=['best', 'last']", ConfigError, "flatters"),
    ],
)
def test_mistakes_are_told_before_anything_is_read(sets: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        recipe(sets)


def test_a_protocol_without_development_speakers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match=r"demo/loso@1 has no development part .* --set architecture.convs=2"):
        run(tmp_path / "x", *SEARCH, protocol="loso")
    assert not (tmp_path / "x").exists()

"""Runs that read finished runs: what is refused before anything is computed, and what comes out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import serkit
from serkit.errors import PluginError, RunFolderError, SerkitError, UserError
from serkit.host import get_host
from serkit.nn import Architecture
from serkit.run.crossfit import PARTS, parts_of
from serkit.run.events import Events
from serkit.run.parts import check_learning
from serkit.run.predictions import Predictions
from serkit.run.recipe import Request, resolve
from serkit.run.runner import execute
from serkit.types import Fold

pytestmark = pytest.mark.usefixtures("one_thread")

TINY = [
    "architecture.convs=1",
    "architecture.maps=[2]",
    "architecture.pools=[[8, 8]]",
    "architecture.linear=4",
    "architecture.lstm=2",
    "architecture.dense=4",
]
FOLDS = ("f01", "f02")


def go(out: Path, *, resume: bool = False, **over: Any) -> dict[str, Any]:
    request = Request(**{"dataset": "demo", "folds": [0, 1], **over})
    return execute(resolve(request, get_host()), out=out, resume=resume, host=get_host(), events=Events())


def fuse(out: Path, *runs: Path, sets: tuple[str, ...] = (), **over: Any) -> dict[str, Any]:
    named = json.dumps([str(r) for r in runs])
    return go(out, plugin="fusion", sets=[f"features.runs.runs={named}", *sets], **over)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run that the tests below only read or copy."""
    out = tmp_path_factory.mktemp("runs") / "first"
    go(out, plugin="acrnn", sets=TINY, epochs=1)
    return out


@pytest.fixture(scope="module")
def second(first: Path) -> Path:
    """Another run of the same protocol: its posteriors are half the truth, half even."""
    out = first.with_name("second")
    shutil.copytree(first, out)
    for fold in FOLDS:
        found = predictions(out, fold)
        k = len(found.labels)
        better = 0.5 * np.eye(k)[found.truth] + 0.5 / k
        replace(found, posteriors=better, predicted=better.argmax(1)).write(file(out, fold))
    return out


def file(run: Path, fold: str) -> Path:
    return run / "folds" / f"0-{fold}" / "predictions.csv"


def predictions(run: Path, fold: str) -> Predictions:
    return Predictions.read(file(run, fold))


def test_the_mean_of_two_runs_by_id(first: Path, second: Path, tmp_path: Path) -> None:
    metrics = fuse(tmp_path / "run", first, second)
    assert (metrics["plugin"], metrics["preset"], metrics["complete"]) == ("fusion", "mean", False)
    for fold in FOLDS:
        a, b, found = (predictions(run, fold) for run in (first, second, tmp_path / "run"))
        assert found.ids == a.ids == b.ids
        # 1e-7: the posteriors pass through float32
        np.testing.assert_allclose(found.posteriors, (a.posteriors + b.posteriors) / 2, atol=1e-7)
    known = json.loads((tmp_path / "run" / "runs.json").read_text())["runs"]
    assert [part["run"] for part in known] == [str(first), str(second)]
    assert (tmp_path / "run" / "report.html").exists()


def test_stacking_learns_from_development_utterances_and_scores_them_honestly(
    first: Path, second: Path, tmp_path: Path
) -> None:
    metrics = fuse(tmp_path / "run", first, second, preset="stacked")
    assert metrics["uar"]["mean"] == 1.0  # the second run knows the truth, and the weights find it
    dev = predictions(tmp_path / "run", "f01").only("dev")
    assert (dev.predicted == dev.truth).mean() > 0.9


def test_development_scores_of_runs_that_know_nothing_stay_at_chance(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cross-fitting: a model that memorises its development utterances must not be praised for it."""
    from serkit_plugins.architectures.fusion.late import FusionEstimator

    def fit(self: Any, inputs: Any, labels: Any, rng: Any, weights: Any) -> None:
        self.memory = {row.tobytes(): int(k) for row, k in zip(inputs["runs"], labels, strict=True)}

    def recall(self: Any, inputs: Any) -> Any:
        known = [self.memory.get(row.tobytes(), 0) for row in inputs["runs"]]
        return np.eye(len(self.bias))[known] * 0.9 + 0.1 / len(self.bias)

    monkeypatch.setattr(FusionEstimator, "fit", fit)
    monkeypatch.setattr(FusionEstimator, "predict_proba", recall)
    fuse(tmp_path / "run", first, preset="stacked", folds=[0])
    dev = predictions(tmp_path / "run", "f01").only("dev")
    assert set(dev.predicted) == {0}  # every utterance was unknown to the model that was asked


def test_inner_folds_hold_every_class_and_every_utterance_once() -> None:
    classes = np.repeat([0, 1, 2], [11, 7, 3])
    part = parts_of(classes, np.random.default_rng(0))
    counts = np.array([np.bincount(part[classes == k], minlength=PARTS) for k in range(3)])
    assert (counts.max(axis=1) - counts.min(axis=1) <= 1).all()
    assert set(parts_of(np.array([0, 1]), np.random.default_rng(0))) == {0, 1}


def no_run(run: Path) -> None:
    (run / "recipe.toml").unlink()


def other_protocol(run: Path) -> None:
    split = json.loads((run / "protocol.json").read_text())
    (run / "protocol.json").write_text(json.dumps({**split, "hash": "0" * 64, "name": "loso"}))


def no_fold(run: Path) -> None:
    file(run, "f02").unlink()


def cut_short(run: Path) -> None:
    path = file(run, "f02")
    path.write_text(path.read_text()[:-20])


def other_utterances(run: Path) -> None:
    predictions(run, "f01").write(file(run, "f02"))


def other_labels(run: Path) -> None:
    found = predictions(run, "f02")
    replace(found, labels=("x", *found.labels[1:])).write(file(run, "f02"))


def other_audio(run: Path) -> None:
    split = json.loads((run / "protocol.json").read_text())
    name = next(iter(split["audio_sha256"]))
    split["audio_sha256"][name] = "0" * 64
    (run / "protocol.json").write_text(json.dumps(split))


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (no_run, r"no run folder"),
        (
            other_protocol,
            r"protocol hash 000000000000 \(demo/loso@1, inductive\), this run .*only runs of equal protocol hashes",
        ),
        (no_fold, r"has no predictions of seed 0, fold f02; finish it with .*--resume"),
        (cut_short, r"line \d+, is damaged"),
        (other_utterances, r"does not hold the utterances of its fold"),
        (other_labels, r"does not hold the utterances of its fold"),
        (other_audio, r"made on other recordings"),
    ],
)
def test_runs_that_do_not_fit_are_refused_before_anything_is_computed(
    harm: Callable[[Path], None], sentence: str, first: Path, tmp_path: Path
) -> None:
    shutil.copytree(first, tmp_path / "harmed")
    harm(tmp_path / "harmed")
    with pytest.raises(SerkitError, match=sentence):
        fuse(tmp_path / "run", first, tmp_path / "harmed")
    assert not (tmp_path / "run").exists()


def test_what_to_fuse_must_be_said_once(first: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"name their folders, --set 'features\.runs\.runs="):
        fuse(tmp_path / "run")
    with pytest.raises(UserError, match=r"names the run .* twice"):
        fuse(tmp_path / "run", first, first / ".." / "first")
    with pytest.raises(RunFolderError, match="no predictions of seed 1"):
        fuse(tmp_path / "run", first, seeds=2)
    with pytest.raises(RunFolderError, match=r"no predictions of seed 0, fold f03; .*fewer seeds \(--seeds\) or folds"):
        fuse(tmp_path / "run", first, folds=[2])


def test_resume_keeps_folds_and_refuses_parts_that_were_made_anew(first: Path, second: Path, tmp_path: Path) -> None:
    part = tmp_path / "part"
    shutil.copytree(second, part)
    fuse(tmp_path / "run", first, part, preset="stacked")
    before = file(tmp_path / "run", "f01").read_text()
    shutil.rmtree(file(tmp_path / "run", "f02").parent)
    fuse(tmp_path / "run", first, part, preset="stacked", resume=True)
    assert file(tmp_path / "run", "f01").read_text() == before
    found = predictions(part, "f01")
    replace(found, posteriors=np.full_like(found.posteriors, 0.25)).write(file(part, "f01"))
    with pytest.raises(RunFolderError, match="begun on other predictions"):
        fuse(tmp_path / "run", first, part, preset="stacked", resume=True)


def test_files_are_not_predicted_by_a_fusion(first: Path, tmp_path: Path) -> None:
    fuse(tmp_path / "run", first, folds=[0])
    with pytest.raises(UserError, match="name one of those runs"):
        serkit.load(tmp_path / "run").predict([tmp_path / "a.wav"])


def test_runs_cannot_be_trained_on_and_development_parts_must_be_there() -> None:
    class Asks(Architecture):
        pass

    bare = [Fold(name="a", train=("1",), dev=("2",), test=("3",))]
    with pytest.raises(PluginError, match="no posteriors of training utterances"):
        check_learning(Asks(None), "architecture 'asks'", {"runs"}, bare)

    class Learns(Asks):
        learns_from: ClassVar = "dev"

    with pytest.raises(UserError, match="of which fold a has fewer than two"):
        check_learning(Learns(None), "architecture 'learns'", {"runs"}, bare)
    check_learning(Asks(None), "architecture 'asks'", set(), bare)

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import serkit
from serkit.data.corpus import build
from serkit.data.export import write_manifest
from serkit.data.protocols import make_protocol
from serkit.errors import RunFolderError, UnknownNameError, UserError
from serkit.host import get_host
from serkit.host.protocols import LOSO_NEXT
from serkit.run import corpora
from serkit.run.events import Events
from serkit.run.recipe import Request, resolve
from serkit.run.runner import Run, execute
from serkit.types import Corpus, Utterance

# An ACRNN small enough for a test; what is tested is the run, not the score.
TINY = [
    "architecture.convs=2",
    "architecture.maps=[4]",
    "architecture.pools=[[4, 4]]",
    "architecture.linear=12",
    "architecture.lstm=6",
    "architecture.unit.frames=80",
    "training.patience=0",
    "training.lr=0.005",
    "training.batch=32",
]


def go(out: Path, *, resume: bool = False, events: Events | None = None, **over: Any) -> dict[str, Any]:
    request = Request(**{"plugin": "acrnn", "dataset": "demo", "sets": TINY, "epochs": 2, "folds": [0, 1], **over})
    return execute(resolve(request, get_host()), out=out, resume=resume, host=get_host(), events=events or Events())


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One finished run that the tests below only read or copy."""
    out = tmp_path_factory.mktemp("runs") / "done"
    go(out)
    return out


def results(run: Path) -> dict[str, str]:
    return {
        str(p.relative_to(run)): p.read_text() for p in sorted(run.glob("folds/*/*.csv")) if p.name != "history.csv"
    }


def test_the_run_folder_is_whole(finished: Path) -> None:
    there = {str(p.relative_to(finished)) for p in finished.rglob("*") if p.is_file()}
    files = ("model.safetensors", "transforms.safetensors", "history.csv", "predictions.csv", "segments.csv")
    expected = {f"folds/0-{fold}/{name}" for fold in ("f01", "f02") for name in files}
    expected |= {"recipe.toml", "environment.json", "protocol.json", "metrics.json", "report.md", "report.html"}
    assert expected <= there
    assert {p for p in there if p.startswith("plots/")}
    assert not [p for p in there if p.endswith(".part") or "last.safetensors" in p]


def test_metrics_json_has_the_promised_keys(finished: Path) -> None:
    metrics = json.loads((finished / "metrics.json").read_text())
    assert set(metrics) >= {
        "schema", "complete", "dataset", "plugin", "preset", "protocol", "protocol_hash", "information", "n_folds",
        "n_seeds", "collapsed", "uar", "war", "metrics", "per_class_recall", "support", "confusion", "published",
    }  # fmt: skip
    assert set(metrics["uar"]) >= {"mean", "std_folds", "std_seeds", "pooled", "interval95", "per_fold"}
    assert metrics["complete"] is False  # two of ten folds
    assert metrics["published"] is None  # nobody published on this corpus
    assert np.sum(metrics["confusion"]["matrix"]) == 48
    assert metrics["training_speakers"] == [8]
    assert sum(metrics["calibration"]["n"]) == 48
    assert set(metrics["roc"]["classes"]) == set(metrics["confusion"]["labels"])
    speakers = metrics["groups"]["speaker"]  # a fold tests one speaker; both are women, so there is nothing by sex
    assert [g["uar"] for g in speakers.values()] == list(metrics["uar"]["per_fold"].values())
    assert set(metrics["groups"]) == {"speaker"}


def test_predictions_hold_dev_and_test_of_the_fold_and_agree_with_the_metrics(finished: Path) -> None:
    protocol = json.loads((finished / "protocol.json").read_text())
    metrics = json.loads((finished / "metrics.json").read_text())
    for fold in protocol["folds"][:2]:
        with open(finished / "folds" / f"0-{fold['name']}" / "predictions.csv", newline="") as f:
            rows = list(csv.DictReader(f))
        assert {r["id"] for r in rows if r["split"] == "test"} == set(fold["test"])
        assert {r["id"] for r in rows if r["split"] == "dev"} == set(fold["dev"])
        recalls = []
        for label in protocol["labels"]:
            mine = [r for r in rows if r["split"] == "test" and r["label"] == label]
            recalls.append(np.mean([r["predicted"] == label for r in mine]))
        assert np.isclose(np.mean(recalls), metrics["uar"]["per_fold"][fold["name"]], rtol=0, atol=1e-12)
        for r in rows:
            p = [float(r[f"p_{label}"]) for label in protocol["labels"]]
            assert protocol["labels"][int(np.argmax(p))] == r["predicted"]


def test_the_same_run_twice_gives_the_same_bits(finished: Path, tmp_path: Path) -> None:
    go(tmp_path / "again")
    assert results(tmp_path / "again") == results(finished)


def test_chosen_folds_do_not_change_a_fold(finished: Path, tmp_path: Path) -> None:
    go(tmp_path / "one", folds=[1])
    name = "folds/0-f02/predictions.csv"
    assert (tmp_path / "one" / name).read_text() == (finished / name).read_text()


def test_kill_minus_nine_leaves_a_folder_that_resumes_to_the_same_result(finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "serkit", "run", "--plugin", "acrnn", "--dataset", "demo", "--epochs", "2"]
    command += ["--folds", "0,1", "--out", str(out), *(x for s in TINY for x in ("--set", s))]
    # one thread as in this process, since bits are promised for equal thread counts only
    child = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(out.glob("folds/*/last.safetensors")) and time.monotonic() < deadline and child.poll() is None:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL, "the run ended before it could be killed"
    metrics = go(out, resume=True)
    assert results(out) == results(finished)
    assert metrics["uar"] == json.loads((finished / "metrics.json").read_text())["uar"]


def test_resume_refuses_another_recipe_and_names_what_differs(finished: Path) -> None:
    with pytest.raises(RunFolderError, match=r"another recipe \(it differs in training\.epochs\)"):
        go(finished, resume=True, epochs=3)
    recipe = resolve(Request(plugin="acrnn", dataset="demo"), get_host())
    with pytest.raises(RunFolderError, match="--resume needs"):
        execute(recipe, out=None, resume=True, host=get_host(), events=Events())


def test_out_must_be_empty_and_writable(finished: Path, tmp_path: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in finished.rglob("*")}
    with pytest.raises(RunFolderError, match=r"is not empty; .*--resume"):
        go(finished)
    assert before == {p: p.stat().st_mtime_ns for p in finished.rglob("*")}
    (tmp_path / "file").touch()
    with pytest.raises(RunFolderError, match="is a file"):
        go(tmp_path / "file")
    with pytest.raises(RunFolderError, match="cannot be written"):
        go(tmp_path / "file" / "below")


def test_a_folder_whose_name_is_no_text_is_refused_before_training(tmp_path: Path) -> None:
    """The report bears the folder's name: it could not be written, after all training was done."""
    with pytest.raises(RunFolderError, match=r"run\\udcff is not valid UTF-8"):
        go(tmp_path / "run\udcff")
    assert not list(tmp_path.iterdir())


def test_what_a_run_lacks_is_said_in_words() -> None:
    rows = [
        Utterance(id=f"{s}{x}", path=Path(f"/{s}{x}.wav"), label=x, speaker=s) for s in "abcd" for x in ("happy", "sad")
    ]
    whole = build("toy", Path("/"), rows, ("happy", "sad"))
    protocol = make_protocol(whole, LOSO_NEXT)
    parts = {"recipe": resolve(Request(plugin="acrnn", dataset="demo"), get_host()), "folder": Path("/r")}

    def lacks(corpus: Corpus, folds: int) -> list[str]:
        made = Run(**parts, corpus=corpus, protocol=protocol, folds=protocol.folds[:folds])  # type: ignore[arg-type]
        assert made.complete is not bool(made.lacks())
        return made.lacks()

    assert lacks(whole, 4) == []
    assert lacks(whole, 2) == ["2 of the 4 folds were run"]
    assert lacks(replace(whole, complete=False), 4) == ["recordings of toy are missing here"]
    partial = replace(whole, complete=False, missing=("e1", "e2"))
    assert lacks(partial, 1) == ["1 of the 4 folds was run", "2 recordings of toy are missing here"]


def test_a_fold_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no fold of demo/loso_next@1 named '10'"):
        go(tmp_path / "x", folds=[10])
    assert not (tmp_path / "x").exists()


def test_damaged_weights_are_named(finished: Path, tmp_path: Path) -> None:
    run = tmp_path / "damaged"
    shutil.copytree(finished, run)
    model = run / "folds" / "0-f02" / "model.safetensors"
    model.write_bytes(model.read_bytes()[:100])
    wav = tmp_path / "a.wav"
    soundfile.write(wav, np.sin(np.arange(16000)).astype(np.float32) * 0.1, 16000)
    with pytest.raises(RunFolderError, match=r"0-f02/model\.safetensors is damaged"):
        serkit.load(run).predict([wav])


@pytest.mark.parametrize("column", ["label", "speaker"])
def test_resume_keeps_no_predictions_of_other_speakers_or_labels(finished: Path, tmp_path: Path, column: str) -> None:
    """The interval resamples the speakers of this file: with another name in it, it was another interval, unnoticed."""
    run = tmp_path / "edited"
    shutil.copytree(finished, run)
    path = run / "folds" / "0-f02" / "predictions.csv"
    table = list(csv.reader(path.read_text().splitlines()))
    at = table[0].index(column)
    table[1][at] = next(row[at] for row in table[1:] if row[at] != table[1][at])
    with path.open("w", newline="") as f:
        csv.writer(f).writerows(table)
    with pytest.raises(RunFolderError, match=r"does not hold the .* with their labels and speakers"):
        go(run, resume=True)


def test_predict_gives_what_the_run_wrote_and_warns_of_training_files(finished: Path) -> None:
    run = serkit.load(finished)
    protocol = run.protocol
    corpus = {p.stem: p for p in (Path(os.environ["SERKIT_CACHE"])).rglob("*.wav")}
    fold = protocol["folds"][0]
    ids = fold["test"][:5]
    files = [corpus[Path(i).stem] for i in ids]
    one = serkit.load(finished / "folds" / "0-f01").predict(files)
    with open(finished / "folds" / "0-f01" / "predictions.csv", newline="") as f:
        written = {r["id"]: r for r in csv.DictReader(f)}
    for i, p in zip(ids, one, strict=True):
        assert p.label == written[i]["predicted"]
        for label, value in p.posteriors.items():
            # 1e-5: batches of other sizes sum in another order in single precision
            assert abs(value - float(written[i][f"p_{label}"])) < 1e-5
        assert (p.models, p.trained_on) == (1, 0)
    both = run.predict(files)
    assert {(p.models, p.trained_on) for p in both} == {(2, 1)}  # the test speaker of one fold trains the other
    assert abs(sum(both[0].posteriors.values()) - 1) < 1e-9


def test_predict_takes_20_ms_and_refuses_what_is_no_audio(finished: Path, tmp_path: Path) -> None:
    short = tmp_path / "kurz ü.wav"
    soundfile.write(short, np.full(320, 0.1, np.float32), 16000)
    assert serkit.load(finished).predict([short])[0].label in serkit.load(finished).protocol["labels"]
    text = tmp_path / "text.wav"
    text.write_text("not audio")
    with pytest.raises(UserError, match=r"text\.wav"):
        serkit.load(finished).predict([short, text])


def test_load_refuses_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="is no run folder"):
        serkit.load(tmp_path)


def test_the_library_runs_a_mapping_and_is_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = {"run": {"plugin": "acrnn", "folds": [0]}, "dataset": {"name": "demo"}, "training": {"epochs": 1}}
    done = serkit.run(recipe, out=tmp_path / "lib", sets=TINY)
    assert done.metrics["n_folds"] == 1
    assert capsys.readouterr() == ("", "")


class Notes(Events):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)


def test_changed_copies_are_trained_on_and_their_memory_is_told(finished: Path, tmp_path: Path) -> None:
    notes = Notes()
    changes = ["training.augment.speed=[0.9, 1.1]", "training.augment.snr=[20]", "training.augment.mixup=0.2"]
    go(tmp_path / "run", events=notes, sets=[*TINY, *changes], folds=[0])
    (line,) = [x for x in notes.lines if x.startswith("The waveforms of ")]
    assert "192 training utterances are kept in memory (" in line
    changed, plain = results(tmp_path / "run"), results(finished)
    assert changed.keys() < plain.keys()
    assert all(changed[name] != plain[name] for name in changed)


def test_votes_of_a_manifest_are_trained_on(tmp_path: Path) -> None:
    demo = corpora.load(resolve(Request(plugin="acrnn", dataset="demo"), get_host()).corpus, get_host())
    unsure = {"sad": 1.0, "neutral": 1.0}
    rows = tuple(replace(u, votes=unsure if u.label == "sad" else {}) for u in demo.utterances)
    manifest = write_manifest(replace(demo, utterances=rows), tmp_path / "votes.csv")
    notes = Notes()
    few = {"dataset": "csv", "data": [manifest], "folds": [0], "epochs": 1}
    go(tmp_path / "labels", **few)
    go(tmp_path / "votes", **few, events=notes, sets=[*TINY, 'training.targets="votes"'])
    assert results(tmp_path / "labels") != results(tmp_path / "votes")
    assert "144 of 192 training utterances have no vote for any of the classes" in "".join(notes.lines)
    with pytest.raises(UserError, match="but demo has none"):
        go(tmp_path / "none", sets=[*TINY, 'training.targets="votes"'])
    assert not (tmp_path / "none").exists()

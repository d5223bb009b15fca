"""``serkit audit`` of corpora and of run folders: tables, sentences, JSON, exit codes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import serkit
from serkit.cli.main import invoke
from serkit.data import protocols
from serkit.testing.audio import write_noise
from serkit.testing.trees import ravdess
from serkit.types import Corpus, Protocol
from serkit_plugins.datasets import emodb

RECIPE = {
    "run": {"plugin": "acrnn", "folds": [0]},
    "architecture": {"convs": 1, "maps": [2], "pools": [[4, 4]], "linear": 4, "lstm": 2, "unit": {"frames": 80}},
    "training": {"epochs": 1, "patience": 0},
    "dataset": {"name": "demo"},
}


@pytest.fixture
def names_only(tmp_path: Path) -> Path:
    """EMO-DB's 535 names without sound, which suffices where nothing is decoded."""
    (tmp_path / "wav").mkdir()
    for name in emodb._checksums():
        (tmp_path / "wav" / f"{name}.wav").touch()
    return tmp_path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Path:
    out = tmp_path_factory.mktemp("audit") / "run"
    serkit.run(RECIPE, out=out)
    return out


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = invoke(["audit", *map(str, arguments)])
    return code, *capsys.readouterr()


def page(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    code, out, _ = call(capsys, *arguments, "--json")
    return code, json.loads(out)


def test_a_corpus_under_all_its_protocols(capsys: pytest.CaptureFixture[str], names_only: Path) -> None:
    code, content = page(capsys, "--dataset", "emodb", "--data", names_only, "--protocol", "all", "--no-audio")
    assert code == 0
    assert content["holds"] is True
    assert content["audio"] is False
    named = {p["protocol"]: p for p in content["protocols"]}
    loso = named["emodb/loso_next@1"]
    assert loso["n_folds"] == 10
    assert {f["seen"]["speaker"] for f in loso["folds"]} == {0}
    assert {f["seen"]["text"] for f in loso["folds"]} == {10}
    assert loso["kinds"]["audio"]["known"] is False
    code, out, err = call(capsys, "--dataset", "emodb", "--data", names_only, "--no-audio")
    assert (code, err) == (0, "")
    assert "emodb/loso_next@1: " in out
    assert "chen4" not in out  # the default protocol only
    assert "What is guaranteed unseen holds: speaker." in out
    assert "recordings were not read" in out


def test_what_cannot_be_measured_is_said(capsys: pytest.CaptureFixture[str], names_only: Path, tmp_path: Path) -> None:
    ask = ("--data", names_only, "--no-audio")
    code, out, _ = call(capsys, "--dataset", "emodb", *ask, "--protocol", "all_data")
    assert code == 0
    assert "There is no test part, so nothing can leak into one." in out
    assert "0 of 0" not in out
    ravdess.write(tmp_path / "ravdess")
    pool = ("--data", f"emodb={names_only}", "--data", f"ravdess={tmp_path / 'ravdess'}", "--no-audio")
    code, out, _ = call(capsys, "--dataset", "emodb+ravdess", *pool)
    assert code == 0
    assert "What is guaranteed unseen holds: speaker." in out
    assert "Guaranteed unseen, but not measured: audio." in out
    code, content = page(capsys, "--dataset", "emodb+ravdess", *pool)
    assert content["protocols"][0]["unmeasured"] == ["audio"]


def test_a_copy_of_a_recording_is_found(capsys: pytest.CaptureFixture[str], real_data: Path, tmp_path: Path) -> None:
    for source in (real_data / "emodb" / "wav").glob("*.wav"):
        if source.stem not in ("03a01Fa", "08a01Fd"):
            (tmp_path / source.name).symlink_to(source)
    for name in ("03a01Fa", "08a01Fd"):  # one recording under the names of two speakers
        (tmp_path / f"{name}.wav").write_bytes((real_data / "emodb" / "wav" / "03a01Fa.wav").read_bytes())
    code, content = page(capsys, "--dataset", "emodb", "--data", tmp_path)
    assert code == 0  # the protocol guarantees speakers only
    found = content["protocols"][0]["kinds"]["audio"]["overlaps"]
    assert {tuple(sorted(o["example"])) for o in found} == {("03a01Fa", "08a01Fd")}


def test_a_broken_guarantee_ends_with_1(
    capsys: pytest.CaptureFixture[str], names_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = protocols.make_protocol

    def leaky(corpus: Corpus, spec: Any) -> Protocol:
        made = make(corpus, spec)
        first, *rest = made.folds
        return replace(made, folds=(replace(first, train=(*first.train, first.test[0]), test=first.test[1:]), *rest))

    monkeypatch.setattr(protocols, "make_protocol", leaky)
    code, out, _ = call(capsys, "--dataset", "emodb", "--data", names_only, "--no-audio")
    assert code == 1
    assert "Broken: Protocol emodb/loso_next@1 guarantees that no speaker is in two parts, but in fold 03" in out
    assert "1 of 1" in out
    code, content = page(capsys, "--dataset", "emodb", "--data", names_only, "--no-audio")
    assert (code, content["holds"], len(content["protocols"][0]["broken"])) == (1, False, 1)


def test_a_protocol_that_the_copy_does_not_allow(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in emodb._checksums():
        if name.startswith(("03", "08", "09")):  # none of them is tested by chen4
            (tmp_path / f"{name}.wav").touch()
    ask = ("--dataset", "emodb", "--data", tmp_path, "--no-audio", "--protocol")
    code, content = page(capsys, *ask, "all")
    assert code == 0
    (problem,) = [p["problem"] for p in content["protocols"] if p["protocol"] == "emodb/chen4@1"]
    assert "is to test speaker 13" in problem
    code, out, _ = call(capsys, *ask, "all")
    assert "emodb/chen4@1: " in out
    code, _, err = call(capsys, *ask, "chen4")
    assert code == 2
    assert "is to test speaker 13" in err


def test_a_run_folder(capsys: pytest.CaptureFixture[str], run: Path) -> None:
    code, content = page(capsys, run)
    assert (code, content["holds"], content["notes"]) == (0, True, [])
    kept = json.loads((run / "protocol.json").read_text("utf-8"))["audit"]
    (measured,) = content["protocols"]
    assert {k: measured[k] for k in ("folds", "kinds", "lines")} == {k: kept[k] for k in ("folds", "kinds", "lines")}
    assert "demo/loso_next@1" in call(capsys, run)[1]


@pytest.mark.parametrize("what", ["speaker", "hash"])
def test_a_run_folder_that_was_changed(
    capsys: pytest.CaptureFixture[str], run: Path, tmp_path: Path, what: str
) -> None:
    split = json.loads((run / "protocol.json").read_text("utf-8"))
    if what == "speaker":  # the file now says that one person is in training and in test
        old, new = (split["speakers"][split["folds"][0][part][0]] for part in ("test", "train"))
        split["speakers"] = {i: new if s == old else s for i, s in split["speakers"].items()}
    else:
        split["hash"] = "0" * 64
    (tmp_path / "protocol.json").write_text(json.dumps(split), "utf-8")
    code, out, _ = call(capsys, tmp_path)
    assert code == 1
    assert "was changed after the run began" in out
    assert ("Broken: " in out) == (what == "speaker")


def test_options_of_the_dataset(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in "abc":
        write_noise(tmp_path / f"{name}.wav")
    rows = [f"{s}.wav,{e},{s},{0.01 * k},{0.01 * k + 0.01}" for s in "abc" for k, e in enumerate(("Anger", "sad"))]
    (tmp_path / "m.csv").write_text("\n".join(["file,emotion,speaker,start,end", *rows, ""]))
    ask = ["--dataset", "csv", "--data", tmp_path / "m.csv", "--set"]
    assert page(capsys, *ask, "canonical=false")[0] == 0
    code, _, err = call(capsys, *ask, 'labels=["sad"]')
    assert (code, "line 2: unknown label 'Anger'" in err) == (2, True)


def test_a_pool_of_a_corpus_with_a_copy_of_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for folder in ("emodb", "own"):
        for k, name in enumerate(("03a01Wa", "03a01Fa", "08a01Wa", "08a01Fd", "09a01Fa", "09a01Wb")):
            write_noise(tmp_path / folder / f"{name}.wav", seed=name if k == 3 else f"{folder} {name}")
    rows = [f"{p.name},{'angry' if p.stem[5] == 'W' else 'happy'},{p.name[:2]}" for p in (tmp_path / "own").iterdir()]
    (tmp_path / "own" / "m.csv").write_text("\n".join(["file,emotion,speaker", *rows, ""]))
    ask = ["--dataset", "emodb+csv", "--data", tmp_path / "emodb", "--data", f"csv={tmp_path / 'own'}"]
    code, content = page(capsys, *ask)
    assert (code, content["dataset"], content["holds"]) == (1, "csv+emodb", False)
    (found,) = content["protocols"]
    assert found["protocol"] == "csv+emodb/cross_corpus@1"
    assert "the same recording is in train" in found["broken"][0]
    assert "csv/08a01Fd" in found["broken"][0]
    code, content = page(capsys, *ask, "--protocol", "emodb+csv/loso_next@1")
    assert (code, content["holds"]) == (0, True)  # it promises unseen speakers only; the copy is measured
    assert content["protocols"][0]["kinds"]["audio"]["overlaps"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Name one thing to audit"),
        (("{tmp}", "--dataset", "emodb"), "Name one thing to audit"),
        (("{tmp}",), "is no run folder (it has no protocol.json)"),
        (("{tmp}", "--set", "subset=816"), "leave out --data, --set"),
        (("--split", "{tmp}", "--set", "subset=816"), "--set gives options of a corpus"),
        (("--dataset", "emodb", "--set", "subst=816", "--data", "{tmp}"), "did you mean 'subset'?"),
        (("{tmp}", "--no-audio"), "A run folder is audited from its protocol.json alone"),
        (("--dataset", "emodb", "--protocol", "loso_nxt", "--data", "{tmp}"), "did you mean 'loso_next@1'?"),
        # another version, and another corpus, were taken for this one's
        (("--dataset", "emodb", "--protocol", "loso_next@9", "--data", "{tmp}"), "no protocol of 'emodb' named"),
        (("--dataset", "emodb", "--protocol", "tess/loso@1", "--data", "{tmp}"), "no protocol of 'emodb' named"),
        (("--dataset", "emodb", "--data", "{tmp}"), "does not hold EMO-DB"),
    ],
)
def test_mistakes(capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: Sequence[str], words: str) -> None:
    code, out, err = call(capsys, *(a.format(tmp=tmp_path) for a in arguments))
    assert (code, out) == (2, "")
    assert words in err


def test_a_damaged_protocol_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "protocol.json").write_text('{"corpus": "demo"}', "utf-8")
    code, _, err = call(capsys, tmp_path)
    assert code == 2
    assert "protocol.json is damaged" in err

"""``serkit predict``: kinds of audio that work, what is refused, warnings and JSON."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import serkit
from serkit.cli.main import invoke
from serkit.cli.predict import _warn
from serkit.run import api
from serkit.run.api import Prediction

RECIPE = {
    "run": {"plugin": "acrnn", "folds": [0, 1]},
    "architecture": {"convs": 2, "maps": [4], "pools": [[4, 4]], "linear": 12, "lstm": 6, "unit": {"frames": 80}},
    "training": {"epochs": 1, "patience": 0, "lr": 0.005, "batch": 32},
    "dataset": {"name": "demo"},
}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # tiny models spend their time waiting for a second thread
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("predict") / "run"
    serkit.run(RECIPE, out=out)
    return out


def call(*arguments: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = invoke(["predict", *map(str, arguments)])
    return code, out.getvalue(), err.getvalue()


def noise(seconds: float, rate: int = 16000, channels: int = 1) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal((round(seconds * rate), channels)).astype(np.float32)


def test_every_promised_kind_of_audio_is_labelled(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Töne 音"
    folder.mkdir()
    for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"):
        soundfile.write(folder / f"{subtype}.wav", noise(0.5), 16000, subtype=subtype)
    soundfile.write(folder / "x.flac", noise(0.5), 16000)
    soundfile.write(folder / "eight.wav", noise(0.5, channels=8), 16000)
    for rate in (8000, 11025, 48000, 192000):
        soundfile.write(folder / f"{rate}.wav", noise(0.5, rate), rate)
    soundfile.write(folder / "20ms.wav", noise(0.02), 16000)
    code, stdout, stderr = call(run, folder, "--json")
    assert (code, stderr) == (0, "")
    found = json.loads(stdout)
    assert [r["file"] for r in found] == [str(p) for p in sorted(folder.iterdir())]
    for r in found:
        assert r["models"] == 2
        assert abs(sum(r["posteriors"].values()) - 1) < 1e-9  # means of rows scaled to one in float64
        assert r["label"] == max(r["posteriors"], key=r["posteriors"].__getitem__)
    by_name = {Path(r["file"]).name: r["posteriors"]["sad"] for r in found}
    # 1e-5: FLAC holds the same samples as 16 bits, but rows of one batch are summed in another order
    assert by_name["x.flac"] == pytest.approx(by_name["PCM_16.wav"], abs=1e-5)


def test_a_table_is_not_cut_when_piped(run: Path, tmp_path: Path) -> None:
    path = tmp_path / ("long" * 30 + "[b].wav")
    soundfile.write(path, noise(0.2), 16000)
    code, stdout, _ = call(run / "folds" / "0-f01", path)
    assert code == 0
    assert "mean over 1 model\n" in stdout
    assert path.name in "".join(line.split(" ")[0] for line in stdout.splitlines())
    assert "angry" in stdout


def test_a_file_that_was_trained_on_is_told(run: Path) -> None:
    wav = next(Path(os.environ["SERKIT_CACHE"]).rglob("f01_t01_angry.wav"))
    code, stdout, stderr = call(run, wav, "--json")
    assert code == 0
    assert json.loads(stdout)[0]["trained_on"] == 1  # test speaker of one fold, training speaker of the other
    assert "was in the training or development data of 1 of the 2 models;" in stderr
    assert stderr.count("\n") == 1
    assert call(run / "folds" / "0-f01", wav)[2] == ""


def test_many_files_that_were_trained_on_are_one_warning(capsys: pytest.CaptureFixture[str]) -> None:
    # the 300 files of a corpus gave 300 lines of warning above the table
    seen = [Prediction(file=f"{k}.wav", label="sad", posteriors={}, models=2, trained_on=1) for k in range(4)]
    _warn(seen[:3], 9)
    assert capsys.readouterr().err.count("\n") == 3
    _warn(seen, 9)
    stderr = capsys.readouterr().err
    assert stderr.startswith("Warning: 4 of the 9 files, e.g. 0.wav, were in the training")
    assert stderr.count("\n") == 1


def test_files_are_scored_in_groups_with_the_same_result(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for k in range(5):
        soundfile.write(tmp_path / f"{k}.wav", noise(0.3 + 0.1 * k), 16000)
    one = json.loads(call(run, tmp_path, "--json")[1])
    monkeypatch.setattr(api, "GROUP_SECONDS", 0.75)
    many = json.loads(call(run, tmp_path, "--json")[1])
    assert [r["file"] for r in many] == [r["file"] for r in one]
    for a, b in zip(one, many, strict=True):
        for label, value in a["posteriors"].items():
            # 1e-5: batches of other sizes sum in another order in single precision
            assert b["posteriors"][label] == pytest.approx(value, abs=1e-5)


def write_bad(folder: Path) -> dict[str, str]:
    soundfile.write(folder / "good.wav", noise(0.3), 16000)
    soundfile.write(folder / "good.flac", noise(0.3), 16000)
    whole, flac = (folder / "good.wav").read_bytes(), (folder / "good.flac").read_bytes()
    (folder / "empty.wav").touch()
    (folder / "cut.wav").write_bytes(whole[: len(whole) // 2])
    (folder / "cut.flac").write_bytes(flac[: len(flac) // 2])
    (folder / "text.wav").write_text("hello")
    (folder / "folder.wav").mkdir()
    soundfile.write(folder / "zero.wav", noise(0), 16000)
    for name, value in (("nan.wav", np.nan), ("inf.wav", np.inf)):
        samples = noise(0.3)
        samples[100] = value
        soundfile.write(folder / name, samples, 16000, subtype="FLOAT")
    return {
        "missing.wav": "does not exist; check the path",
        "empty.wav": "is an empty file (0 bytes)",
        "cut.wav": "is truncated: its header promises",
        "cut.flac": "is damaged",
        "text.wav": "is not audio that can be decoded",
        "folder.wav": "holds no audio files",
        "zero.wav": "holds a header but no samples",
        "nan.wav": "holds NaN or infinite samples (first at 0.006 s)",
        "inf.wav": "holds NaN or infinite samples",
    }


def test_bad_audio_is_one_sentence_that_names_it(run: Path, tmp_path: Path) -> None:
    for name, words in write_bad(tmp_path).items():
        code, stdout, stderr = call(run, tmp_path / "good.wav", tmp_path / name, "--json")
        assert stderr.startswith(f"Error: {tmp_path / name} {words}"), name
        assert (code, stdout, stderr.count("\n")) == (2, "", 1)


def test_what_is_no_run_or_is_damaged_is_named(run: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", noise(0.3), 16000)

    def refused(path: Path, words: str) -> None:
        code, _, stderr = call(path, tmp_path / "a.wav")
        assert words in stderr
        assert (code, stderr.count("\n")) == (2, 1)

    refused(tmp_path / "nowhere", "is no run folder (it has no recipe.toml); name the folder")
    refused(run / "folds" / "0-f09", "has no finished fold; continue it with `serkit run --resume")
    damage = {
        "recipe.toml": (lambda b: b[: len(b) // 3], "recipe.toml cannot be read or is damaged"),
        "protocol.json": (lambda b: b"{}", "protocol.json is damaged"),
        "folds/0-f01/model.safetensors": (lambda b: b[:100], "model.safetensors is damaged"),
        "folds/0-f01/transforms.safetensors": (lambda b: b[:20], "transforms.safetensors is damaged"),
    }
    for name, (change, words) in damage.items():
        copy = tmp_path / "copy"
        shutil.copytree(run, copy)
        (copy / name).write_bytes(change((copy / name).read_bytes()))
        refused(copy, words)
        shutil.rmtree(copy)


def test_predict_inside_a_fold(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile.write(tmp_path / "a.wav", noise(0.3), 16000)
    monkeypatch.chdir(run / "folds" / "0-f02")
    code, stdout, _ = call(".", tmp_path / "a.wav", "--json")
    assert code == 0
    assert json.loads(stdout)[0]["models"] == 1

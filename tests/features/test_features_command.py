"""``serkit features``: what it writes, what it refuses, and that nothing is left of a run that failed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer
from typer.testing import CliRunner

from serkit.cli import features as command
from serkit.errors import AudioError, ConfigError, RunFolderError, UnknownNameError
from serkit.features import LogMel, LogMelOptions
from serkit.host import get_host

app = typer.Typer()
app.command()(command.features)


def run(*arguments: object) -> str:
    answer = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=True)
    if answer.exception is not None:
        raise answer.exception
    assert answer.exit_code == 0
    return answer.stdout


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "Aufnahmen für SerKit"
    for i, (name, seconds) in enumerate({"a.wav": 0.3, "a.flac": 0.5, "sub/böse.wav": 1.2, "sub/b.wav": 0.02}.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.1 * np.random.default_rng(i).standard_normal(round(16000 * seconds)), 16000)
    return folder


def test_every_file_becomes_an_array_in_the_same_folders(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    printed = json.loads(run(corpus, "--out", out, "--json"))
    index = json.loads((out / "index.json").read_text())
    assert printed == {"out": str(out), **index}
    assert {n: e["features"] for n, e in index["files"].items()} == {
        "a.flac": "a.flac.npy", "a.wav": "a.wav.npy", "sub/b.wav": "sub/b.npy", "sub/böse.wav": "sub/böse.npy",
    }  # fmt: skip
    for name, entry in index["files"].items():
        waveform, _ = soundfile.read(corpus / name, dtype="float32")
        rows = np.load(out / entry["features"])
        assert np.array_equal(rows, LogMel()(waveform))
        assert (entry["frames"], entry["seconds"]) == (len(rows), len(waveform) / 16000)
    assert len(list(out.rglob("*"))) == 6  # four arrays, a folder, the index


def test_long_files_are_streamed_to_the_same_bits(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(corpus / "sub" / "böse.wav", "--out", tmp_path / "whole")
    monkeypatch.setattr(command, "WHOLE_SECONDS", 0.0)
    run(corpus / "sub" / "böse.wav", "--out", tmp_path / "streamed")
    whole, streamed = (np.load(tmp_path / kind / "böse.npy") for kind in ("whole", "streamed"))
    assert whole.dtype == streamed.dtype == np.float32
    assert np.array_equal(whole, streamed)


def test_options_come_from_a_preset_and_from_set(corpus: Path, tmp_path: Path) -> None:
    said = run(corpus / "a.wav", "--out", tmp_path / "out", "--preset", "psf", "--set", "n_mels=20", "--set",
               'channels=["static"]', "--set", "window=hann")  # fmt: skip
    assert said.startswith("Wrote log-mel features of 1 file(s), 0 s of audio, to ")
    options = LogMelOptions.preset("psf", n_mels=20, channels=("static",), window="hann")
    waveform, _ = soundfile.read(corpus / "a.wav", dtype="float32")
    assert np.array_equal(np.load(tmp_path / "out" / "a.npy"), LogMel(options)(waveform))


AUDIO = [f.spec.name for f in get_host().specs("feature") if f.spec.source == "audio"]


# opensmile need not be installed, and refuses 20 ms; speech-encoder needs a folder: they have tests of their own
@pytest.mark.parametrize("feature", [name for name in AUDIO if name not in ("opensmile", "speech-encoder")])
def test_any_feature_is_written_whole_and_streamed_to_the_same_bits(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, feature: str
) -> None:
    run(corpus / "sub", "--out", tmp_path / "whole", "--feature", feature)
    monkeypatch.setattr(command, "WHOLE_SECONDS", 0.0)
    run(corpus / "sub", "--out", tmp_path / "streamed", "--feature", feature)
    index = json.loads((tmp_path / "streamed" / "index.json").read_text())
    assert index["feature"] == feature
    for name in ("böse.npy", "b.npy"):
        whole, streamed = (np.load(tmp_path / kind / name) for kind in ("whole", "streamed"))
        assert whole.dtype == streamed.dtype
        assert list(whole.shape[1:]) == index["shape"]
        assert np.array_equal(whole, streamed, equal_nan=True)


def test_an_existing_empty_folder_is_used_and_a_full_one_refused(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    run(corpus, "--out", out)
    before = sorted(out.rglob("*"))
    with pytest.raises(RunFolderError, match="is not empty"):
        run(corpus, "--out", out)
    assert sorted(out.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (["--set", "n_mel=3"], ConfigError, "did you mean 'n_mels'"),
        (["--set", "n_mels"], ConfigError, "has no value"),
        (["--set", "n_mels=many"], ConfigError, "n_mels: "),
        (["--preset", "psff"], UnknownNameError, "did you mean 'psf'"),
        (["--feature", "mfc"], UnknownNameError, "did you mean 'mfcc'"),
        (["--feature", "mfcc", "--set", "n_cepstrum=3"], ConfigError, "did you mean 'n_cepstra'"),
        (["--feature", "text-hash"], ConfigError, "is made of words, and files of audio have none"),
        (["--feature", "run-posteriors"], ConfigError, "is made of finished runs, and files of audio have none"),
        (["--feature", "pitch", "--preset", "psf"], ConfigError, "has no presets; leave out --preset"),
    ],
)
def test_bad_options_write_nothing(
    corpus: Path, tmp_path: Path, arguments: list[str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        run(corpus, "--out", tmp_path / "out", *arguments)
    assert not (tmp_path / "out").exists()


def test_bad_files_are_named_before_anything_is_written(corpus: Path, tmp_path: Path) -> None:
    (corpus / "empty.wav").write_bytes(b"")
    (corpus / "text.wav").write_text("not audio")
    with pytest.raises(AudioError, match=r"empty\.wav.*1 more of 6 files"):
        run(corpus, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "silent").mkdir()
    with pytest.raises(AudioError, match="no audio files"):
        run(tmp_path / "silent", "--out", tmp_path / "out")
    with pytest.raises(AudioError, match=r"missing\.wav"):
        run(tmp_path / "missing.wav", "--out", tmp_path / "out")


@pytest.mark.parametrize("existed", [False, True])
def test_nothing_is_left_of_a_run_that_fails_half_way(corpus: Path, tmp_path: Path, existed: bool) -> None:
    soundfile.write(corpus / "sub" / "z.wav", np.array([0.0, np.nan], np.float32), 16000, subtype="FLOAT")
    out = tmp_path / "out"
    if existed:
        out.mkdir()
    with pytest.raises(AudioError, match=r"z\.wav"):
        run(corpus, "--out", out)
    assert out.exists() == existed
    assert not existed or not list(out.iterdir())


def test_an_unwritable_out_is_refused(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunFolderError, match="cannot be written"):
        run(corpus, "--out", tmp_path / "file" / "out")
    assert (tmp_path / "file").read_text() == "in the way"

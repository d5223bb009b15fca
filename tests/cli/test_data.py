"""``serkit data``: what it prints for people, its JSON, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from typer.testing import CliRunner, Result

from serkit.cli.data import app
from serkit.errors import ConfigError, CorpusError, DownloadError, UnknownNameError
from serkit.testing.trees import ravdess


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SERKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def call(*arguments: str) -> Result:
    result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception  # main() turns it into a sentence and an exit code; that is tested with main
    return result


def test_list_says_what_is_here_and_how_to_get_the_rest(cache: Path) -> None:
    rows = {row["name"]: row for row in json.loads(call("list", "--json").stdout)}
    assert (rows["emodb"]["utterances"], rows["emodb"]["speakers"], rows["emodb"]["present"]) == (535, 10, False)
    assert rows["emodb"]["path"] == str(cache / "corpora" / "emodb")
    assert rows["demo"]["embedded"] is True
    text = call("list").stdout
    assert "`serkit data fetch emodb` downloads it" in text
    (cache / "corpora" / "emodb" / "wav").mkdir(parents=True)
    assert f"here, at {cache / 'corpora' / 'emodb'}" in call("list").stdout


def test_path_prints_the_folder_only(cache: Path) -> None:
    assert call("path", "emodb").stdout == f"{cache / 'corpora' / 'emodb'}\n"
    assert json.loads(call("path", "emodb", "--json").stdout)["present"] is False
    with pytest.raises(UnknownNameError, match="'emodb'"):
        call("path", "emo-db")


def test_fetch_makes_demo_and_check_finds_it_whole_then_damaged(cache: Path) -> None:
    made = json.loads(call("fetch", "demo", "--json").stdout)
    assert (made["complete"], made["notes"]) == (True, [])
    assert "demo is at" in call("fetch", "demo").stdout
    result = call("check", "demo")
    assert result.exit_code == 0
    assert "Whole: nothing is missing or damaged." in result.stdout
    one = sorted(Path(made["path"]).rglob("*.wav"))[0]
    one.write_bytes(one.read_bytes()[:-10])
    result = call("check", "demo", "--json")
    assert result.exit_code == 1
    content = json.loads(result.stdout)
    assert content["whole"] is False
    assert f"{one} is truncated" in content["problems"][0]


def test_fetch_says_the_licence_first_and_takes_options(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def locate(spec: Any, data: object, dataset: Any, **rest: object) -> Path:
        asked.append((spec.name, dataset.cache_name))
        raise DownloadError("no network")

    monkeypatch.setattr("serkit.data.fetch.locate", locate)
    result = CliRunner().invoke(app, ["fetch", "ravdess", "--set", "subset=song"])
    assert str(result.exception) == "no network"
    assert asked == [("ravdess", "ravdess-song")]
    assert result.stderr == "The licence of ravdess is CC-BY-NC-SA-4.0; see https://zenodo.org/records/1188976.\n"
    assert "downloads it (licence CC-BY-NC-SA-4.0)" in call("list").stdout


def test_check_of_what_is_not_here_says_how_to_get_it() -> None:
    with pytest.raises(CorpusError, match="serkit data fetch emodb"):
        call("check", "emodb")


def test_check_uses_the_checksums_of_the_dataset(tmp_path: Path) -> None:
    (tmp_path / "wav").mkdir()
    path = tmp_path / "wav" / "03a01Fa.wav"
    sf.write(path, np.zeros(100, np.int16), 16000)
    result = call("check", "emodb", "--data", str(tmp_path))
    assert result.exit_code == 1
    assert "9 of the 10 speakers of EMO-DB are missing: 08, 09, 10, " in result.stdout
    assert "48 of the 49 recordings of the only one that is there are missing" in result.stdout
    assert "does not hold the published recording 03a01Fa" in result.stdout
    assert "--json names all 534 recordings that are missing." in result.stdout
    missing = json.loads(call("check", "emodb", "--data", str(tmp_path), "--json").stdout)["missing"]
    assert (len(missing), missing[0]) == (534, "03a01Nc")


def test_check_shows_twenty_altered_recordings_and_counts_the_rest(tmp_path: Path) -> None:
    """A copy that was resampled printed a line for each of its files, and its notes were out of sight."""
    ravdess.write(tmp_path)
    text = call("check", "ravdess", "--data", str(tmp_path)).stdout
    assert text.count("is not the published file") == 20
    assert "160 more are damaged or altered; --json names all 180." in text
    content = json.loads(call("check", "ravdess", "--data", str(tmp_path), "--json").stdout)
    assert len(content["problems"]) == 180


def test_path_takes_the_options_that_choose_a_folder(cache: Path) -> None:
    """`fetch --set subset=song` has a folder of its own, which only its errors named."""
    folder = cache / "corpora" / "ravdess-song"
    assert call("path", "ravdess", "--set", "subset=song").stdout == f"{folder}\n"
    with pytest.raises(ConfigError, match="'sing'"):
        call("path", "ravdess", "--set", "subset=sing")


def test_a_reader_of_manifests_counts_what_the_manifest_says(tmp_path: Path) -> None:
    (row,) = [row for row in json.loads(call("list", "--json").stdout) if row["name"] == "csv"]
    assert (row["utterances"], row["speakers"], row["labels"]) == (None, None, {})
    assert "as the manifest says; pass it with --data" in call("list").stdout
    assert row["path"] is None
    for words in (("check", "csv"), ("path", "csv"), ("fetch", "csv")):  # path printed a folder that nobody uses
        with pytest.raises(CorpusError, match="name its file or folder with --data"):
            call(*words)
    sf.write(tmp_path / "a.wav", np.zeros(100, np.int16), 16000)
    (tmp_path / "m.csv").write_text("file,emotion,speaker\na.wav,Anger,x\n")
    result = call("check", "csv", "--data", str(tmp_path / "m.csv"))
    assert result.exit_code == 0
    assert "1 utterances, 1 speakers" in result.stdout
    assert "Classes: angry 1." in result.stdout


def test_a_link_to_itself_is_told(tmp_path: Path) -> None:
    """Python 3.11 and 3.12 resolve it with a RuntimeError, which was a traceback."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(CorpusError, match="loop given with --data does not exist"):
        call("check", "csv", "--data", str(tmp_path / "loop"))


def test_check_takes_options_of_the_dataset(tmp_path: Path) -> None:
    (tmp_path / "wav").mkdir()
    sf.write(tmp_path / "wav" / "03a01Fa.wav", np.zeros(100, np.int16), 16000)
    given = ["check", "emodb", "--data", str(tmp_path), "--json", "--set"]
    assert json.loads(call(*given, "subset=816").stdout)["subset"] == "816"
    assert json.loads(call(*given, 'dataset.subset="816"').stdout)["subset"] == "816"
    with pytest.raises(ConfigError, match=r"'dataset\.subst'; did you mean 'subset'"):
        call(*given, "subst=1")
    with pytest.raises(ConfigError, match="is not key=value"):
        call(*given, "subset")


def test_set_cannot_name_another_dataset(tmp_path: Path) -> None:
    """It was accepted and had no effect."""
    with pytest.raises(ConfigError, match="--set 'name=ravdess' names a dataset"):
        call("check", "emodb", "--data", str(tmp_path), "--set", "name=ravdess")


def test_check_of_a_pool_checks_its_parts_and_counts_what_they_share(tmp_path: Path) -> None:
    for name in ("03a01Wa", "03a01Fa", "03a01Nc", "03a04Lc"):
        for part in ("emodb", "own"):
            (tmp_path / part).mkdir(exist_ok=True)
            sf.write(tmp_path / part / f"{name}.wav", np.full(100, len(part), np.int16), 16000)
    rows = ["a,03a01Wa.wav,anger", "a,03a01Fa.wav,happy", "b,03a01Nc.wav,calm"]
    (tmp_path / "own" / "m.csv").write_text("\n".join(["speaker,file,emotion", *rows, ""]))
    given = ["check", "emodb+csv", "--data", str(tmp_path / "emodb"), "--data", str(tmp_path / "own"), "--json"]
    content = json.loads(call(*given, "--set", "csv.label_map.calm=neutral").stdout)
    assert (content["name"], content["path"]) == ("csv+emodb", str(tmp_path))
    assert (content["utterances"], content["speakers"]) == (6, 3)
    assert content["labels"] == {"angry": 2, "happy": 2, "neutral": 2}
    assert content["label_map"]["csv"]["calm"] == {"target": "neutral", "utterances": 1}
    assert content["label_map"]["emodb"]["boredom"] == {"target": None, "utterances": 1}
    assert content["whole"] is False
    assert sum("does not hold the published recording" in line for line in content["problems"]) == 4
    assert "Classes: angry 2, happy 2." in call(*given[:-1]).stdout


def test_export_writes_a_manifest_that_check_reads(tmp_path: Path) -> None:
    sf.write(tmp_path / "a.wav", np.arange(100, dtype=np.int16), 16000)
    (tmp_path / "m.csv").write_text("file,emotion,speaker\na.wav,Anger,x\n")
    to = tmp_path / "new.csv"
    result = call("export", "csv", "--data", str(tmp_path / "m.csv"), "--to", str(to), "--set", "canonical=false")
    assert f"1 utterances of csv are in {to}." in result.stdout
    assert to.read_text("utf-8") == "file,emotion,start,end,speaker\na.wav,Anger,,,x\n"
    assert json.loads(call("check", "csv", "--data", str(to), "--json").stdout)["labels"] == {"angry": 1}
    with pytest.raises(CorpusError, match="exists; name another file"):
        call("export", "csv", "--data", str(tmp_path / "m.csv"), "--to", str(to))

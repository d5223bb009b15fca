"""``serkit audit --split``: what it prints of other tools' splits, its JSON and exit codes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from serkit.cli.main import invoke
from serkit.testing.audio import write_noise

LEAKY = "file,emotion,fold\nwav/03a01Fa.wav,happy,1\nwav/08a01Fd.wav,happy,2\nwav/03a01Nc.wav,neutral,2\n"
CLEAN = "file,emotion,fold\nwav/03a01Fa.wav,happy,1\nwav/08a01Fd.wav,happy,2\nwav/08a01Na.wav,neutral,2\n"


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = invoke(["audit", *map(str, arguments)])
    return code, *capsys.readouterr()


def save(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_a_leaking_split_ends_with_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = save(tmp_path / "s.csv", LEAKY)
    code, out, err = call(capsys, "--split", path, "--dataset", "emodb")
    assert (code, err) == (1, "")
    assert "Speaker-dependent: 1 of 1 to 2 test speakers are in training in each of 2 folds." in out
    assert "Recordings are compared by their paths" in out
    assert "Shared speakers: 03" in out
    assert "happy" in out
    code, out, _ = call(capsys, "--split", path, "--dataset", "emodb", "--json")
    content = json.loads(out)
    assert (code, content["holds"], content["n_folds"], content["decoded"]) == (1, False, 2, 0)
    assert content["classes"]["2"]["test"] == {"happy": 1, "neutral": 1}
    assert content["verdict"][0].startswith("Speaker-dependent")


def test_a_clean_split_ends_with_0_until_a_copy_is_heard(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = save(tmp_path / "s.csv", CLEAN)
    code, out, _ = call(capsys, "--split", path, "--dataset", "emodb")
    assert code == 0
    assert "Speaker-independent: no test speaker is in training or development in 2 of 2 folds." in out
    for name in ("03a01Fa", "08a01Fd"):
        write_noise(tmp_path / "data" / f"{name}.wav", seed="one recording under two names")
    ask = ("--split", path, "--dataset", "emodb", "--data", tmp_path / "data")
    code, out, _ = call(capsys, *ask)
    assert code == 1
    assert "test shares identical recordings with train or dev in 2 of 2 folds" in out
    assert "Shared recordings: 08a01Fd.wav (s.csv, line 3) is 03a01Fa.wav (s.csv, line 2) / 03a01Fa.wav" in out
    assert "1 of 3 rows name files that are not in" in out
    content = json.loads(call(capsys, *ask, "--json")[1])
    assert content["shared_recordings"]["2"] == [["03a01Fa.wav (s.csv, line 2)", "08a01Fd.wav (s.csv, line 3)"]]
    assert content["decoded"] == 2
    assert call(capsys, *ask, "--no-audio")[0] == 0


def test_parts_by_name_and_a_pattern(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    save(tmp_path / "a.csv", "file\ns1_x.wav\n")
    save(tmp_path / "b.csv", "file\ns2_x.wav\n")
    parts = ("--split", f"train={tmp_path / 'a.csv'}", "--split", f"test={tmp_path / 'b.csv'}")
    code, out, _ = call(capsys, *parts, "--speaker-pattern", r"(s\d)_")
    assert code == 0
    assert "No development part in the only fold" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--split", "{csv}", "--dataset", "emodb", "--protocol", "loso_next"), "give one of them"),
        (("--split", "{csv}", "--dataset", "emodb", "{csv}"), "Name one thing to audit"),
        (("--dataset", "emodb", "--column", "part"), "name a split file with it"),
        (("--split", "{csv}", "--speaker-pattern", "s."), "has no group; put the speaker into (...)"),
        (("--split", "{csv}", "--speaker-pattern", "("), "is no regular expression"),
        (("--split", "{csv}", "--dataset", "csv"), "File names of csv do not say who speaks"),
        (("--split", "{csv}", "--dataset", "emodb", "--data", "{csv}"), "is not one folder"),
        (("--split", "{csv}"), "line 2, has no speaker"),
    ],
)
def test_mistakes(capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: Sequence[str], words: str) -> None:
    path = save(tmp_path / "s.csv", CLEAN)
    code, out, err = call(capsys, *(a.format(csv=path) for a in arguments))
    assert (code, out) == (2, "")
    assert words in err

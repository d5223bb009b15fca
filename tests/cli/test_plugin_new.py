"""`serkit plugin new` as typed; what it writes is in tests/scaffold."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path

import pytest

from serkit.cli.main import invoke

Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_it_writes_a_folder_of_the_name_and_says_what_to_type_next(tmp_path: Path, capsys: Out) -> None:
    assert invoke(["plugin", "new", "my-model"]) == 0
    out = capsys.readouterr().out
    assert (tmp_path / "my-model" / "pyproject.toml").is_file()
    first, *steps = out.splitlines()
    assert first.startswith("Wrote the architecture my-model (")
    assert first.endswith("files) into my-model. Next:")
    assert [s.strip() for s in steps] == [
        "pip install -e 'my-model[test]'",
        "serkit run --plugin my-model --dataset demo",
        "pytest my-model",
    ]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("dataset", "serkit run --plugin acrnn --preset small --dataset mine"),
        ("metric", "serkit run --plugin acrnn --preset small --dataset demo"),
        ("feature", "serkit run --plugin local-attention --dataset demo --set features.x.feature=mine"),
    ],
)
def test_other_kinds_have_their_own_line(capsys: Out, kind: str, line: str) -> None:
    assert invoke(["plugin", "new", "mine", "--kind", kind]) == 0
    out = capsys.readouterr().out
    assert f"  {line}\n" in out
    assert f"Wrote the {kind} mine" in out


def test_json_says_what_was_written(tmp_path: Path, capsys: Out) -> None:
    folder = tmp_path / "a b"
    assert invoke(["plugin", "new", "serkit-gini", "--kind", "metric", "--out", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["name"], found["distribution"], found["package"]) == ("gini", "serkit-gini", "serkit_gini")
    assert found["folder"] == str(folder)
    assert found["next"][0] == f"pip install -e '{folder}[test]'"
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} == set(found["files"])


def test_the_author_is_the_one_given_or_that_of_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    def owner(name: str) -> str:
        line = next(x for x in (tmp_path / name / "LICENSE").read_text("utf-8").splitlines() if "Copyright 2" in x)
        return line.strip()

    year = date.today().year
    assert invoke(["plugin", "new", "one", "--author", "Ada Lovelace"]) == 0
    assert owner("one") == f"Copyright {year} Ada Lovelace"
    done = subprocess.CompletedProcess([], 0, stdout="Grace Hopper\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert invoke(["plugin", "new", "two"]) == 0
    assert owner("two") == f"Copyright {year} Grace Hopper"

    def no_git(*_: object, **__: object) -> None:
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", no_git)
    assert invoke(["plugin", "new", "three"]) == 0
    assert owner("three") == f"Copyright {year} The authors of three"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["acrnn"], "There is an architecture named 'acrnn' already"),
        (["a/b"], "is a path"),
        ([""], "is empty"),
        (["lambda"], "is a keyword of Python"),
        (["My-Model"], "for example 'my-model'"),
        (["good", "--kind", "recipe"], "no template for the kind 'recipe'"),
        (["good", "--out", ""], "--out is empty"),
        (["good", "--out", "gone/good"], "There is no folder gone to write good into; make it first."),
        (["good", "--out", "full"], "The folder full is not empty"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_nothing(
    tmp_path: Path, capsys: Out, arguments: list[str], words: str
) -> None:
    (tmp_path / "full" / "x").mkdir(parents=True)
    assert invoke(["plugin", "new", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("Error: ")
    assert error.count("\n") == 1
    assert words in error
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["full", "x"]

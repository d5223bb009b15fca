from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import serkit
from serkit.run import origin


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    return subprocess.run(
        ["git", "-C", str(root), *who, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_commit_is_that_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "serkit"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.setattr(serkit, "__file__", str(package / "__init__.py"))
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    head = git(tmp_path, "rev-parse", "HEAD")
    assert origin.commit() == head
    (tmp_path / "notes.txt").write_text("untracked files are no part of the code")
    assert origin.commit() == head
    (package / "__init__.py").write_text("changed = True\n")
    assert origin.commit() == head + "+changes"


def test_a_folder_outside_git_has_no_commit_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serkit, "__file__", str(tmp_path / "serkit" / "__init__.py"))
    found = origin.commit()
    assert found is None or len(found) == 40  # pip may know the repository that it installed from


def test_the_machine_has_a_name_and_cores() -> None:
    assert origin.processor()
    assert origin.cores() >= 1

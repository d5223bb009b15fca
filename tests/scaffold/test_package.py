"""What is in a new package, and that it is written whole or not at all."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from serkit.errors import SerkitError, UserError
from serkit.host.specs import HOST_API
from serkit.scaffold import KINDS, Package, package, plan, requirement, write
from serkit.testing.conformance import checks_of

ROOT = Path(__file__).parents[2]


def made(kind: str = "architecture", name: str = "my-model", author: str = "Ada") -> Package:
    return plan(name, kind, author=author, year=2026)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_in_it(kind: str) -> None:
    new = made(kind)
    assert {
        ".github/workflows/publish.yml",
        ".github/workflows/test.yml",
        ".gitignore",
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "benches/bench_plugin.py",
        "benches/conftest.py",
        "pyproject.toml",
        "src/my_model/__init__.py",
        "src/my_model/hooks.py",
        "src/my_model/py.typed",
        "tests/test_conformance.py",
    } <= set(new.files)
    project = tomllib.loads(new.files["pyproject.toml"])["project"]
    assert project["name"] == "my-model"
    assert project["dependencies"] == [new.requires] == [requirement(__import__("serkit").__version__)]
    # a recipe beside the model ran from the editable installation, and was not in the wheel
    assert "*.toml" in tomllib.loads(new.files["pyproject.toml"])["tool"]["setuptools"]["package-data"]["my_model"]
    assert project["entry-points"]["serkit"] == {"my-model": "my_model.hooks"}
    assert f"host_api={HOST_API}" in new.files["src/my_model/hooks.py"]
    left = [path for path, text in new.files.items() if "$" in text.replace("${{ matrix.python }}", "")]
    assert left == [], "a placeholder that nothing filled"


@pytest.mark.parametrize("kind", KINDS)
def test_the_readme_names_a_check_of_its_kind(kind: str) -> None:
    # it named check_padding for all kinds, which the kit refuses of a metric
    (named,) = re.findall(r'expected_failed_checks=\{"(\w+)"', made(kind).files["README.md"])
    assert named in {check.name for check in checks_of(kind)}


def test_workflows_are_yaml_and_run_what_the_readme_says() -> None:
    files = made().files
    jobs = yaml.safe_load(files[".github/workflows/test.yml"])["jobs"]
    steps = [s["run"] for s in jobs["test"]["steps"] if "run" in s]
    assert steps[0].startswith("uv pip install -e '.[test]'")
    assert "pytest" in steps
    assert jobs["test"]["env"]["UV_TORCH_BACKEND"] == "cpu"
    publish = yaml.safe_load(files[".github/workflows/publish.yml"])["jobs"]["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert [s["uses"].partition("@")[0] for s in publish["steps"] if "uses" in s][-1] == "pypa/gh-action-pypi-publish"


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_small(kind: str) -> None:
    code = {p: t.splitlines() for p, t in made(kind).files.items() if p.endswith(".py") and p.startswith("src/")}
    assert len(code) >= 3
    assert {path: len(lines) for path, lines in code.items() if len(lines) >= 40} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_hooks_are_data_only(kind: str) -> None:
    tree = ast.parse(made(kind).files["src/my_model/hooks.py"])
    modules = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert modules <= {"serkit.host", "serkit.host.protocols"}
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.Import)]


def test_the_licence_is_ours_with_its_notice_filled_in() -> None:
    ours = (ROOT / "LICENSE").read_text("utf-8")
    assert made().files["LICENSE"] == ours.replace("[yyyy] [name of copyright owner]", "2026 Ada")
    assert "2026 Ada" in made().files["LICENSE"]


@pytest.mark.parametrize(
    ("author", "wanted"),
    [
        ('Ada "The Engine" \\ Lovelace', 'Ada "The Engine" \\ Lovelace'),
        ("Łukasz Żółć", "Łukasz Żółć"),
        ("  two\n lines\x7f", "two lines"),
        ("$name", "$name"),
        ("", "The authors of my-model"),
    ],
)
def test_authors_of_any_name(author: str, wanted: str) -> None:
    new = made(author=author)
    assert tomllib.loads(new.files["pyproject.toml"])["project"]["authors"] == [{"name": wanted}]
    assert f"2026 {wanted}" in new.files["LICENSE"]
    assert f"2026 {wanted}." in new.files["README.md"]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UserError, match="no template for the kind 'recipe'; there is one for architecture, dataset"):
        made("recipe")


def test_an_installation_without_its_licence_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare:
        def read_text(self, name: str) -> None:
            return None

    monkeypatch.setattr(package, "distribution", lambda name: Bare())
    with pytest.raises(SerkitError, match="lacks its licence"):
        made()


def test_it_is_written_into_an_absent_or_an_empty_folder(tmp_path: Path) -> None:
    new = made()
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "absent", tmp_path / "empty"):
        write(new, folder)
        found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        assert found == set(new.files)
        assert (folder / "LICENSE").read_bytes() == new.files["LICENSE"].encode()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / ".hidden").touch()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for place, words in {
        "full": "is not empty; name another one with --out.",
        "file": "is a file; name another folder with --out.",
        "link": "is a link to nothing; name another folder with --out.",
        "gone/here": "There is no folder",
        "file/here": "There is no folder",
        "n" * 300: "cannot be written (File name too long); name another folder with --out.",
    }.items():
        with pytest.raises(UserError) as error:
            write(made(), tmp_path / place)
        assert words in str(error.value)
        assert "\n" not in str(error.value)
    assert {p.name for p in tmp_path.iterdir()} == {"full", "file", "link"}


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("there", [False, True])
def test_nothing_is_left_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, there: bool
) -> None:
    folder, usual, written = tmp_path / "new", Path.write_text, []
    if there:
        folder.mkdir()

    def fails(path: Path, *arguments: str, **options: str) -> int:
        written.append(path)
        if len(written) == 7:
            raise error
        return usual(path, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", fails)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else UserError) as caught:
        write(made(), folder)
    if isinstance(error, OSError):
        assert "cannot be written (No space left on device)" in str(caught.value)
    assert len(written) == 7
    assert list(tmp_path.rglob("*")) == ([folder] if there else [])


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere, Windows has no such mode")
def test_an_unwritable_parent_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(UserError, match=r"cannot be written \(Permission denied\)"):
            write(made(), tmp_path / "new")
    finally:
        tmp_path.chmod(0o700)

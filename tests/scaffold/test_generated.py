"""New packages, installed into an environment as a stranger would have it, do what the command and the tutorial say.

The environment sees the packages of this one, so that nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from serkit.scaffold import KINDS, plan, requirement, write

PAGE = (Path(__file__).parents[2] / "docs" / "plugins" / "tutorial.md").read_text("utf-8")
NAMES = {kind: f"my-{kind}" for kind in KINDS}
Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder to work in, with an environment in ``venv`` whose programs come first."""
    folder = tmp_path_factory.mktemp("scaffold")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    lines = [f"import site; site.addsitedir({p!r})\n" for p in sys.path if Path(p).name == "site-packages"]
    (site / "zz_outer.pth").write_text("".join(lines))
    for program in ("pip", "pytest", "serkit"):
        script = folder / "venv" / "bin" / program
        script.write_text(f'#!/bin/sh\nexec "{folder}/venv/bin/python" -m {program} "$@"\n')
        script.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def shell(place: Path) -> Shell:
    """Runs lines of a shell in that environment; pip installs without an index."""
    environment = {
        **os.environ,
        "PATH": f"{place / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as the opposite of what it says
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }

    def run(lines: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", lines],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == code, f"{lines}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture(scope="module")
def installed(place: Path, shell: Shell) -> Path:
    """The folder, with a package of every kind in it, installed."""
    for kind, name in NAMES.items():
        write(plan(name, kind, author="Ada", year=2026), place / name)
    shell("pip install " + " ".join(f"-e {name}" for name in NAMES.values()))
    return place


def blocks(title: str) -> str:
    """The commands of a section of the tutorial that are marked to be run."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = re.findall(r"<!-- run -->\n```sh\n(.*?)```", section, re.DOTALL)
    assert found, f"the tutorial has nothing to run under {title!r}"
    return "".join(found)


def test_the_tutorial_does_as_it_says(place: Path, shell: Shell) -> None:
    assert "Wrote the architecture my-model" in shell(blocks("Write")).stdout
    shown = shell(blocks("Run")).stdout
    row = next(line for line in shown.splitlines() if line.startswith("my-model "))
    assert row.rstrip().endswith("my-model 0.1.0")
    (run,) = (place / "runs").glob("*-my-model-demo-*/metrics.json")
    assert json.loads(run.read_text())["plugin"] == "my-model"
    assert re.search(r"\d+ passed", shell(blocks("Check")).stdout)
    again = shell("serkit plugin new my-model --out other", code=2).stderr
    assert "There is an architecture named 'my-model' already (distribution my-model 0.1.0)" in again


def test_the_tutorial_shows_the_model_as_it_is_written() -> None:
    files = plan("my-model", author="Ada", year=2026).files
    (shown,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert shown == files["src/my_model/model.py"]
    table = re.findall(r"`([^`]+)`", " ".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)))
    assert all(any(f == t or f.startswith(t) for f in files) for t in table)
    assert len(table) >= 7


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "architecture"])
def test_its_own_tests_pass(installed: Path, shell: Shell, kind: str) -> None:
    # an architecture's are run by the tutorial above
    out = shell(f"pytest -rA {NAMES[kind]}/tests {NAMES[kind]}/benches --benchmark-disable").stdout
    assert re.search(r"PASSED .*test_conformance\.py::test_it_is_found", out)
    assert re.search(r"PASSED .*bench_plugin\.py::", out)
    assert re.search(r"PASSED .*::test_conforms\[", out)
    assert not re.search(r"failed|error|warning", out)


def test_benchmarks_of_a_model_answer_right(installed: Path, shell: Shell) -> None:
    out = shell("pytest my-architecture/benches --benchmark-disable").stdout
    assert re.search(r"\b3 passed", out)


def test_all_of_them_in_one_run(installed: Path, shell: Shell) -> None:
    shell(
        "serkit run --plugin my-architecture --dataset my-dataset --set features.x.feature=my-feature "
        "--folds 0 --epochs 1 --out all"
    )
    found = json.loads((installed / "all" / "metrics.json").read_text())
    assert (found["plugin"], found["dataset"]) == ("my-architecture", "my-dataset")
    assert 0.0 <= found["metrics"]["my-metric"]["pooled"] <= 1.0
    assert "| my-metric |" in (installed / "all" / "report.md").read_text("utf-8")
    shown = json.loads(shell("serkit list --json").stdout)
    rows = {r["name"]: r for kind in KINDS for r in shown[f"{kind}s"] if r["name"] in NAMES.values()}
    assert {n: (r["distribution"], r["version"]) for n, r in rows.items()} == {n: (n, "0.1.0") for n in NAMES.values()}


def test_ruff_has_nothing_to_say(installed: Path) -> None:
    ruff = shutil.which("ruff")
    if ruff is None:
        pytest.skip("ruff is not installed (extra dev)")
    longest = "x" * 40
    for kind, name in {**NAMES, "architecture": longest}.items():
        folder = installed / name
        if name == longest:
            write(plan(longest, kind, author="Ada", year=2026), folder)
        for command in (["check"], ["format", "--check"]):
            done = subprocess.run([ruff, *command, "--no-cache", "."], cwd=folder, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout


def test_mypy_has_nothing_to_say(installed: Path) -> None:
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed (extra dev)")
    sources = [str(Path(name) / "src") for name in NAMES.values()]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", f"{NAMES['metric']}/pyproject.toml", *sources],
        cwd=installed, capture_output=True, text=True, timeout=300,
        env={**os.environ, "MYPYPATH": os.pathsep.join(sources), "MYPY_CACHE_DIR": str(installed / "mypy")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_builds_into_a_wheel_with_its_entry_point(installed: Path) -> None:
    if importlib.util.find_spec("build") is None:
        pytest.skip("build is not installed (extra dev)")
    folder = installed / NAMES["dataset"]
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", str(folder)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list((folder / "dist").glob("*.tar.gz"))) == 1
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert {f"my_dataset/{f}" for f in ("hooks.py", "corpus.py", "made.py", "py.typed")} <= set(names)
        assert not [n for n in names if n.startswith(("tests/", "benches/"))]
        info = "my_dataset-0.1.0.dist-info"
        assert "my-dataset = my_dataset.hooks" in archive.read(f"{info}/entry_points.txt").decode()
        metadata = archive.read(f"{info}/METADATA").decode()
    wanted = requirement(__import__("serkit").__version__).removeprefix("serkit")
    asked = re.search(r"^Requires-Dist: serkit(\S+)$", metadata, re.MULTILINE)
    assert asked is not None
    assert set(asked[1].split(",")) == set(wanted.split(","))
    assert "License-Expression: Apache-2.0" in metadata
    assert f"{info}/licenses/LICENSE" in names

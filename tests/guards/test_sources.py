"""Rules that hold for every file: no code in data files, no file too long to read, entry points that exist."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES = 450
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def sources() -> list[Path]:
    """Python files of the library and the plugins."""
    return sorted([*(ROOT / "serkit").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")])


def unsafe(source: str) -> Iterator[str]:
    """What in ``source`` could run code that a data file holds."""
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
            names += [f"{node.module}.{a.name}" for a in node.names]
        for name in names:
            if name.partition(".")[0] in UNSAFE_MODULES or name in ("torch.load", "torch.save"):
                yield f"line {node.lineno} imports {name}"
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("torch.load", "torch.save", "torch.jit.load"):
            yield f"line {node.lineno} uses {ast.unparse(node)}"
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False":
            yield f"line {node.value.lineno} passes allow_pickle"


def test_nothing_needs_pickle() -> None:
    assert len(sources()) > 30, "the guard looks in the wrong place"
    found = [f"{p.relative_to(ROOT)}: {w}" for p in sources() for w in unsafe(p.read_text("utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "import torch\ntorch.load('x')",
        "from torch import load",
        "np.load('x', allow_pickle=True)",
        "np.load('x', allow_pickle=flag)",
    ],
)
def test_the_guard_sees(source: str) -> None:
    assert list(unsafe(source))


def test_the_guard_lets_pass() -> None:
    assert list(unsafe("import json\nfrom torch import nn\nnp.load('x', allow_pickle=False)")) == []


def test_no_file_is_too_long() -> None:
    csrc = [p for p in (ROOT / "csrc").rglob("*") if p.suffix in (".h", ".cpp")]
    assert csrc
    files = [*sources(), *csrc, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benches").rglob("*.py")]
    lengths = {str(p.relative_to(ROOT)): len(p.read_text("utf-8").splitlines()) for p in files}
    assert {n: c for n, c in lengths.items() if c > MOST_LINES} == {}


def test_every_entry_point_is_a_file_and_every_family_an_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    points = project["entry-points"]["serkit"]
    plugins = ROOT / "plugins"
    missing = [v for v in points.values() if not (plugins / (v.replace(".", "/") + ".py")).is_file()]
    assert missing == []
    families = {p.parent.name for p in plugins.glob("serkit_plugins/*/hooks.py")}
    assert set(points) == families
    module, _, function = project["scripts"]["serkit"].partition(":")
    tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text("utf-8"))
    assert function in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}


def test_the_version_is_one() -> None:
    import serkit

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == serkit.__version__


def test_every_run_time_dependency_is_explained() -> None:
    import re

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = [re.split(r"[<>=\[; ]", d)[0] for d in project["dependencies"]]
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    rows = re.findall(r"^\| `([^`]+)` \|", page.partition("## Run-time")[2].partition("\n## ")[0], re.MULTILINE)
    assert sorted(names) == sorted(rows)

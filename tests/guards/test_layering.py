"""A lower layer never imports a higher one, and strangers' ways are the only ways: read from the source, so that
relative imports, imports inside functions and imports for type checkers count too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BASE = {"errors", "types", "config"}
KERNELS = BASE | {"kernels"}
SIGNAL = KERNELS | {"features"}
# What each part of serkit may import from serkit, besides itself.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": BASE,
    "types": BASE,
    "config": BASE,
    "host": BASE,
    "metrics": BASE,
    "kernels": BASE | {"_core"},
    "features": KERNELS,
    "ops": KERNELS,
    "nn": SIGNAL | {"ops"},
    "data": SIGNAL | {"ops", "host"},
    "run": SIGNAL | {"metrics", "ops", "host", "nn", "data", "__version__"},
    "scaffold": BASE | {"host", "__version__"},
    "cli": SIGNAL | {"metrics", "ops", "host", "nn", "data", "run", "testing", "scaffold", "__version__"},
    "testing": SIGNAL | {"metrics", "ops", "host", "nn", "data", "run"},
    "__init__": {"run"},  # the lazy public names
    "__main__": {"cli"},
}
PLUGINS_MAY_IMPORT = SIGNAL | {"metrics", "ops", "host", "nn", "data"}
"""Plugins never import run, cli or testing."""


def imported(tree: ast.AST, module: str, is_package: bool) -> Iterator[tuple[str, int]]:
    """Dotted names that ``module`` imports, relative ones resolved, with their lines."""
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((a.name, node.lineno) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*parts, *(node.module or "").split(".")]).strip(".")
            yield from ((f"{base}.{a.name}", node.lineno) for a in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("import_module", "__import__"):
                yield str(node.args[0].value), node.lineno


def faults(source: str, module: str, is_package: bool = False) -> list[str]:
    """What ``module`` imports against the rules."""
    top, _, rest = module.partition(".")
    part = rest.split(".")[0] if rest else "__init__"
    allowed = PLUGINS_MAY_IMPORT if top == "serkit_plugins" else MAY_IMPORT[part] | {part}
    found = []
    for name, line in imported(ast.parse(source), module, is_package):
        head, _, tail = name.partition(".")
        layer = tail.split(".")[0] if tail else "__version__"
        if (head == "serkit_plugins" and top == "serkit") or (head == "serkit" and layer not in allowed):
            found.append(f"{module}:{line} imports {name}")
    return found


def modules() -> list[tuple[Path, str]]:
    """Every module of serkit and its plugins with its dotted name."""
    found = []
    for base in (ROOT / "serkit", ROOT / "plugins" / "serkit_plugins"):
        for path in sorted(base.rglob("*.py")):
            parts = path.relative_to(base.parent).with_suffix("").parts
            found.append((path, ".".join(parts[:-1] if parts[-1] == "__init__" else parts)))
    return found


def test_no_layer_imports_a_higher_one() -> None:
    everything = modules()
    assert len(everything) > 30, "the guard looks in the wrong place"
    wrong = [f for p, m in everything for f in faults(p.read_text("utf-8"), m, p.name == "__init__.py")]
    assert wrong == []


def test_every_part_of_serkit_has_its_layer() -> None:
    parts = {m.split(".")[1] for _, m in modules() if m.startswith("serkit.")}
    assert parts <= set(MAY_IMPORT)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("serkit.kernels.native", "from serkit.features import LogMel"),
        ("serkit.kernels.native", "from ..features import LogMel"),
        ("serkit.kernels.native", "from .. import features"),
        ("serkit.data.audio", "def f():\n    import serkit.run.api"),
        ("serkit.nn.masks", "from serkit import data"),
        ("serkit.host.manager", "import importlib\nimportlib.import_module('serkit.data.fetch')"),
        ("serkit.run.api", "import serkit_plugins.metrics"),
        ("serkit.metrics.roc", "from serkit.run.predictions import Predictions"),
        ("serkit.types", "if TYPE_CHECKING:\n    from serkit.nn import x"),
        ("serkit_plugins.metrics.hooks", "from serkit.run.api import run"),
        ("serkit_plugins.metrics.hooks", "from serkit.cli import main"),
        ("serkit.testing.trees", "from serkit.cli.main import app"),
    ],
)
def test_the_guard_sees(module: str, source: str) -> None:
    assert len(faults(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("serkit.features.log_mel", "from serkit.kernels import native\nfrom . import base"),
        ("serkit_plugins.metrics.hooks", "from serkit.host import hookimpl\nfrom serkit_plugins.metrics import x"),
        ("serkit_plugins.metrics.posteriors", "from serkit.metrics.roc import auc"),
        ("serkit.run.device", "from serkit import __version__"),
    ],
)
def test_the_guard_lets_pass(module: str, source: str) -> None:
    assert faults(source, module) == []

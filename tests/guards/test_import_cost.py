"""What is cheap stays cheap: commands that only list must not wait for the packages that compute."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

HEAVY = ("torch", "numba", "sklearn", "matplotlib", "scipy", "numpy", "soundfile", "soxr")
OPTIONAL = ("torch", "sklearn", "matplotlib")


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a new interpreter, whose ``sys.modules`` no other test has filled."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments], capture_output=True, text=True, timeout=120
    )


LOADED = """
    import sys, json
    {}
    print(json.dumps(sorted({{m.partition(".")[0] for m in sys.modules}})), file=sys.stderr)
"""


def loaded(statement: str, *arguments: str) -> set[str]:
    """Top-level packages that are in memory after ``statement``."""
    import json

    done = python(LOADED.format(statement), *arguments)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_import_serkit_loads_nothing_heavy() -> None:
    found = loaded("import serkit; assert serkit.__version__")
    assert found.isdisjoint({*HEAVY, "pydantic", "typer", "rich", "pluggy"})


def test_help_loads_nothing_heavy() -> None:
    found = loaded("from serkit.cli.main import invoke; assert invoke(sys.argv[1:]) == 0", "--help")
    assert found.isdisjoint({*HEAVY, "pydantic", "rich"})


QUICK = (
    *(("list",), ("list", "--json"), ("list", "recipes"), ("--version",)),
    *(("plugin", "--help"), ("plugin", "new", "--help")),
)


@pytest.mark.parametrize("arguments", QUICK)
def test_list_and_version_load_nothing_heavy(arguments: tuple[str, ...]) -> None:
    # pydantic is not asked here: new versions of typer themselves read a command's arguments with it
    found = loaded("from serkit.cli.main import invoke; assert invoke(sys.argv[1:]) == 0", *arguments)
    assert found.isdisjoint(HEAVY)


def test_the_host_loads_nothing_heavy() -> None:
    found = loaded(
        "from serkit.host import get_host; h = get_host(); assert h.specs('architecture') and h.specs('dataset')"
    )
    assert found.isdisjoint({*HEAVY, "pydantic", "typer", "rich"})


WITHOUT = f"""
    import sys

    class Refuse:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] in {OPTIONAL!r}:
                raise ImportError(name + " is made unimportable")

    sys.meta_path.insert(0, Refuse())
"""


def test_the_refusal_works() -> None:
    done = python(WITHOUT + "    import torch\n")
    assert done.returncode == 1
    assert "torch is made unimportable" in done.stderr


@pytest.mark.parametrize("name", OPTIONAL)
def test_what_is_made_unimportable_is_there_otherwise(name: str) -> None:
    # else the tests below would say nothing
    import importlib.util

    assert importlib.util.find_spec(name) is not None


def test_features_work_without_torch() -> None:
    code = """
    import numpy as np
    from serkit.features import LogMel
    frames = LogMel()(np.sin(np.arange(16000, dtype=np.float32)))
    assert frames.shape[1:] == (40, 3) and np.isfinite(frames).all()
    """
    done = python(WITHOUT + code)
    assert done.returncode == 0, done.stderr


def test_list_works_without_torch() -> None:
    done = python(WITHOUT + "    from serkit.cli.main import invoke\n    sys.exit(invoke(['list']))\n")
    assert done.returncode == 0, done.stderr
    assert "acrnn" in done.stdout

"""A real plugin package of a stranger, as pip would leave it: its own entry points, metadata and package data."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import numpy as np
import pytest

from serkit.host import Host

TOY = Path(__file__).parent / "serkit-toy"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    project = tomllib.loads((TOY / "pyproject.toml").read_text())["project"]
    info = tmp_path / f"serkit_toy-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [f"{n} = {v}" for n, v in project["entry-points"]["serkit"].items()]
    (info / "entry_points.txt").write_text("[serkit]\n" + "\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(TOY))
    points: list[EntryPoint] = [e for d in distributions(path=[str(tmp_path)]) for e in d.entry_points]
    assert points
    yield Host()  # finds it as it finds ours: through the metadata on sys.path
    for name in [m for m in sys.modules if m.split(".")[0] == "serkit_toy"]:
        del sys.modules[name]


def test_it_is_found_beside_ours(host: Host) -> None:
    assert ("serkit-toy", "0.3.0") in host.distributions
    assert {"error-rate", "uar"} <= {r.spec.name for r in host.specs("metric")}
    assert host.get("metric", "error-rate").version == "0.3.0"


def test_its_metric_computes(host: Host) -> None:
    metric = host.load("metric", "error-rate")
    truth, predicted = np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0])
    assert metric(truth, predicted, np.zeros((4, 2)), 2) == 0.25


def test_its_recipe_is_read_from_its_package(host: Host) -> None:
    assert tomllib.loads(host.recipe_text("toy"))["run"]["plugin"] == "acrnn"


def test_its_observer_is_told(host: Host) -> None:
    host.notify("serkit_run_started", run="the run")
    assert sys.modules["serkit_toy.hooks"].started == ["the run"]

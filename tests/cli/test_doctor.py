"""`serkit doctor`: well here, and every kind of trouble found."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import serkit
from serkit.cli.main import invoke
from serkit.host import Host
from serkit.host.discovery import installed
from serkit.kernels import native

METRIC = """
from serkit.host import MetricSpec, hookimpl
@hookimpl
def serkit_metrics():
    return [MetricSpec(name="m", summary="s", target={target!r})]
"""


def report(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = invoke(["doctor", "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def with_plugin(monkeypatch: pytest.MonkeyPatch, distribution: Any) -> Any:
    """A host of one plugin that stands for ours and one of the given source."""

    def make(source: str) -> None:
        ours = distribution("serkit", {"metrics": "own_hooks"}, {"own_hooks": METRIC.format(target="json:dumps")})
        points = ours + distribution("bad-dist", {"bad": "bad_hooks"}, {"bad_hooks": source})
        host = Host(points)
        monkeypatch.setattr("serkit.host.get_host", lambda: host)

    return make


def test_this_installation_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = report(capsys)
    assert [p for p in found["problems"] if "distribution serkit " in p or "distribution" not in p] == []
    assert code == (1 if found["problems"] else 0)
    assert found["serkit"] == serkit.__version__
    assert found["core"] == {"isa": native.isa(), "supported": list(native.supported_isas())}
    cache = found["cache"]
    assert (cache["folder"], cache["writable"]) == (os.environ["SERKIT_CACHE"], True)
    assert (cache["feature_entries"] > 0) == (cache["feature_bytes"] > 0)
    assert found["packages"]["numpy"]
    assert found["torch"]["threads"] >= 1
    assert found["torch"]["device"] in ("cpu", "cuda")


def test_it_is_readable(capsys: pytest.CaptureFixture[str]) -> None:
    invoke(["doctor"])
    text = capsys.readouterr().out
    for word in ("instruction set", native.isa(), "bf16", "cache", "plugins"):
        assert word in text


def test_a_broken_plugin_ends_it_with_1(with_plugin: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with_plugin("raise RuntimeError('boo')")
    code, found = report(capsys)
    assert code == 1
    assert found["problems"] == [
        "Plugin 'bad' of distribution bad-dist 1.0 is broken: importing bad_hooks failed with RuntimeError: boo"
    ]
    assert invoke(["doctor"]) == 1
    assert "RuntimeError: boo" in capsys.readouterr().out


def test_a_target_that_cannot_be_imported_is_found(with_plugin: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with_plugin(METRIC.format(target="nowhere_at_all:f").replace('"m"', '"late"'))
    code, found = report(capsys)
    assert code == 1
    (broken,) = found["broken_targets"]
    assert broken["distribution"] == "bad-dist"
    assert "nowhere_at_all:f" in broken["reason"]
    assert found["problems"] == [broken["reason"]]


def test_a_wrong_instruction_set_is_one_problem_and_no_plugins_fault() -> None:
    # in a new process, since the core reads SERKIT_ISA once
    code = "from serkit.cli.main import main; main(['doctor', '--json'])"
    environment = {**os.environ, "SERKIT_ISA": "mmx"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 1, done.stderr
    (problem,) = json.loads(done.stdout)["problems"]
    assert problem.startswith("SERKIT_ISA is 'mmx'")


def test_a_named_plugin_that_is_not_installed_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], distribution: Any
) -> None:
    points = distribution("serkit", {"metrics": "own_hooks"}, {"own_hooks": METRIC.format(target="json:dumps")})
    monkeypatch.setenv("SERKIT_PLUGINS", "elsewhere")
    host = Host(points)
    monkeypatch.setattr("serkit.host.get_host", lambda: host)
    code, found = report(capsys)
    assert code == 1
    assert found["not_installed"] == ["elsewhere"]
    assert "'elsewhere'" in found["problems"][0]


def test_an_installation_without_our_plugins_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    host = Host([])
    monkeypatch.setattr("serkit.host.get_host", lambda: host)
    code, found = report(capsys)
    assert code == 1
    assert "own plugins are not installed" in found["problems"][0]


def test_a_cache_that_cannot_be_made_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SERKIT_CACHE", str(tmp_path / "file" / "cache"))
    code, found = report(capsys)
    assert code == 1
    assert found["cache"]["writable"] is False
    assert any("SERKIT_CACHE" in p for p in found["problems"])


def test_who_was_left_out_on_purpose_is_no_broken_plugin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], distribution: Any
) -> None:
    # a row "left out: none" stood above four plugins that were left out because they were broken
    points = distribution("stranger", {"s": "stranger_hooks"}, {"stranger_hooks": "import nothing_like_it"})
    ours = [p for p in installed() if p.dist is not None and p.dist.name == "serkit"]
    for chosen, row in (("", "stranger"), ("stranger", "none")):
        monkeypatch.setenv("SERKIT_PLUGINS", chosen)
        host = Host([*ours, *points])
        monkeypatch.setattr("serkit.host.get_host", lambda host=host: host)
        invoke(["doctor"])
        out = capsys.readouterr().out
        assert re.search(rf"^left out by SERKIT_PLUGINS +{row} *$", out, re.MULTILINE)
        assert ("stranger 1.0 is broken" in out) == (row == "none")

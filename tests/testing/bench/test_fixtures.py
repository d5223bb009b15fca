"""The fixtures of authors, as docs/plugins/benchmarks.md shows them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from serkit.errors import PluginError
from serkit.testing.bench.contest import hold
from serkit.testing.bench.fixtures import _timed
from serkit.testing.bench.measure import Plan

PAGE = (Path(__file__).parents[3] / "docs" / "plugins" / "benchmarks.md").read_text("utf-8")


class Benchmark:
    """What a race uses of pytest-benchmark's fixture."""

    def __init__(self) -> None:
        self.enabled, self.group, self.extra_info, self.rounds = True, "", {}, 0

    def pedantic(self, call: Callable[..., Any], args: tuple[Any, ...] = (), rounds: int = 1) -> None:
        self.rounds = rounds
        for _ in range(rounds):
            call(*args)


def timed(work: Any) -> tuple[Callable[..., None], Benchmark]:
    """A fixture's function, in a session of its own."""
    request: Any = SimpleNamespace(config=SimpleNamespace(stash=pytest.Stash()))
    benchmark = Benchmark()
    return _timed(request, benchmark, False, work), benchmark


def test_a_row_goes_to_pytest_benchmark(ticking: Any) -> None:
    run, benchmark = timed("batch")
    run("mine", compare="steady")
    assert benchmark.group == "batch of mine[default] and steady[default]"
    # a turn is 100 s and more, of which the readings of the clock are a few milliseconds
    assert benchmark.extra_info["ratio"] == pytest.approx(0.5, rel=1e-3)
    assert benchmark.extra_info["parameters"] == 484
    assert benchmark.rounds == benchmark.extra_info["repetitions"] > 1


def test_a_wrong_answer_fails_the_test(ticking: Any) -> None:
    ticking.fault = "nan"
    run, benchmark = timed("utterance")
    with pytest.raises(Exception, match="returned values that are not finite"):
        run("mine", compare="steady")
    assert benchmark.extra_info == {}
    with pytest.raises(PluginError, match="'broken' of plugin 'ticking'"):
        timed("utterance")[0]("steady", compare="broken")


def test_features_are_those_of_a_model_or_of_a_feature_plugin(ticking: Any) -> None:
    run, benchmark = timed("features")
    run("gaps", compare="both")
    assert benchmark.extra_info["entrant"] == "gaps"
    run("mine", compare="steady")
    assert benchmark.extra_info["entrant"] == "mine[default]"


def test_the_benches_of_the_page_run(tmp_path: Path) -> None:
    files = dict(re.findall(r"```python\n# (benches/\S+)\n(.*?)```", PAGE, re.DOTALL))
    assert sorted(files) == ["benches/bench_my_model.py", "benches/conftest.py"]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.replace("my-model", "local-attention"), "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "--benchmark-disable"]
    done = subprocess.run(
        [*command, "benches/bench_my_model.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert "4 passed" in done.stdout, done.stdout + done.stderr


def test_the_contest_of_the_page_has_right_answers() -> None:
    (text,) = re.findall(r"```python\n(from serkit.testing.bench import Contest.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(text, "docs/plugins/benchmarks.md", "exec"), names)
    out = hold(names["contest"](), ["mine"], plan=Plan(0.0, 0.0, 1, 1))
    assert (out.anchor, out.wrong, set(out.samples)) == ("plain", {}, {"mine", "plain"})

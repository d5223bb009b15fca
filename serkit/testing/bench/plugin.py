"""The pytest side: the ``race`` fixture, ``--full``, and ratios stored and compared between runs.

In such a session libraries of linear algebra keep to one thread.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from serkit.errors import UserError
from serkit.testing.bench import machine, ratios
from serkit.testing.bench.race import Race, clock_of, held_of

machine.limit_libraries()  # nothing has imported NumPy yet where a conftest.py or -p asks for this plugin

TIMED = {"race", "bench_training_step", "bench_batch", "bench_utterance", "bench_features"}
"""Fixtures that hand pytest-benchmark times which were measured before."""

_ROWS = pytest.StashKey[dict[str, dict[str, Any]]]()
_REGRESSED = pytest.StashKey[list[str]]()
_ELSEWHERE = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ratios", "ratios to an anchor measured in the same run")
    group.addoption("--full", action="store_true", help="whole corpora and many repetitions, for figures to report")
    group.addoption(
        "--ratio-store",
        action="store_true",
        help="store the ratios of this run as the baseline; rows that did not run stay as they are",
    )
    group.addoption(
        "--ratio-fail",
        metavar="TOL",
        type=_tolerance,
        help="fail if a ratio of ours is more than TOL below the stored one; 0.15 and 15%% mean the same",
    )
    group.addoption(
        "--ratio-baseline", metavar="FILE", type=Path, help="stored rows (benches/baseline.json in pytest's rootdir)"
    )


def _tolerance(text: str) -> float:
    try:
        return ratios.tolerance(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _baseline(config: pytest.Config) -> Path:
    chosen: Path | None = config.getoption("--ratio-baseline")
    return chosen or config.rootpath / "benches" / "baseline.json"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_ROWS] = {}
    config.stash[_REGRESSED] = []
    config.stash[_ELSEWHERE] = ""


def pytest_report_header() -> str:
    facts = machine.description()
    return f"benches on {facts['cpu']}, {facts['cores']} cores, instruction set {facts['isa']}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if not TIMED.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.benchmark(timer=clock_of(config)))


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether this is the long run (``--full``)."""
    return bool(request.config.getoption("--full"))


@pytest.fixture
def race(request: pytest.FixtureRequest, benchmark: Any, full: bool) -> Race:
    """``race(entrant, group, contest)``: see ``serkit.testing.bench.race.Race``; ``entrant`` parametrizes the test."""
    config = request.config
    return Race(benchmark, clock_of(config), held_of(config), _rivals(request.node), full)


def _rivals(node: Any) -> list[str]:
    """Contestants of this contest that this session runs: rows of the same test with the same other parameters."""

    def others(item: Any) -> dict[str, Any]:
        return {k: v for k, v in item.callspec.params.items() if k != "entrant"}

    return [
        item.callspec.params["entrant"]
        for item in node.session.items
        if item.path == node.path and item.originalname == node.originalname and others(item) == others(node)
    ]


@pytest.fixture(autouse=True)
def _kept(request: pytest.FixtureRequest) -> Any:
    """Note the row that a test leaves, by the test's id relative to the folder of benches."""
    yield
    fixture = request.node.funcargs.get("benchmark")
    if fixture is not None and "ratio" in fixture.extra_info:
        name = f"{request.node.path.name}::{request.node.name}"
        request.config.stash[_ROWS][name] = {"group": fixture.group, **fixture.extra_info}


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    rows, path = config.stash[_ROWS], _baseline(config)
    allowed = config.getoption("--ratio-fail")
    try:
        if allowed is not None:
            stored = ratios.read(path) if rows else {}
            found = ratios.regressions(rows, stored, allowed)
            config.stash[_REGRESSED].extend(found)
            config.stash[_ELSEWHERE] = ratios.elsewhere(rows, stored)
            if found and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if config.getoption("--ratio-store") and rows and not config.stash[_REGRESSED]:
            ratios.store(rows, path)
    except UserError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash[_ROWS]
    if rows:
        terminalreporter.section("ratios to the anchor of each group (larger is faster)")
        for line in ratios.table(rows):
            terminalreporter.write_line(line)
    if config.getoption("--ratio-store") and rows:
        kept = "nothing" if config.stash[_REGRESSED] else f"{len(rows)} rows"
        terminalreporter.write_line(f"{kept} stored in {_baseline(config)}")
    if config.stash[_ELSEWHERE]:
        terminalreporter.write_line(config.stash[_ELSEWHERE])
    if config.stash[_REGRESSED]:
        terminalreporter.section("ratios that fail", red=True)
        for sentence in config.stash[_REGRESSED]:
            terminalreporter.write_line(sentence)

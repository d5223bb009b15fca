"""The machinery of benches/: turns, the check before the clock, ratios stored and compared, sentences."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness import Contest, Entrant, ratios
from harness.contest import hold, row
from harness.measure import Plan, Run, interleave
from harness.speech import made_up, read

BENCHES = Path(__file__).parents[2] / "benches"

TINY = """
import time
import pytest
from harness import Contest, Entrant

def waits(seconds):
    return lambda: (lambda: time.sleep(seconds) or "done")

def absent():
    pytest.skip("slowlib is not installed")

def contest():
    def check(name, answer):
        assert answer == "done", name
    return Contest(
        entrants={
            "serkit": Entrant(waits(0.002)),
            "plain": Entrant(waits(0.004)),
            "slowlib": Entrant(absent),
            "wrong": Entrant(lambda: (lambda: "nonsense")),
        },
        anchors=("slowlib", "plain"), check=check, work="waiting", audio_s=1.0,
    )

@pytest.mark.parametrize("entrant", ["serkit", "plain", "slowlib", "wrong"])
def test_wait(race, entrant):
    race(entrant, "waiting", contest)
"""


def bench(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tiny bench in a process of its own."""
    (folder / "bench_tiny.py").write_text(TINY, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "harness.plugin", "-p", "no:cacheprovider", "bench_tiny.py"]
    return subprocess.run(
        [*command, "-rs", f"--ratio-baseline={folder / 'stored.json'}", *arguments],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(BENCHES)}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_rows_are_stored_compared_and_fail(tmp_path: Path) -> None:
    stored = tmp_path / "stored.json"
    first = bench(tmp_path, "--ratio-store", f"--benchmark-json={tmp_path / 'theirs.json'}")
    # a wrong answer fails its own row, an absent library is skipped with its reason, the others go on
    assert "1 failed, 2 passed, 1 skipped" in first.stdout, first.stdout + first.stderr
    assert "slowlib is not installed" in first.stdout
    rows = ratios.read(stored)
    assert set(rows) == {f"bench_tiny.py::test_wait[{e}]" for e in ("serkit", "plain")}
    ours = rows["bench_tiny.py::test_wait[serkit]"]
    assert (ours["anchor"], ours["ours"], ours["threads"]) == ("plain", True, 1)
    # a sleep of 2 ms lasts at least that: 1000 ms of audio are at most 500 times faster than real time
    assert 0 < ours["x_real_time"] <= 500
    # pytest-benchmark was handed the very times that the row is made of
    theirs = {b["name"]: b for b in json.loads((tmp_path / "theirs.json").read_text("utf-8"))["benchmarks"]}
    timed = theirs["test_wait[serkit]"]
    assert (timed["group"], timed["stats"]["rounds"]) == ("waiting", ours["repetitions"])
    assert timed["stats"]["median"] == pytest.approx(
        ours["median_s"], rel=1e-6
    )  # the clock adds times up and subtracts
    assert timed["extra_info"]["ratio"] == ours["ratio"]

    doctored = {**rows, "bench_tiny.py::test_wait[serkit]": {**ours, "ratio": 1e6}}
    stored.write_text(json.dumps({"schema": 1, "rows": doctored}), "utf-8")
    fails = bench(tmp_path, "--ratio-fail=15%", "-k", "serkit or plain")
    assert fails.returncode == 1
    assert "2 passed" in fails.stdout  # the rows themselves are well, the comparison fails the run
    assert "to plain, stored 1000000.00: 100% less, allowed 15%." in fails.stdout
    stored.write_text(json.dumps({"schema": 1, "rows": {**rows, ours_name(): {**ours, "ratio": 1e-6}}}), "utf-8")
    assert bench(tmp_path, "--ratio-fail=15%", "-k", "serkit or plain").returncode == 0


def ours_name() -> str:
    return "bench_tiny.py::test_wait[serkit]"


def test_without_a_baseline_the_run_ends_in_a_sentence(tmp_path: Path) -> None:
    done = bench(tmp_path, "--ratio-fail=0.1", "--benchmark-disable", "-k", "plain")
    assert done.returncode != 0
    assert "No bench left a row to compare." in done.stdout  # disabled benches time nothing
    done = bench(tmp_path, "--ratio-fail=0.1", "-k", "plain")
    assert done.returncode != 0
    assert "stored.json does not exist; store a baseline with --ratio-store first." in done.stdout + done.stderr


@pytest.mark.parametrize(("text", "value"), [("0.15", 0.15), ("15%", 0.15), ("0", 0.0)])
def test_tolerance(text: str, value: float) -> None:
    assert ratios.tolerance(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "much", "1", "-0.1", "100%", "nan"])
def test_no_tolerance(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no tolerance; give a share"):
        ratios.tolerance(text)


def a_row(**changed: Any) -> dict[str, Any]:
    here = {"cpu": "a cpu", "isa": "avx2"}
    common = {"anchor": "plain", "work": "w", "full": False, "threads": 1, "machine": here}
    return {"ratio": 2.0, "ours": True, **common, **changed}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (a_row(), None),
        (a_row(ratio=1.81), None),
        (a_row(ratio=1.7), "t has a ratio of 1.70 to plain, stored 2.00: 15% less, allowed 10%."),
        (
            a_row(ratio=1.0, machine={"cpu": "a cpu", "isa": "avx512"}),
            "t has a ratio of 1.00 to plain, stored 2.00: 50% less, allowed 10%; "
            "it was stored on another machine (a cpu, avx2).",
        ),
        (a_row(ratio=0.1, ours=False), None),
        (
            a_row(anchor="other", full=True),
            "t was stored with anchor 'plain', full False and ran with anchor 'other', full True; "
            "compare runs of the same work.",
        ),
    ],
)
def test_one_sentence_a_regressed_row(now: dict[str, Any], said: str | None) -> None:
    assert ratios.regressions({"t": now}, {"t": a_row()}, 0.1) == ([said] if said else [])


def test_a_row_that_was_never_stored() -> None:
    assert ratios.regressions({"t": a_row()}, {}, 0.1) == ["t has no stored row; store one with --ratio-store."]


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 0, "rows": {}}'])
def test_a_file_that_is_no_baseline(tmp_path: Path, text: str) -> None:
    path = tmp_path / "b.json"
    path.write_text(text, "utf-8")
    with pytest.raises(pytest.UsageError, match="store it again with --ratio-store"):
        ratios.read(path)


def test_storing_keeps_rows_that_did_not_run(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    ratios.store({"a": a_row(), "b": a_row()}, path)
    ratios.store({"b": a_row(ratio=3.0)}, path)
    assert {name: r["ratio"] for name, r in ratios.read(path).items()} == {"a": 2.0, "b": 3.0}


def test_contestants_take_turns_in_changing_order() -> None:
    log: list[str] = []
    runs = {name: Run(lambda name=name: log.append(name), timed=False) for name in "abc"}
    # a sample of zero seconds is one call
    samples = interleave(runs, Plan(sample_s=0.0, budget_s=1.0, fewest=20, most=20))
    assert all(len(s.seconds) == 20 for s in samples.values())
    turns = [tuple(log[i : i + 3]) for i in range(6, len(log), 3)]
    assert all(sorted(t) == ["a", "b", "c"] for t in turns)
    assert len(Counter(turns)) > 1


def test_a_share_divides_and_a_child_brings_its_own_time() -> None:
    runs = {"child": Run(lambda: 3.0, share=1.5, timed=True)}
    assert interleave(runs, Plan(0.0, 0.0, 2, 2))["child"].seconds == [2.0, 2.0]


def test_the_answer_comes_before_the_clock() -> None:
    calls: list[str] = []

    def wrong() -> str:
        calls.append("wrong")
        return "nonsense"

    def check(name: str, answer: str) -> None:
        assert answer == "right"

    entrants = {"plain": Entrant(lambda: lambda: "right"), "wrong": Entrant(lambda: wrong)}
    out = hold(Contest(entrants=entrants, anchors=("plain",), check=check, work="w"), ["wrong"], full=False)
    assert calls == ["wrong"]  # once, for the answer
    assert set(out.samples) == {"plain"}
    assert isinstance(out.wrong["wrong"], AssertionError)
    assert row(out, "plain", full=False)["ratio"] == 1.0


def test_made_up_speech_is_readable_and_reproducible(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = (made_up(tmp_path / folder, 2) for folder in "ab")
    for a, b in zip(one, two, strict=True):
        assert a.read_bytes() == b.read_bytes()
        signal = read(a)
        assert 0.5 < abs(signal).max() < 1.0
        assert 1.4 * 16000 <= len(signal) <= 5 * 16000

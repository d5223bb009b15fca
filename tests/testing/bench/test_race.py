"""Contests: turns, the check before the clock, and in pytest the rows that are stored and compared."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from serkit.testing.bench import Absent, Contest, Entrant, ratios
from serkit.testing.bench.contest import hold, row
from serkit.testing.bench.measure import Plan, Run, interleave

TINY = """
import time
import pytest
from serkit.testing.bench import Contest, Entrant

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
    command = [sys.executable, "-m", "pytest", "-q", "-p", "serkit.testing.bench", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "bench_tiny.py", "-rs", f"--ratio-baseline={folder / 'stored.json'}", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=120,
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
    # it was stored all the same, so that the next run compared itself with the slow one and passed
    fails = bench(tmp_path, "--ratio-fail=15%", "--ratio-store", "-k", "serkit or plain")
    assert fails.returncode == 1
    assert f"nothing stored in {stored}" in fails.stdout
    assert ratios.read(stored) == doctored
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
    assert (
        "stored.json does not exist; store one first with --store, in pytest --ratio-store."
        in done.stdout + done.stderr
    )


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
    contest = Contest(entrants=entrants, anchors=("plain",), check=check, work="w")
    out = hold(contest, ["wrong"], plan=Plan(0.0, 0.0, 2, 2))
    assert calls == ["wrong"]  # once, for the answer
    assert set(out.samples) == {"plain"}
    assert isinstance(out.wrong["wrong"], AssertionError)
    assert row(out, "plain", full=False)["ratio"] == 1.0


def test_who_is_absent_says_why_and_the_next_anchor_is_taken() -> None:
    def absent() -> Any:
        raise Absent("slowlib is not installed")

    entrants = {"slow": Entrant(absent), "plain": Entrant(lambda: lambda: 1), "mine": Entrant(lambda: lambda: 2)}
    contest = Contest(
        entrants=entrants, anchors=("slow", "plain"), check=lambda name, answer: None, work="w", own="mine"
    )
    out = hold(contest, ["mine"], plan=Plan(0.0, 0.0, 2, 2))
    assert (out.anchor, out.skipped) == ("plain", {"slow": "slowlib is not installed"})
    assert [row(out, name, full=False)["ours"] for name in ("mine", "plain")] == [True, False]


def test_torch_has_its_threads_again_after_a_contest() -> None:
    import torch

    before, seen = torch.get_num_threads(), []
    contest = Contest(
        entrants={"plain": Entrant(lambda: lambda: seen.append(torch.get_num_threads()))},
        anchors=("plain",),
        check=lambda name, answer: None,
        work="w",
        threads=before + 1,
    )
    hold(contest, [], plan=Plan(0.0, 0.0, 1, 1))
    assert set(seen) == {before + 1}
    assert torch.get_num_threads() == before

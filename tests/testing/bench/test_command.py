"""``serkit plugin bench``: what it prints, the file that it keeps, and a plugin that became slower."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serkit.cli.main import invoke

Bench = Callable[..., tuple[int, str, str]]


@pytest.fixture
def bench(ticking: Any, capsys: pytest.CaptureFixture[str]) -> Bench:
    """``bench(...)``: exit code, standard output and standard error of ``serkit plugin bench mine --compare steady``,
    one piece of work."""

    def run(*more: str) -> tuple[int, str, str]:
        code = invoke(["plugin", "bench", "mine", "--compare", "steady", "--work", "utterance", *more])
        return code, *capsys.readouterr()

    return run


def test_a_table_for_people(bench: Bench) -> None:
    code, out, err = bench()
    assert (code, err) == (0, "")
    title, head, _, row, work = out.splitlines()
    assert title == "mine (architecture of ticking 1.0): how many times as fast as steady[default]"
    assert head.split()[:2] == ["work", "ratio"]
    assert head.rstrip().endswith("time here, now")
    assert row.split()[:5] == ["utterance", "0.5", "0.5", "to", "0.5"]
    assert work == "utterance: frames to posteriors, 1 utterance of 3 s"


def test_json_for_programs(bench: Bench) -> None:
    code, out, _ = bench("--json")
    found = json.loads(out)
    assert (code, found["schema"], found["kind"], found["name"]) == (0, 1, "architecture", "mine")
    assert list(found["rows"]) == ["mine[default] utterance"]
    assert (found["skipped"], found["regressions"]) == ({}, [])


def test_a_plugin_that_became_slower_fails_and_is_named(bench: Bench, ticking: Any, tmp_path: Path) -> None:
    kept = tmp_path / "ratios.json"
    code, out, _ = bench("--store", str(kept))
    assert code == 0
    assert out.endswith(f"1 ratios kept in {kept}.\n")
    before, compared = kept.read_text("utf-8"), ["--baseline", str(kept), "--ratio-fail", "20%"]

    ticking.seconds["mine"] *= 1.2  # a ratio lower by a sixth
    assert bench(*compared)[0] == 0
    ticking.seconds["mine"] *= 1.2
    code, out, err = bench(*compared, "--store", str(kept))
    assert code == 1
    assert err == (
        "mine[default] utterance has a ratio of 0.35 to steady[default], stored 0.50: 31% less, allowed 20%.\n"
        f"Nothing was kept in {kept}.\n"
    )
    assert "kept in" not in out
    assert kept.read_text("utf-8") == before  # a slower plugin does not become its own baseline
    code, out, _ = bench(*compared, "--json")
    assert (code, len(json.loads(out)["regressions"])) == (1, 1)


def test_a_baseline_of_another_machine_and_one_of_another_plugin(bench: Bench, tmp_path: Path) -> None:
    kept = tmp_path / "ratios.json"
    bench("--store", str(kept))
    content = json.loads(kept.read_text("utf-8"))
    row = content["rows"]["mine[default] utterance"]
    row["machine"] |= {"cpu": "an abacus"}
    kept.write_text(json.dumps(content), "utf-8")
    code, _, err = bench("--baseline", str(kept), "--ratio-fail", "0.2")
    assert code == 0
    assert err.startswith("The baseline was stored on another machine (an abacus, ")
    assert "ratios need not be the same: store one on this machine to be sure." in err
    kept.write_text(json.dumps({**content, "rows": {"other": row}}), "utf-8")
    code, _, err = bench("--baseline", str(kept), "--ratio-fail", "0.2")
    assert code == 1
    assert err == "mine[default] utterance has no stored row; store one with --store, in pytest --ratio-store.\n"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--ratio-fail", "0.1"], "Give --baseline FILE and --ratio-fail TOL together"),
        (["--baseline", "x.json"], "Give --baseline FILE and --ratio-fail TOL together"),
        (["--baseline", "x.json", "--ratio-fail", "0.1"], "x.json does not exist; store one first with --store"),
        (["--baseline", "{good}", "--ratio-fail", "2"], "'2' is no tolerance; give a share from 0 to below 1"),
        (["--baseline", "{good}", "--ratio-fail", ""], "'' is no tolerance; give a share from 0 to below 1"),
        (["--store", "nowhere/x.json"], "There is no folder nowhere to store rows in; make it first."),
        (["--store", "."], ". cannot be read"),
        (["--store", "{bad}"], "is no JSON"),
    ],
)
def test_a_wrong_file_is_named_before_anything_is_timed(
    bench: Bench, ticking: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.json").write_text('{"schema": 1, "rows": {}}', "utf-8")
    (tmp_path / "bad.json").write_text("{", "utf-8")
    code, out, err = bench(*(m.format(good="good.json", bad="bad.json") for m in more))
    assert (code, out) == (2, "")
    assert said in err
    assert ticking.now == 0.0


def test_it_needs_no_pytest(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.startswith("serkit.testing.bench")]:
        if name != "serkit.testing.bench.measure":  # whose clock is replaced
            monkeypatch.delitem(sys.modules, name)
    for name in ("pytest", "_pytest", "pytest_benchmark"):
        monkeypatch.setitem(sys.modules, name, None)  # importing it now fails
    assert bench()[0] == 0

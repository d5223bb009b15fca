"""Stored ratios: reading, storing, tolerances, and the sentence for each row that fell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from serkit.errors import UserError
from serkit.testing.bench import ratios


@pytest.mark.parametrize(("text", "value"), [("0.15", 0.15), ("15%", 0.15), ("0", 0.0)])
def test_tolerance(text: str, value: float) -> None:
    assert ratios.tolerance(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "much", "1", "-0.1", "100%", "nan"])
def test_no_tolerance(text: str) -> None:
    with pytest.raises(UserError, match="is no tolerance; give a share"):
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


def test_a_plugin_that_is_much_slower_than_its_reference_is_judged_as_well() -> None:
    slow = a_row(ratio=0.00123)
    assert ratios.regressions({"t": a_row(ratio=0.00117)}, {"t": slow}, 0.1) == []
    assert ratios.regressions({"t": a_row(ratio=0.00099)}, {"t": slow}, 0.1) == [
        "t has a ratio of 0.00099 to plain, stored 0.00123: 20% less, allowed 10%."
    ]


def test_a_row_that_was_never_stored() -> None:
    assert ratios.regressions({"t": a_row()}, {}, 0.1) == [
        "t has no stored row; store one with --store, in pytest --ratio-store."
    ]


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 0, "rows": {}}', '{"schema": 1, "rows": []}'])
def test_a_file_that_is_no_baseline(tmp_path: Path, text: str) -> None:
    path = tmp_path / "b.json"
    path.write_text(text, "utf-8")
    with pytest.raises(UserError, match="store it again with --store, in pytest --ratio-store"):
        ratios.read(path)


def test_storing_keeps_rows_that_did_not_run(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    ratios.store({"a": a_row(), "b": a_row()}, path)
    ratios.store({"b": a_row(ratio=3.0)}, path)
    assert {name: r["ratio"] for name, r in ratios.read(path).items()} == {"a": 2.0, "b": 3.0}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"ratio": 1.0}, "(anchor, work, full, threads, machine)"),
        (None, "(everything)"),
        (a_row(ratio="fast"), "(its values)"),
        (a_row(ratio=float("nan")), "(its values)"),  # nothing is less than NaN, so nothing ever got slower
        (a_row(ratio=0), "(its values)"),
        (a_row(ratio=True), "(its values)"),
        (a_row(machine="mine"), "(its values)"),
    ],
)
def test_a_damaged_row_is_named(tmp_path: Path, row: Any, said: str) -> None:
    path = tmp_path / "b.json"
    path.write_text(json.dumps({"schema": 1, "rows": {"good": a_row(), "t": row}}), "utf-8")
    with pytest.raises(UserError) as error:
        ratios.read(path)
    assert f"The row 't' of {path} is damaged {said}; store it again" in str(error.value)


def test_a_baseline_of_another_machine_is_said_even_where_nothing_fell() -> None:
    other = a_row(machine={"cpu": "an abacus", "isa": "beads"})
    assert ratios.elsewhere({"t": a_row()}, {"t": a_row(), "u": other}) == ""
    said = ratios.elsewhere({"t": a_row(), "u": a_row()}, {"t": a_row(), "u": other})
    assert said.startswith("The baseline was stored on another machine (an abacus, beads), whose ratios need not")


def test_where_nothing_was_timed_nothing_has_kept_its_ratio() -> None:
    assert ratios.regressions({}, {}, 0.1) == ["No bench left a row to compare."]

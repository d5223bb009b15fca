"""docs/benchmarks.md: its tables and picture come from the stored rows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import draw_page
from serkit.testing.bench import ratios

PAGE = draw_page.DOCS / "benchmarks.md"


def a_row(entrant: str, **changed: Any) -> dict[str, Any]:
    return {
        "group": "LM3, 1 thread", "entrant": entrant, "ratio": 1.0, "ratio_quartiles": [0.9, 1.1], "anchor": "plain",
        "ours": entrant.startswith("serkit"), "median_s": 0.5, "spread": 0.25, "repetitions": 7, "work": "2 utterances",
        "full": True, "machine": {"cpu": "a cpu", "cores": 2, "isa": "avx2", "system": "Linux", "python": "3.11"},
        **changed,
    }  # fmt: skip


def test_the_tables_of_the_page_are_the_stored_rows() -> None:
    page = PAGE.read_text("utf-8")
    rows = ratios.read(draw_page.BASELINE)
    assert any(r["ours"] for r in rows.values())
    assert draw_page.into(page, draw_page.tables(rows)) == page


def test_the_picture_of_the_page_is_there() -> None:
    names = re.findall(r"!\[[^]]+\]\(([^)]+)\)", PAGE.read_text("utf-8"))
    assert names == ["benchmarks.svg"]
    assert (draw_page.DOCS / names[0]).read_text("utf-8").startswith("<?xml")


def test_rows_are_sorted_and_ours_stand_out() -> None:
    made = draw_page.tables({"a": a_row("plain"), "b": a_row("serkit", ratio=2.0, x_real_time=1234.5)})
    assert "Machine: a cpu, 2 cores, Linux, avx2, Python 3.11." in made
    assert made.index("| **serkit** | 2.00 | 0.90 to 1.10 | 1,234 × real time | 25% | 7 |") < made.index(
        "| plain | 1.00 | 0.90 to 1.10 | 500 ms | 25% | 7 |"
    )
    assert "Short run" not in made
    assert "Short run: an impression, not a figure." in draw_page.tables({"a": a_row("plain", full=False)})


def test_memory_rows_say_what_they_need_beyond_the_output() -> None:
    assert "| 3.2 MiB |" in draw_page.tables({"a": a_row("serkit", over_output_mib=3.24)})


def test_only_what_is_between_the_marks_is_replaced() -> None:
    page = f"before\n{draw_page.BEGIN}\nold\n{draw_page.END}\nafter\n"
    once = draw_page.into(page, "new\n")
    assert once == draw_page.into(once, "new\n")
    assert once.startswith("before\n")
    assert once.endswith("after\n")
    assert "old" not in once
    with pytest.raises(ValueError, match="put them where the tables go"):
        draw_page.into("no marks", "new")


def test_drawing_twice_gives_the_same_file(tmp_path: Path) -> None:
    attention = a_row("serkit", group="attention (1, 2, 3, 4), 1 thread", ratio=1.5)
    rows = {"a": a_row("plain", x_real_time=10.0), "b": a_row("serkit", x_real_time=20.0), "c": attention}
    for name in ("a.svg", "b.svg"):
        draw_page.draw(rows, tmp_path / name)
    first = (tmp_path / "a.svg").read_text("utf-8")
    assert first == (tmp_path / "b.svg").read_text("utf-8")
    assert first.count("<path") > 3


def test_the_readme_names_every_bench() -> None:
    folder = draw_page.BASELINE.parent
    named = set(re.findall(r"^\| `(bench_\w+\.py)`", (folder / "README.md").read_text("utf-8"), flags=re.MULTILINE))
    assert named == {path.name for path in folder.glob("bench_*.py")}


def test_every_stored_row_is_of_a_bench_that_exists() -> None:
    folder = draw_page.BASELINE.parent
    files = {name.partition("::")[0] for name in ratios.read(draw_page.BASELINE)}
    assert {f for f in files if not (folder / f).exists()} == set()

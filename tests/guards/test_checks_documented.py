"""The tables of checks in the docs are what ``docs/check_tables.py`` makes of the checks."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path

import pytest

from serkit.testing.conformance import Check, checks_of
from serkit.testing.conformance.check import Failure
from serkit.testing.conformance.runner import CHECKED

DOCS = Path(__file__).parents[2] / "docs"
SCRIPT = runpy.run_path(str(DOCS / "check_tables.py"))


def test_the_tables_are_those_of_the_checks() -> None:
    page = (DOCS / "plugins" / "testing.md").read_text("utf-8")
    assert page == SCRIPT["updated"](page), "run `python docs/check_tables.py`, which writes them again"
    for kind in CHECKED:
        table = page.partition(f"<!-- checks: {kind} -->")[2].partition("<!-- end -->")[0]
        for check in checks_of(kind):  # of two kinds two checks may have one name
            assert table.count(f"| `{check.name}`") == 1
            assert check.summary.replace("|", "\\|") in table


def check_something(subject: object) -> None:
    """Something holds."""
    _ask(subject)
    raise Failure("x", reproduce="y", cause=f"one of {subject} in it.")


def _ask(subject: object) -> None:
    if subject == 1:
        raise Failure("x", reproduce="y", cause="another, said "
                      "in two parts.")  # fmt: skip


def test_causes_are_read_from_the_code_of_a_check_and_what_it_calls() -> None:
    assert SCRIPT["causes"](Check(check_something)) == ["one of … in it", "another, said in two parts"]
    assert SCRIPT["causes"](Check(check_by_a_helper)) == ["of the module", "given by place"]


CAUSE = "of the module."


def check_by_a_helper(subject: object) -> None:
    """Something else holds."""
    words = "given by place."
    _raise(subject, words)
    _raise(subject, cause=CAUSE)


def _raise(subject: object, cause: str) -> None:
    raise Failure("x", reproduce="y", cause=cause)


def test_remedies_name_what_is_public() -> None:
    # one named a function of serkit.kernels, which docs/plugins/versions.md does not promise
    page, texts = (DOCS / "plugins" / "versions.md").read_text("utf-8"), []
    private = re.findall(r"`(serkit[._]\w+)`", page.partition("Not public:")[2].partition("\n\n")[0])
    assert "serkit.kernels" in private
    for source in (DOCS.parent / "serkit" / "testing" / "conformance").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "cause":
                texts += [str(part.value) for part in ast.walk(node.value) if isinstance(part, ast.Constant)]
    assert len(texts) > 100
    # `serkit.run()` is public, the modules below it are not
    assert [text for text in texts if any(re.search(rf"\b{re.escape(p)}\.\w", text) for p in private)] == []


def test_every_check_of_the_tables_has_a_cause() -> None:
    page = (DOCS / "plugins" / "testing.md").read_text("utf-8")
    assert [line for line in page.splitlines() if line.endswith("| as the report says |")] == []


@pytest.mark.parametrize("kind", CHECKED)
def test_a_cause_stands_once_in_a_table(kind: str) -> None:
    # four checks of folders, and four of bad files, had the same long cells
    cells = [line.split(" | ")[2].removesuffix(" |") for line in SCRIPT["table"](kind).splitlines()[4:]]
    causes = [words for cell in cells for words in cell.split("; or: ") if not words.startswith("as of `")]
    assert len(causes) > 10
    assert len(set(causes)) == len(causes)

"""Writes the tables of checks in ``docs/plugins/testing.md`` from the checks; run it after a change of any.

``tests/guards/test_checks_documented.py`` says when it is needed.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from serkit.testing.conformance import Check, checks_of
from serkit.testing.conformance.runner import CHECKED

PAGE = Path(__file__).parent / "plugins" / "testing.md"
TITLES = {"architecture": "Architectures", "dataset": "Datasets", "feature": "Features", "metric": "Metrics"}


def table(kind: Any) -> str:
    """The heading and table of all checks of a kind."""
    rows = [f"### {TITLES[kind]}", "", "| check | what must hold | usual cause of a failure |", "| --- | --- | --- |"]
    for check in checks_of(kind):
        once = " (default preset only)" if check.presets == "default" else ""
        cells = (f"`{check.name}`{once}", check.summary, "; or: ".join(causes(check)) or "as the report says")
        rows.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(rows)


def causes(check: Check) -> list[str]:
    """The causes that the failures of a check name, ``…`` in the place of values, in the order of its code."""
    functions, found = list(_functions(check.run)), []
    for tree in functions:
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "cause":
                found.append(_words(node.value).rstrip(". "))
    return list(dict.fromkeys(words for words in found if words.strip("…")))


def _functions(function: Callable[..., Any]) -> Iterator[ast.AST]:
    """The function, and those of its module that it calls."""
    todo, seen = [function], set()
    while todo:
        one = todo.pop(0)
        if one in seen:
            continue
        seen.add(one)
        tree = ast.parse(textwrap.dedent(inspect.getsource(one)))
        yield tree
        for name in (n.id for n in ast.walk(tree) if isinstance(n, ast.Name)):
            other = getattr(inspect.getmodule(one), name, None)
            if inspect.isfunction(other) and other.__module__ == one.__module__:
                todo.append(other)


def _words(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_words(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return "…"


def updated(text: str) -> str:
    """The page with its tables as the checks have them."""
    for kind in CHECKED:
        begin = f"<!-- checks: {kind} -->"
        text = re.sub(
            f"{begin}\n.*?<!-- end -->",
            lambda _, b=begin, k=kind: f"{b}\n{table(k)}\n<!-- end -->",
            text,
            flags=re.DOTALL,
        )
    return text


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text("utf-8")), "utf-8")
    sys.exit(0)

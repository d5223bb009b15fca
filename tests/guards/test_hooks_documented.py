"""Every hook has a heading with its exact arguments, an example that works, and a test."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from serkit.host import Host, hookspecs
from serkit.host.discovery import hook_names

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "hooks.md").read_text("utf-8")


def sections() -> dict[str, str]:
    """Text below each second-level heading of the page."""
    parts = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def heading(hook: str) -> str:
    """``name(argument, argument)`` in code font, as the page must have it."""
    return f"`{hook}({', '.join(inspect.signature(getattr(hookspecs, hook)).parameters)})`"


def test_the_page_has_exactly_the_hooks() -> None:
    assert hook_names(), "no hook was found"
    documented = [h for h in sections() if h.startswith("`serkit_")]
    assert sorted(documented) == sorted(heading(h) for h in hook_names())


def test_every_hook_has_a_test() -> None:
    tree = ast.parse((ROOT / "tests" / "host" / "test_hookspecs.py").read_text("utf-8"))
    tests = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
    assert [h for h in hook_names() if f"test_{h}" not in tests] == []


@pytest.mark.parametrize("hook", hook_names())
def test_the_example_of_the_page_works(hook: str, distribution: Any) -> None:
    examples = re.findall(r"```python\n(.*?)```", sections()[heading(hook)], flags=re.DOTALL)
    assert len(examples) == 1, f"{hook} needs one example"
    assert f"def {hook}(" in examples[0]
    host = Host(distribution("docs", {"docs": "docs_hooks"}, {"docs_hooks": examples[0]}))
    assert [str(b) for b in host.broken] == []


def test_every_hook_has_a_docstring() -> None:
    assert [h for h in hook_names() if not inspect.getdoc(getattr(hookspecs, h))] == []

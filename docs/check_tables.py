"""Writes the tables of checks in ``docs/plugins/testing.md`` from the checks; run it after a change of any.

``tests/guards/test_checks_documented.py`` says when it is needed.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serkit.testing.conformance import Check, checks_of
from serkit.testing.conformance.runner import CHECKED

PAGE = Path(__file__).parent / "plugins" / "testing.md"
MOST = 2
"""Causes of a check that the table has; reports name the one that fits."""
TITLES = {"architecture": "Architectures", "dataset": "Datasets", "feature": "Features", "metric": "Metrics"}


def table(kind: Any) -> str:
    """The heading and table of all checks of a kind."""
    rows = [f"### {TITLES[kind]}", "", "| check | what must hold | usual cause of a failure |", "| --- | --- | --- |"]
    said: dict[str, str] = {}  # the check of whose row a cause is
    for check in checks_of(kind):
        once = " (default preset only)" if kind == "architecture" and check.presets == "default" else ""
        found = causes(check)
        above = list(dict.fromkeys(f"as of `{said[words]}`" for words in found if words in said))
        new = [words for words in found if words not in said]
        said |= dict.fromkeys(new, check.name)
        cells = (f"`{check.name}`{once}", check.summary, "; or: ".join((*new, *above)) or "as the report says")
        rows.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(rows)


def causes(check: Check) -> list[str]:
    """The first causes that the failures of a check name, ``…`` in the place of values, in the order of its code."""
    every = list(_functions(check.run))
    own = [part for part in every if part.function.__module__ == check.run.__module__]
    for parts in (own, every):  # helpers of other modules are of all checks, so they say least of this one
        found = [
            words.rstrip(". ")
            for part in parts
            for node in ast.walk(part.tree)
            if isinstance(node, ast.keyword) and node.arg == "cause"
            for words in _words(node.value, part, parts)
        ]
        if any(found):
            break
    return list(dict.fromkeys(words for words in found if words.strip("…")))[:MOST]


@dataclass(frozen=True)
class _Part:
    """A function of the kit that a check is, or calls."""

    function: Any
    tree: ast.FunctionDef

    @property
    def names(self) -> dict[str, Any]:
        """What its module has."""
        found: dict[str, Any] = self.function.__globals__
        return found


def _functions(function: Callable[..., Any]) -> Iterator[_Part]:
    """The function, and those of the kit that it calls."""
    waiting, seen = [function], set()
    while waiting:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen.add(one)
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(one))).body
        if not isinstance(tree, ast.FunctionDef):
            continue
        part = _Part(one, tree)
        yield part
        for name in (n.id for n in ast.walk(tree) if isinstance(n, ast.Name)):
            other = part.names.get(name)
            if inspect.isfunction(other) and other.__module__.split(".")[:2] == one.__module__.split(".")[:2]:
                waiting.append(other)


def _words(node: ast.AST, part: _Part, parts: Sequence[_Part]) -> Iterator[str]:
    """The texts that an expression of a function may be: written there, assigned there, a constant of the module, or
    what callers give for an argument."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values)
    elif isinstance(node, ast.IfExp):
        yield from (*_words(node.body, part, parts), *_words(node.orelse, part, parts))
    elif isinstance(node, ast.Name):
        arguments = [a.arg for a in (*part.tree.args.args, *part.tree.args.kwonlyargs)]
        for inner in ast.walk(part.tree):
            if isinstance(inner, ast.Assign) and node.id in [getattr(t, "id", "") for t in inner.targets]:
                yield from _words(inner.value, part, parts)
        if node.id in arguments:
            for caller in parts:
                for call in ast.walk(caller.tree):
                    if isinstance(call, ast.Call) and getattr(call.func, "id", "") == part.function.__name__:
                        given = dict(zip(arguments, call.args, strict=False)) | {k.arg: k.value for k in call.keywords}
                        if node.id in given and given[node.id] is not node:
                            yield from _words(given[node.id], caller, parts)
        if isinstance(constant := part.names.get(node.id), str):
            yield constant


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

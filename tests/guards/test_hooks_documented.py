"""Every hook has a test and a page with its exact signature and every field of its specs; samples run in tests/docs."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from serkit.host import get_host, hookspecs, specs
from serkit.host.checks import SPEC_HOOKS, SPEC_TYPES
from serkit.host.discovery import hook_names

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "plugins"
SPECS = {s.__name__: s for s in (specs.Spec, specs.ProtocolSpec, *SPEC_TYPES.values())}


def tables() -> dict[str, tuple[str, list[tuple[str, str, str, str]]]]:
    """Of each spec the page that has its fields, and the rows."""
    found: dict[str, tuple[str, list[tuple[str, str, str, str]]]] = {}
    for page in sorted(PAGES.glob("*.md")):
        pattern = r"^<!-- fields: (\w+) -->\n\| field \| type .*\n\|[- |]+\n((?:\|.*\n)+)"
        for spec, rows in re.findall(pattern, page.read_text("utf-8"), re.MULTILINE):
            assert spec not in found, f"{spec} is on two pages"
            cells = [re.split(r" (?<!\\)\| ", row.strip("| \n"), maxsplit=3) for row in rows.splitlines()]
            found[spec] = (page.stem, [tuple(c) for c in cells])  # type: ignore[misc]
    return found


def test_there_are_pages_of_exactly_the_hooks() -> None:
    assert hook_names(), "no hook was found"
    assert sorted(p.stem for p in PAGES.glob("serkit_*.md")) == hook_names()


@pytest.mark.parametrize("hook", hook_names())
def test_the_page_of_a_hook_has_its_exact_signature_and_an_example(hook: str) -> None:
    page, function = (PAGES / f"{hook}.md").read_text("utf-8"), getattr(hookspecs, hook)
    signature = f"{hook}{inspect.signature(function)}".replace("'", "")
    assert re.findall(rf"^`({hook}\(.*)`$", page, re.MULTILINE) == [signature]
    assert re.search(rf"```python\n# my_package/hooks\.py\n.*?@hookimpl\ndef {hook}\(", page, re.DOTALL)


@pytest.mark.parametrize("spec", SPECS)
def test_every_field_of_a_spec_is_documented_as_it_is(spec: str) -> None:
    page, rows = tables()[spec]
    own = [f for f in dataclasses.fields(SPECS[spec]) if f.name in SPECS[spec].__annotations__]
    assert [row[:3] for row in rows] == [(f"`{f.name}`", f"`{f.type}`".replace("|", "\\|"), default(f)) for f in own]
    assert all(row[3].strip() for row in rows)
    hooks = [h for h, kind in SPEC_HOOKS.items() if SPEC_TYPES[kind].__name__ == spec]
    assert page == (hooks[0] if hooks else {"Spec": "README", "ProtocolSpec": "serkit_datasets"}[spec])


def default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return f"`{field.default!r}`"
    return f"`{field.default_factory()!r}`" if field.default_factory is not dataclasses.MISSING else "required"


def test_every_hook_has_a_test() -> None:
    tree = ast.parse((ROOT / "tests" / "host" / "test_hookspecs.py").read_text("utf-8"))
    tests = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
    assert [h for h in hook_names() if f"test_{h}" not in tests] == []


def test_every_hook_has_a_docstring() -> None:
    assert [h for h in hook_names() if not inspect.getdoc(getattr(hookspecs, h))] == []


def test_the_contract_of_architectures_has_every_attribute() -> None:
    from serkit.nn import Architecture

    page = (PAGES / "architecture-contract.md").read_text("utf-8")
    offered = {n for n in (*vars(Architecture), *Architecture.__annotations__) if not n.startswith("_")}
    named = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    # `task` is a field of the spec; the last three belong to what may be built or to files that it reads
    assert offered - {"task"} == named - {"rate_factors", "network", "fingerprint"}


def test_the_examples_of_the_contract_have_what_they_are_named_for() -> None:
    host, page = get_host(), (PAGES / "architecture-contract.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `([\w-]+)` \|", page, re.MULTILINE)
    assert len(rows) > 15
    for attribute, name in rows:
        module = host.get("architecture", name).spec.target.partition(":")[0].rpartition(".")[0]
        sources = ROOT.joinpath("plugins", *module.split(".")).rglob("*.py")
        assert any(re.search(rf"\b{attribute}\b", s.read_text("utf-8")) for s in sources), f"{name} has no {attribute}"

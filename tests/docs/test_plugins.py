"""Every sample of ``docs/plugins`` does what its page says: files import, scripts and commands run, plugins conform."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from serkit.cli.main import app, invoke
from serkit.host.checks import references
from serkit.run.recipe import Request, read_recipe, resolve
from serkit.testing.conformance import check_plugin
from serkit.testing.conformance.runner import CHECKED

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "plugins").glob("*.md"))


@pytest.mark.parametrize("page", [p for p in PAGES if p.stem != "tutorial"], ids=lambda page: page.stem)
def test_the_samples_of_a_page_run(page: Path, install: Callable[[Path], Any], capsys: Any) -> None:
    shown = install(page)
    # the tutorial wants an environment to install into: tests/scaffold/test_generated.py
    assert [str(b) for b in shown.host.broken if b.distribution == shown.distribution] == []
    for block in shown.blocks:
        if block.language == "sh":
            for words in commands(block.text):
                understood(words)
                if runs_here(words):
                    assert invoke(words[1:]) == 0, capsys.readouterr().err
        elif Path(block.file).name.startswith("test_"):
            assert pytest.main(["-q", "-p", "no:cacheprovider", "-c", "/dev/null", str(shown.site / block.file)]) == 0
        elif block.language == "python" and not block.file:
            shown.script(block)
    for registered in (r for kind in (*CHECKED, "recipe") for r in shown.host.specs(kind)):
        if registered.distribution == shown.distribution:
            conforms(registered.spec, shown)


def conforms(spec: Any, shown: Any) -> None:
    """Everything that a spec names is there, and the kit finds nothing to say against it; a recipe resolves."""
    if spec.kind == "recipe":
        tables, where = read_recipe(spec.name, shown.host)
        recipe = resolve(Request(recipe=tables, where=where), shown.host)
        assert (recipe.run.plugin, recipe.dataset) == (spec.architecture, spec.dataset)
        return
    for reference in references(spec).values():
        shown.host.load_target(reference)
    report = check_plugin(spec.name, kind=spec.kind, data=shown.names.get("data"), host=shown.host)
    assert report.passed, [(r.check, r.what) for r in report.results if not r.good]


def commands(text: str) -> Iterator[list[str]]:
    """The ``serkit`` command lines among those of a shell block."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if "serkit" in words:
            yield words[words.index("serkit") :]


def runs_here(words: list[str]) -> bool:
    """Whether a command needs nothing but what the page installs and the built-in corpus, and takes seconds."""
    return words[1] in ("list", "show") or (words[1] == "run" and "demo" in words)


def understood(words: list[str]) -> None:
    """There is such a command, and it has these options."""
    command: Any = typer.main.get_command(app)
    rest = words[1:]
    while hasattr(command, "commands"):  # of typer's own group, which need not be click's
        assert {*rest[:1]} & {*command.commands}, f"{' '.join(words)}: there is no such command"
        command, rest = command.commands[rest[0]], rest[1:]
    known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
    unknown = [w for w in rest if w.startswith("--") and w.partition("=")[0] not in known]
    assert unknown == [], f"{' '.join(words)}: no option {unknown}"


def test_the_first_page_begins_with_a_plugin_of_ten_lines_that_is_listed(
    install: Callable[[Path], Any], capsys: Any
) -> None:
    page = ROOT / "docs" / "plugins" / "README.md"
    first = re.search(r"```python\n# hello\.py\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert first
    assert len(first[1].splitlines()) <= 10
    install(page)
    assert invoke(["list", "metrics"]) == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("hello ")]
    assert "Share of wrong answers" in row
    assert "serkit-hello 1.0" in row


@pytest.mark.parametrize("line", ["serkit runn --plugin x", "serkit run --plugn x", "serkit plugin chek x"])
def test_a_command_that_there_is_not_is_found(line: str) -> None:
    (words,) = commands(f"pip install x\nSERKIT_PLUGINS= {line}  # as\n")
    with pytest.raises(AssertionError, match=r"no such command|no option"):
        understood(words)


def test_every_page_is_linked_from_the_first_and_every_link_leads_somewhere() -> None:
    linked = set()
    for page in [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "README.md", ROOT / "docs" / "README.md"]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
            linked |= {target} if page.name == "README.md" and page.parent.name == "plugins" else set()
    assert {p.name for p in PAGES} - {"README.md"} <= linked


def sentences_of_the_code() -> str:
    """Every text of the sources, ``…`` in the place of values."""
    found = []
    for source in ROOT.glob("serkit/**/*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values]
                found.append("".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return re.sub("…+", "…", "\n".join(found))


def test_what_pages_say_that_users_see_is_what_the_code_says() -> None:
    code, asked, wrong = sentences_of_the_code(), 0, []
    for page in PAGES:
        for table in re.findall(r"^\| mistake \| .*\n\|[- |]+\n((?:\|.*\n)+)", page.read_text("utf-8"), re.MULTILINE):
            for row in table.splitlines():
                said = row.split(" | ")[1].removesuffix(" |")
                asked += 1
                if said not in code:
                    wrong.append(f"{page.name}: no source says {said!r}")
    assert wrong == []
    assert asked > 20

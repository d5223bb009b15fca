"""The dependency that a new plugin gets, and the page that states the policy behind it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import serkit
from serkit.host import ArchitectureSpec
from serkit.host.checks import answer_fault
from serkit.host.specs import HOST_API
from serkit.scaffold import KINDS, plan, requirement

PAGE = Path(__file__).parents[2] / "docs" / "plugins" / "versions.md"


@pytest.mark.parametrize(
    ("version", "wanted"),
    [
        ("0.1.0", "serkit>=0.1,<0.2"),
        ("0.12.3", "serkit>=0.12,<0.13"),
        ("1.0.0", "serkit>=1.0,<2"),
        ("2.7.1", "serkit>=2.7,<3"),
        ("0.2.0rc1", "serkit>=0.2.0rc1,<0.3"),
        ("1.3.0.dev4", "serkit>=1.3.0.dev4,<2"),
        ("0.2", "serkit>=0.2,<0.3"),
    ],
)
def test_the_range(version: str, wanted: str) -> None:
    assert requirement(version) == wanted
    assert Requirement(wanted).specifier.contains(version, prereleases=True)


def test_the_range_ends_where_plugins_may_break() -> None:
    young, grown = Requirement(requirement("0.3.1")).specifier, Requirement(requirement("1.4.2")).specifier
    assert [young.contains(v) for v in ("0.2.9", "0.3.0", "0.3.9", "0.4.0", "1.0")] == [False, True, True, False, False]
    assert [grown.contains(v) for v in ("1.3.9", "1.4.0", "1.9.0", "2.0.0")] == [False, True, True, False]


def test_it_admits_the_present_version() -> None:
    wanted = Requirement(requirement(serkit.__version__))
    assert wanted.name == "serkit"
    assert wanted.specifier.contains(serkit.__version__, prereleases=True)


@pytest.mark.parametrize("version", ["", "1", "unknown", "v1.2"])
def test_what_is_no_version(version: str) -> None:
    with pytest.raises(ValueError, match="is not a version"):
        requirement(version)


def test_the_page_names_the_present_api_and_range() -> None:
    page = PAGE.read_text("utf-8")
    assert f"`HOST_API` is {HOST_API}" in page
    assert f"`host_api={HOST_API}`" in page
    assert f'"{requirement(serkit.__version__)}"' in page


def test_every_page_asks_for_the_same_range() -> None:
    lines = [
        x
        for p in PAGE.parent.glob("*.md")
        for x in p.read_text("utf-8").splitlines()
        if x.startswith("dependencies = ")
    ]
    assert len(lines) >= 2
    assert {Requirement(x.split('"')[1]) for x in lines} == {Requirement(requirement(serkit.__version__))}


def test_what_new_packages_import_is_public() -> None:
    public = PAGE.read_text("utf-8").partition("## What is public")[2].partition("Not public")[0]
    used = set()
    for kind in KINDS:
        for text in plan("my-plugin", kind, author="Ada", year=2026).files.values():
            used |= set(re.findall(r"^from (serkit[.\w]*) import", text, re.MULTILINE))
    assert {"serkit.host", "serkit.nn", "serkit.data.corpus", "serkit.testing"} <= used
    for module in used:
        part, _, rest = module.removeprefix("serkit.").partition(".")
        line = next((x for x in public.splitlines() if f"`serkit.{part}`" in x), "")
        assert line, module
        assert not rest or f"`{rest}`" in line, module


def test_the_page_quotes_how_a_newer_plugin_is_refused() -> None:
    spec = ArchitectureSpec(name="my-model", summary="S.", target="a:B", config="a:C", host_api=HOST_API + 1)
    assert f"{answer_fault('serkit_architectures', [spec])}" in PAGE.read_text("utf-8")

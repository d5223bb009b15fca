"""What a plugin and its package may be called: every reason against a name is one sentence."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from serkit.errors import UserError
from serkit.host import Host
from serkit.host.checks import KINDS, names

PREFIX = "serkit-"
"""A distribution ``serkit-x`` is found by those who search an index for SerKit; its plugin is ``x``."""

LONGEST = 40
"""Characters of a name. Indexes take more; tables, names of run folders and lines of code suffer earlier."""

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_FOLDERS = ("benches", "src", "tests")


@dataclass(frozen=True, slots=True)
class Names:
    """What a package is called on the index (``serkit-my-model``), its plugin (``my-model``) and what is imported
    (``serkit_my_model``)."""

    distribution: str
    plugin: str
    package: str


def names_for(name: str, host: Host) -> Names:
    """The names of a package that is to be called ``name``.

    Raises UserError unless it is a distribution name (PEP 508), a plugin name and, with ``_`` for ``-``, an identifier,
    and nothing that is installed here is called so.
    """
    _check_form(name)
    found = Names(distribution=name, plugin=name.removeprefix(PREFIX), package=name.replace("-", "_"))
    _check_form(found.plugin)
    _check_import(found)
    _check_free(found, host)
    return found


def _check_form(name: str) -> None:
    if not name:
        raise UserError("The name of the plugin is empty; give one such as 'my-model'.")
    if "/" in name or "\\" in name:
        raise UserError(f"The name {name!r} is a path; give the name alone, and the folder with --out.")
    if len(name) > LONGEST:
        raise UserError(f"The name {name[:20] + '...'!r} has {len(name)} characters; use at most {LONGEST}.")
    if not _NAME.fullmatch(name):
        letters = re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFKD", name)).lower()  # è is an e
        valid = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")
        hint = f", for example {valid!r}" if _NAME.fullmatch(valid) else ", for example 'my-model'"
        raise UserError(
            f"The name {name!r} is not valid for a plugin and its distribution; use lower-case letters and digits with "
            f"single '-' or '_' between, beginning with a letter{hint}."
        )


def _check_import(found: Names) -> None:
    package = found.package
    if keyword.iskeyword(package):
        raise UserError(f"The name {package!r} is a keyword of Python, so nothing could import it; choose another.")
    if package in sys.stdlib_module_names:
        raise UserError(
            f"The name {package!r} is that of a module of Python's standard library; choose another, for example "
            f"'{PREFIX}{found.distribution}'."
        )
    if package in _FOLDERS:
        raise UserError(f"The name {package!r} is that of a folder of every plugin package; choose another.")


def _check_free(found: Names, host: Host) -> None:
    for kind, name, distribution in _taken(host):
        if name.replace("_", "-") == found.plugin.replace("_", "-"):  # who types one means the other
            article = "an" if kind[0] in "aeiou" else "a"
            raise UserError(f"There is {article} {kind} named {name!r} already (distribution {distribution}); choose "
                            "another name.")  # fmt: skip
    try:
        there = version(found.distribution)
    except PackageNotFoundError:
        there = ""
    if there:
        raise UserError(
            f"A distribution named {found.distribution!r} is installed here ({there}); choose another name."
        )
    if _importable(found.package):
        raise UserError(f"A package named {found.package!r} can be imported here already; choose another name.")


def _taken(host: Host) -> Iterator[tuple[str, str, str]]:
    """Kind, name and distribution of what is registered, aliases and broken plugins included. A name is free of all
    kinds: `serkit show` and `serkit plugin check` take it alone."""
    for kind in KINDS:
        for r in host.specs(kind):
            yield from ((kind, name, f"{r.distribution} {r.version}") for name in names(r.spec))
    for b in host.broken:
        yield from ((kind, name, f"{b.distribution} {b.version}, broken") for kind, name in b.names)


def _importable(package: str) -> bool:
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):  # a module without a spec is there, one that fails on the way is as well
        return True
    if spec is None:
        return False
    # a folder without code where the command is given, seen by `python -m serkit` alone, is not a package
    here = Path.cwd()
    places = [Path(p).parent.resolve() for p in spec.submodule_search_locations or ()]
    return spec.origin is not None or any(p != here for p in places)

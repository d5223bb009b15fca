"""The files of a new plugin package: filled from the templates in memory, then written all or none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import distribution
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from string import Template

from serkit import __version__
from serkit.errors import SerkitError, UserError
from serkit.host import Host, get_host
from serkit.host.specs import HOST_API
from serkit.scaffold.names import names_for
from serkit.scaffold.versions import requirement

SUFFIX = ".in"
"""Of every template. A part of its path ``dot-x`` stands for ``.x`` and ``PACKAGE`` for the import name: tools that
read our own tree must not take it for a package of ours."""


@dataclass(frozen=True, slots=True)
class _Kind:
    what: str
    """What the package offers, in a README."""
    run: str
    """The options of `serkit run` that show it at once."""
    check: str
    """A check of the kit that a plugin of this kind may fail for a reason."""


_KINDS: Mapping[str, _Kind] = {
    "architecture": _Kind("a model", "--plugin {name} --dataset demo", "check_padding"),
    "dataset": _Kind("a corpus", "--plugin acrnn --preset small --dataset {name}", "check_duplicates"),
    "metric": _Kind("a metric", "--plugin acrnn --preset small --dataset demo", "check_worst"),
    "feature": _Kind(
        "a feature", "--plugin local-attention --dataset demo --set features.x.feature={name}", "check_silence"
    ),
}

KINDS = tuple(_KINDS)
"""Kinds of plugin that there are templates for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package to be written: text by POSIX path, and the commands to type next."""

    kind: str
    distribution: str
    plugin: str
    package: str
    requires: str
    files: Mapping[str, str]
    run: str
    """The command line that shows the plugin at work."""


def plan(name: str, kind: str = "architecture", *, author: str, year: int, host: Host | None = None) -> Package:
    """The package of a plugin of ``kind`` (one of ``KINDS``) that is to be called ``name``.

    Raises UserError for a kind without template or a name that it cannot have (``serkit.scaffold.names``).
    """
    if kind not in _KINDS:
        raise UserError(f"There is no template for the kind {kind!r}; there is one for {', '.join(KINDS)}.")
    names = names_for(name, host or get_host())
    author = " ".join("".join(c if c.isprintable() else " " for c in author).split()) or f"The authors of {name}"
    run = f"serkit run {_KINDS[kind].run.format(name=names.plugin)}"
    requires = requirement(__version__)
    words = {
        "name": names.plugin,
        "distribution": names.distribution,
        "package": names.package,
        "kind": kind,
        "article": "an" if kind[0] in "aeiou" else "a",
        "what": _KINDS[kind].what,
        "run": run,
        "check": _KINDS[kind].check,
        "author": author,
        "author_toml": json.dumps(author, ensure_ascii=False),  # a string of JSON without control characters is TOML
        "year": str(year),
        "requires": requires,
        "host_api": str(HOST_API),
    }
    written = {"LICENSE": _license(author, year)}
    for folder in ("common", kind):
        for path, text in _templates(files("serkit.scaffold") / "templates" / folder):
            written[_place(path, names.package)] = Template(text).substitute(words)
    return Package(
        kind=kind,
        distribution=names.distribution,
        plugin=names.plugin,
        package=names.package,
        requires=requires,
        files=dict(sorted(written.items())),
        run=run,
    )


def write(package: Package, folder: Path) -> None:
    """Write ``package`` into ``folder``, which is absent or empty; its parent exists.

    Raises UserError where it cannot be written; then, and after Ctrl-C, nothing of it is left.
    """
    try:
        _check_free(folder)
        there = folder.is_dir()
        try:
            for path, text in package.files.items():
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8", newline="\n")
        except BaseException:
            for made in list(folder.iterdir()) if there else [folder]:
                shutil.rmtree(made, ignore_errors=True) if made.is_dir() else made.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"{folder} cannot be written ({reason}); name another folder with --out.") from error


def _check_free(folder: Path) -> None:
    if folder.is_symlink() and not folder.exists():
        raise UserError(f"{folder} is a link to nothing; name another folder with --out.")
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file; name another folder with --out.")
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"The folder {folder} is not empty; name another one with --out.")
    if not folder.parent.is_dir():
        raise UserError(f"There is no folder {folder.parent} to write {folder.name} into; make it first.")


def _templates(folder: Traversable, below: str = "") -> list[tuple[str, str]]:
    found = []
    for entry in folder.iterdir():
        path = f"{below}{entry.name}"
        if entry.is_dir():
            found += _templates(entry, f"{path}/")
        elif path.endswith(SUFFIX):
            found.append((path.removesuffix(SUFFIX), entry.read_text(encoding="utf-8")))
    return found


def _place(path: str, package: str) -> str:
    parts = [package if p == "PACKAGE" else p for p in PurePosixPath(path).parts]
    return "/".join(f".{p.removeprefix('dot-')}" if p.startswith("dot-") else p for p in parts)


def _license(author: str, year: int) -> str:
    """The text of our own licence, with its notice filled in."""
    text = distribution("serkit").read_text("licenses/LICENSE")
    if not text:
        raise SerkitError(
            "This installation of SerKit lacks its licence, which a new package gets too; install it again."
        )
    return text.replace("[yyyy]", str(year)).replace("[name of copyright owner]", author)

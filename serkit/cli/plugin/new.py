"""``serkit plugin new``: a package to start a plugin from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def new(
    name: Annotated[str, typer.Argument(help="Of the plugin and its distribution, e.g. my-model or serkit-my-model.")],
    kind: Annotated[str, typer.Option(help="architecture, dataset, metric or feature.")] = "architecture",
    out: Annotated[str | None, typer.Option(help="Folder to write, absent or empty; ./NAME without it.")] = None,
    author: Annotated[str, typer.Option(help="For licence and metadata; git's user.name without it.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Write a package of a plugin that runs, with tests, benchmark, licence and CI.

    For example: serkit plugin new my-model --kind architecture
    """
    from datetime import date

    from serkit.cli.console import print_json, show
    from serkit.data.fetch import user_path
    from serkit.scaffold import plan, write

    folder = user_path(out, "--out") if out is not None else Path(name)
    package = plan(name, kind, author=author or _git_user(), year=date.today().year)
    write(package, folder)
    steps = [f"pip install -e {_quoted(str(folder) + '[test]')}", package.run, f"pytest {_quoted(str(folder))}"]
    if as_json:
        print_json(
            {
                "name": package.plugin,
                "kind": kind,
                "distribution": package.distribution,
                "package": package.package,
                "requires": package.requires,
                "folder": str(folder.absolute()),
                "files": list(package.files),
                "next": steps,
            }
        )
        return
    show(f"Wrote the {kind} {package.plugin} ({len(package.files)} files) into {folder}. Next:")
    for step in steps:
        show(f"  {step}")


def _git_user() -> str:
    """``user.name`` of git, or nothing where it or git is not there."""
    import subprocess

    try:
        done = subprocess.run(["git", "config", "user.name"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout.strip()


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)

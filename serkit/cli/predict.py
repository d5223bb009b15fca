"""``serkit predict``: label and posteriors of audio files from a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def predict(
    run: Annotated[Path, typer.Argument(help="A run folder, or one fold's folder in it.")],
    files: Annotated[list[Path], typer.Argument(help="Audio files or folders of them.")],
    json_: Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")] = False,
) -> None:
    """Label audio files with the models of a run: the mean of their posteriors."""
    from serkit.cli.progress import TerminalEvents
    from serkit.data.audio import find
    from serkit.run.api import load

    paths = [p for f in files for p in (find(f) if f.is_dir() else [f])]
    with TerminalEvents(quiet_stdout=json_) as events:
        results = load(run).predict(paths, events)
    for r in results:
        if r.trained_on:
            typer.echo(
                f"Warning: {r.file} was in the training or development data of {r.trained_on} of the {r.models} "
                "model(s); what they say of it is no test.",
                err=True,
            )
    if json_:
        import json
        from dataclasses import asdict

        typer.echo(json.dumps([asdict(r) for r in results], indent=2, ensure_ascii=False))
        return
    _table(results)


def _table(results: list) -> None:  # type: ignore[type-arg]
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"Mean over {results[0].models} model(s)" if results else None)
    table.add_column("file", overflow="fold")
    table.add_column("label")
    for name in results[0].posteriors if results else ():
        table.add_column(name, justify="right")
    for r in results:
        cells = [Text(f"{p:.3f}", "bold" if n == r.label else "") for n, p in r.posteriors.items()]
        table.add_row(Text(r.file), r.label, *cells)
    Console().print(table)

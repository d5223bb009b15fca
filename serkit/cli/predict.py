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
    """Label audio files with the models of a run.

    Posteriors are the mean over the models. For example: serkit predict runs/NAME recording.wav
    """
    from serkit.cli.progress import TerminalEvents
    from serkit.data.audio import find
    from serkit.errors import AudioError
    from serkit.run.api import load

    paths = []
    for f in files:
        found = find(f) if f.is_dir() else [f]
        if not found:
            raise AudioError(f"{f} holds no audio files; name a file, or a folder with .wav, .flac or the like.")
        paths += found
    with TerminalEvents(quiet_stdout=json_) as events:
        results = load(run).predict(paths, events)
    _warn([r for r in results if r.trained_on], len(results))
    if json_:
        from dataclasses import asdict

        from serkit.cli.console import print_json

        print_json([asdict(r) for r in results])
        return
    _table(results)


MOST_WARNINGS = 3
"""A folder of a corpus would else give a line for each of its files, and nobody would see the table."""


def _warn(seen: list, files: int) -> None:  # type: ignore[type-arg]
    """Say which of the files the models were trained on."""
    from serkit.run.report.facts import count

    for r in seen if len(seen) <= MOST_WARNINGS else ():
        which = f"{r.trained_on} of the {count(r.models, 'model')}" if r.models > 1 else "the model"
        typer.echo(
            f"Warning: {r.file} was in the training or development data of {which}; what is said of it is no test.",
            err=True,
        )
    if len(seen) > MOST_WARNINGS:
        typer.echo(
            f"Warning: {len(seen)} of the {files} files, e.g. {seen[0].file}, were in the training or development data "
            "of models that label them; what those say of them is no test (trained_on in --json counts them).",
            err=True,
        )


def _table(results: list) -> None:  # type: ignore[type-arg]
    from serkit.cli.console import show_table
    from serkit.run.report.facts import count

    rows = [(r.file, r.label, *(f"{p:.3f}" for p in r.posteriors.values())) for r in results]
    show_table(f"mean over {count(results[0].models, 'model')}", ("file", "label", *results[0].posteriors), rows)

"""``serkit run``: train and evaluate a system under a protocol."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from serkit.errors import RunFolderError, StoppedError, UserError


def run(
    plugin: Annotated[str, typer.Option(help="Architecture plugin (`serkit list architectures`).")] = "",
    dataset: Annotated[
        str, typer.Option(help="Corpus plugin (`serkit list datasets`), or several pooled, e.g. emodb+ravdess.")
    ] = "",
    recipe: Annotated[str, typer.Option(help="A recipe by name, or a TOML file.")] = "",
    preset: Annotated[str, typer.Option(help="Preset of the architecture (`serkit show NAME`).")] = "",
    protocol: Annotated[str, typer.Option(help="Protocol of the corpus, e.g. loso_next.")] = "",
    information: Annotated[
        str,
        typer.Option(help="What a system may know of test speakers: inductive, speaker-unlabelled, neutral-enrolment."),
    ] = "",
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="Folder of the corpus; without it the cache, then a download. Of pooled corpora once for each, in the "
            "order of their names, or as NAME=FOLDER."
        ),
    ] = None,
    folds: Annotated[str, typer.Option(help="Numbers of the folds to run, e.g. 0,3; all without it.")] = "",
    seeds: Annotated[int | None, typer.Option(min=1, help="How many seeds each fold is run with.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="The most epochs a fold is trained.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "",
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16.")] = "",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="path=value over the recipe, e.g. training.lr=1e-3.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The run folder; empty or absent unless --resume.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --out.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")] = False,
) -> None:
    """Train and evaluate one system under a protocol.

    Writes a run folder with models, predictions and a report.
    For example: serkit run --plugin acrnn --dataset emodb --data ~/emodb
    """
    from serkit.cli.progress import TerminalEvents
    from serkit.host import get_host
    from serkit.run.folder import default
    from serkit.run.folder import read_recipe as read_kept
    from serkit.run.recipe import Request, read_recipe, resolve
    from serkit.run.runner import execute
    from serkit.run.sweep import execute_sweep

    host = get_host()
    request = Request(
        plugin=plugin,
        dataset=dataset,
        preset=preset,
        protocol=protocol,
        information=information,
        data=data or (),
        folds=_folds(folds),
        seeds=seeds,
        epochs=epochs,
        device=device,
        precision=precision,
        sets=tuple(set_ or ()),
    )
    if recipe:
        request.recipe, request.where = read_recipe(recipe, host)
    elif resume and out is not None and (out / "recipe.toml").exists():
        request.recipe, request.where = read_kept(out), str(out / "recipe.toml")
    elif resume and out is not None and not (plugin and dataset):
        raise RunFolderError(f"There is no run to resume in {out} (no recipe.toml); check the path given with --out.")
    wanted = resolve(request, host)
    events = TerminalEvents(quiet_stdout=json_)
    if resume and out is not None and not (out / "recipe.toml").exists():
        events.note(f"There is no run in {out} to resume, so it begins here.")
    if out is None and not resume:
        out = default(wanted)  # named here, so that Ctrl-C can name it
    try:
        with events:
            make = execute_sweep if wanted.sweep else execute
            metrics = make(wanted, out=out, resume=resume, host=host, events=events)
    except KeyboardInterrupt:
        raise StoppedError(_how_to_continue(out)) from None
    _show(metrics, json_)


def _how_to_continue(out: Path | None) -> str:
    import shlex

    # the last file written before training; of a sweep, that of its first run
    if out is None or not ((out / "protocol.json").exists() or list(out.glob("*/protocol.json"))):
        return "The run was interrupted before it began to train; start it again."
    return f"The run was interrupted; continue it with `serkit run --resume --out {shlex.quote(str(out))}`."


def _folds(text: str) -> list[int] | None:
    if not text:
        return None
    parts = [part.strip() for part in text.split(",")]
    # Speakers are called 03 and 10, so folds are too: 03 taken for number 3 would test another speaker without a word.
    if not all(re.fullmatch("0|[1-9][0-9]*", part, re.ASCII) for part in parts):
        raise UserError(
            f"--folds {text!r} is not a list of fold numbers, which count from 0 in the order of the protocol whatever "
            "the folds are called; write for example --folds 0,3."
        )
    return [int(part) for part in parts]


def _show(metrics: dict[str, object], as_json: bool) -> None:
    if as_json:
        import json

        typer.echo(json.dumps(metrics, indent=2, allow_nan=False, ensure_ascii=False))
        return
    from serkit.cli.console import show
    from serkit.run.report import terminal_summary

    if "keys" in metrics:
        from serkit.run.report.sweep import terminal_table

        show(terminal_table(metrics))
        typer.echo(f"Report: {metrics['run']}/sweep.html")
        return
    show(terminal_summary(metrics))
    typer.echo(f"Report: {metrics['run']}/report.html")

"""``serkit data``: which corpora there are, where they lie, whether they are whole, and how to get them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from serkit.cli.dataset_options import Set, dataset_options
from serkit.errors import SerkitError

app = typer.Typer(no_args_is_help=True, help="List, find, check and fetch corpora.")

Name = Annotated[str, typer.Argument(help="Name of a dataset, as `serkit data list` shows it.")]
Pool = Annotated[str, typer.Argument(help="Name of a dataset, or of several to be pooled, e.g. emodb+ravdess.")]
Data = Annotated[
    list[str] | None,
    typer.Option("--data", help="Folder of your own copy, or a manifest; one for each corpus of a pool, as in `run`."),
]
_MOST_PROBLEMS = 20  # a resampled copy differs in every file, and 1,440 lines would hide the notes above them

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List every corpus that can be read, and whether it is here."""
    from serkit.host import get_host

    host = get_host()
    rows = [_row(host, registered) for registered in host.specs("dataset")]
    if as_json:
        _print_json(rows)
        return
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        typer.echo(f"{row['name']:<{width}}  {row['summary']}")
        typer.echo(f"{'':<{width}}  {_words(row)}")


@app.command()
def path(name: Name, set_: Set = None, as_json: Json = False) -> None:
    """Print the folder that a corpus is kept in, or that `fetch` makes.

    For example: serkit data path emodb
    """
    from serkit.data.fetch import home, present
    from serkit.data.loading import make_dataset
    from serkit.host import get_host

    host = get_host()
    registered: Any = host.get("dataset", name)
    folder = home(registered.spec, make_dataset(registered, host.load("dataset", name), dataset_options(set_)))
    if as_json:
        _print_json({"name": name, "path": str(folder), "present": present(folder)})
    else:
        typer.echo(folder)


@app.command()
def check(
    name: Pool,
    data: Data = None,
    set_: Set = None,
    as_json: Json = False,
) -> None:
    """Count a corpus, decode its recordings, compare checksums.

    Ends with 1 if something is missing or damaged. For example: serkit data check ravdess --data ~/ravdess
    """
    from serkit.data.loading import check_recordings
    from serkit.data.pool import label_map_dict
    from serkit.data.progress import make_progress
    from serkit.host import get_host
    from serkit.run import corpora

    host = get_host()
    choice = corpora.choose({**dataset_options(set_), "name": name}, data or (), host, where="--set")
    parts = corpora.read(choice, host, allow_fetch=False)
    corpus = corpora.combine(choice, parts)
    with make_progress() as progress:
        problems = [
            line for p in parts for line in check_recordings(p.registered, p.dataset, p.corpus, p.root, progress)
        ]
    whole = corpus.complete and not problems
    counts = {label: sum(u.label == label for u in corpus.utterances) for label in corpus.labels}
    if as_json:
        _print_json(
            {
                "name": corpus.name,
                "path": str(corpus.root),
                "subset": corpus.subset,
                "utterances": len(corpus.utterances),
                "speakers": len(corpus.speakers),
                "labels": counts,
                "label_map": label_map_dict(corpus),
                "complete": corpus.complete,
                "missing": list(corpus.missing),
                "notes": list(corpus.notes),
                "problems": list(problems),
                "whole": whole,
            }
        )
    else:
        classes = ", ".join(f"{label} {count}" for label, count in counts.items())
        typer.echo(
            f"{corpus.name} at {corpus.root}: {len(corpus.utterances)} utterances, {len(corpus.speakers)} speakers."
        )
        typer.echo(f"Classes: {classes}.")
        for line in (*corpus.notes, *problems[:_MOST_PROBLEMS]):
            typer.echo(line)
        if len(problems) > _MOST_PROBLEMS:
            typer.echo(
                f"{len(problems) - _MOST_PROBLEMS} more are damaged or altered; --json names all {len(problems)}."
            )
        if len(corpus.missing) > 5:  # as many as a note names
            typer.echo(f"--json names all {len(corpus.missing)} recordings that are missing.")
        typer.echo("Whole: nothing is missing or damaged." if whole else "Not whole: see above.")
    if not whole:
        raise typer.Exit(1)


@app.command()
def export(
    name: Pool,
    to: Annotated[Path, typer.Option("--to", help="The CSV file to write; it must not exist.")],
    data: Data = None,
    set_: Set = None,
    as_json: Json = False,
) -> None:
    """Write a corpus as a CSV manifest.

    `--dataset csv` reads it back to the same utterances. For example: serkit data export emodb --to emodb.csv
    """
    from serkit.data.export import write_manifest
    from serkit.host import get_host
    from serkit.run import corpora

    choice = corpora.choose({**dataset_options(set_), "name": name}, data or (), get_host(), where="--set")
    corpus = corpora.combine(choice, corpora.read(choice, get_host(), allow_fetch=False))
    write_manifest(corpus, to)
    if as_json:
        _print_json({"name": name, "path": str(to), "utterances": len(corpus.utterances), "notes": list(corpus.notes)})
        return
    for note in corpus.notes:
        typer.echo(note)
    typer.echo(f"{len(corpus.utterances)} utterances of {name} are in {to}.")


@app.command()
def fetch(name: Name, set_: Set = None, as_json: Json = False) -> None:
    """Download (or make) a corpus into the cache.

    What is there is kept, and an interrupted download goes on where it was. For example: serkit data fetch emodb
    """
    from serkit.data.fetch import home, locate, present
    from serkit.data.loading import load_corpus, make_dataset
    from serkit.data.progress import make_progress
    from serkit.host import get_host

    host = get_host()
    registered: Any = host.get("dataset", name)
    dataset = make_dataset(registered, host.load("dataset", name), dataset_options(set_))
    spec = registered.spec
    if spec.fetchable and spec.license and not present(home(spec, dataset)):
        typer.echo(f"The licence of {name} is {spec.license}; see {spec.homepage}.", err=True)
    with make_progress() as progress:
        root = locate(spec, None, dataset, progress=progress)
    corpus = load_corpus(registered, dataset, root)
    if as_json:
        _print_json(
            {
                "name": name,
                "path": str(root),
                "utterances": len(corpus.utterances),
                "complete": corpus.complete,
                "notes": list(corpus.notes),
            }
        )
        return
    typer.echo(f"{name} is at {root} ({len(corpus.utterances)} utterances).")
    for note in corpus.notes:
        typer.echo(note)


def _row(host: Any, registered: Any) -> dict[str, Any]:
    """What is known of a corpus without reading it; a broken plugin is a row with its problem, not an end."""
    from serkit.data.fetch import home, needs_data, present
    from serkit.data.loading import make_dataset

    spec = registered.spec
    row: dict[str, Any] = {
        "name": spec.name,
        "summary": spec.summary,
        # a reader of manifests has no counts of its own
        "utterances": sum(spec.labels.values()) if spec.labels else None,
        "speakers": spec.speakers if spec.labels else None,
        "labels": dict(spec.labels),
        "license": spec.license,
        "homepage": spec.homepage,
        "embedded": spec.embedded,
        "fetchable": spec.fetchable,
        "distribution": registered.distribution,
        "path": None,
        "present": False,
        "problem": None,
    }
    try:
        dataset = make_dataset(registered, host.load("dataset", spec.name))
        if not needs_data(spec):
            folder = home(spec, dataset)
            row |= {"path": str(folder), "present": present(folder)}
    except SerkitError as error:
        row["problem"] = str(error)
    return row


def _words(row: dict[str, Any]) -> str:
    if row["problem"]:
        return f"broken: {row['problem']}"
    if row["present"]:
        return f"here, at {row['path']}"
    if row["utterances"] is None:
        return "reads what you have; utterances, classes and speakers are as the manifest says; pass it with --data"
    if row["embedded"]:
        return "not made yet; made when it is first used"
    if row["fetchable"]:
        licence = f" (licence {row['license']})" if row["license"] else ""
        return f"not here; `serkit data fetch {row['name']}` downloads it{licence}"
    return f"not here; get it at {row['homepage'] or 'its makers'} and pass --data"


def _print_json(content: Any) -> None:
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False))

"""``serkit audit``: what the parts of a split share, before anybody trains on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serkit.cli.dataset_options import Set, dataset_options
from serkit.errors import ProtocolError, RunFolderError, SerkitError, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from serkit.data.audit import Audit
    from serkit.types import Corpus

MOST_ROWS = 24
"""Folds that a table shows; `--json` has all."""


def audit(
    run: Annotated[Path | None, typer.Argument(help="A run folder, whose protocol.json is audited.")] = None,
    dataset: Annotated[str, typer.Option(help="Corpus to audit, or the one whose file names --split uses.")] = "",
    data: Annotated[
        list[str] | None,
        typer.Option(help="Folder of the corpus (one for each of a pool), or of the recordings of --split."),
    ] = None,
    set_: Set = None,
    protocol: Annotated[
        str, typer.Option(help="Protocol of the corpus; `all` takes every one, none the default.")
    ] = "",
    split: Annotated[
        list[str] | None,
        typer.Option(help="Split of another tool: a CSV, JSON or jsonl file, a folder of them, or train=FILE ..."),
    ] = None,
    column: Annotated[
        str, typer.Option(help="Column of --split that says part or fold; else `split`, then `fold`.")
    ] = "",
    speaker_pattern: Annotated[
        str, typer.Option(help="Regular expression whose groups are the speaker in paths or keys of --split.")
    ] = "",
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Do not decode recordings to look for copies.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Measure what the parts of a split share; nothing is trained.

    Speakers, texts, sessions and recordings of training, development and test are compared.
    Ends with 1 if a protocol breaks what it guarantees, or speakers or recordings that --split tests are in training.
    For example: serkit audit --dataset emodb --protocol all
    """
    if (run is not None) + bool(dataset or split) != 1:
        raise UserError("Name one thing to audit: a run folder, a corpus with --dataset, or a split with --split.")
    if run is not None and (data or set_ or protocol or no_audio):
        raise UserError(
            "A run folder is audited from its protocol.json alone; leave out --data, --set, --protocol, --no-audio."
        )
    if not split and (column or speaker_pattern):
        raise UserError("--column and --speaker-pattern say how --split is read; name a split file with it.")
    if split:
        from serkit.cli.audit_split import audit_split

        if set_:
            raise UserError(
                "--set gives options of a corpus, and of --split only names of files are read; leave it out."
            )
        if protocol:
            raise UserError("--protocol names a split of the corpus, and --split another; give one of them.")
        page = audit_split(split, dataset, data or (), column, speaker_pattern, no_audio)
    else:
        page = _run_folder(run) if run is not None else _corpus(dataset, data or (), set_, protocol, no_audio)
    if json_:
        from serkit.cli.console import print_json

        print_json(page["content"])
    else:
        _print(page)
    if not page["content"]["holds"]:
        raise typer.Exit(1)


def _corpus(dataset: str, data: Sequence[str], sets: list[str] | None, protocol: str, no_audio: bool) -> dict[str, Any]:
    from serkit.data.audit import hash_audio
    from serkit.data.progress import make_progress
    from serkit.host import get_host
    from serkit.run import corpora

    host = get_host()
    choice = corpora.choose({**dataset_options(sets), "name": dataset}, data, host, where="--set")
    spec, name = corpora.spec_of(choice, host), choice.name
    wanted = spec.protocols if protocol == "all" else (corpora.protocol_of(spec, protocol),)
    corpus = corpora.load(choice, host, allow_fetch=False)
    hashes: dict[str, str] = {}
    if not no_audio:
        with make_progress() as bar:
            hashes = hash_audio(corpus, progress=bar)
    rows = []
    for one in wanted:
        try:
            rows.append(_measured(corpus, one, hashes))
        except ProtocolError as error:  # of several, one that this copy of the corpus does not allow is told, not fatal
            if protocol != "all":
                raise
            rows.append({"content": {"protocol": f"{name}/{one.name}@{one.version}", "problem": str(error)}})
    content = {
        "dataset": name,
        "path": str(corpus.root),
        "subset": corpus.subset,
        "complete": corpus.complete,
        "utterances": len(corpus.utterances),
        "notes": list(corpus.notes),
        "audio": not no_audio,
        "protocols": [row["content"] for row in rows],
        "holds": all(row["content"].get("holds", True) for row in rows),
    }
    size = f"{len(corpus.utterances)} utterances, {len(corpus.speakers)} speakers"
    return {"title": f"{name} at {corpus.root}: {size}.", "notes": corpus.notes, "rows": rows, "content": content}


def _measured(corpus: Corpus, spec: Any, hashes: dict[str, str]) -> dict[str, Any]:
    from serkit.data.audit import measure
    from serkit.data.protocols import make_protocol

    made = make_protocol(corpus, spec)
    return _row(measure(corpus, made, hashes), made.hash, made.summary)


def _row(found: Audit, hash_: str, summary: str) -> dict[str, Any]:
    from serkit.data.audit import breach

    broken = [breach(o, found.protocol) for o in found.broken]
    content = {
        **found.to_dict(),
        "hash": hash_,
        "lines": found.lines(),
        "broken": broken,
        "unmeasured": list(found.unmeasured),
        "holds": not broken,
        "problem": None,
    }
    return {
        "title": f"{found.protocol}: {summary}",
        "audit": found,
        "tables": [],
        "verdict": _verdict(found, broken),
        "content": content,
    }


def _verdict(found: Audit, broken: Sequence[str]) -> list[str]:
    if broken:
        return [f"Broken: {line}" for line in broken]
    measured = [kind for kind in found.guarantees if kind not in found.unmeasured]
    out = [f"What is guaranteed unseen holds: {', '.join(measured)}."] if measured else []
    if found.unmeasured:
        out.append(f"Guaranteed unseen, but not measured: {', '.join(found.unmeasured)}.")
    return out or ["Nothing is guaranteed unseen."]


def _run_folder(path: Path) -> dict[str, Any]:
    """The audit of a finished or begun run: speakers and recordings measured again from the ids in its protocol.json,
    texts and sessions, which that file does not hold, as they were measured when the run began."""
    from serkit.data import audit as audits
    from serkit.data.protocols import from_dict, protocol_hash
    from serkit.run.files import read_json
    from serkit.types import Corpus, Utterance

    file = path / "protocol.json"
    if not file.exists():
        raise RunFolderError(f"{path} is no run folder (it has no protocol.json); name a folder of `serkit run`.")
    split = read_json(file)
    try:
        protocol = from_dict(split)
        before = audits.from_dict(split["audit"])
        rows = tuple(
            Utterance(id=i, path=Path(i), label=label, speaker=split["speakers"][i])
            for i, label in sorted(split["truth"].items())
        )
        corpus = Corpus(name=protocol.corpus, root=path, utterances=rows, labels=protocol.labels)
        now = audits.measure(corpus, protocol, split["audio_sha256"])
        found = audits.renewed(before, now, ("speaker", "audio"))
    except (SerkitError, KeyError, TypeError, ValueError, AttributeError):
        raise RunFolderError(f"{file} is damaged; restore it, or run its recipe again.") from None
    row = _row(found, protocol.hash, protocol.summary)
    notes = []
    if protocol_hash(corpus, protocol.name, protocol.version, protocol.information, protocol.folds) != protocol.hash:
        notes.append(f"The hash in {file} is not that of its folds: the file was changed after the run began.")
    content = {
        "run": str(path),
        "dataset": protocol.corpus,
        "protocols": [row["content"]],
        "notes": notes,
        "holds": not notes and row["content"]["holds"],
    }
    return {"title": f"{path}: {protocol.full_name}.", "notes": notes, "rows": [row], "content": content}


def _print(page: dict[str, Any]) -> None:
    from serkit.cli.console import show, show_table

    show(page["title"])
    for note in page["notes"]:
        show(note)
    for row in page["rows"]:
        content = row["content"]
        show("")
        if content["problem"]:
            show(f"{content['protocol']}: {content['problem']}")
            continue
        _table(row["title"], row["audit"])
        for title, head, cells in row["tables"]:
            show_table(title, head, cells)
        for line in (*content["lines"], *row["verdict"]):
            show(line)


def _table(title: str, found: Audit) -> None:
    """A row a fold: utterances of its parts, and how many speakers, texts, ... of test are in train or dev."""
    from serkit.cli.console import show, show_table

    dev, test = (any(f.utterances[part] for f in found.folds) for part in ("dev", "test"))
    nouns = {"speaker": "speakers", "text": "texts", "session": "sessions", "audio": "recordings"}
    kinds = [kind for kind in nouns if kind in found.known and test]
    head = ["fold", "train", "dev", "test", *(f"test {nouns[k]} seen" for k in kinds)]
    head += [f"dev {nouns[k]} seen" for k in kinds if k in ("speaker", "audio") and dev]
    rows = [
        [
            f.fold,
            *(f.utterances[part] for part in ("train", "dev", "test")),
            *(f"{f.seen[k]} of {f.distinct[k]['test']}" for k in kinds),
            *(f"{f.dev_seen[k]} of {f.distinct[k]['dev']}" for k in kinds if k in ("speaker", "audio") and dev),
        ]
        for f in found.folds
    ]
    show_table(title, head, rows[:MOST_ROWS])
    if len(rows) > MOST_ROWS:
        show(f"... and {len(rows) - MOST_ROWS} more folds; --json has all.")

"""``serkit plugin check``: does a plugin hold what the host and its users rely on?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from serkit.testing.conformance import Report, Result

WORDS = {
    "passed": "passed",
    "failed": "FAILED",
    "expected": "expected to fail",
    "unexpected": "PASSED, though declared to fail",
    "skipped": "skipped",
}


def check(
    name: Annotated[str, typer.Argument(help="An architecture, dataset, feature or metric (`serkit list`).")],
    kind: Annotated[str, typer.Option(help="Its kind, where several have the name.")] = "",
    preset: Annotated[list[str] | None, typer.Option(help="Only this preset; all without it.")] = None,
    only: Annotated[list[str] | None, typer.Option("--check", help="Only this check; all without it.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="path=value over the preset.")] = None,
    data: Annotated[Path | None, typer.Option(help="A copy of the corpus, for a dataset.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Check that a plugin keeps the rules; exit code 1 if it breaks one.

    For example: serkit plugin check acrnn --preset small
    """
    from serkit.cli.console import print_json, prints_aside
    from serkit.data.progress import make_progress
    from serkit.testing.conformance import check_plugin

    with prints_aside(), make_progress() as progress:
        report = check_plugin(
            name, kind=kind, presets=preset or (), only=only or (), sets=set_ or (), data=data, progress=progress
        )
    if as_json:
        print_json(report.to_dict())
    else:
        _print(report)
    raise typer.Exit(0 if report.passed else 1)


def _print(report: Report) -> None:
    from serkit.cli.console import show, show_table

    rows = [(r.check, r.preset, WORDS[r.status], f"{r.seconds:.1f} s", r.reason or r.summary) for r in report.results]
    title = f"{report.name} ({report.kind} of {report.distribution} {report.version})"
    show_table(title, ("check", "preset", "result", "time", "what must hold, or why not asked"), rows)
    for result in report.results:
        if not result.good:
            show(_failure(result))
    counts = ", ".join(f"{n} {WORDS[status]}" for status, n in report.counts.items())
    show(f"\n{report.name} {_verdict(report)}: {counts}.")


def _verdict(report: Report) -> str:
    if not report.passed:
        return "does not conform"
    # 8 of 32 checks are no conformity: a corpus without a copy of it, most of all
    skipped = report.counts.get("skipped", 0)
    return "conforms" if skipped <= len(report.results) / 2 else "keeps what could be asked, and most could not"


def _failure(result: Result) -> str:
    where = f"{result.check}[{result.preset}]" if result.preset else result.check
    lines = [f"\n{where}: {result.what}"]
    lines += [f"  reproduce: {result.reproduce}"] if result.reproduce else []
    lines += [f"  likely cause: {result.cause}"] if result.cause else []
    return "\n".join(lines)

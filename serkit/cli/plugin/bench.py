"""``serkit plugin bench``: how fast is a plugin, as a ratio to another that takes turns with it?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from serkit.testing.bench import Bench

MIB = 1 << 20


def bench(
    name: Annotated[str, typer.Argument(help="An architecture or a feature (`serkit list`).")],
    compare: Annotated[str, typer.Option(help="The reference: acrnn, or log-mel for a feature, without it.")] = "",
    kind: Annotated[str, typer.Option(help="Its kind, where several have the name.")] = "",
    preset: Annotated[str, typer.Option(help="The default one without it.")] = "",
    compare_preset: Annotated[str, typer.Option(help="The reference's; small without it, where it has one.")] = "",
    work: Annotated[
        list[str] | None, typer.Option(help="Only training_step, batch, utterance or features; all without it.")
    ] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="path=value over the preset.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Minutes instead of seconds: for ratios to keep.")] = False,
    store: Annotated[Path | None, typer.Option(help="Keep the ratios in this file.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="Compare with the ratios in this file.")] = None,
    ratio_fail: Annotated[
        str | None, typer.Option(metavar="TOL", help="Fail if a ratio is lower than kept by more than 0.15, or 15%.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON.")] = False,
) -> None:
    """Time a plugin in turns with a reference, after a check of its answers; exit code 1 if it fails or got slower.

    For example: serkit plugin bench my-model --baseline benches/ratios.json --ratio-fail 15%
    """
    from serkit.errors import UserError

    if (ratio_fail is None) != (baseline is None):
        raise UserError("Give --baseline FILE and --ratio-fail TOL together: what to compare with, and what to allow.")

    from serkit.testing.bench import machine, ratios

    machine.limit_libraries()  # before NumPy is imported

    from serkit.cli.console import prints_aside
    from serkit.data.progress import make_progress
    from serkit.testing.bench import bench_plugin

    stored: ratios.Rows = {}
    allowed = None
    if baseline is not None and ratio_fail is not None:  # what is wrong with either is said before minutes are spent
        stored, allowed = ratios.read(baseline), ratios.tolerance(ratio_fail)
    if store is not None:
        ratios.check_place(store)
    with prints_aside(), make_progress() as progress:
        made = bench_plugin(
            name,
            kind=kind,
            preset=preset,
            sets=set_ or (),
            compare=compare,
            compare_preset=compare_preset,
            works=work or (),
            full=full,
            progress=progress,
        )
    slower = [] if allowed is None else ratios.regressions(made.rows, stored, allowed)
    if store is not None and not slower:
        ratios.store(made.rows, store)
    _tell(made, slower, ratios.elsewhere(made.rows, stored), store, as_json)
    if slower:
        raise typer.Exit(1)


def _tell(made: Bench, slower: list[str], elsewhere: str, store: Path | None, as_json: bool) -> None:
    """What was found on standard output; what is wrong with it on standard error."""
    from serkit.cli.console import print_json

    if as_json:
        print_json({**made.to_dict(), "regressions": slower})
    else:
        _print(made)
        if store is not None and not slower:
            typer.echo(f"{len(made.rows)} ratios kept in {store}.")
    nothing = f"Nothing was kept in {store}." if store is not None and slower else ""
    for sentence in filter(None, (elsewhere, *slower, nothing)):
        typer.echo(sentence, err=True)


def _print(made: Bench) -> None:
    from serkit.cli.console import show, show_table

    columns = ("work", "ratio", "quartiles", "parameters", "multiply-adds", "peak memory", "time here, now")
    title = f"{made.name} ({made.kind} of {made.distribution} {made.version})"
    if made.rows:
        anchor = next(iter(made.rows.values()))["anchor"]
        show_table(f"{title}: how many times as fast as {anchor}", columns, [_cells(r) for r in made.rows.values()])
        for r in made.rows.values():
            show(f"{r['group']}: {r['work']}")
    for what, why in made.skipped.items():
        show(f"{what}: not timed. {why}")


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    low, high = row["ratio_quartiles"]
    parameters, products, peak = (row.get(k) for k in ("parameters", "multiply_adds", "peak_memory_bytes"))
    return (
        row["group"],
        _short(row["ratio"]),
        f"{_short(low)} to {_short(high)}",
        "" if parameters is None else f"{parameters:,}",
        "" if products is None else f"{products:,}",
        "" if peak is None else f"{peak / MIB:.1f} MiB",
        f"{1e3 * row['median_s']:,.2f} ms",
    )


def _short(ratio: float) -> str:
    return f"{ratio:.3g}" if ratio < 100 else f"{ratio:,.0f}"

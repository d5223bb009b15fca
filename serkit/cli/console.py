"""How commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


def print_json(content: Any) -> None:
    """Print ``content`` as JSON on standard output. NaN is refused, since JSON has none."""
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))


@contextmanager
def prints_aside() -> Iterator[None]:
    """What a plugin prints goes to standard error, so that standard output holds the answer and nothing else."""
    import sys

    with redirect_stdout(sys.stderr):
        yield


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table under its title; cells are text as it is, never markup. Without names for the columns it has no
    head."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    headed = any(columns)
    box, gap = (SIMPLE_HEAD, GAP - 1) if headed else (None, GAP)  # the box draws one blank itself
    table = Table(box=box, show_header=headed, show_edge=False, pad_edge=False, padding=(0, gap, 0, 0))
    cells = [[str(cell) for cell in row] for row in rows]
    console = _console()
    room = console.width - GAP * (len(columns) - 1)
    for column, width in zip(columns, column_widths([columns, *cells], room), strict=True):
        table.add_column(column, overflow="fold", width=width)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    show(Text(title, "bold"))
    console.print(table)


BREAKABLE = 12
"""Characters that are left of a broken word's column at least."""

GAP = 2
"""Blanks between two columns."""


def column_widths(lines: Sequence[Sequence[str]], room: int) -> list[int | None]:
    """Width of each column of a table of ``room`` characters (without gaps) that breaks no word; all None, which leaves
    it to rich, if there is no need for any since everything fits. Columns that want least beyond their longest word are
    given it first, the others share what is left. Where words must break, it is the longest of other columns than the
    first, since that has names, which people copy; None if even that is too narrow."""
    from rich.cells import cell_len

    whole = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    least = [
        max(cell_len(word) for cell in column for word in (cell.split() or [""])) for column in zip(*lines, strict=True)
    ]
    if sum(whole) <= room:
        return [None] * len(whole)
    while sum(least) > room:
        widest = max(range(len(least)), key=lambda i: (i > 0, least[i]))
        if widest == 0 or least[widest] <= BREAKABLE:
            return [None] * len(whole)
        least[widest] -= 1
    spare = room - sum(least)
    wanting = sorted(range(len(whole)), key=lambda i: whole[i] - least[i])
    widths: list[int | None] = [*least]
    for k, i in enumerate(wanting):
        more = min(whole[i] - least[i], spare // (len(wanting) - k))
        widths[i] = least[i] + more
        spare -= more
    return widths


def show(content: RenderableType) -> None:
    """Print text or a rich object on standard output, at the width of the terminal (any width when piped)."""
    _console().print(content, soft_wrap=isinstance(content, str))


def _console() -> Console:
    import sys

    from rich.console import Console

    # Into a pipe, rich would wrap at 80 columns and cut what grep looks for.
    width = None if sys.stdout.isatty() else 200
    return Console(highlight=False, markup=False, width=width)

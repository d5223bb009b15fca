"""How commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType


def print_json(content: Any) -> None:
    """Print ``content`` as JSON on standard output. NaN is refused, since JSON has none."""
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table under its title; cells are text as it is, never markup. Without names for the columns it has no
    head."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    headed = any(columns)
    table = Table(
        box=SIMPLE_HEAD if headed else None, show_header=headed, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    show(Text(title, "bold"))
    show(table)


def show(content: RenderableType) -> None:
    """Print text or a rich object on standard output, at the width of the terminal (any width when piped)."""
    import sys

    from rich.console import Console

    # Into a pipe, rich would wrap at 80 columns and cut what grep looks for.
    width = None if sys.stdout.isatty() else 200
    Console(highlight=False, markup=False, width=width).print(content, soft_wrap=isinstance(content, str))

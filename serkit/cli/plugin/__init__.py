"""``serkit plugin``: for those who write plugins."""

from __future__ import annotations

import typer

from serkit.cli.plugin.bench import bench
from serkit.cli.plugin.check import check
from serkit.cli.plugin.new import new

app = typer.Typer(no_args_is_help=True, help="Write, check and time plugins of your own.")
app.command()(new)
app.command()(check)
app.command()(bench)

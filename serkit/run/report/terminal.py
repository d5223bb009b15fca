"""What the end of a run shows in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType


def terminal_summary(metrics: Mapping[str, Any]) -> RenderableType:
    """The headline, warnings and the fold table of ``metrics`` (the content of ``metrics.json``), for rich to draw."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from serkit.run.report import facts as f

    uar, war = (metrics.get(name) or {} for name in ("uar", "war"))
    support = (metrics.get("support") or {}).get("per_fold") or {}
    # names come from plugins and files: cells are Text, which rich does not search for markup
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    table.add_column("Fold", Text("mean ± deviation"))
    table.add_column("Utterances", justify="right")
    for name, summary in (("UAR", uar), ("WAR", war)):
        table.add_column(name, Text(f.spread(summary)), justify="right", no_wrap=True)
    for fold, value in (uar.get("per_fold") or {}).items():
        n = sum(support[fold].values()) if fold in support else ""
        other = (war.get("per_fold") or {}).get(fold)
        table.add_row(Text(str(fold)), str(n), f.percent(value), f.percent(other))
    lines: list[RenderableType] = [
        Text(f"{metrics.get('plugin', '')} · preset {metrics.get('preset', '')} · {metrics.get('protocol', '')}"),
        Text(f.headline(metrics), style="bold"),
        *(Text(w, style="yellow") for w in f.warnings(metrics)),
        *([table] if f.scored(metrics) else ()),
    ]
    rows = f.comparison(metrics)
    if rows:
        words = "not comparable" if f.reasons(metrics) else "comparable"
        lines.append(Text(f"Published: {rows[1][0]}, UAR {rows[1][1]}; difference {rows[2][1]} ({words})."))
    return Group(*lines)

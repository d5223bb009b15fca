"""What the end of a run shows in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType


def terminal_summary(metrics: Mapping[str, Any]) -> RenderableType:
    """Headline, warnings, folds, classes, groups of ``metrics`` (the content of ``metrics.json``), for rich to draw."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from serkit.run.report import beside
    from serkit.run.report import facts as f
    from serkit.run.report import tables as t

    uar, war = (metrics.get(name) or {} for name in ("uar", "war"))
    support = (metrics.get("support") or {}).get("per_fold") or {}
    # names come from plugins and files: cells are Text, which rich does not search for markup
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=True)
    table.add_column("Fold", Text("mean ± deviation"))
    table.add_column("Utterances", justify="right")
    for name, summary in (("UAR", uar), ("WAR", war)):
        table.add_column(name, Text(f.spread(summary)), justify="right", no_wrap=True)
    collapsed = f.collapses(metrics)
    for fold, value in (uar.get("per_fold") or {}).items():
        n = sum(support[fold].values()) if fold in support else ""
        other = (war.get("per_fold") or {}).get(fold)
        name = t.fold_name({"fold": fold, "collapsed": collapsed.get(fold)})
        table.add_row(Text(name), str(n), f.percent(value), f.percent(other))
    classes = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    classes.add_column("Class")
    for name in ("Utterances", "Recall"):
        classes.add_column(name, justify="right")
    for r in t.class_rows(metrics):
        classes.add_row(Text(r.label), "" if r.utterances is None else str(r.utterances), f.percent(r.recall))
    lines: list[RenderableType] = [
        Text(f"{metrics.get('plugin', '')} · preset {metrics.get('preset', '')} · {metrics.get('protocol', '')}"),
        Text(f.headline(metrics), style="bold"),
        *(Text(w, style="yellow") for w in f.warnings(metrics)),
        *([table, classes] if f.scored(metrics) else ()),
        *(Text(g.words) for g in t.group_tables(metrics)),
        *(Text(f"{name.upper()}: {words}", style="dim") for name, words in t.definitions(metrics, ("uar", "war"))),
    ]
    rows = beside.rows(metrics)
    if rows:
        figures = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for name in beside.HEAD:
            figures.add_column(name)
        for row in rows:
            figures.add_row(*map(Text, row))
        lines += [figures, Text(beside.verdict_words(metrics))]
    return Group(*lines)

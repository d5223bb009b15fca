"""The pages of a sweep: a row and a point a run. A pure function of ``sweep.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serkit.errors import RunFolderError
from serkit.run import grid
from serkit.run.report.facts import count, duration, interval, percent, spread, tenths

if TYPE_CHECKING:
    from rich.console import RenderableType

NOTHING_CHOSEN = (
    "Nothing is chosen here: taking the value of the best test score would be choosing by the test speakers. The "
    "development column is what a choice may look at, and [search] makes it."
)

_LOG_FROM = 8
"""Ratio of the largest to the smallest value from which the axis is logarithmic."""


def write_sweep(folder: Path) -> None:
    """Write ``sweep.md``, ``sweep.html`` and ``plots/sweep.png`` beside ``sweep.json``. Raises RunFolderError if that
    is missing or damaged."""
    from serkit.run.files import read_json, write_bytes, write_text
    from serkit.run.report import html, plots, text

    table = read_json(folder / "sweep.json")
    try:
        head, body = rows(table)
        title = f"Sweep of {', '.join(table['keys'])}: {table['plugin']} on {table['dataset']}"
        where = f"{table['protocol']} ({table['information']}), preset {table['preset']}, {folder.resolve().name}"
        light, dark = (draw(table, theme) for theme in (plots.LIGHT, plots.DARK))
    except (KeyError, TypeError, IndexError) as error:
        raise RunFolderError(
            f"{folder / 'sweep.json'} is damaged ({type(error).__name__}); delete it and continue the sweep with "
            "--resume."
        ) from None
    (folder / "plots").mkdir(exist_ok=True)
    write_bytes(folder / "plots" / "sweep.png", light)
    remarks = notes(table)
    lines = [f"# {text.escape(title)}", text.escape(where), *map(text.escape, remarks), text.table(head, body)]
    write_text(folder / "sweep.md", "\n\n".join([*lines, "![UAR by value](plots/sweep.png)"]) + "\n")
    page = f'<header><h1>{escape(title)}</h1><p class="faint">{escape(where)}</p></header>'
    page += "".join(f"<p>{escape(x)}</p>" for x in remarks)
    page += html.section("Runs", html.table([escape(x) for x in head], map(html.cells, body)))
    page += html.section("UAR by value", html.picture({"sweep": (light, dark)}, "sweep", "UAR with interval by value"))
    write_text(folder / "sweep.html", html.page(title, page))


def notes(table: Mapping[str, Any]) -> list[str]:
    """What a reader must know of the whole sweep."""
    out = [NOTHING_CHOSEN]
    if not table["complete"]:
        out.append("Folds or recordings were left out, so nothing here may be compared with complete runs or papers.")
    fell = sum(bool(r["collapsed"]) for r in table["runs"])
    if fell:
        out.append(f"In {count(fell, 'run')} some fold collapsed: every test utterance of it was given the same class.")
    return out


def rows(table: Mapping[str, Any]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Head and rows: the values, scores, development UAR, entropy of attention where there is some, time, folder."""
    keys, runs = table["keys"], table["runs"]
    attends = any(r["attention"] is not None for r in runs)
    head = [key.rsplit(".", 1)[-1] for key in keys]
    head += ["UAR pooled", "95 % interval", "UAR, mean of folds", "WAR pooled", "Development UAR"]
    head += ["Attention entropy"] * attends + ["Collapsed folds", "Time", "Folder"]
    body = []
    for r in runs:
        row = [grid.value_words(r["values"][key]) for key in keys]
        row += [percent(r["uar"]["pooled"]), interval(r["uar"]).removeprefix("95 % interval "), spread(r["uar"])]
        row += [percent(r["war"]["pooled"]), "none" if r["dev_uar"] is None else percent(r["dev_uar"])]
        if attends:
            row.append("none" if r["attention"] is None else f"{r['attention']:.3f}")
        row += [str(r["collapsed"]), "" if r["seconds"] is None else duration(r["seconds"]), r["folder"]]
        body.append(tuple(row))
    return head, body


def draw(table: Mapping[str, Any], theme: Any) -> bytes:
    """PNG: pooled UAR with its interval over the values of the first key, a line for each value of the second, and a
    panel of attention's entropy where there is some."""
    from serkit.run.report import plots

    keys, runs = table["keys"], table["runs"]
    attends = any(r["attention"] is not None for r in runs)
    figure = plots.new_figure(theme, 5.6 * (1 + attends), 4.2)
    lines: dict[str, list[Mapping[str, Any]]] = {}
    for r in runs:
        lines.setdefault(grid.words({k: r["values"][k] for k in keys[1:]}), []).append(r)
    values = list({grid.value_words(r["values"][keys[0]]): r["values"][keys[0]] for r in runs}.values())
    places = axis(values)
    for panel, words in enumerate(
        ("pooled UAR in %, with 95 % interval", "normalised entropy of attention")[: 1 + attends]
    ):
        axes = figure.add_subplot(1, 1 + attends, panel + 1)
        for number, (name, members) in enumerate(lines.items()):
            colour = theme.lines[number % len(theme.lines)]
            known = [r for r in members if (r["attention"] if panel else r["uar"]["pooled"]) is not None]
            x = [places[grid.value_words(r["values"][keys[0]])] for r in known]
            y = [r["attention"] if panel else 100 * r["uar"]["pooled"] for r in known]
            axes.plot(x, y, color=colour, marker="o", lw=1.8, label=plots.plain_label(name, 40))
            for at, r in zip(x, known, strict=True):
                if not panel and r["uar"]["interval95"]:
                    low, high = (100 * e for e in r["uar"]["interval95"])
                    axes.plot([at, at], [low, high], color=colour, lw=1, alpha=0.6)
        plots.style_axes(axes, theme)
        axes.grid(color=theme.grid, lw=0.8)
        if is_log(values):
            axes.set_xscale("log")
            axes.xaxis.minorticks_off()
        axes.set_xticks(list(places.values()), list(places))
        axes.set_xlabel(keys[0], fontsize=11)
        axes.set_title(words, fontsize=11)
    if len(lines) > 1:
        figure.axes[0].legend(frameon=False, fontsize=10, labelcolor=theme.ink)
    return plots.to_png(figure)


def axis(values: Sequence[Any]) -> dict[str, float]:
    """Where each value stands: numbers above 0 where they are, anything else (words, or a 0 that means "off") in the
    order given, one step apart."""
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) and v > 0 for v in values)
    return {grid.value_words(v): float(v) if numbers else float(k) for k, v in enumerate(values)}


def is_log(values: Sequence[Any]) -> bool:
    """Whether the values are numbers above 0 that span so much that equal ratios should be equally far apart."""
    places = list(axis(values).values())
    return min(places) > 0 and max(places) >= _LOG_FROM * min(places)


def terminal_table(table: Mapping[str, Any]) -> RenderableType:
    """The rows and remarks, for rich to draw."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    head, body = rows(table)
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in head:
        drawn.add_column(name)
    for row in body:
        drawn.add_row(*map(Text, row))
    best = [r["uar"]["pooled"] for r in table["runs"] if r["uar"]["pooled"] is not None]
    reach = f"UAR {tenths(min(best))} to {percent(max(best))} over {count(len(best), 'run')}" if best else "no score"
    return Group(Text(reach, "bold"), *(Text(x, "yellow") for x in notes(table)), drawn)

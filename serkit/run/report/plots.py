"""The pictures of a report: confusion matrix, folds, curves. Agg only, no global state, same bytes again."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from serkit.run.report.facts import Facts, percent


@dataclass(frozen=True)
class Theme:
    """Colours of a picture; ``light`` is for paper and files, ``dark`` for the page at night."""

    paper: str
    ink: str
    faint: str
    grid: str
    accent: str
    second: str
    cells: tuple[str, str]
    lines: tuple[str, ...]


# lines of many classes: neighbours differ in lightness as well as in hue, for eyes that confuse red and green
LIGHT = Theme(
    "#ffffff", "#1d2330", "#667085", "#e4e7ec", "#2563a8", "#b45309", ("#ffffff", "#2563a8"),
    ("#2563a8", "#d9822b", "#0b7a5b", "#c2436f", "#5b3fa0", "#8a9a00", "#3aa6c9", "#7a4a21"),
)  # fmt: skip
DARK = Theme(
    "#171b22", "#e6e9ef", "#98a2b3", "#2b323d", "#6aa9e9", "#f0a04b", ("#171b22", "#3d7fc4"),
    ("#6aa9e9", "#f0a04b", "#3fc69b", "#f08bb0", "#a88bf0", "#c8d65a", "#7fd8f0", "#c89a6e"),
)  # fmt: skip

PICTURES = ("confusion", "folds", "roc", "calibration", "training")

_DPI = 160
_MANY = 24
"""Folds above which their names would overlap and only some are written."""


def draw(facts: Facts, theme: Theme = LIGHT, only: Collection[str] = PICTURES) -> dict[str, bytes]:
    """PNG files by stem, of those in ``only``; a picture is left out where the run holds nothing to draw."""
    makers = {
        "confusion": _confusion,
        "folds": _folds,
        "roc": _roc,
        "calibration": _calibration,
        "training": _training,
    }
    out = {}
    for name in only:
        figure = makers[name](facts, theme)
        if figure is not None:
            out[name] = to_png(figure)
    return out


def to_png(figure: Any) -> bytes:
    """The bytes of a PNG file, the same for the same figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    out = io.BytesIO()
    with warnings.catch_warnings():
        # a label in a script that the font lacks is drawn as boxes here and in full in the tables
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        # no Software entry: it would hold the version of matplotlib
        figure.savefig(out, format="png", dpi=_DPI, facecolor=figure.get_facecolor(), metadata={"Software": None})
    return out.getvalue()


def new_figure(theme: Theme, width: float, height: float) -> Any:
    """An empty figure of so many inches, without pyplot's global state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), facecolor=theme.paper, layout="constrained")


def style_axes(axes: Any, theme: Theme) -> None:
    """Colours of the theme; only the left and lower spine are drawn."""
    axes.set_facecolor(theme.paper)
    axes.tick_params(colors=theme.ink, labelsize=10, length=0)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(theme.grid)
    axes.xaxis.label.set_color(theme.faint)
    axes.yaxis.label.set_color(theme.faint)
    axes.title.set_color(theme.ink)


def plain_label(name: str, longest: int = 18) -> str:
    """A name as a label: no mathematics between dollar signs, no line breaks, not longer than its place."""
    text = " ".join(str(name).split())
    text = text if len(text) <= longest else text[: longest - 1] + "…"
    return text.replace("$", r"\$")


def _confusion(facts: Facts, theme: Theme) -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    table = facts.metrics.get("confusion") or {}
    labels, counts = table.get("labels") or [], np.array(table.get("matrix") or [], dtype=float)
    if not labels:
        return None
    k = len(labels)
    rows = counts.sum(1, keepdims=True)
    shares = np.divide(counts, rows, out=np.zeros_like(counts), where=rows > 0)
    side = max(4.6, 0.82 * k)
    figure = new_figure(theme, side + 1.3, side + 0.9)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap=LinearSegmentedColormap.from_list("cells", theme.cells), vmin=0, vmax=1)
    names = [plain_label(x) for x in labels]
    axes.set_xticks(range(k), names, rotation=35 if k > 4 else 0, ha="right" if k > 4 else "center")
    axes.set_xticks(np.arange(k + 1) - 0.5, minor=True)
    axes.set_yticks(range(k), names)
    axes.set_yticks(np.arange(k + 1) - 0.5, minor=True)
    style_axes(axes, theme)
    axes.tick_params(which="minor", length=0)
    axes.grid(which="minor", color=theme.grid, linewidth=1)
    for spine in axes.spines.values():
        spine.set_visible(False)
    for i in range(k):
        for j in range(k):
            ink = "#ffffff" if shares[i, j] > 0.5 else theme.ink
            share = f"{100 * shares[i, j]:.0f} %" if rows[i, 0] else "–"
            axes.text(j, i - 0.1, share, ha="center", va="center", color=ink, fontsize=11)
            axes.text(j, i + 0.24, f"{counts[i, j]:.0f}", ha="center", va="center", color=ink, fontsize=8, alpha=0.8)
    axes.set_xlabel("predicted", fontsize=11)
    axes.set_ylabel("truth", fontsize=11)
    axes.set_title("Share of each true class, with counts over folds and seeds", fontsize=11, pad=10)
    return figure


def _folds(facts: Facts, theme: Theme) -> Any:
    uar = facts.metrics.get("uar") or {}
    per_fold: Mapping[str, float | None] = uar.get("per_fold") or {}
    if not per_fold:
        return None
    n = len(per_fold)
    heights = [math.nan if v is None else 100 * v for v in per_fold.values()]
    figure = new_figure(theme, min(12.0, max(6.4, 0.5 * n + 2.5)), 4.4)
    axes = figure.add_subplot()
    handles = []
    if uar.get("interval95"):
        low, high = (100 * x for x in uar["interval95"])
        handles.append(axes.axhspan(low, high, color=theme.accent, alpha=0.16, lw=0, label="95 % interval of pooled"))
    handles.append(axes.bar(range(n), heights, width=0.62, color=theme.accent, alpha=0.75, zorder=2, label="fold"))
    marks = [
        (uar.get("pooled"), "pooled", theme.ink, "-"),
        (uar.get("mean"), "mean of folds", theme.ink, "--"),
        ((facts.metrics.get("published") or {}).get("uar"), "published", theme.second, "-."),
    ]
    for value, words, colour, dashes in marks:
        if value is not None:
            line = axes.axhline(
                100 * value, color=colour, ls=dashes, lw=1.6, zorder=3, label=f"{words} {percent(value)}"
            )
            handles.append(line)
    labels = (facts.metrics.get("confusion") or {}).get("labels") or []
    if labels:
        chance = axes.axhline(100 / len(labels), color=theme.faint, ls=":", lw=1.4, zorder=3)
        chance.set_label(f"chance {percent(1 / len(labels))}")
        handles.append(chance)
    if n <= _MANY:
        for i, h in enumerate(heights):
            if math.isfinite(h):
                inside = h > 8  # per cent: a lower bar has no room for the number
                at, ink = (1.5, "#ffffff") if inside else (h + 1, theme.ink)
                axes.text(i, at, f"{h:.0f}", ha="center", va="bottom", color=ink, fontsize=9, zorder=4)
    every = 1 if n <= _MANY else math.ceil(n / _MANY)
    long = max(len(str(f)) for f in per_fold) > 4
    shown = range(0, n, every)
    names = [plain_label(f, 12) for f in per_fold]
    axes.set_xticks(shown, [names[i] for i in shown], rotation=40 if long else 0, ha="right" if long else "center")
    axes.set_xlim(-0.6, n - 0.4)
    axes.set_ylim(0, 100)
    style_axes(axes, theme)
    axes.grid(axis="y", color=theme.grid, lw=0.8, zorder=0)
    axes.set_axisbelow(True)
    axes.set_ylabel("UAR in %", fontsize=11)
    axes.set_xlabel("fold", fontsize=11)
    figure.legend(handles=handles, loc="outside upper left", ncols=3, frameon=False, fontsize=10, labelcolor=theme.ink)
    return figure


def _roc(facts: Facts, theme: Theme) -> Any:
    roc = facts.metrics.get("roc")
    if not roc:
        return None
    classes = {label: c for label, c in roc["classes"].items() if c["tpr"]}
    figure = new_figure(theme, 7.6, 5.0)
    axes = figure.add_subplot()
    axes.plot((0, 1), (0, 1), color=theme.faint, ls=":", lw=1.4, label="chance 0.50")
    styles = ("-", "--", "-.")
    for i, (label, curve) in enumerate(classes.items()):
        colour, dashes = theme.lines[i % len(theme.lines)], styles[i // len(theme.lines) % len(styles)]
        words = f"{plain_label(label)} {curve['auc']:.2f}"
        axes.plot(_from_origin(roc["fpr"]), _from_origin(curve["tpr"]), color=colour, ls=dashes, lw=1.4, label=words)
    for name, dashes in (("macro", "-"), ("micro", "--")):
        curve = roc[name]
        if curve["tpr"]:
            words = f"{name} average {curve['auc']:.2f}"
            x, y = _from_origin(roc["fpr"]), _from_origin(curve["tpr"])
            axes.plot(x, y, color=theme.ink, ls=dashes, lw=2.4, label=words)
    style_axes(axes, theme)
    axes.grid(color=theme.grid, lw=0.8)
    axes.set_xlim(-0.01, 1)
    axes.set_ylim(0, 1.01)
    axes.set_aspect("equal")
    axes.set_xlabel("share of the others taken for the class", fontsize=11)
    axes.set_ylabel("share of the class recognised", fontsize=11)
    axes.set_title("Each class against the rest, pooled over folds", fontsize=11, pad=10)
    figure.legend(
        loc="outside right center", frameon=False, fontsize=10, labelcolor=theme.ink, title="area under the curve"
    ).get_title().set_color(theme.faint)
    return figure


def _from_origin(values: list[float]) -> list[float]:
    """A curve begins at (0, 0): kept are the upper ends of its rises, also of the first."""
    return [0.0, *values]


def _calibration(facts: Facts, theme: Theme) -> Any:
    table = facts.metrics.get("calibration")
    if not table:
        return None
    bins = table["bins"]
    filled = [i for i in range(bins) if table["n"][i]]
    figure = new_figure(theme, 7.6, 5.4)
    top, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3, 1)})
    at = [(i + 0.5) / bins for i in filled]
    confidence, accuracy = ([table[key][i] for i in filled] for key in ("confidence", "accuracy"))
    wide = 0.92 / bins
    bars = top.bar(at, accuracy, width=wide, color=theme.accent, alpha=0.75, zorder=2, label="accuracy of the bin")
    marks = {"color": theme.second, "ls": "none", "marker": "_", "ms": 15, "mew": 2.4}
    (dashes,) = top.plot(confidence, confidence, **marks, zorder=3, label="its mean confidence")
    (line,) = top.plot((0, 1), (0, 1), color=theme.faint, ls=":", lw=1.4, zorder=1, label="right as often as it says")
    top.set_ylim(0, 1)
    top.set_ylabel("share that is right", fontsize=11)
    error = (facts.metrics.get("metrics") or {}).get("ece", {}).get("pooled")
    words = "" if error is None else f"; expected calibration error {percent(error)}"
    top.set_title(f"Accuracy by confidence{words}", fontsize=11, pad=10)
    below.bar(at, [table["n"][i] for i in filled], width=wide, color=theme.faint, alpha=0.6, zorder=2)
    below.set_ylabel("utterances", fontsize=11)
    below.set_xlabel("posterior of the class that an utterance was given", fontsize=11)
    below.set_xlim(0, 1)
    below.yaxis.get_major_locator().set_params(integer=True, nbins=3)
    for axes in (top, below):
        style_axes(axes, theme)
        axes.grid(axis="y", color=theme.grid, lw=0.8, zorder=0)
        axes.set_axisbelow(True)
    handles = [bars, dashes, line]
    figure.legend(
        handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=10, labelcolor=theme.ink
    )
    return figure


def _training(facts: Facts, theme: Theme) -> Any:
    panels = [("train_loss", "training loss", 1.0), ("dev_uar", "development UAR in %", 100.0)]
    curves = {
        column: [scale * np.array(h[column]) for h in facts.histories.values() if np.isfinite(h.get(column, ())).any()]
        for column, _, scale in panels
    }
    panels = [p for p in panels if curves[p[0]]]
    if not panels:
        return None
    figure = new_figure(theme, 4.9 * len(panels), 3.8)
    for at, (column, words, _) in enumerate(panels):
        axes = figure.add_subplot(1, len(panels), at + 1)
        runs = curves[column]
        alpha = max(0.12, min(0.5, 4 / len(runs)))
        for run in runs:
            axes.plot(np.arange(1, len(run) + 1), run, color=theme.accent, lw=1.1, alpha=alpha, marker=_mark(run))
        mean = _mean_curve(runs)
        axes.plot(np.arange(1, len(mean) + 1), mean, color=theme.ink, lw=2.2, marker=_mark(mean))
        style_axes(axes, theme)
        axes.grid(color=theme.grid, lw=0.8)
        axes.set_xlabel("epoch", fontsize=11)
        axes.set_title(words[0].upper() + words[1:], fontsize=11)
        axes.xaxis.get_major_locator().set_params(integer=True)
        if len(mean) == 1:  # around a single point the locator falls back on 0.96, 0.98, ...
            axes.set_xticks([1])
        if column == "train_loss":
            axes.set_ylim(bottom=0)
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=theme.accent, lw=1.4, alpha=0.6, label="one fold of one seed"),
        Line2D([], [], color=theme.ink, lw=2.2, label="mean, while at least half of them train"),
    ]
    figure.legend(
        handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=10, labelcolor=theme.ink
    )
    return figure


def _mark(run: Any) -> str:
    """A line of one point is invisible without a marker."""
    return "o" if len(run) == 1 else ""


def _mean_curve(runs: list[Any]) -> Any:
    """Mean over the runs that reached an epoch, cut where fewer than half did: the rest is of other folds."""
    longest = max(map(len, runs))
    grid = np.full((len(runs), longest), np.nan)
    for i, run in enumerate(runs):
        grid[i, : len(run)] = run
    known = np.isfinite(grid)
    enough = np.flatnonzero(known.sum(0) * 2 >= len(runs))
    if not enough.size:
        return np.array([np.nan])
    grid, known = grid[:, : enough[-1] + 1], known[:, : enough[-1] + 1]
    n = known.sum(0)
    return np.divide(np.where(known, grid, 0.0).sum(0), n, out=np.full(n.shape, np.nan), where=n > 0)

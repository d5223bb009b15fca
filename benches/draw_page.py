"""Makes the tables and the picture of docs/benchmarks.md from stored rows: ``python benches/draw_page.py``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from serkit.testing.bench import ratios

Row = Mapping[str, Any]
DOCS = Path(__file__).parents[1] / "docs"
BASELINE = Path(__file__).with_name("baseline.json")
BEGIN, END = "<!-- rows: made by benches/draw_page.py -->", "<!-- end of rows -->"
OURS, PROGRAM, PEER = "#c1440e", "#3f4a5a", "#b4bcc8"


def groups(rows: ratios.Rows) -> dict[str, list[Row]]:
    """Rows by group, fastest first."""
    found: dict[str, list[Row]] = {}
    for numbers in rows.values():
        found.setdefault(str(numbers["group"]), []).append(numbers)
    return {name: sorted(found[name], key=lambda r: -float(r["ratio"])) for name in sorted(found)}


def tables(rows: ratios.Rows) -> str:
    """Markdown: the machine with its instruction set, then one table a group."""
    return "\n".join(_lines(rows)) + "\n"


def _lines(rows: ratios.Rows) -> Iterator[str]:
    machines = {str(sorted(r["machine"].items())): r["machine"] for r in rows.values()}
    for m in machines.values():
        yield f"Machine: {m['cpu']}, {m['cores']} cores, {m['system']}, {m['isa']}, Python {m['python']}."
    for group, members in groups(rows).items():
        first = members[0]
        length = "" if first["full"] else " Short run: an impression, not a figure."
        yield f"\n### {group}\n\n{first['work']}; ratios to *{first['anchor']}*.{length}\n"
        titles = ["", "ratio", "quartiles", "time", "spread", "repetitions"] + ["beyond its output"] * _peak(first)
        yield _line(titles)
        yield _line(["---", *["--:"] * (len(titles) - 1)])
        for r in members:
            low, high = r["ratio_quartiles"]
            cells = [f"**{r['entrant']}**" if r["ours"] else r["entrant"], f"{r['ratio']:.2f}"]
            cells += [f"{low:.2f} to {high:.2f}", _time(r), f"{r['spread']:.0%}", str(r["repetitions"])]
            yield _line([*cells, f"{r['over_output_mib']:.1f} MiB"] if _peak(r) else cells)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _peak(r: Row) -> bool:
    return "over_output_mib" in r


def _time(r: Row) -> str:
    if "x_real_time" in r:
        return f"{r['x_real_time']:,.0f} × real time"
    return f"{1e3 * r['median_s']:.3g} ms"


def into(page: str, made: str) -> str:
    """``page`` with ``made`` between its two marks."""
    head, found, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (found and end):
        raise ValueError(f"The page has no {BEGIN!r} followed by {END!r}; put them where the tables go.")
    return f"{head}{BEGIN}\n\n{made}\n{END}{tail}"


def draw(rows: ratios.Rows, path: Path) -> None:
    """The picture: speed of features by library, and attention against torch."""
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams.update({"svg.hashsalt": "serkit", "font.size": 9, "font.family": "DejaVu Sans"})
    from matplotlib import pyplot as plt

    found = groups(rows)
    shown = {
        "LM3, 1 thread": "Log-Mel, delta, delta-delta",
        "WAV files to LM3, 1 worker": "The same from WAV files",
        "power spectra, 1 thread": "Power spectra alone",
        "MFCC-39, 1 thread": "MFCC, 39 numbers a frame",
    }
    panels = [(title, found[group]) for group, title in shown.items() if group in found]
    attention = {g: members for g, members in found.items() if g.startswith("attention")}
    heights = [len(members) for _, members in panels] + ([len(attention)] if attention else [])
    figure, axes = plt.subplots(
        len(heights), 1, figsize=(8, 0.27 * sum(heights) + 0.75 * len(heights)), height_ratios=heights, squeeze=False
    )
    for axis, (title, members) in zip(axes[:, 0], panels, strict=False):
        _bars(axis, f"{title}: seconds of audio in a second of one core", members, "x_real_time", "{:,.0f}")
    if attention:
        best = [(g.removeprefix("attention "), r) for g, ms in attention.items() for r in ms if r["ours"]]
        members = [{**r, "entrant": g} for g, r in best]
        _bars(
            axes[-1, 0],
            "Attention pooling, forward and backward: speed over torch.compile",
            members,
            "ratio",
            "{:.2f} ×",
        )
        axes[-1, 0].axvline(1.0, color=PEER, linewidth=1, zorder=0)
    figure.tight_layout(h_pad=1.2)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _bars(axis: Any, title: str, members: list[Row], key: str, label: str) -> None:
    names = [r["entrant"] for r in members]
    values = [float(r[key]) for r in members]
    colours = [OURS if r["ours"] else PROGRAM if _is_c(r["entrant"]) else PEER for r in members]
    bars = axis.barh(names, values, color=colours, height=0.72)
    axis.bar_label(bars, [label.format(v) for v in values], padding=4, color="#333333")
    axis.invert_yaxis()
    axis.margins(x=0.12)
    axis.set_title(title, loc="left", fontsize=10, fontweight="bold")
    axis.xaxis.set_visible(False)
    axis.tick_params(length=0)
    axis.spines[["top", "right", "bottom"]].set_visible(False)


def _is_c(name: str) -> bool:
    return name.startswith("C + ") or name.endswith("C/FFTW")


def main() -> None:
    rows = ratios.read(Path(sys.argv[1]) if len(sys.argv) > 1 else BASELINE)
    page = DOCS / "benchmarks.md"
    page.write_text(into(page.read_text("utf-8"), tables(rows)), "utf-8")
    draw(rows, DOCS / "benchmarks.svg")


if __name__ == "__main__":
    main()

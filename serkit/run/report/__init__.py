"""The report of a run: a pure function of the files in its folder, so that it can be made again at any time."""

from __future__ import annotations

from pathlib import Path

from serkit.run.report.terminal import terminal_summary

__all__ = ["terminal_summary", "write_report"]


def write_report(folder: Path) -> None:
    """Write ``report.md``, ``report.html`` and ``plots/*.png`` into the run folder ``folder``.

    Reads ``metrics.json`` and, where they are there, ``protocol.json``, ``environment.json``, ``recipe.toml`` and each
    ``folds/<seed>-<fold>/history.csv``. The same files give the same bytes. Raises RunFolderError if ``metrics.json``
    is missing or one of the files is damaged.
    """
    from serkit.run.files import write_bytes, write_text
    from serkit.run.report import html, plots, text
    from serkit.run.report.facts import read_facts

    facts = read_facts(folder)
    (folder / "plots").mkdir(exist_ok=True)
    images = plots.draw(facts)
    for name, image in images.items():
        write_bytes(folder / "plots" / f"{name}.png", image)
    write_text(folder / "report.md", text.render(facts))
    write_text(folder / "report.html", html.render(facts, images))

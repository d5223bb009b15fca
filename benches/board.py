"""The board of docs/reproduction.md, from finished run folders: ``python benches/board.py RUN... [--write]``.

Every cell is read from what a run wrote, and scores are computed again from its predictions before they are shown;
nothing is typed by hand. A folder of runs and a sweep stand for the runs in them. Without ``--write`` the rows are
printed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from serkit.errors import SerkitError
from serkit.host import Host, get_host
from serkit.run.predictions import Predictions
from serkit.run.recipe import Recipe, Request, read_recipe, resolve
from serkit.run.report.facts import count, duration, percent, points, spread, tenths
from serkit.run.sets import leaves
from serkit.run.train_fold import recall_mean

PAGE = Path(__file__).parents[1] / "docs" / "reproduction.md"
BEGIN, END = "<!-- rows: made by benches/board.py -->", "<!-- end of rows -->"
HEAD = (
    "system",
    "protocol",
    "information",
    "preset",
    "seeds x folds",
    "UAR pooled (95 %)",
    "UAR, mean of folds",
    "WA, mean of folds",
    "published",
    "difference",
    "verdict",
    "time",
    "machine",
    "commit",
    "mind",
)

# means of the same float64 values in another order of summation
CLOSE = 1e-9


def runs_in(paths: Sequence[Path]) -> list[Path]:
    """The run folders that ``paths`` are or hold. Raises SystemExit for a path with none."""
    found: dict[Path, None] = {}
    for path in paths:
        inside = [path] if (path / "metrics.json").exists() else sorted(p.parent for p in path.glob("*/metrics.json"))
        if not inside:
            sys.exit(f"{path} is no finished run and holds none; name folders that `serkit run` left.")
        found |= dict.fromkeys(inside)
    return list(found)


def row(folder: Path, host: Host) -> tuple[str, ...]:
    """The cells of one run under ``HEAD``. Raises SystemExit if its scores are not those of its predictions."""
    metrics, environment = (json.loads((folder / f"{n}.json").read_text("utf-8")) for n in ("metrics", "environment"))
    tables = tomllib.loads((folder / "recipe.toml").read_text("utf-8"))
    if not metrics["scored"]:
        sys.exit(f"{folder} made a final model and tested nothing, so it has no row; leave it out.")
    recipe = resolve(Request(recipe=tables, where=str(folder / "recipe.toml")), host)
    check_scores(folder, metrics)
    uar, war, published = metrics["uar"], metrics["war"], metrics["published"] or {}
    ends = uar["interval95"]
    return (
        recipe.run.recipe or recipe.run.plugin,
        metrics["protocol"] + ("" if metrics["subset"] == "all" else f", {metrics['subset']}"),
        metrics["information"],
        ", ".join([recipe.run.preset, *changes(recipe, tables, host)]),
        f"{metrics['n_seeds']} x {metrics['n_folds']}",
        percent(uar["pooled"]) + (f" ({tenths(ends[0])} to {tenths(ends[1])})" if ends else ""),
        spread(uar),
        spread(war),
        _published(published),
        "" if published.get("difference") is None else points(published["difference"]),
        _verdict(published),
        duration(environment["seconds"]),
        _machine(environment),
        _commit(environment),
        "; ".join(remarks(metrics)),
    )


def changes(recipe: Recipe, tables: Mapping[str, Any], host: Host) -> list[str]:
    """Settings that are neither the preset's nor the named recipe's, as ``training.epochs=5``."""
    base: Mapping[str, Any] = {}
    if recipe.run.recipe:
        try:
            base, _ = read_recipe(recipe.run.recipe, host)
        except SerkitError:
            return [f"recipe {recipe.run.recipe!r} is not installed here"]
    asked = Request(
        recipe=base,
        plugin=recipe.run.plugin,
        dataset=recipe.dataset,
        preset=recipe.run.preset,
        protocol=recipe.protocol,
        information=recipe.information,
    )
    plain = dict(leaves(resolve(asked, host).to_dict()))
    kept = {k: v for k, v in recipe.to_dict().items() if k in ("architecture", "training", "features", "search")}
    return [f"{path}={named(value)}" for path, value in leaves(kept) if plain.get(path) != value]


def named(value: Any) -> Any:
    """A setting without the folders of the machine: of a path its last part (runs that are fused, an encoder)."""
    if isinstance(value, list):
        return f"[{', '.join(str(named(v)) for v in value)}]"
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


def check_scores(folder: Path, metrics: Mapping[str, Any]) -> None:
    """Compute pooled and mean UAR and accuracy again from ``predictions.csv`` of every fold; SystemExit if
    ``metrics.json`` says something else."""
    folds = list(metrics["uar"]["per_fold"])
    pooled, fold_means = [], []
    for seed in range(metrics["n_seeds"]):
        tests = [Predictions.read(folder / "folds" / f"{seed}-{f}" / "predictions.csv").only("test") for f in folds]
        pairs = [(p.truth, p.predicted) for p in tests]
        truth, predicted = (np.concatenate(x) for x in zip(*pairs, strict=True))
        pooled.append((recall_mean(truth, predicted), float((truth == predicted).mean())))
        fold_means.append([(recall_mean(t, p), float((t == p).mean())) for t, p in pairs])
    again = {"pooled": np.mean(pooled, axis=0), "mean": np.mean(fold_means, axis=(0, 1))}
    for at, name in enumerate(("uar", "war")):
        for key, values in again.items():
            if metrics[name][key] is None or abs(float(values[at]) - metrics[name][key]) > CLOSE:
                sys.exit(
                    f"{folder / 'metrics.json'} has {metrics[name][key]} for {name}.{key}, but its predictions give "
                    f"{float(values[at])}; make the run again."
                )


def remarks(metrics: Mapping[str, Any]) -> Iterator[str]:
    """What stands against a row, in words."""
    if not metrics["complete"]:
        yield f"incomplete: {'; '.join(metrics['incomplete'])}"
    collapsed = [f"{c['fold']} of seed {c['seed']}" for c in metrics["collapsed"]]
    if collapsed:
        yield f"collapsed in {count(len(collapsed), 'fold')}: {', '.join(collapsed)}"
    if metrics["speaker_independent"] is False:
        yield "speaker-dependent"
    published = metrics["published"]
    if published and not published["comparable"]:
        yield f"not comparable: {'; '.join(published['reasons'])}"
    if metrics.get("search"):
        yield f"{len(metrics['search']['candidates'])} candidates searched on development speakers"
    if metrics["training_speakers"]:
        yield f"{' or '.join(map(str, metrics['training_speakers']))} training speakers"


def _published(published: Mapping[str, Any]) -> str:
    cells = [
        f"{name} {spread({'mean': published[key], 'std_folds': published[f'{key}_std']})}"
        for key, name in (("uar", "UAR"), ("war", "WA"))
        if published.get(key) is not None
    ]
    return f"{', '.join(cells)} ({published['source']})" if cells else "none"


def _verdict(published: Mapping[str, Any]) -> str:
    if not published:
        return ""
    if not published["comparable"]:
        return "not comparable"
    found = [(name, published[key]) for name, key in (("UAR", "verdict"), ("WA", "war_verdict")) if published[key]]
    return ", ".join(f"{name} {words}" for name, words in found)


def _machine(environment: Mapping[str, Any]) -> str:
    threads = count(environment["threads"], "thread")
    return f"{environment.get('device_name') or environment['device']}, {threads}, {environment['precision']}"


def _commit(environment: Mapping[str, Any]) -> str:
    commit = environment.get("commit")
    if not commit:
        return f"version {environment['serkit']}"
    return commit[:10] + ("+changes" if commit.endswith("+changes") else "")


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Markdown, sorted by corpus and protocol, then system."""
    lines = [_line(HEAD), _line(["---"] * len(HEAD))]
    lines += [_line(r) for r in sorted(rows, key=lambda r: (r[1], r[2], r[0], r[3]))]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def into(page: str, rows: str) -> str:
    """``page`` with ``rows`` between its markers. Raises SystemExit if it has none."""
    if BEGIN not in page or END not in page:
        sys.exit(f"The page has no lines {BEGIN} and {END}; put them where the board should stand.")
    return f"{page.partition(BEGIN)[0]}{BEGIN}\n\n{rows}\n{END}{page.partition(END)[2]}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the rows of the runs named, or write them into the page."""
    parser = argparse.ArgumentParser(description="Rows of docs/reproduction.md from finished run folders.")
    parser.add_argument("runs", nargs="+", type=Path, help="run folders, or folders of them")
    parser.add_argument("--write", action="store_true", help="write the rows into docs/reproduction.md")
    asked = parser.parse_args(arguments)
    rows = table([row(folder, get_host()) for folder in runs_in(asked.runs)])
    if asked.write:
        PAGE.write_text(into(PAGE.read_text("utf-8"), rows), "utf-8")
    else:
        sys.stdout.write(rows)


if __name__ == "__main__":
    main()

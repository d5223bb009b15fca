"""``[sweep]``: one complete run for each value of one key, or of two, side by side in one folder.

A sweep shows how scores depend on a setting; it selects nothing, since choosing the value of the best test score would
be choosing by the test. ``[search]`` chooses, on development speakers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from serkit.errors import ConfigError, RunFolderError
from serkit.host import ArchitectureSpec, Host
from serkit.run import device, folder, grid
from serkit.run.events import Events
from serkit.run.files import read_json, write_json, write_text
from serkit.run.recipe import Recipe, for_device, variants
from serkit.run.runner import execute

FILE = "sweep.json"

SAME = ("dataset", "subset", "plugin", "preset", "protocol", "protocol_hash", "information", "scored")
"""What the runs of a sweep have in common, as ``metrics.json`` has it."""


def execute_sweep(recipe: Recipe, *, out: Path | None, resume: bool, host: Host, events: Events) -> dict[str, Any]:
    """Make every run of ``[sweep]`` in folders of its own inside ``out``, then ``sweep.json``, ``sweep.md``,
    ``sweep.html`` and ``plots/sweep.png``; with ``resume`` finished runs are kept and an unfinished one goes on.

    Returns the content of ``sweep.json`` with ``"run": path``. Raises UserError sentences as ``execute`` does.
    """
    import tomli_w

    from serkit.run.report.sweep import write_sweep

    spec = host.get("architecture", recipe.run.plugin).spec
    assert isinstance(spec, ArchitectureSpec)
    chosen = device.resolve_device(recipe.run.device)
    recipe = for_device(recipe, chosen, device.resolve_precision(recipe.run, chosen, spec))
    if len(recipe.sweep) > 2:
        raise ConfigError(
            f"[sweep] has {len(recipe.sweep)} keys ({', '.join(recipe.sweep)}); one key makes a line and a second one "
            "several lines, so leave the others out."
        )
    path = folder.open_(out, recipe, resume, inside="plots")
    if not (path / "recipe.toml").exists():
        write_text(path / "recipe.toml", tomli_w.dumps(recipe.to_dict()))
    made = variants(recipe, "sweep", host)
    rows = []
    for number, (values, one) in enumerate(made, start=1):
        mine = path / _name(number, values)
        events.note(f"Run {number} of {len(made)}: {grid.words(values)}.")
        one = replace(one, published=recipe.published)
        metrics = _finished(mine, one, resume) or execute(
            one, out=mine, resume=resume and (mine / "recipe.toml").exists(), host=host, events=events
        )
        rows.append((values, mine, metrics))
    table = summary(recipe, rows)
    write_json(path / FILE, table)
    write_sweep(path)
    return {"run": str(path), **table}


def summary(recipe: Recipe, rows: Sequence[tuple[dict[str, Any], Path, Mapping[str, Any]]]) -> dict[str, Any]:
    """What ``sweep.json`` holds, of (values, folder, metrics.json) of each run."""
    first = rows[0][2]
    return {
        "schema": 1,
        "keys": list(_axis_first(recipe)),
        **{key: first.get(key) for key in SAME},
        "complete": all(m["complete"] for _, _, m in rows),
        "runs": [
            {
                "values": grid.plain(values),
                "folder": path.name,
                "uar": _score(m["uar"]),
                "war": _score(m["war"]),
                "dev_uar": (m.get("dev") or {}).get((m.get("dev") or {}).get("select", "best")),
                "attention": (m.get("attention") or {}).get("entropy"),
                "collapsed": len(m["collapsed"]),
                "complete": m["complete"],
                "seconds": read_json(path / "environment.json").get("seconds"),
            }
            for values, path, m in rows
        ],
    }


def _axis_first(recipe: Recipe) -> list[str]:
    """The key of the x axis, then that of the lines: of two, the one with more values, since lines are few."""
    return sorted(recipe.sweep, key=lambda path: (-len(recipe.sweep[path]), path))


def _score(summary: Mapping[str, Any]) -> dict[str, Any]:
    return {key: summary.get(key) for key in ("pooled", "interval95", "mean", "std_folds")}


def _finished(path: Path, recipe: Recipe, resume: bool) -> dict[str, Any] | None:
    """The metrics of a run that had ended, of the same recipe; None if there is none."""
    if not resume or not (path / "metrics.json").exists():
        return None
    folder.check(path, recipe, resume=True)
    metrics = read_json(path / "metrics.json")
    if not isinstance(metrics, dict) or not {"complete", "collapsed", "uar", "war"} <= set(metrics):
        raise RunFolderError(f"{path / 'metrics.json'} is damaged; delete it and continue the sweep with --resume.")
    return metrics


def _name(number: int, values: Mapping[str, Any]) -> str:
    """A folder for each run that says what it is of: ``01-scale=0.1``."""
    words = ",".join(f"{path.rsplit('.', 1)[-1]}={grid.value_words(value)}" for path, value in values.items())
    return f"{number:02d}-{re.sub(r'[^A-Za-z0-9.,=+-]+', '_', words)[:60]}"

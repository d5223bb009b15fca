"""Stored ratios, and the sentences for those that fell."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from serkit.errors import UserError

Rows = Mapping[str, Mapping[str, Any]]
SCHEMA = 1


def tolerance(text: str) -> float:
    """A share in [0, 1) from ``0.15`` or ``15%``. Raises UserError."""
    try:
        value = float(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 1.0:
        raise UserError(f"{text!r} is no tolerance; give a share from 0 to below 1, as 0.15 or 15%.")
    return value


def read(path: Path) -> dict[str, dict[str, Any]]:
    """Rows of a stored run by the name of their test. UserError where the file is absent or is something else."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; store a baseline with --ratio-store first.") from None
    except ValueError as error:
        raise UserError(f"{path} is no JSON ({error}); store it again with --ratio-store.") from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise UserError(f"{path} is no file of rows of schema {SCHEMA}; store it again with --ratio-store.")
    rows: dict[str, dict[str, Any]] = found["rows"]
    return rows


def store(rows: Rows, path: Path) -> None:
    """Write ``rows`` into the file; rows in it that are not among them stay."""
    kept = read(path) if path.exists() else {}
    merged = {**kept, **rows}
    lines = [f"{json.dumps(name)}: {json.dumps(merged[name])}" for name in sorted(merged)]  # a line a row, to diff
    body = ",\n".join(lines)
    path.write_text(f'{{"schema": {SCHEMA}, "rows": {{\n{body}\n}}}}\n', "utf-8")


def regressions(rows: Rows, stored: Rows, allowed: float) -> list[str]:
    """One sentence for each of our rows that lost more than ``allowed`` of its stored ratio or cannot be compared.

    Rows of others are not judged: what they lose is no fault of ours.
    """
    sentences = []
    for name, now in rows.items():
        if not now["ours"]:
            continue
        before = stored.get(name)
        if before is None:
            sentences.append(f"{name} has no stored row; store one with --ratio-store.")
        elif unlike := [k for k in ("anchor", "work", "full", "threads") if before[k] != now[k]]:
            had, has = (", ".join(f"{k} {r[k]!r}" for k in unlike) for r in (before, now))
            sentences.append(f"{name} was stored with {had} and ran with {has}; compare runs of the same work.")
        elif now["ratio"] < before["ratio"] * (1.0 - allowed):
            lost = 1.0 - now["ratio"] / before["ratio"]
            sentences.append(
                f"{name} has a ratio of {now['ratio']:.2f} to {now['anchor']}, stored {before['ratio']:.2f}: "
                f"{lost:.0%} less, allowed {allowed:.0%}{_elsewhere(before, now)}."
            )
    return sentences


def _elsewhere(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What to know of a comparison between machines: their ratios need not be the same."""
    had, has = ({k: row["machine"][k] for k in ("cpu", "isa")} for row in (before, now))
    return "" if had == has else f"; it was stored on another machine ({had['cpu']}, {had['isa']})"


def table(rows: Rows) -> Iterator[str]:
    """Lines for a terminal, one a row, fastest first in each group."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for numbers in rows.values():
        groups.setdefault(str(numbers["group"]), []).append(numbers)
    for group, members in groups.items():
        yield f"{group}  [{members[0]['work']}]"
        for r in sorted(members, key=lambda m: -float(m["ratio"])):
            low, high = r["ratio_quartiles"]
            speed = (
                f"{r['x_real_time']:>12,.0f} x real time" if "x_real_time" in r else f"{1e3 * r['median_s']:>12.3f} ms"
            )
            yield f"  {r['entrant']:<34}{r['ratio']:>9.3f}  ({low:.3f} to {high:.3f}){speed}"

"""Stored ratios, and the sentences for those that fell."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from serkit.errors import UserError

Rows = Mapping[str, Mapping[str, Any]]
SCHEMA = 1
NEEDED = ("ratio", "anchor", "work", "full", "threads", "machine")
"""What a stored row must have to be compared with."""


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
    """Rows of a stored run by name. UserError where the file is absent or is something else."""
    again = "store it again with --store, in pytest --ratio-store"
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; store one first with --store, in pytest --ratio-store.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); name a file of stored rows.") from None
    except ValueError as error:
        raise UserError(f"{path} is no JSON ({error}); {again}.") from None
    rows = found.get("rows") if isinstance(found, dict) and found.get("schema") == SCHEMA else None
    if not isinstance(rows, dict):
        raise UserError(f"{path} is no file of rows of schema {SCHEMA}; {again}.")
    for name, row in rows.items():
        lacking = [k for k in NEEDED if k not in row] if isinstance(row, dict) else ["everything"]
        if lacking or not _is_ratio(row["ratio"]) or not isinstance(row["machine"], dict):
            raise UserError(f"The row {name!r} of {path} is damaged ({', '.join(lacking) or 'its values'}); {again}.")
    return rows


def _is_ratio(value: Any) -> bool:
    """Whether a ratio can be compared with: nothing is below NaN, and next to nothing below 0."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def check_place(path: Path) -> None:
    """Raise UserError unless rows can be stored in the file ``path``, found out before they are measured."""
    if path.exists():
        read(path)
    elif not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent} to store rows in; make it first.")


def store(rows: Rows, path: Path) -> None:
    """Write ``rows`` into the file; rows in it that are not among them stay."""
    kept = read(path) if path.exists() else {}
    merged = {**kept, **rows}
    lines = [f"{json.dumps(name)}: {json.dumps(merged[name])}" for name in sorted(merged)]  # a line a row, to diff
    body = ",\n".join(lines)
    path.write_text(f'{{"schema": {SCHEMA}, "rows": {{\n{body}\n}}}}\n', "utf-8")


def regressions(rows: Rows, stored: Rows, allowed: float) -> list[str]:
    """One sentence for each of our rows that lost more than ``allowed`` of its stored ratio or cannot be compared,
    and one where nothing was timed.

    Rows of others are not judged: what they lose is no fault of ours.
    """
    sentences = [] if rows else ["No bench left a row to compare."]
    for name, now in rows.items():
        if not now["ours"]:
            continue
        before = stored.get(name)
        if before is None:
            sentences.append(f"{name} has no stored row; store one with --store, in pytest --ratio-store.")
        elif unlike := [k for k in ("anchor", "work", "full", "threads") if before[k] != now[k]]:
            had, has = (", ".join(f"{k} {r[k]!r}" for k in unlike) for r in (before, now))
            sentences.append(f"{name} was stored with {had} and ran with {has}; compare runs of the same work.")
        elif now["ratio"] < before["ratio"] * (1.0 - allowed):
            lost = 1.0 - now["ratio"] / before["ratio"]
            sentences.append(
                f"{name} has a ratio of {_short(now['ratio'])} to {now['anchor']}, stored {_short(before['ratio'])}: "
                f"{lost:.0%} less, allowed {allowed:.0%}{_elsewhere(before, now)}."
            )
    return sentences


def _short(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3g}"


def _elsewhere(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What to know of a comparison between machines: their ratios need not be the same."""
    had, has = (_machine(row) for row in (before, now))
    return "" if had == has else f"; it was stored on another machine ({had})"


def elsewhere(rows: Rows, stored: Rows) -> str:
    """A sentence where any of ``rows`` was stored on another machine; nothing otherwise."""
    found = {_machine(stored[name]) for name in rows if name in stored} - set(map(_machine, rows.values()))
    if not found:
        return ""
    return (
        f"The baseline was stored on another machine ({'; '.join(sorted(found))}), whose ratios need not be the same: "
        "store one on this machine to be sure."
    )


def _machine(row: Mapping[str, Any]) -> str:
    return f"{row['machine'].get('cpu')}, {row['machine'].get('isa')}"


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

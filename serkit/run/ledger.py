"""Counts how often the test folds of a recipe were read on this machine: looking often is choosing by them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from serkit.data.fetch import cache_dir


def ledger_path() -> Path:
    """One JSON line a full test evaluation."""
    return cache_dir() / "ledger.jsonl"


def record(
    *, dataset: str, protocol_hash: str, recipe: str, run: Path, uar: float | None, warn: Callable[[str], None]
) -> dict[str, int] | None:
    """Add one test evaluation; returns how many there have been of this recipe and of this protocol, this included.

    A finished run must not be lost to its bookkeeping: a ledger that cannot be written is told to ``warn`` in a
    sentence, and None is returned; lines of it that are damaged are counted out and told too.
    """
    path = ledger_path()
    line: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "dataset": dataset,
        "protocol_hash": protocol_hash,
        "recipe": recipe,
        "run": str(run),
        "uar": uar,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a", encoding="utf-8") as f:
            f.write(json.dumps(line) + "\n")
        texts = [t for t in path.read_text(encoding="utf-8", errors="replace").splitlines() if t.strip()]
    except OSError as error:
        warn(
            f"{path} cannot be written ({error.strerror}), so this evaluation is not counted; set SERKIT_CACHE to a "
            "folder you may write to."
        )
        return None
    rows = [r for t in texts if (r := _row(t)) is not None]
    if len(rows) < len(texts):
        warn(f"{path} has {len(texts) - len(rows)} damaged line(s), which are not counted; delete them.")
    return {
        "recipe": sum(r["recipe"] == recipe for r in rows),
        "protocol": sum(r["protocol_hash"] == protocol_hash for r in rows),
    }


def _row(text: str) -> dict[str, Any] | None:
    try:
        row = json.loads(text)
        return {"recipe": row["recipe"], "protocol_hash": row["protocol_hash"]}
    except (ValueError, KeyError, TypeError):
        return None

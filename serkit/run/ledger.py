"""Counts how often the test folds of a recipe were read on this machine: looking often is choosing by them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from serkit.data.fetch import cache_dir


def ledger_path() -> Path:
    """One JSON line a full test evaluation."""
    return cache_dir() / "ledger.jsonl"


def record(*, dataset: str, protocol_hash: str, recipe: str, run: Path, uar: float | None) -> dict[str, int]:
    """Add one test evaluation; returns how many there have been of this recipe and of this protocol, this included."""
    path = ledger_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    line: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "dataset": dataset,
        "protocol_hash": protocol_hash,
        "recipe": recipe,
        "run": str(run),
        "uar": uar,
    }
    with open(path, "a", encoding="utf-8") as f:
        f.write(json.dumps(line, ensure_ascii=False) + "\n")
    rows = [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines() if text.strip()]
    return {
        "recipe": sum(r["recipe"] == recipe for r in rows),
        "protocol": sum(r["protocol_hash"] == protocol_hash for r in rows),
    }

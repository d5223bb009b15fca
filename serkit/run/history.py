"""What ``history.csv`` of each fold says of the epochs: development UAR, and which epoch was kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from serkit.errors import RunFolderError
from serkit.run import folder
from serkit.types import Fold


def dev_scores(run: Path, seeds: int, folds: Sequence[Fold], select: str) -> dict[str, Any]:
    """Mean development UAR at the last and at the best epoch of the run in the folder ``run``, and which epochs were
    kept: with ``select`` "best" or "last", or, where no fold has a development part, the last."""
    select = select if any(f.dev for f in folds) else "last"
    last, best = [], []
    epochs: dict[str, int] = {}
    for seed in range(seeds):
        for fold in folds:
            rows, key = read_history(folder.fold(run, seed, fold.name)), f"{seed}-{fold.name}"
            uars = [(uar, epoch) for epoch, uar in rows if uar is not None]
            if not uars:  # no development part, or an estimator, which has no epochs
                epochs |= {key: rows[-1][0]} if rows else {}
                continue
            top = max(uars, key=lambda pair: (pair[0], -pair[1]))
            last.append(uars[-1][0])
            best.append(top[0])
            epochs[key] = uars[-1][1] if select == "last" else top[1]
    means = {name: float(np.mean(v)) if v else None for name, v in (("last", last), ("best", best))}
    return {"select": select, **means, "epochs": epochs}


def read_history(path: Path) -> list[tuple[int, float | None]]:
    """Epochs and their development UAR, if any, of the fold in the folder ``path``; an estimator has none.

    Raises RunFolderError if the file is damaged.
    """
    history = path / "history.csv"
    if not history.exists():
        return []
    try:
        rows = [line.split(",") for line in history.read_text(encoding="utf-8").splitlines()[1:]]
        return [(int(r[0]), float(r[4]) if r[4] else None) for r in rows]
    except (OSError, ValueError, IndexError) as error:
        raise RunFolderError(
            f"{history} is damaged ({error}); delete the folder {path} and continue the run with --resume, "
            "which trains the fold again."
        ) from None

"""How spread attention is: the normalised entropy of a model's weights, for each test utterance."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.data.batches import collate
from serkit.errors import PluginError, RunFolderError, blame
from serkit.run import folder
from serkit.run.files import write_text
from serkit.run.fold import FoldJob, evaluation_units, tensors
from serkit.types import Fold

FILE = "attention.csv"
"""``id,entropy`` of the test utterances of a fold; only where the architecture has weights."""

_BATCH = 64


def write_entropy(job: FoldJob, model: Any, transforms: Any) -> None:
    """Write ``attention.csv`` of the fold's test utterances; nothing where the model has no attention. Raises
    PluginError if the architecture fails or gives what are no weights."""
    import torch

    if not job.fold.test or not isinstance(model, torch.nn.Module):
        return
    found = entropies(job, model, transforms, job.fold.test)
    if found is None:
        return
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("id", "entropy"))
    writer.writerows((i, "" if x is None else repr(x)) for i, x in zip(job.fold.test, found, strict=True))
    write_text(job.folder / FILE, text.getvalue())


def entropies(job: FoldJob, module: Any, transforms: Any, ids: Sequence[str]) -> list[float | None] | None:
    """The entropy of each utterance, the mean over its units; None where undefined, and for all without attention.

    Units of one length make a batch, so that no weight stands on padding that a longer unit brought.
    """
    import torch

    units = evaluation_units(job, ids, transforms)
    by_length: dict[tuple[int, ...], list[int]] = {}
    for k in range(len(units)):
        by_length.setdefault(tuple(len(rows[k]) for rows in units.arrays.values()), []).append(k)
    found: dict[int, list[float]] = {}
    module.eval()
    for members in by_length.values():
        for start in range(0, len(members), _BATCH):
            index = members[start : start + _BATCH]
            batch = tensors(collate(units, index, min_frames=job.architecture.min_frames), job.device)
            with torch.inference_mode(), blame(job.named, "attention()"):
                weights = job.architecture.attention(module, batch)
            if weights is None:
                return None
            values = normalised_entropy(_checked(weights, len(index), job.named))
            for k, value in zip(index, values, strict=True):
                if np.isfinite(value):
                    found.setdefault(int(units.utterance[k]), []).append(float(value))
    return [float(np.mean(found[k])) if k in found else None for k in range(len(ids))]


def normalised_entropy(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy ``[B]`` of weights ``[B, T]`` or ``[B, heads, T]`` that are not negative: -sum w ln w / ln T, of weights
    scaled to sum 1, the mean over heads. 0: all on one position, 1: uniform; NaN for a single position."""
    positions = weights.shape[-1]
    if positions < 2:
        return np.full(len(weights), np.nan)
    share = weights / weights.sum(-1, keepdims=True)
    logs = np.log(share, out=np.zeros_like(share), where=share > 0)  # 0 ln 0 = 0
    entropy = -(share * logs).sum(-1) / np.log(positions)
    return np.asarray(entropy.reshape(len(weights), -1).mean(1))


def _checked(weights: Any, n: int, plugin: str) -> NDArray[np.float64]:
    array = np.asarray(weights.detach().double().cpu().numpy())
    fits = array.ndim in (2, 3) and len(array) == n
    if not fits or not (array >= 0).all() or not (array.sum(-1) > 0).all():
        raise PluginError(
            f"The {plugin} returned {list(array.shape)} from attention() for {n} units; weights [B, T] or "
            "[B, heads, T], none of them negative, are expected."
        )
    return array


def summary(run: Path, seeds: int, folds: Sequence[Fold]) -> dict[str, Any] | None:
    """The table ``attention`` of ``metrics.json``: the mean entropy over the test utterances of all folds (of each
    seed, then over seeds), that of each fold, and of how many utterances it is; None without attention."""
    per_seed: list[dict[str, list[float]]] = []
    for seed in range(seeds):
        read = {fold.name: _read(folder.fold(run, seed, fold.name)) for fold in folds}
        if any(values is None for values in read.values()):
            return None
        per_seed.append({name: values for name, values in read.items() if values is not None})
    pooled = [np.concatenate(list(one.values())) for one in per_seed]
    if not all(len(x) for x in pooled):
        return None
    return {
        "entropy": float(np.mean([x.mean() for x in pooled])),
        "per_fold": {
            fold.name: float(np.mean([np.mean(one[fold.name]) for one in per_seed]))
            if all(one[fold.name] for one in per_seed)
            else None
            for fold in folds
        },
        "utterances": len(pooled[0]),
    }


def _read(fold: Path) -> list[float] | None:
    path = fold / FILE
    if not path.exists():
        return None
    try:
        rows: list[Mapping[str, str]] = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        return [float(row["entropy"]) for row in rows if row["entropy"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunFolderError(f"{path} is damaged ({error}); delete it, the run does without.") from None

"""``[search]``: in each fold every candidate is trained, and the best on the development speakers predicts the test.

Test speakers take no part in the choice. A candidate is trained as a run with its values would train it, from the same
seeds, so the chosen one gives the very predictions of that run.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from serkit import config
from serkit.errors import ProtocolError, RunFolderError
from serkit.host import Host
from serkit.run import folder, grid
from serkit.run.events import Events
from serkit.run.files import read_json, write_bytes, write_json
from serkit.run.fold import FoldJob
from serkit.run.models import load_fold_model
from serkit.run.recipe import Recipe, variants
from serkit.run.train_fold import Prepared, fit, posteriors, prepare, recall_mean
from serkit.types import Fold, Protocol

FILE = "search.json"
"""Beside a fold's model: ``{"candidates": [{"values", "dev_uar"}], "chosen": number}``."""

_KEPT = ("model.safetensors", "transforms.safetensors", "history.csv")


@dataclass(frozen=True)
class Candidate:
    """Values of the searched keys (``{path: value}``; none without a search) and the recipe that has them."""

    values: Mapping[str, Any]
    recipe: Recipe


def candidates(recipe: Recipe, host: Host) -> list[Candidate]:
    """The candidates in the order of the grid; without ``[search]`` the recipe itself."""
    return [Candidate(*pair) for pair in variants(recipe, "search", host)] or [Candidate({}, recipe)]


def check_folds(recipe: Recipe, protocol: Protocol, folds: Sequence[Fold]) -> None:
    """Raise ProtocolError if something is searched and a fold has no development part to choose on."""
    if recipe.search and not all(f.dev for f in folds):
        keys = ", ".join(recipe.search)
        example = next(f"--set {path}={grid.value_words(values[-1])}" for path, values in recipe.search.items())
        raise ProtocolError(
            f"{keys} would be chosen on development speakers ([search]), but {protocol.full_name} has no development "
            f"part in every fold; take another protocol, or give one value, e.g. {example}."
        )


def chosen(recipe: Recipe, fold: Path, host: Host) -> Recipe:
    """The recipe of the model in the folder ``fold``: ``recipe`` with what the fold chose. Raises RunFolderError if
    that is not there or damaged."""
    if not recipe.search:
        return recipe
    record = read_record(fold)
    values = record["candidates"][record["chosen"]]["values"]
    for candidate in candidates(recipe, host):
        if grid.plain(candidate.values) == values:
            return candidate.recipe
    raise RunFolderError(
        f"{fold / FILE} names values that the recipe does not search; delete the folder {fold} and continue the run "
        "with --resume."
    )


def read_record(fold: Path) -> dict[str, Any]:
    """``search.json`` of a fold. Raises RunFolderError if it is missing or damaged."""
    record = read_json(fold / FILE)
    try:
        record["candidates"][record["chosen"]]["values"], record["candidates"][record["chosen"]]["dev_uar"]
    except (KeyError, TypeError, IndexError):
        raise RunFolderError(
            f"{fold / FILE} is damaged; delete the folder {fold} and continue the run with --resume."
        ) from None
    return dict(record)


def train_best(jobs: Sequence[tuple[Candidate, FoldJob]], host: Host, events: Events) -> tuple[FoldJob, Any, Any]:
    """Train every candidate of a fold that is not trained yet and put the best one's files into the fold's folder.

    ``jobs`` are the candidates with jobs in the fold's folder. Returns the job, model and transforms of the candidate
    of the highest development UAR, the first of several. Its folder ``search/`` holds the candidates until the fold is
    predicted (:func:`clean`), so that an interrupted search goes on.
    """
    home = jobs[0][1].folder
    if not (home / FILE).exists():
        scores = _scores(jobs, host, events)
        best = int(np.argmax(scores))  # the first of several
        for name in _KEPT:
            source = home / "search" / str(best) / name
            if source.exists():  # estimators have no history
                write_bytes(home / name, source.read_bytes())
        rows = [{"values": grid.plain(c.values), "dev_uar": score} for (c, _), score in zip(jobs, scores, strict=True)]
        write_json(home / FILE, {"candidates": rows, "chosen": best})
    candidate, job = jobs[read_record(home)["chosen"]]
    model, transforms = _load(candidate, job, host)
    return job, model, transforms


def clean(fold: Path) -> None:
    """Delete the models of the candidates that were not chosen."""
    shutil.rmtree(fold / "search", ignore_errors=True)


def _scores(jobs: Sequence[tuple[Candidate, FoldJob]], host: Host, events: Events) -> list[float]:
    """Development UAR of each candidate, in order."""
    scores: list[float] = []
    made: dict[str, tuple[Path, Prepared]] = {}
    for number, (candidate, whole) in enumerate(jobs):
        started = time.perf_counter()
        job = replace(whole, folder=whole.folder / "search" / str(number))
        done, key = job.folder / "score.json", _preparation(candidate.recipe, job)
        if done.exists():
            scores.append(float(read_json(done)["dev_uar"]))
            events.candidate_done(job.fold.name, job.seed, _line(candidate, job, scores[-1], "kept"))
            continue
        job.folder.mkdir(parents=True, exist_ok=True)
        if key in made:
            source, prepared = made[key]
            write_bytes(job.folder / "transforms.safetensors", source.read_bytes())
        else:
            prepared = prepare(job)
            made = {key: (job.folder / "transforms.safetensors", prepared)}  # one at a time: units are large
        model = fit(job, prepared, events)
        predicted = posteriors(job, model, prepared.transforms, job.fold.dev).argmax(axis=1)
        scores.append(recall_mean(job.targets(job.fold.dev), predicted))
        write_json(done, {"dev_uar": scores[-1]})
        (job.folder / "last.safetensors").unlink(missing_ok=True)
        events.candidate_done(
            job.fold.name, job.seed, _line(candidate, job, scores[-1], f"{time.perf_counter() - started:.0f} s")
        )
    return scores


def _preparation(recipe: Recipe, job: FoldJob) -> str:
    """Equal for candidates that share transforms and training units."""
    settings = config.dump(recipe.architecture)
    for name in getattr(job.architecture, "after_transforms", ()):
        settings.pop(name, None)
    return repr((settings, recipe.features, recipe.training.crop))


def _load(candidate: Candidate, job: FoldJob, host: Host) -> tuple[Any, Any]:
    import torch

    rows = {name: job.table.rows(name, job.any_one)[0] for name in job.table.names}
    model = load_fold_model(candidate.recipe, job.folder, job.labels, rows, host)
    if isinstance(model.module, torch.nn.Module):
        model.module.to(job.device)
    return model.module, model.transforms


def _line(candidate: Candidate, job: FoldJob, uar: float, how: str) -> str:
    from serkit.run.report.facts import tenths

    return f"seed {job.seed} fold {job.fold.name}, {grid.words(candidate.values)}: dev UAR {tenths(uar)} %, {how}"


def summary(run: Path, seeds: int, folds: Sequence[Fold]) -> dict[str, Any] | None:
    """The table ``search`` of ``metrics.json``: for each candidate its values, mean development UAR over folds and
    seeds and how often it was chosen, and what each fold chose; None for a run that searched nothing."""
    records = {
        path.name: read_record(path)
        for path in (folder.fold(run, seed, fold.name) for seed in range(seeds) for fold in folds)
        if (path / FILE).exists()
    }
    if not records:
        return None
    first = next(iter(records.values()))["candidates"]
    return {
        "candidates": [
            {
                "values": row["values"],
                "dev_uar": float(np.mean([r["candidates"][k]["dev_uar"] for r in records.values()])),
                "chosen": sum(r["chosen"] == k for r in records.values()),
            }
            for k, row in enumerate(first)
        ],
        "folds": {name: dict(r["candidates"][r["chosen"]]) for name, r in records.items()},
    }

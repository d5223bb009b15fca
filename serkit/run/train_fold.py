"""Trains one fold, and predicts its development and test utterances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.data.batches import Units
from serkit.errors import PluginError, blame
from serkit.run import seeds
from serkit.run.events import Events
from serkit.run.fitted import Fitted, load_transforms
from serkit.run.fold import FoldJob, evaluation_units, fit_estimator, fit_transforms, training_units
from serkit.run.posteriors import merge_units, softmax
from serkit.run.predictions import Predictions, Segments


@dataclass(frozen=True)
class Prepared:
    """What a model of a fold is trained on: fitted transforms, training units and their class indices ``[N]``."""

    transforms: dict[str, Fitted]
    units: Units
    targets: NDArray[np.int64]


def prepare(job: FoldJob) -> Prepared:
    """Fit the transforms of the fold, or load those that an interrupted run left, and make its training units."""
    job.folder.mkdir(parents=True, exist_ok=True)
    path = job.folder / "transforms.safetensors"
    transforms = load_transforms(job.architecture, path, job.named) if path.exists() else fit_transforms(job)
    return Prepared(transforms, *training_units(job, transforms))


def fit(job: FoldJob, prepared: Prepared, events: Events) -> Any:
    """A trained module or estimator, whose selected weights are also in ``model.safetensors``."""
    import torch

    model = build(job, prepared.transforms)
    if isinstance(model, torch.nn.Module):
        from serkit.run.trainer import fit_module

        if job.architecture.learns_from != "train":
            raise PluginError(f"The {job.named} learns from {job.architecture.learns_from!r}; only estimators may.")
        fit_module(job, model, prepared.units, prepared.targets, prepared.transforms, events)
    else:
        fit_estimator(job, model, prepared.units, prepared.targets)
    return model


def build(job: FoldJob, transforms: Mapping[str, Fitted]) -> Any:
    """A new module or estimator of the fold."""
    with seeds.torch_seeded(job.seed, job.fold.name, "init"), blame(job.named, "build()"):
        return job.architecture.build(job.context(transforms))


def posteriors(job: FoldJob, model: Any, transforms: Any, ids: Sequence[str]) -> NDArray[np.float64]:
    """Posteriors ``[N, K]`` of the utterances ``ids``."""
    units, logits = unit_posteriors(job, model, transforms, ids)
    return merge_units(logits, units.utterance, len(ids), job.unit.merge)


def unit_posteriors(job: FoldJob, model: Any, transforms: Any, ids: Sequence[str]) -> tuple[Units, NDArray[np.float64]]:
    """The units of the utterances ``ids`` and their logits ``[N, K]``; those of utterances that an estimator learnt
    from are by estimators that were fitted on others."""
    from serkit.run.crossfit import cross_fitted
    from serkit.run.trainer import job_logits

    units = evaluation_units(job, ids, transforms)
    logits = job_logits(job, model, units)
    if job.architecture.learns_from == "dev":
        mine = np.flatnonzero(np.isin(np.array(ids)[units.utterance], job.learned))
        logits[mine] = cross_fitted(job, lambda: build(job, transforms), *training_units(job, transforms))
    return units, logits


def predict(job: FoldJob, model: Any, transforms: Any) -> Predictions:
    """Predict development and test utterances and write them, before any metric is computed."""
    ids, split = [*job.fold.dev, *job.fold.test], ["dev"] * len(job.fold.dev) + ["test"] * len(job.fold.test)
    if not ids:  # a final model: nothing to predict, and the file says that the fold is finished
        nothing = np.zeros((0, len(job.labels)))
        none = Predictions((), (), (), nothing.argmax(axis=1), nothing.argmax(axis=1), nothing, job.labels)
        none.write(job.folder / "predictions.csv")
        return none
    units, logits = unit_posteriors(job, model, transforms, ids)
    if job.unit.frames:
        first: dict[int, int] = {}
        for k, s in enumerate(units.segments):
            first.setdefault(s.utterance, k)
        Segments(
            ids=tuple(ids[s.utterance] for s in units.segments),
            split=tuple(split[s.utterance] for s in units.segments),
            segment=np.array([k - first[s.utterance] for k, s in enumerate(units.segments)], np.int64),
            start_frame=np.array([s.start for s in units.segments], np.int64),
            frames=np.array([s.frames for s in units.segments], np.int64),
            posteriors=softmax(logits),
            labels=job.labels,
        ).write(job.folder / "segments.csv")
    merged = merge_units(logits, units.utterance, len(ids), job.unit.merge)
    predictions = Predictions(
        ids=tuple(ids),
        split=tuple(split),
        speaker=tuple(job.speakers[i] for i in ids),
        truth=job.targets(ids),
        predicted=merged.argmax(axis=1),
        posteriors=merged,
        labels=job.labels,
    )
    predictions.write(job.folder / "predictions.csv")
    return predictions


def fold_line(p: Predictions, seed: int, name: str, seconds: float) -> str:
    """One line about a finished fold."""
    from serkit.run.report.facts import tenths

    scores = {}
    for split in ("dev", "test"):
        part = p.only(split)
        if len(part.ids):
            scores[split] = recall_mean(part.truth, part.predicted)
    words = "".join(f"{split} UAR {tenths(score)} %, " for split, score in scores.items()) or "no score, "
    return f"seed {seed} fold {name}: {words}{seconds:.0f} s"


def recall_mean(truth: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """UAR over the classes present in ``truth``."""
    hit = predicted == truth
    return float(np.mean([hit[truth == k].mean() for k in np.unique(truth)]))

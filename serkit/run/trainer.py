"""The host's training loop: one for every architecture."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from serkit.data.batches import Units
from serkit.errors import PluginError, RunFolderError, UserError, blame
from serkit.nn.augment import augment, mixup
from serkit.nn.losses import cross_entropy
from serkit.nn.optimizers import make_optimizer, rate, set_rate
from serkit.run import seeds
from serkit.run.epochs import Epochs
from serkit.run.events import Events
from serkit.run.files import read_arrays, write_arrays, write_text
from serkit.run.fold import FoldJob, collate_units, evaluation_units, forward, tensors, unit_logits
from serkit.run.posteriors import merge_units
from serkit.run.targets import class_weights
from serkit.run.train_fold import recall_mean
from serkit.types import Training

HISTORY = ("epoch", "step", "lr", "train_loss", "dev_uar", "dev_war", "seconds")


@dataclass
class Progressed:
    """How far a fold is; saved with the weights so that ``--resume`` goes on from here."""

    epoch: int = 0
    step: int = 0
    best_uar: float | None = None
    best_epoch: int = 0
    history: tuple[tuple[float | None, ...], ...] = ()


def fit_module(
    job: FoldJob, module: nn.Module, train: Units, targets: NDArray[np.int64], transforms: Any, events: Events
) -> None:
    """Train ``module`` in place, leaving the selected weights in it and in ``model.safetensors``."""
    training = job.training
    module.to(job.device)
    if not any(p.requires_grad for p in module.parameters()):
        raise PluginError(f"The {job.named} built a module without parameters to train; give it some, or an estimator.")
    with blame(job.named, "rate_factors"):
        optimizer = make_optimizer(module, training)
    done = _resume(job, module, optimizer)
    dev = evaluation_units(job, job.fold.dev, transforms) if job.fold.dev else None
    epochs = Epochs(job, transforms, train, targets)
    weights = class_weights(epochs.targets, len(job.labels), training)
    counts = torch.tensor(weights, dtype=torch.float32, device=job.device)
    total = training.steps or epochs.steps * training.epochs
    while not _finished(done, training):
        started = time.perf_counter()
        with seeds.torch_seeded(job.seed, job.fold.name, "epoch", done.epoch):
            loss, lr = _epoch(job, module, optimizer, epochs, counts, done, total, events)
        done.epoch += 1
        uar, war = _dev_scores(job, module, dev)
        done.history += ((done.epoch, done.step, lr, loss, uar, war, round(time.perf_counter() - started, 3)),)
        better = uar is not None and (done.best_uar is None or uar > done.best_uar)
        if better:
            done.best_uar, done.best_epoch = uar, done.epoch
        if training.select == "last" or uar is None or better:
            _save_model(job, module, done)
        _write_history(job, done)
        _checkpoint(job, module, optimizer, done)
        events.epoch_done(job.fold.name, done.epoch, loss, uar)
    arrays, _ = read_arrays(job.folder / "model.safetensors")
    module.load_state_dict({k: torch.from_numpy(v) for k, v in arrays.items()})


def _epoch(
    job: FoldJob,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    epochs: Epochs,
    weights: Tensor,
    done: Progressed,
    total: int,
    events: Events,
) -> tuple[float, float]:
    training, epoch = job.training, done.epoch
    rng = seeds.rng(job.seed, job.fold.name, "batches", epoch)
    module.train()
    losses, lr = [], training.lr
    data = epochs.epoch(epoch, rng)
    for number, index in enumerate(data.batches, start=1):
        if training.steps and done.step >= training.steps:
            break
        lr = rate(training, done.step, total, epoch)
        set_rate(optimizer, lr)
        made = collate_units(data.units, index, job.architecture, crop=training.crop, rng=rng)
        inputs = tensors(made, job.device)
        y = torch.from_numpy(data.targets[index]).to(job.device)
        inputs = augment(inputs, training.augment, rng, whole=job.whole, words=job.words)
        if training.augment.mixup:
            inputs, y = mixup(inputs, y, training.augment.mixup, rng)
        losses.append(take_step(job, module, optimizer, inputs, y, weights))
        done.step += 1
        if not math.isfinite(losses[-1]):
            raise UserError(
                f"The loss of {job.plugin!r} stopped being finite in fold {job.fold.name}, epoch {epoch + 1}; lower "
                "training.lr or set training.clip_norm."
            )
        events.batch_done(job.fold.name, epoch + 1, number, len(data.batches), losses[-1])
    return float(np.mean(losses)), lr


def take_step(
    job: FoldJob,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    inputs: Mapping[str, Tensor],
    targets: Tensor,
    weights: Tensor,
) -> float:
    """One training step on a batch, and its loss; ``weights`` ``[K]`` are those of the classes."""
    training = job.training
    with torch.autocast(job.device, torch.bfloat16, enabled=job.bf16):
        logits = forward(module, inputs, len(targets), len(job.labels), job.named)
    loss: Any = cross_entropy(
        logits.float(), targets, weights, smoothing=training.label_smoothing, reduction=training.reduction
    )
    penalty: Any = getattr(module, "penalty", None)
    if penalty is not None:
        with blame(job.named, "penalty()"):
            loss = loss + penalty()
    optimizer.zero_grad(set_to_none=True)
    with blame(job.named, "backward()"):
        loss.backward()
    if training.clip_norm:
        nn.utils.clip_grad_norm_(module.parameters(), training.clip_norm)
    optimizer.step()
    return float(loss.detach())


def _dev_scores(job: FoldJob, module: nn.Module, dev: Units | None) -> tuple[float | None, float | None]:
    if dev is None:
        return None, None
    posteriors = predict_module(job, module, dev, len(job.fold.dev))
    truth, predicted = job.targets(job.fold.dev), posteriors.argmax(axis=1)
    return recall_mean(truth, predicted), float((predicted == truth).mean())


def predict_module(job: FoldJob, module: Any, units: Units, n_utterances: int) -> NDArray[np.float64]:
    """Posteriors ``[n_utterances, K]`` by the unit's merge rule."""
    logits = job_logits(job, module, units)
    return merge_units(logits, units.utterance, n_utterances, job.unit.merge)


def job_logits(job: FoldJob, module: Any, units: Units) -> NDArray[np.float64]:
    """Unit logits ``[N, K]`` under the job's device and precision."""
    return unit_logits(
        module,
        units,
        job.architecture,
        batch=max(64, job.training.batch),
        device=job.device,
        bf16=job.bf16,
        plugin=job.named,
        n_classes=len(job.labels),
    )


def _finished(done: Progressed, training: Training) -> bool:
    if training.steps:
        return done.step >= training.steps
    stale = training.patience and done.best_uar is not None and done.epoch - done.best_epoch >= training.patience
    return done.epoch >= training.epochs or bool(stale)


def _arrays(prefix: str, state: dict[str, Tensor]) -> dict[str, NDArray[Any]]:
    return {f"{prefix}{k}": v.detach().cpu().numpy() for k, v in state.items()}


def _save_model(job: FoldJob, module: nn.Module, done: Progressed) -> None:
    record = {"epoch": done.epoch, "dev_uar": done.history[-1][4], "labels": list(job.labels)}
    write_arrays(job.folder / "model.safetensors", _arrays("", module.state_dict()), record)


def _write_history(job: FoldJob, done: Progressed) -> None:
    rows = [",".join(HISTORY), *(",".join("" if v is None else repr(v) for v in row) for row in done.history)]
    write_text(job.folder / "history.csv", "\n".join(rows) + "\n")


def _checkpoint(job: FoldJob, module: nn.Module, optimizer: torch.optim.Optimizer, done: Progressed) -> None:
    arrays = _arrays("model/", module.state_dict())
    for number, state in optimizer.state_dict()["state"].items():
        arrays |= _arrays(f"optimizer/{number}/", {k: v for k, v in state.items() if isinstance(v, Tensor)})
    write_arrays(job.folder / "last.safetensors", arrays, asdict(done))


def _resume(job: FoldJob, module: nn.Module, optimizer: torch.optim.Optimizer) -> Progressed:
    path = job.folder / "last.safetensors"
    kept = job.folder / "model.safetensors"
    if not path.exists() or not kept.exists():  # the selected weights were deleted: only a new start makes them again
        return Progressed()
    read_arrays(kept)  # damage is better named now than after the last epoch
    arrays, record = read_arrays(path)
    try:
        state = {k.removeprefix("model/"): torch.from_numpy(v) for k, v in arrays.items() if k.startswith("model/")}
        module.load_state_dict(state)
        saved = optimizer.state_dict()
        for key, value in arrays.items():
            if key.startswith("optimizer/"):
                _, number, name = key.split("/", 2)
                saved["state"].setdefault(int(number), {})[name] = torch.from_numpy(value)
        optimizer.load_state_dict(saved)
        history = tuple(tuple(row) for row in record.pop("history"))
        return Progressed(**record, history=history)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise RunFolderError(
            f"{path} does not fit the model of this recipe ({type(error).__name__}); delete it to train the fold again."
        ) from None

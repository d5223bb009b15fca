"""Whether it learns: gradients everywhere, eight samples by heart, classes in their columns, weights that count."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from serkit.data.batches import Units
from serkit.errors import PluginError, UserError
from serkit.nn.architecture import network_of
from serkit.nn.losses import cross_entropy
from serkit.nn.optimizers import make_optimizer
from serkit.run import seeds
from serkit.run.fold import FoldJob, collate_units, fit_to, forward, tensors
from serkit.run.posteriors import merge_units
from serkit.run.targets import class_weights
from serkit.run.train_fold import Prepared, build, prepare
from serkit.run.trainer import job_logits
from serkit.testing.conformance.architectures import toy
from serkit.testing.conformance.check import Check, Failure, NotApplicable
from serkit.testing.conformance.subjects import LABELS, ArchitectureSubject
from serkit.types import Fold

EIGHT = tuple(f"s{1 + take}-{label}-{take}" for label in LABELS for take in range(2))
"""Two utterances a class, by two speakers."""

ROUNDING = {torch.float64: 1e-12, torch.float32: 1e-7}
"""Of the largest gradient. One that is zero by construction (a bias before a batch normalisation) is a sum whose terms
cancel but for rounding (1e-16 of a term in double precision, over up to 1e3 of them), and what learns is far above. In
single precision the two cannot be told apart, so that only a gradient of less than a rounding counts as none."""

CERTAIN = 1e-4
"""Of the largest gradient: above it no rounding of single precision comes, and double, which is slow, is not asked."""

RATES = (1e-3, 1e-2, 2e-4)

TRIAL, STEPS, LONG = 30, 80, 400
"""Steps of learning by heart: after ``TRIAL`` a rate at which the loss fell by less than a tenth is left for the next,
one that does better has ``STEPS``, and where none suffices the best one has ``LONG``, for models that begin slowly."""


def check_gradients(subject: ArchitectureSubject) -> None:
    """A training step moves every parameter that requires a gradient."""
    with toy.job(subject) as job:
        prepared = prepare(job)
        built = build(job, prepared.transforms)
        network = network_of(built)
        if network is None:
            raise NotApplicable("it has no network")
        if network is built:
            dead = _dead(job, network, prepared)
            how = f"build() with seed 0, the gradient of the loss of each of two batches of {len(LABELS)} utterances."
        elif len(prepared.units):
            before = {n: p.detach().clone() for n, p in network.named_parameters() if p.requires_grad}
            fit_to(job, built, prepared.units, prepared.targets)
            after = dict(network.named_parameters())
            dead = [n for n, p in before.items() if n in after and torch.equal(p, after[n])]
            how = f"fit() on {len(prepared.units)} units; these are as they were before."
        else:
            raise NotApplicable("it learns from nothing")
    if dead:
        raise Failure(
            f"No gradient reaches {len(dead)} parameter{'s' if len(dead) > 1 else ''}: {', '.join(dead[:8])}"
            f"{' ...' if len(dead) > 8 else ''}.",
            reproduce=how,
            cause="a layer that forward() does not use, .detach(), torch.no_grad() or .data on the way, a hard "
            "decision (argmax); freeze it with requires_grad_(False) if that is meant. The gradient of a bias before a "
            "batch normalisation, or of the scores that a softmax turns into attention, is zero by construction: "
            "leave it out (bias=False), or name it in expected_failed_checks.",
        )


def check_learns_eight(subject: ArchitectureSubject) -> None:
    """Eight samples of four classes are learnt by heart, without dropout: each is right in evaluation mode."""
    learns = subject.architecture().learns_from
    if learns == "nothing":
        raise NotApplicable("it learns from nothing")
    rest = tuple(i for i in toy.IDS if i not in EIGHT)
    fold = Fold(name="eight", train=rest, dev=EIGHT, test=()) if learns == "dev" else replace(toy.FOLD_B, train=EIGHT)
    with toy.job(subject, fold=fold) as job:
        prepared = prepare(job)
        if not subject.is_network:
            trained, told = toy.train(job), "fit(), then predict_proba() of the same samples"
            wrong = _wrong(trained, trained.units(EIGHT))
        else:
            wrong, told = _learnt_by_heart(job, prepared)
    if wrong:
        raise Failure(
            f"{len(wrong)} of {len(EIGHT)} samples are not learnt, {wrong[0]!r} for one.",
            reproduce=f"{told}.",
            cause="a softmax on the logits before the host's cross-entropy, an output that is in another order in "
            "evaluation mode, batch statistics that never settle, posteriors whose columns are not the "
            "classes, or too strong a penalty.",
        )


def check_columns(subject: ArchitectureSubject) -> None:
    """predict_proba gives [N, K], rows of non-negative values that sum to one, column k the class k, seen or not."""
    with toy.job(subject, fold=_estimator_fold(subject)) as job:
        prepared = prepare(job)
        for missing in (None, LABELS.index("happy")):
            inputs, targets = _without(prepared, missing)
            model = build(job, prepared.transforms)
            if len(targets):
                try:
                    _fit(job, model, inputs, targets)
                except UserError:
                    if missing is None:
                        raise
                    continue  # it says in words that it needs every class
            p = np.asarray(model.predict_proba(prepared.units.arrays if len(targets) else _others(job, prepared)))
            n = len(prepared.units) or len(toy.FOLD_B.test)
            seen = "all classes" if missing is None else f"the classes without {LABELS[missing]!r}"
            how = f"fit() on {len(targets)} units of {seen}, then predict_proba() of {n}."
            if p.shape != (n, len(LABELS)):
                raise Failure(
                    f"predict_proba gives {list(p.shape)}; [N, K] = [{n}, {len(LABELS)}] is needed.",
                    reproduce=how,
                    cause="columns only for the classes that fit() saw (scikit-learn's predict_proba); put them into "
                    "zeros [N, K] at model.classes_.",
                )
            # posteriors may be single precision: a sum of K values errs by K times 1e-7
            if not np.isfinite(p).all() or (p < 0).any() or np.abs(p.sum(axis=1) - 1).max() > 1e-5:
                k = int(np.argmax(np.where(np.isfinite(p).all(axis=1), np.abs(p.sum(axis=1) - 1), np.inf)))
                raise Failure(
                    f"A row of predict_proba is {[float(f'{v:.4g}') for v in p[k]]}, of sum {p[k].sum():.6g}.",
                    reproduce=how,
                    cause="scores that are not posteriors; take their softmax, or divide by their sum.",
                )
            _check_order(p, prepared.targets, targets, how)


def check_weights(subject: ArchitectureSubject) -> None:
    """fit() heeds its weights: of two labels of the same samples, the heavier one is the more probable."""
    fold = _estimator_fold(subject)
    reads = getattr(subject.architecture(), "reads_training", None)
    if reads is not None and "class_weights" not in reads:
        raise NotApplicable("its reads_training leaves class_weights out, so all weights are one")
    with toy.job(subject, fold=fold) as job:
        prepared = prepare(job)
        if not len(prepared.units):
            raise NotApplicable("it learns from nothing")
        mine = np.flatnonzero(prepared.targets == 0)
        rest = np.flatnonzero(prepared.targets > 1)
        index = np.concatenate([mine, mine, rest])
        targets = np.concatenate([np.zeros_like(mine), np.ones_like(mine), prepared.targets[rest]])
        inputs = _rows(prepared.units.arrays, index)
        leads = []
        for heavy in (0, 1):
            weights = np.where(targets == heavy, 10.0, 1.0)
            model = build(job, prepared.transforms)
            model.fit(inputs, targets, seeds.rng(0, "weights"), weights)
            p = np.asarray(model.predict_proba(_rows(prepared.units.arrays, mine)))
            leads.append(float((p[:, 0] - p[:, 1]).mean()))
    # what ten times the weight moves is no rounding
    if not leads[0] > leads[1] + 1e-3:
        raise Failure(
            f"With ten times the weight on {LABELS[0]!r} its posterior leads by {leads[0]:.4f}, with it on "
            f"{LABELS[1]!r} by {leads[1]:.4f}.",
            reproduce=f"fit() with {len(mine)} samples labelled {LABELS[0]!r} and the same labelled {LABELS[1]!r}.",
            cause="fit() does not pass `weights` on (sample_weight of scikit-learn), so that "
            'training.class_weights="balanced" does nothing; if it cannot, leave class_weights out of reads_training.',
        )


class _Double(TorchFunctionMode):
    """Computes in double precision where code asks for single (``x.float()``, ``dtype=torch.float32``)."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is Tensor.float:
            func = Tensor.double
        args = tuple(torch.float64 if a is torch.float32 else a for a in args)
        kwargs = {k: torch.float64 if v is torch.float32 else v for k, v in (kwargs or {}).items()}
        return func(*args, **kwargs)


def _dead(job: FoldJob, module: nn.Module, prepared: Prepared) -> list[str]:
    """Parameters whose gradient is zero, to rounding, in two different batches."""
    if not _unreached(job, module, prepared, torch.float32, CERTAIN):
        return []
    module = build(job, prepared.transforms)
    try:
        with _Double():
            return _unreached(job, module.double(), prepared, torch.float64, ROUNDING[torch.float64])
    except (RuntimeError, TypeError, PluginError):  # a kernel of single precision only
        module = build(job, prepared.transforms)
        return _unreached(job, module, prepared, torch.float32, ROUNDING[torch.float32])


def _unreached(job: FoldJob, module: nn.Module, prepared: Prepared, dtype: torch.dtype, allowed: float) -> list[str]:
    module.train()
    targets, dead = prepared.targets, [""]
    last = len(targets) - 1 - np.unique(targets[::-1], return_index=True)[1]
    largest = {n: 0.0 for n, p in module.named_parameters() if p.requires_grad}
    for number, index in enumerate((np.unique(targets, return_index=True)[1], last)):
        if not dead:
            break  # a second batch is for what a rectifier may have shut in the first
        with seeds.torch_seeded(job.seed, "gradients", number):
            module.zero_grad(set_to_none=True)
            _loss(job, module, prepared, index, dtype).backward()  # type: ignore[no-untyped-call]
        for n, p in module.named_parameters():
            if p.grad is not None and n in largest:
                grad = p.grad.to_dense() if p.grad.is_sparse else p.grad
                largest[n] = max(largest[n], float(grad.abs().max()))
        top = max(largest.values(), default=0.0)
        dead = [n for n, g in largest.items() if not g > allowed * top]
    return dead


def _loss(job: FoldJob, module: nn.Module, prepared: Prepared, index: NDArray[np.int64], dtype: torch.dtype) -> Tensor:
    """The host's loss of a batch."""
    inputs = tensors(collate_units(prepared.units, index, job.architecture), "cpu")
    inputs = {n: x.to(dtype) if x.is_floating_point() else x for n, x in inputs.items()}
    y = torch.from_numpy(prepared.targets[index])
    weights = torch.tensor(class_weights(prepared.targets, len(job.labels), job.training), dtype=dtype)
    logits = forward(module, inputs, len(y), len(job.labels), job.named)
    smoothing, reduction = job.training.label_smoothing, job.training.reduction
    loss: Tensor = cross_entropy(logits.to(dtype), y, weights, smoothing=smoothing, reduction=reduction)
    penalty: Any = getattr(module, "penalty", None)
    return loss if penalty is None else loss + penalty()


def _learnt_by_heart(job: FoldJob, prepared: Prepared) -> tuple[list[str], str]:
    """The utterances that a module does not learn at any rate, and in words how the best one went."""
    rates = list(dict.fromkeys((min(max(job.training.lr, RATES[2]), RATES[1]), *RATES)))
    best, least, wrong, told = rates[0], math.inf, list(EIGHT), ""
    for steps in (STEPS, LONG):
        for rate in rates if steps == STEPS else [best]:
            wrong, losses = _by_heart(job, prepared, rate, steps)
            told = f"{len(losses)} steps at a rate of {rate:g}; the loss went from {losses[0]:.3g} to {losses[-1]:.3g}"
            if not wrong:
                return wrong, told
            if losses[-1] < least:
                best, least = rate, losses[-1]
    return wrong, told


def _by_heart(job: FoldJob, prepared: Prepared, rate: float, steps: int) -> tuple[list[str], list[float]]:
    """Train a new module on all of ``prepared``; the utterances that it gets wrong, and the losses."""
    module = build(job, prepared.transforms)
    every, losses, wrong = np.arange(len(prepared.units)), list[float](), list(EIGHT)
    optimizer = make_optimizer(module, replace(job.training, optimizer="adam", lr=rate, weight_decay=0.0))
    trained = toy.Trained(job, prepared, module)
    units = trained.units(EIGHT)
    while len(losses) < steps and all(map(math.isfinite, losses[-1:])):
        module.train()
        for part in module.modules():
            if isinstance(part, nn.modules.dropout._DropoutNd):
                part.eval()  # what it is for is that little is learnt by heart
        with seeds.torch_seeded(job.seed, "by heart", len(losses)):
            loss = _loss(job, module, prepared, every, torch.float32)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(module.parameters(), job.training.clip_norm or math.inf)
        optimizer.step()
        losses.append(float(loss.detach()))
        if steps == STEPS and len(losses) == TRIAL and not losses[-1] < 0.9 * losses[0]:
            break
        # to ask is as slow as a step, so it is asked more often where the loss is below that of a guess among two
        if len(losses) % (5 if losses[-1] < math.log(2) else 20) == 0:
            wrong = _wrong(trained, units)
            if not wrong:
                break
    return wrong, losses


def _wrong(trained: toy.Trained, units: Units) -> list[str]:
    """The utterances of ``EIGHT``, whose units are given, whose most probable class is another."""
    logits = job_logits(trained.job, trained.model, units)
    found = merge_units(logits, units.utterance, len(EIGHT), trained.job.unit.merge).argmax(axis=1)
    return [i for i, k in zip(EIGHT, found, strict=True) if LABELS[k] != toy.TRUTH[i]]


def _estimator_fold(subject: ArchitectureSubject) -> Fold:
    if subject.is_network:
        raise NotApplicable("it builds a module, whose loss and labels are the host's")
    return toy.FOLD_B


def _fit(job: FoldJob, model: Any, inputs: Mapping[str, Any], targets: NDArray[np.int64]) -> None:
    model.fit(
        inputs, targets, seeds.rng(job.seed, "columns"), class_weights(targets, len(LABELS), job.training)[targets]
    )


def _rows(arrays: Mapping[str, Sequence[Any]], index: NDArray[np.int64]) -> dict[str, list[Any]]:
    return {name: [rows[int(k)] for k in index] for name, rows in arrays.items()}


def _without(prepared: Prepared, missing: int | None) -> tuple[dict[str, list[Any]], NDArray[np.int64]]:
    index = np.flatnonzero(prepared.targets != missing) if missing is not None else np.arange(len(prepared.units))
    return _rows(prepared.units.arrays, index), prepared.targets[index]


def _others(job: FoldJob, prepared: Prepared) -> Mapping[str, Sequence[Any]]:
    return toy.Trained(job, prepared, None).units(toy.FOLD_B.test).arrays


def _check_order(p: NDArray[Any], truth: NDArray[np.int64], seen: NDArray[np.int64], how: str) -> None:
    """A class's own samples must have more in its column than the samples of other classes have, on average."""
    if not len(truth):
        return
    for k in np.unique(seen):
        own, others = p[truth == k].mean(axis=0), p[(truth != k) & np.isin(truth, seen)].mean(axis=0)
        if own[k] <= others[k]:
            best = int(np.argmax(own - others))
            raise Failure(
                f"Samples of {LABELS[k]!r} (class {k}) have {own[k]:.3f} in column {k} on average, those of other "
                f"classes {others[k]:.3f}; theirs is column {best}.",
                reproduce=how,
                cause="columns in another order than the class indices: labels shifted by one, sorted by name or by "
                "first occurrence; column k is class k of fold.labels.",
            )


CHECKS = (
    Check(check_gradients),
    Check(check_learns_eight, presets="default"),
    Check(check_columns, presets="default"),
    Check(check_weights, presets="default"),
)

"""Whether seeds, and nothing else, decide what is drawn."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from serkit.run.fold import fit_to
from serkit.run.train_fold import prepare
from serkit.testing.conformance.architectures import toy
from serkit.testing.conformance.check import Check, Failure, torch_settings
from serkit.testing.conformance.generators import kept_generators, untouched
from serkit.testing.conformance.subjects import ArchitectureSubject

_ESTIMATOR = "numpy.random.default_rng() without a seed, np.random.*, random.* or torch's own generator in fit() or "
_RNG = "fit_transforms(); draw from the `rng` that they are given (serkit.nn.fit_loop does)."


def check_seeds(subject: ArchitectureSubject) -> None:
    """Equal seeds build equal weights, whatever was drawn before; another seed builds others, unless deterministic."""
    with _globals(1):
        first = _weights(subject.build(seed=1))
    with _globals(2):
        again, other = _weights(subject.build(seed=1)), _weights(subject.build(seed=2))
    changed = toy.first_difference(first, again)
    if changed:
        raise Failure(
            f"Two builds with seed 1 differ in {changed}.",
            reproduce="torch.manual_seed(1); build(fold), twice.",
            cause="weights drawn from NumPy's or Python's generators or an unseeded one; torch's global generator is "
            "seeded by the host, and np.random.default_rng(fold.seed) is a generator for the rest.",
        )
    deterministic, differs = subject.architecture().deterministic, toy.first_difference(first, other)
    if deterministic and differs:
        raise Failure(
            f"It declares deterministic = True, and builds with seeds 1 and 2 differ in {differs}.",
            reproduce="torch.manual_seed(1); build(fold); torch.manual_seed(2); build(fold).",
            cause="weights are drawn; take the declaration out.",
        )
    if first and not deterministic and not differs:
        raise Failure(
            "Builds with seeds 1 and 2 have the same weights.",
            reproduce="torch.manual_seed(1); build(fold); torch.manual_seed(2); build(fold).",
            cause="torch.manual_seed with a constant in build(), or weights that are not drawn; take the call out, or "
            "declare `deterministic = True` on the architecture.",
        )


def check_repeats(subject: ArchitectureSubject) -> None:
    """A fold repeats to the bit with a seed, and with another it learns something else, unless deterministic."""
    deterministic = bool(subject.architecture().deterministic)
    with _globals(1), toy.job(subject) as job:
        one = toy.train(job)
        first, logits = one.saved, one.logits(toy.FOLD_B.test)
    with _globals(2), toy.job(subject) as job:
        two = toy.train(job)
        again, same = two.saved, np.array_equal(logits, two.logits(toy.FOLD_B.test))
    changed = toy.first_difference(first, again) or ("" if same else "the predictions")
    if changed:
        raise Failure(
            f"The same fold with the same seed differs in {changed}.",
            reproduce=f"fit_transforms(), build() and training of {len(toy.FOLD_B.train)} utterances, twice.",
            cause=_ESTIMATOR + _RNG,
        )
    if subject.is_network:
        return  # that another seed draws other weights, check_seeds says
    with toy.job(subject, seed=1) as job:
        other = toy.train(job).saved
    differs = bool(toy.first_difference(_learnt(first), _learnt(other)))
    if differs and deterministic:
        raise Failure(
            f"It declares deterministic = True, and another seed changes {toy.first_difference(first, other)}.",
            reproduce=f"training of {len(toy.FOLD_B.train)} utterances with seeds 0 and 1.",
            cause="a declaration that is no longer true; take it out.",
        )
    if not differs and not deterministic and job.architecture.learns_from != "nothing":
        raise Failure(
            "Training with seeds 0 and 1 gives the same model.",
            reproduce=f"training of {len(toy.FOLD_B.train)} utterances with seeds 0 and 1.",
            cause="a constant seed inside, which hides how much scores vary; use what is given, or where nothing is "
            "random declare `deterministic = True` on the architecture.",
        )


def check_global_generators(subject: ArchitectureSubject) -> None:
    """build(), fit_transforms(), fit() and predict leave the generators of torch, NumPy and Python as they were."""
    with toy.job(subject) as job:
        toy.train(job)  # what the first call imports may draw, and is not the plugin's doing
        (job.folder / "transforms.safetensors").unlink()
        with _kept("fit_transforms()"):
            prepared = prepare(job)
        with _kept("build()", but="torch"):
            torch.manual_seed(3)
            built = job.architecture.build(job.context(prepared.transforms))
            if torch.initial_seed() != 3:
                raise Failure(
                    "build() seeds torch's global generator.",
                    reproduce="torch.manual_seed(3); build(fold); torch.initial_seed().",
                    cause="torch.manual_seed in build(); take it out, since the host has seeded torch for the fold.",
                )
        if isinstance(built, nn.Module):
            with _kept("forward() in evaluation mode"):
                toy.Trained(job, prepared, built).logits(toy.FOLD_B.test)
            return
        if len(prepared.units):
            with _kept("fit()"):
                fit_to(job, built, prepared.units, prepared.targets)
        with _kept("predict_proba()"):
            toy.Trained(job, prepared, built).logits(toy.FOLD_B.test)


def check_global_settings(subject: ArchitectureSubject) -> None:
    """Importing, building, training and predicting leave torch's precision, threads and modes as they were."""
    before = torch_settings()
    try:
        with toy.fresh(subject) as again, toy.job(again) as job:
            toy.train(job).logits(toy.FOLD_B.test)
    except Exception:
        if torch_settings() == before:
            raise
    changed = [f"{k} from {v} to {torch_settings()[k]}" for k, v in before.items() if torch_settings()[k] != v]
    if changed:
        raise Failure(
            f"It changes torch's {' and '.join(changed)}.",
            reproduce=f"import, build() and training on {len(toy.FOLD_B.train)} utterances.",
            cause="torch.set_default_dtype, set_num_threads, use_deterministic_algorithms or set_grad_enabled in the "
            "plugin; they hold for every plugin of the process, so use dtype= and context managers.",
        )


@contextmanager
def _globals(seed: int) -> Iterator[None]:
    """Global generators in a state of one's own, put back afterwards."""
    with kept_generators():
        np.random.seed(seed)  # noqa: NPY002  # it is what is guarded
        random.seed(seed)
        torch.manual_seed(seed)
        yield


@contextmanager
def _kept(what: str, but: str = "") -> Iterator[None]:
    """Raise Failure if what is done inside moves a global generator, other than ``but``; all are put back."""
    with untouched(
        what,
        reproduce=f"{what} on the {len(toy.IDS)} utterances of the kit",
        cause="a draw from a global generator, a seed set in passing, or dropout left on; draw from the `rng` that "
        "is given, and put networks inside an estimator into eval() before they predict.",
        but=but,
    ):
        yield


def _weights(built: Any) -> dict[str, np.ndarray[Any, Any]]:
    """What was drawn for a module, or for an estimator that knows its state before it is fitted."""
    if isinstance(built, nn.Module):
        return {k: v.detach().cpu().numpy() for k, v in built.state_dict().items()}
    network = getattr(built, "network", None)
    if isinstance(network, nn.Module):
        return {k: v.detach().cpu().numpy() for k, v in network.state_dict().items()}
    return {}


def _learnt(saved: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in saved.items() if k.startswith("model/")}


CHECKS = (
    Check(check_seeds),
    Check(check_repeats, presets="default"),
    Check(check_global_generators, presets="default"),
    Check(check_global_settings, presets="default"),
)

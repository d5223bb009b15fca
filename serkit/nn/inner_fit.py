"""A small training loop for what is learned inside a transform or an estimator."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from serkit.errors import ConfigError, UserError
from serkit.nn.optimizers import make_optimizer, rate, set_rate
from serkit.types import Training


def fit_loop(
    module: nn.Module,
    data: Mapping[str, Tensor],
    loss: Callable[[Mapping[str, Tensor]], Tensor],
    training: Training,
    rng: np.random.Generator,
) -> list[float]:
    """Train ``module`` in place; the mean loss of each epoch.

    ``data`` are tensors ``[N, ...]`` of one N, on the module's device; ``loss`` gets the rows of a batch under the same
    names and returns a scalar. Order and dropout come from ``rng`` alone; torch's generators are left as they were.
    The module ends in evaluation mode.

    Of ``training`` the optimiser, rate, schedule, weight decay, clipping, ``batch`` (batches equally large up to
    one), ``epochs`` and ``steps`` count; there are no development speakers inside a fit. Raises ConfigError for
    settings that would be ignored (``patience``, ``select="best"``, ``batching="exact"``, ``crop``, ``augment``),
    UserError if the loss stops being finite.
    """
    _check(training)
    n = len(next(iter(data.values())))
    cuts = -(-n // training.batch)
    total = training.steps or cuts * training.epochs
    optimizer = make_optimizer(module, training)
    history: list[float] = []
    step = 0
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(int(rng.integers(2**63)))
        module.train()
        while step < total:
            losses = []
            for rows in torch.from_numpy(rng.permutation(n)).tensor_split(cuts):
                if step >= total:
                    break
                set_rate(optimizer, rate(training, step, total, len(history)))
                value = loss({name: x[rows] for name, x in data.items()})
                optimizer.zero_grad(set_to_none=True)
                value.backward()  # type: ignore[no-untyped-call]
                if training.clip_norm:
                    nn.utils.clip_grad_norm_(module.parameters(), training.clip_norm)
                optimizer.step()
                step += 1
                losses.append(float(value.detach()))
            history.append(float(np.mean(losses)))
            if not math.isfinite(history[-1]):
                raise UserError(
                    f"The loss of an inner fit of {type(module).__name__} stopped being finite in epoch "
                    f"{len(history)}; lower training.lr or set training.clip_norm."
                )
    module.eval()
    return history


def _check(training: Training) -> None:
    ignored = {
        "patience": bool(training.patience),
        "select": training.select == "best",
        "batching": training.batching == "exact",
        "crop": bool(training.crop),
        "augment": training.augment.active,
    }
    for name, wanted in ignored.items():
        if wanted:
            raise ConfigError(
                f"training.{name} cannot be had here: this system trains inside a fit, without development speakers; "
                'set patience=0, select="last", batching="even", crop=0 and no augmentation.'
            )

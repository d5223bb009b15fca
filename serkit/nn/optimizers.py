"""From settings of training to an optimiser and its learning rate at each step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from serkit.errors import PluginError
from serkit.types import Training


def make_optimizer(module: nn.Module, training: Training) -> torch.optim.Optimizer:
    """The optimiser of the settings over all trainable parameters of ``module``.

    A module may have ``rate_factors``, a mapping from the beginning of parameter names to what multiplies their
    learning rate (``{"encoder.": 0.1}``: weights that were trained before move less); the longest beginning counts.
    Raises PluginError for one that no parameter has.
    """
    groups = list(_groups(module, training.weight_decay))
    betas = (training.beta1, training.beta2)
    if training.optimizer == "nadam":
        return torch.optim.NAdam(groups, training.lr, betas, decoupled_weight_decay=True)
    if training.optimizer == "adam":
        return torch.optim.Adam(groups, training.lr, betas)
    if training.optimizer == "adamw":
        return torch.optim.AdamW(groups, training.lr, betas)
    return torch.optim.SGD(groups, training.lr, momentum=training.beta1)


def set_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Give every group of ``make_optimizer`` the learning rate ``lr`` times its factor."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group["factor"]


def rate(training: Training, step: int, steps: int, epoch: int) -> float:
    """Learning rate of step number ``step`` (from 0) of ``steps`` in all."""
    if training.schedule == "constant":
        return training.lr
    if training.schedule == "exponential":
        return training.lr * training.decay**epoch
    if training.schedule == "inverse-time":
        return training.lr / (1.0 + training.decay * step)
    rise = training.warmup * steps
    if step < rise:
        return training.lr * (step + 1) / (rise + 1)
    # epochs of slower copies have more steps than were counted; past the end the cosine would rise again
    return training.lr * 0.5 * (1.0 + math.cos(math.pi * min(1.0, (step - rise) / max(1.0, steps - rise))))


def _groups(module: nn.Module, weight_decay: float) -> Iterator[dict[str, Any]]:
    given: Any = getattr(module, "rate_factors", {})
    factors: Mapping[str, float] = given
    named = [(name, p) for name, p in module.named_parameters() if p.requires_grad]
    for beginning in factors:
        if not any(name.startswith(beginning) for name, _ in module.named_parameters()):
            raise PluginError(
                f"rate_factors of {type(module).__name__} has {beginning!r}, with which no parameter's name begins."
            )
    of: dict[float, list[nn.Parameter]] = {1.0: []}
    for name, p in named:
        fitting = max((b for b in factors if name.startswith(b)), key=len, default=None)
        of.setdefault(1.0 if fitting is None else float(factors[fitting]), []).append(p)
    for factor, parameters in of.items():
        yield {"params": [p for p in parameters if p.dim() > 1], "weight_decay": weight_decay, "factor": factor}
        # biases and norms are no capacity
        yield {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0, "factor": factor}

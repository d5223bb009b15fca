"""Checks of what every module of an architecture must hold; each raises AssertionError with what it found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

TOLERANCE = 1e-5
"""Of logits of order one: kernels of another shape sum in another order in single precision."""


def check_padding(
    module: nn.Module, shapes: Mapping[str, Sequence[int]], lengths: Sequence[int], min_frames: int = 1
) -> None:
    """Neither the amount of padding, nor what stands in it, nor other samples of a batch change a logit.

    ``shapes`` maps each input to the shape of its frames, ``lengths`` are those of the samples of a batch. The module
    is put into evaluation mode and called as the host does.
    """
    module.eval()
    longest = max(lengths)
    n = torch.tensor(list(lengths))
    x = {name: torch.randn(len(lengths), longest, *shape) for name, shape in shapes.items()}
    with torch.no_grad():
        whole = module(**x, **{f"{name}_lengths": n for name in x})
        for values in x.values():
            for row, length in enumerate(lengths):
                values[row, length:] = 1e3
        filled = module(**x, **{f"{name}_lengths": n for name in x})
        torch.testing.assert_close(filled, whole, rtol=TOLERANCE, atol=TOLERANCE)
        for row, length in enumerate(lengths):
            for frames in (max(length, min_frames), max(length, min_frames) + 5, max(length, min_frames) + 12):
                alone = {name: torch.zeros(1, frames, *shape) for name, shape in shapes.items()}
                for name, values in alone.items():
                    values[0, :length] = x[name][row, :length]
                logits = module(**alone, **{f"{name}_lengths": n[row : row + 1] for name in alone})
                torch.testing.assert_close(logits, whole[row : row + 1], rtol=TOLERANCE, atol=TOLERANCE)


def dead_parameters(module: nn.Module, inputs: Mapping[str, Tensor], n_classes: int) -> list[str]:
    """Names of the parameters that the gradient of a training step's loss does not reach."""
    module.train()
    logits = module(**inputs)
    loss_of(module, logits, torch.arange(len(logits)) % n_classes).backward()  # type: ignore[no-untyped-call]
    return [
        name for name, p in module.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.abs().sum())
    ]


def check_learns(module: nn.Module, inputs: Mapping[str, Tensor], n_classes: int, *, steps: int, lr: float) -> None:
    """The module can tell the samples of one batch apart: after ``steps`` of Adam each has its own class right."""
    truth = torch.arange(len(next(iter(inputs.values())))) % n_classes
    module.train()
    optimizer = torch.optim.Adam(module.parameters(), lr)
    for _ in range(steps):
        loss = loss_of(module, module(**inputs), truth)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.no_grad():
        found = module(**inputs).argmax(1)
    assert torch.equal(found, truth), f"{int((found != truth).sum())} of {len(truth)} samples are not learnt"


def loss_of(module: nn.Module, logits: Tensor, truth: Tensor) -> Tensor:
    """The host's loss of a batch: cross-entropy, and the module's ``penalty()`` where it has one."""
    loss = cross_entropy(logits, truth)
    penalty: Callable[[], Tensor] | None = getattr(module, "penalty", None)
    return loss if penalty is None else loss + penalty()

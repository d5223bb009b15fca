"""Ways in which the host and others call forward()."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from serkit.testing.conformance.architectures.probe import apart, attempt, copied, infer, shorts, words
from serkit.testing.conformance.check import Check, Failure
from serkit.testing.conformance.subjects import ArchitectureSubject


def check_inputs_unchanged(subject: ArchitectureSubject) -> None:
    """forward() leaves its inputs as they were."""
    module, batch = subject.module(), subject.batch(shorts(subject)[:2])
    given = copied(batch)
    attempt(lambda: module(**given), words(batch))
    for name, x in given.items():
        if x.shape != batch[name].shape or not torch.equal(x, batch[name]):
            changed = f"{int((x != batch[name]).sum())} numbers of {name}" if x.shape == batch[name].shape else name
            raise Failure(
                f"forward() changes {changed} in place.",
                reproduce=f"{words(batch)}.",
                cause="an operation that ends in _, an assignment to a slice or +=; begin with x.clone(), or with an "
                "operation that makes a new tensor.",
            )


def check_calls(subject: ArchitectureSubject) -> None:
    """Logits are the same with and without gradients, of strided inputs and for any order of the arguments."""
    module, batch = subject.module(), subject.batch(shorts(subject)[:2])
    wanted = infer(module, batch)

    def in_inference_mode() -> Tensor:
        with torch.inference_mode():
            logits: Tensor = module(**copied(batch))
        return logits.clone()

    def with_gradients() -> Tensor:
        with torch.enable_grad():
            logits: Tensor = module(**copied(batch))
        return logits.detach()

    ways: dict[str, Callable[[], Tensor]] = {
        "in torch.inference_mode(), as the host predicts": in_inference_mode,
        "with gradients": with_gradients,
        "with inputs that are not contiguous": lambda: module(**{k: _strided(x) for k, x in batch.items()}),
        "with its arguments in another order": lambda: module(**dict(reversed(copied(batch).items()))),
    }
    for way, call in ways.items():
        said = f"{words(batch)}, {way}"
        found = apart(module, attempt(call, said), wanted)
        if found:
            raise Failure(
                f"forward() gives other logits {way}, {found}.",
                reproduce=f"{said}.",
                cause="memory that is read past its strides (as_strided, data_ptr), or a branch on torch's modes.",
            )


def _strided(x: Tensor) -> Tensor:
    """The same numbers with the axes in memory the other way round, and a gap after each."""
    back = tuple(reversed(range(x.dim())))
    return torch.stack([x.permute(back), torch.full_like(x.permute(back), 7)], dim=-1)[..., 0].permute(back)


CHECKS = (Check(check_inputs_unchanged), Check(check_calls))

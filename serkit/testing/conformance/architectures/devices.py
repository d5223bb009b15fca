"""Whether a GPU computes what the CPU computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from serkit.testing.conformance.architectures.probe import SINGLE, apart, attempt, infer, shorts, stirred, words
from serkit.testing.conformance.check import Check, Failure, NotApplicable
from serkit.testing.conformance.subjects import ArchitectureSubject

SLACK = 20
"""Times the rounding of one device: cuDNN convolves by other sums (Winograd, FFT), which lose a digit more."""


def check_cpu_equals_gpu(subject: ArchitectureSubject) -> None:
    """A GPU gives the logits of the CPU, in single precision proper (without TF32)."""
    module = stirred(subject.module())
    if not torch.cuda.is_available():
        raise NotApplicable("torch sees no GPU here")
    batch = subject.batch(shorts(subject)[-2:])
    wanted = infer(module, batch)
    module.to("cuda")
    with _no_tf32():
        given = {k: x.to("cuda") for k, x in batch.items()}
        found = attempt(lambda: module(**given), f"{words(batch)}, on a GPU").cpu()
    # in units of the CPU's own tolerance, so that double precision is held to its own
    off = apart(module, wanted + (found - wanted) / SLACK, wanted)
    if off:
        raise Failure(
            f"A GPU gives other logits, {float((found - wanted).abs().max()):.2g} apart; {SLACK * SINGLE:.1g} of the "
            "largest is rounding.",
            reproduce=f"{words(batch)}, on a GPU.",
            cause="a tensor that stays on the CPU, an operation that is undefined where indices repeat, or half "
            "precision that is asked for on a GPU only.",
        )


@contextmanager
def _no_tf32() -> Iterator[None]:
    matmul, cudnn = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = matmul, cudnn


CHECKS = (Check(check_cpu_equals_gpu),)

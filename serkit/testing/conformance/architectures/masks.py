"""Whether padding and other samples of the batch are kept out of a sample's result."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from serkit.testing.conformance.architectures.probe import (
    Batch,
    apart,
    copied,
    infer,
    shorts,
    stirred,
    tolerance,
    words,
)
from serkit.testing.conformance.check import Check, Failure, NotApplicable
from serkit.testing.conformance.generators import kept_generators
from serkit.testing.conformance.inputs import filled
from serkit.testing.conformance.subjects import ArchitectureSubject

MORE = (1, 37)
"""Frames of padding that are added: one, and an odd number past the window of most convolutions."""

SUM = 1e-5
"""Weights of single precision that sum to one: some hundred roundings of 6e-8."""

MASK = (
    "a mean, maximum, softmax, norm or recurrence over frames that does not ask x_lengths; serkit.nn has masked_mean, "
    "AttentionPooling, FrameNorm and BLSTM, and mask_frames between convolutions, whose bias fills padding."
)


def check_padding(subject: ArchitectureSubject) -> None:
    """Neither the number of padding frames nor what stands in them changes a logit.

    Padding is filled with numbers, never NaN: the host leaves zeros, and a mask may multiply by zero.
    """
    if subject.architecture().unit.pad == "before" and subject.architecture().unit.frames:
        raise NotApplicable("its unit is padded before the transforms, and that padding is signal to it")
    module, asked = stirred(subject.module()), False
    for n in shorts(subject):
        plain = subject.batch([n, n])
        wanted = infer(module, plain)
        wide = [subject.batch([n, n], padding=more) for more in MORE]
        wide = [b for b in wide if any(b[k].shape != plain[k].shape for k in plain)]  # a fixed unit stays as it is
        last = wide[-1] if wide else plain
        full = filled(subject.sources, last)
        ways = [("zeros in more padding", b) for b in wide]
        if any(not torch.equal(full[k], last[k]) for k in last):
            ways.append(("other numbers than zeros in the padding", full))
        for way, batch in ways:
            asked = True
            found = apart(module, infer(module, batch), wanted)
            if found:
                raise Failure(
                    f"{way.capitalize()} change the logits, {found}.",
                    reproduce=f"{words(plain)}, and the same samples with {way}: {words(batch)}.",
                    cause=MASK,
                )
    if not asked:
        raise NotApplicable("its inputs are never padded")


def check_batch_order(subject: ArchitectureSubject) -> None:
    """Samples in another order give the same logits in that order."""
    module = stirred(subject.module())
    for lengths in _mixed(subject):
        batch = subject.batch(lengths)
        wanted = infer(module, batch)
        if float((wanted - wanted[:1]).abs().max()) <= 10 * tolerance(module, wanted):
            raise NotApplicable("it gives different samples the same logits, so their order cannot be seen")
        for order in ([*range(1, len(lengths)), 0], [*reversed(range(len(lengths)))]):
            found = apart(module, infer(module, {k: x[order] for k, x in batch.items()}), wanted[order])
            if found:
                raise Failure(
                    f"Samples in the order {order} have other logits than in the order "
                    f"{[*range(len(lengths))]}, {found}.",
                    reproduce=f"{words(batch)}, and the same in the order {order}.",
                    cause="samples sorted by length whose order is not restored, or something learned for a place in "
                    "the batch.",
                )


def check_batch_mates(subject: ArchitectureSubject) -> None:
    """A sample has the same logits alone, with the same padding, as among others."""
    module = stirred(subject.module())
    for lengths in _mixed(subject):
        batch = subject.batch(lengths)
        together = infer(module, batch)
        for row in range(len(lengths)):
            alone = {k: x[row : row + 1] for k, x in batch.items()}
            found = apart(module, infer(module, alone), together[row : row + 1])
            if found:
                raise Failure(
                    f"Sample {row} has other logits among {len(lengths)} than alone, {found}.",
                    reproduce=f"{words(batch)}, and sample {row} of it alone.",
                    cause="a mean, norm or softmax over the batch (dim=0, or over all dimensions), or batch norm that "
                    "takes its statistics from the batch.",
                )


def check_attention(subject: ArchitectureSubject) -> None:
    """Attention weights are not negative, sum to one over valid frames, and are zero on padding."""
    architecture, module = subject.architecture(), stirred(subject.module())
    if getattr(architecture, "attention", None) is None:
        raise NotApplicable("it has no attention()")
    for lengths in ([shorts(subject)[0]], *_mixed(subject)):
        batch = subject.batch(lengths)
        with torch.inference_mode(), kept_generators():
            weights = architecture.attention(module, copied(batch))
        if weights is None:
            raise NotApplicable("attention() says that it has no weights")
        _check_weights(weights, batch, subject, words(batch))


def _check_weights(weights: Tensor, batch: Batch, subject: ArchitectureSubject, said: str) -> None:
    n = len(next(iter(batch.values())))
    if not isinstance(weights, Tensor) or weights.dim() not in (2, 3) or len(weights) != n:
        shape = list(weights.shape) if isinstance(weights, Tensor) else type(weights).__name__
        raise Failure(
            f"attention() gives {shape} for {n} samples; [B, T] or [B, heads, T] is expected.",
            reproduce=f"{said}.",
            cause="weights of the last axis must be over frames.",
        )
    weights = weights.double().cpu()
    least = float(weights.min()) if weights.numel() else math.nan
    if not torch.isfinite(weights).all() or not least >= 0:
        raise Failure(
            f"attention() has weights that are negative or not finite, {least:.3g} the least.",
            reproduce=f"{said}.",
            cause="scores instead of weights, or a softmax over nothing but padding.",
        )
    off = float((weights.sum(-1) - 1).abs().max())
    if off > SUM:
        raise Failure(
            f"Weights of a sample sum to 1 only within {off:.2g}.",
            reproduce=f"{said}.",
            cause="scores that are masked after the softmax and not divided by their sum, or weights over another axis "
            "than the last.",
        )
    inputs = [k for k, s in subject.sources.items() if not s.fixed]
    positions = weights.shape[-1]
    for row in range(n if inputs else 0):
        # frames that T' positions stand for, in proportion, and one more for windows that reach over the end
        shares = [int(batch[f"{k}_lengths"][row]) / batch[k].shape[1] for k in inputs]
        valid = math.ceil(positions * max(shares)) + 1
        outside = float(weights[row, ..., valid:].sum(-1).max()) if valid < positions else 0.0
        if outside > SUM:
            raise Failure(
                f"Sample {row} has {outside:.2g} of its attention on padding.",
                reproduce=f"{said}.",
                cause="scores of padding that are not minus infinity before the softmax.",
            )


def _mixed(subject: ArchitectureSubject) -> Sequence[list[int]]:
    """Lengths of batches whose samples differ: of two, then of four."""
    found = shorts(subject)
    rising = [found[0], found[-1]]
    return rising, [found[-1], found[0], found[len(found) // 2], found[-1]]


CHECKS: tuple[Check, ...] = (
    Check(check_padding),
    Check(check_batch_order),
    Check(check_batch_mates),
    Check(check_attention),
)

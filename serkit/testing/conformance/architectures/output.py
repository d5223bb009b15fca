"""Whether logits have the shape and the kind that the host reads, however short or long the input is."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from serkit.run.cost import SECONDS
from serkit.testing.conformance.architectures.probe import Batch, infer, shorts, words
from serkit.testing.conformance.check import Check, Failure
from serkit.testing.conformance.subjects import LABELS, ArchitectureSubject

LONG = 12.0
"""Seconds: longer than nearly all acted speech."""

CLASSES = (2, 7)
"""Numbers of classes besides those of ``LABELS``."""


def check_output(subject: ArchitectureSubject) -> None:
    """Logits are [B, K], floating point and finite, from one frame to twelve seconds, for two classes and more."""
    module = subject.module()
    for n in shorts(subject):
        _logits(module, subject.batch([n, n]), len(LABELS))
    if not subject.architecture().unit.frames:  # otherwise all inputs are of one length
        frames = {k: round(s.frames * LONG / SECONDS) for k, s in subject.sources.items()}
        _logits(module, subject.batch({k: [n, n // 2] for k, n in frames.items()}), len(LABELS))
    least = subject.batch(shorts(subject)[:1] * 2)
    for k in CLASSES:
        built: nn.Module = subject.build(labels=[f"class {i}" for i in range(k)])
        _logits(built.eval(), least, k)


def _logits(module: nn.Module, batch: Batch, classes: int) -> Tensor:
    logits, reproduce = infer(module, batch), f"{words(batch)}; K = {classes}."
    n = len(next(iter(batch.values())))
    if logits.shape != (n, classes):
        raise Failure(
            f"forward() gives the shape {list(logits.shape)} where [B, K] = [{n}, {classes}] is expected.",
            reproduce=reproduce,
            cause="a number of classes that is written down instead of fold.n_classes, or frames that are not pooled.",
        )
    if not logits.is_floating_point():
        raise Failure(
            f"forward() gives {logits.dtype}.", reproduce=reproduce, cause="it must return logits, not the best class."
        )
    wrong = int((~torch.isfinite(logits)).sum())
    if wrong:
        raise Failure(
            f"{wrong} of {logits.numel()} logits are not finite.",
            reproduce=reproduce,
            cause="a deviation or a mean over too few frames, a softmax over nothing but padding, or the logarithm of "
            "0; where it is a matter of length, declare min_frames.",
        )
    # a softmax to roundings of single precision; no logits of every sample sum to one by chance
    if bool((logits >= 0).all()) and float((logits.sum(1) - 1).abs().max()) < 1e-5:
        raise Failure(
            "forward() gives posteriors: no number is negative, and those of a sample sum to 1.",
            reproduce=reproduce,
            cause="a softmax at the end; leave it out, since the host's cross-entropy and its posteriors have one.",
        )
    return logits


CHECKS = (Check(check_output),)

"""What changes between training and evaluation mode, and what evaluation must leave alone."""

from __future__ import annotations

import torch
from torch import nn

from serkit.testing.conformance.architectures.probe import (
    Watch,
    apart,
    attempt,
    copied,
    infer,
    shorts,
    stirred,
    words,
)
from serkit.testing.conformance.check import Check, Failure, NotApplicable
from serkit.testing.conformance.generators import generators, kept_generators, moved
from serkit.testing.conformance.subjects import ArchitectureSubject


def check_evaluation(subject: ArchitectureSubject) -> None:
    """Evaluation leaves every parameter and buffer as it is, and gives the same logits again to the bit."""
    module, lengths = subject.module(), shorts(subject)
    batch, other = subject.batch(lengths[:1] * 2), subject.batch(lengths[-1:] * 2, seed=1)
    before = {k: x.detach().clone() for k, x in (*module.named_parameters(), *module.named_buffers())}
    with kept_generators():
        state = torch.get_rng_state()
        first = infer(module, batch)
        after = {**dict(module.named_parameters()), **dict(module.named_buffers())}
        changed = [k for k, x in before.items() if k not in after or not _same(x, after[k])]
        changed += [k for k in after if k not in before]
        if changed:
            raise Failure(
                f"Evaluation changes {len(changed)} parameters or buffers, {changed[0]} the first.",
                reproduce=f"module.eval(), then one forward pass: {words(batch)}.",
                cause="running statistics or counters that are updated without asking self.training.",
            )
        infer(module, other)
        torch.set_rng_state(state)  # random numbers are another check's
        again = infer(module, batch)
    # to the bit: the same numbers through the same kernels on as many threads
    if not _same(first, again):
        off = float((first - again).abs().max())
        raise Failure(
            f"The same batch gives other logits after another batch, by up to {off:.2g}.",
            reproduce=f"module.eval(), then the same batch before and after another: {words(batch)}.",
            cause="something that forward() keeps from call to call in an attribute, or a generator of its own.",
        )


def check_dropout_off(subject: ArchitectureSubject) -> None:
    """Nothing is dropped in evaluation."""
    module, batch = subject.module(), subject.batch(shorts(subject)[:1] * 2)
    with kept_generators(), Watch() as watch:
        infer(module, batch)
    if watch.dropped:
        raise Failure(
            f"Evaluation draws {len(watch.dropped)} random masks ({watch.dropped[0]}).",
            reproduce=f"module.eval(), {words(batch)}.",
            cause="a functional dropout without training=self.training, or a dropout module that is not an attribute, "
            "so that eval() does not reach it.",
        )


def check_generators(subject: ArchitectureSubject) -> None:
    """Evaluation draws nothing from the global generators of torch, NumPy and Python."""
    module, batch = subject.module(), subject.batch(shorts(subject)[:1] * 2)
    with kept_generators():
        before = generators()
        infer(module, batch)
        drawn = moved(before)
    if drawn:
        raise Failure(
            f"Evaluation draws from the global generator of {' and of '.join(drawn)}.",
            reproduce=f"module.eval(), {words(batch)}.",
            cause="noise that is added without asking self.training; random numbers belong into training, or into "
            "buffers that build() makes.",
        )


def check_batch_statistics(subject: ArchitectureSubject) -> None:
    """Evaluation normalises by statistics that training kept, never by those of the batch."""
    module, batch = subject.module(), subject.batch(shorts(subject)[-1:] * 2)
    with kept_generators(), Watch() as watch:
        infer(module, batch)
    if watch.statistics:
        raise Failure(
            f"Evaluation takes the statistics of {len(watch.statistics)} batch norms from the batch "
            f"({watch.statistics[0]}).",
            reproduce=f"module.eval(), {words(batch)}.",
            cause="a batch norm with track_running_stats=False, a functional one with training=True, or a train() that "
            "is called or overridden by the module.",
        )


def check_modes(subject: ArchitectureSubject) -> None:
    """Without dropout and with the statistics that norms keep, training mode gives the logits of evaluation."""
    module, batch = stirred(subject.module()), subject.batch(shorts(subject)[-2:])
    wanted = infer(module, batch)
    module.train()
    for part in module.modules():
        if isinstance(part, nn.modules.dropout._DropoutNd | nn.modules.batchnorm._NormBase):
            part.eval()
    with kept_generators():
        before = generators()
        with Watch(quiet=True):
            found = attempt(lambda: module(**copied(batch)), f"module.train(), {words(batch)}")
        if moved(before):
            raise NotApplicable("training draws other random numbers than dropout's, so its logits say nothing")
    words_apart = apart(module, found, wanted)
    if words_apart:
        raise Failure(
            f"Training mode gives other logits than evaluation, {words_apart}.",
            reproduce=f"module.train() with its dropout and norms in evaluation, {words(batch)}.",
            cause="a branch on self.training that is neither dropout, noise nor a norm: another output, another "
            "pooling, a layer that evaluation leaves out.",
        )


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())


CHECKS = (
    Check(check_evaluation),
    Check(check_dropout_off),
    Check(check_generators),
    Check(check_batch_statistics),
    Check(check_modes),
)

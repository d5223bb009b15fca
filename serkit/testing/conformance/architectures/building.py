"""Whether it can be built at all, and gives posteriors of the right shape."""

from __future__ import annotations

import torch
from torch import nn

from serkit.nn.architecture import Estimator
from serkit.testing.conformance.check import Check, Failure
from serkit.testing.conformance.subjects import ArchitectureSubject


def check_builds(subject: ArchitectureSubject) -> None:
    """The preset resolves, and build() gives a torch module or an estimator."""
    built = subject.build()
    if not isinstance(built, nn.Module | Estimator):
        raise Failure(
            f"build() gives {type(built).__name__}.",
            reproduce=f"the preset {subject.preset!r}.",
            cause="build(fold) must return a torch.nn.Module, or an object with fit, predict_proba, state and "
            "load_state.",
        )
    if isinstance(built, nn.Module):
        bad = [n for n, p in built.named_parameters() if not torch.isfinite(p).all()]
        if bad:
            raise Failure(
                f"{len(bad)} parameters are not finite at the start, {bad[0]} the first.",
                reproduce=f"build() with seed 0 of the preset {subject.preset!r}.",
                cause="a parameter made with torch.empty that nothing initialises.",
            )


CHECKS = (Check(check_builds),)

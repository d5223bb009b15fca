"""The loss of the training loop: cross-entropy against classes or against shares of them."""

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn import functional


def cross_entropy(
    logits: Tensor,
    targets: Tensor,
    weights: Tensor,
    *,
    smoothing: float = 0.0,
    reduction: Literal["mean", "sum"] = "mean",
) -> Tensor:
    """Cross-entropy of ``logits`` ``[B, K]`` as a scalar.

    ``targets`` are class indices, integers ``[B]``, or shares that sum to 1, ``[B, K]``; ``weights`` ``[K]`` is what a
    class counts. ``smoothing`` takes that share of each target and gives it to all classes alike. The mean is over the
    weights of the targets before smoothing, whichever form they have: torch's own loss divides shares by B instead,
    and an index and the same class written as shares would be two losses.
    """
    if not targets.is_floating_point():
        return functional.cross_entropy(logits, targets, weights, label_smoothing=smoothing, reduction=reduction)
    smooth = targets * (1.0 - smoothing) + smoothing / targets.shape[1]
    loss = -(smooth * weights * logits.log_softmax(dim=1)).sum()
    return loss / (targets * weights).sum() if reduction == "mean" else loss

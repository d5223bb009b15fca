"""From a model's outputs for units to one posterior an utterance."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def softmax(logits: Floats) -> Floats:
    """Row-wise softmax ``[N, K]``."""
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def merge_units(
    logits: Floats, utterance: NDArray[np.int64], n_utterances: int, rule: Literal["max", "mean", "max_logit"]
) -> Floats:
    """Posteriors ``[n_utterances, K]`` from unit logits ``[N, K]``.

    ``max`` is the element-wise maximum of the segments' posteriors (Chen 2018), ``max_logit`` that of their logits (the
    authors' code), ``mean`` the mean posterior. The result is scaled to sum to one, which no arg-max notices.
    """
    values = logits if rule == "max_logit" else softmax(logits)
    merged = np.full((n_utterances, logits.shape[1]), -np.inf)
    if rule == "mean":
        merged[:] = 0.0
        np.add.at(merged, utterance, values)
    else:
        np.maximum.at(merged, utterance, values)
    if rule == "max_logit":
        return softmax(merged)
    return np.asarray(merged / merged.sum(axis=1, keepdims=True))

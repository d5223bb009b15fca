"""The training utterances that some papers take the moments of their features from: neutral speech."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from serkit.nn.architecture import Array, TrainingSet

NEUTRAL = "neutral"


def neutral_utterances(train: TrainingSet, name: str) -> Iterator[Array]:
    """Frames ``[T, ...]`` of input ``name`` of the neutral training utterances, for ``ZScore.fit``; of all of them,
    with a warning, where the fold has none (or the corpus has no such class)."""
    wanted = [k for k, c in enumerate(train.classes) if c == NEUTRAL]
    chosen = [label in wanted for label in train.labels.tolist()]
    if not any(chosen):
        warnings.warn(
            "There is no neutral training utterance in this fold, so features are normalised by all of its training "
            "utterances.",
            stacklevel=2,
        )
        chosen = [True] * len(chosen)
    return (x for x, take in zip(train.utterances(name), chosen, strict=True) if take)

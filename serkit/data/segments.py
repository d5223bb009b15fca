"""Cuts utterances into the units a model is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from serkit.types import Unit

CHEN_HAPPY_HOP = 100
CHEN_SEGMENTS_PER_CLASS = 300


@dataclass(frozen=True, slots=True)
class Segment:
    """``frames`` frames of utterance number ``utterance``, from frame ``start``; ``frames`` never counts padding."""

    utterance: int
    start: int
    frames: int


def segment(
    lengths: Sequence[int],
    unit: Unit,
    *,
    training: bool,
    labels: Sequence[str] = (),
    rng: np.random.Generator | None = None,
) -> list[Segment]:
    """Segments of utterances with ``lengths`` frames, in the order of the utterances.

    ``training`` and ``labels`` (one name an utterance) matter to ``unit.rule="chen_reference"`` only, which treats
    training utterances of the class ``happy`` apart and keeps 300 random training segments a class (``rng``; all where
    there are fewer, in their order). Without ``rng`` that selection is left out.
    """
    if unit.frames == 0:
        return [Segment(i, 0, n) for i, n in enumerate(lengths)]
    if unit.rule == "cover":
        return [Segment(i, s, min(n, unit.frames)) for i, n in enumerate(lengths) for s in _cover(n, unit)]
    found = [
        Segment(i, s, min(n, unit.frames))
        for i, n in enumerate(lengths)
        for s in _chen(n, unit.frames, oversample=training and labels[i] == "happy")
    ]
    return _balance(found, labels, rng) if training and rng is not None else found


def _cover(n: int, unit: Unit) -> list[int]:
    if n <= unit.frames:
        return [0]
    starts = list(range(0, n - unit.frames + 1, unit.hop or unit.frames))
    if starts[-1] + unit.frames < n:
        starts.append(n - unit.frames)
    return starts


def _chen(n: int, frames: int, *, oversample: bool) -> list[int]:
    if n <= frames:
        return [0]
    if oversample:
        return [CHEN_HAPPY_HOP * k for k in range((n - frames) // CHEN_HAPPY_HOP + 1)]
    return [0, n - frames]


def _balance(found: list[Segment], labels: Sequence[str], rng: np.random.Generator) -> list[Segment]:
    kept: set[int] = set()
    for name in sorted(set(labels)):
        mine = [k for k, s in enumerate(found) if labels[s.utterance] == name]
        size = min(CHEN_SEGMENTS_PER_CLASS, len(mine))
        kept.update(int(k) for k in rng.choice(mine, size=size, replace=False))
    return [found[k] for k in sorted(kept)]

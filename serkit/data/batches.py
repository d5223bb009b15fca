"""Padded batches of units, the same for training, evaluation and prediction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serkit.data.segments import Segment
from serkit.errors import ProtocolError
from serkit.types import Unit

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Units:
    """Transformed units: ``arrays[name][k]`` is ``[frames, ...]`` of unit ``k``; ``utterance[k]`` its utterance.

    ``segments`` count frames after the transforms. Inputs in ``whole`` are never cut: each unit has all of their rows.
    """

    arrays: Mapping[str, Sequence[Array]]
    segments: Sequence[Segment]
    whole: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.segments)

    @property
    def utterance(self) -> NDArray[np.int64]:
        """Utterance number of each unit ``[N]``."""
        return np.array([s.utterance for s in self.segments], np.int64)


def make_units(
    features: Mapping[str, Sequence[Array]],
    segments: Sequence[Segment],
    transforms: Mapping[str, Callable[[Array], Array]],
    unit: Unit,
    whole: frozenset[str] = frozenset(),
) -> Units:
    """Cut, transform and (``unit.pad="before"``) pad. ``features[name][i]`` are utterance ``i``'s frames; the inputs
    ``whole`` are transformed only, and so is every input where the unit is the whole utterance."""
    check_equal_frames({name: rows for name, rows in features.items() if name not in whole}, unit)
    out: dict[str, Sequence[Array]] = {}
    for name, utterances in features.items():
        transform = transforms.get(name, _identity)
        if unit.pad == "before" and name not in whole:
            out[name] = [transform(pad_frames(_cut(utterances, s), unit.frames)) for s in segments]
            continue
        ready = {i: transform(utterances[i]) for i in sorted({s.utterance for s in segments})}
        uncut = unit.frames == 0 or name in whole
        out[name] = [ready[s.utterance] if uncut else _cut(ready, s) for s in segments]
    if unit.frames == 0:  # a transform may have changed the number of frames
        timed = next((name for name in out if name not in whole), next(iter(out)))
        segments = [Segment(s.utterance, 0, len(x)) for s, x in zip(segments, out[timed], strict=True)]
    return Units(out, segments, whole)


def check_equal_frames(features: Mapping[str, Sequence[Array]], unit: Unit) -> None:
    """Segments are cut at the same frames of every input, so the inputs need one frame rate."""
    if unit.frames == 0 or len(features) < 2:
        return
    lengths = {name: [len(a) for a in arrays] for name, arrays in features.items()}
    first, *rest = lengths
    for other in rest:
        if lengths[other] != lengths[first]:
            raise ProtocolError(
                f"Segments of {unit.frames} frames need inputs of one frame rate, but {first!r} and {other!r} differ; "
                "use whole utterances (architecture.unit.frames=0)."
            )


def pad_frames(x: Array, frames: int) -> Array:
    """``x`` with zero frames appended up to ``frames``."""
    if len(x) >= frames:
        return x
    return np.concatenate([x, np.zeros((frames - len(x), *x.shape[1:]), x.dtype)])


def collate(
    units: Units, index: Sequence[int], *, frames: int = 0, min_frames: int = 1
) -> dict[str, Array | NDArray[np.int64]]:
    """One batch: for each input ``name`` ``[B, T, ...]`` float32 padded with zeros, and ``name_lengths`` ``[B]``.

    T is the longest unit, at least ``frames`` and ``min_frames`` of inputs that are not whole. Lengths count frames
    before padding.
    """
    batch: dict[str, Array | NDArray[np.int64]] = {}
    for name, arrays in units.arrays.items():
        rows = [arrays[k] for k in index]
        lengths = np.array([len(r) for r in rows], np.int64)
        least = 1 if name in units.whole else max(frames, min_frames)
        shape = (len(rows), max(int(lengths.max()), least), *rows[0].shape[1:])
        x = np.zeros(shape, np.float32)
        for b, row in enumerate(rows):
            x[b, : len(row)] = row
        batch[name] = x
        batch[f"{name}_lengths"] = lengths
    return batch


def batches(
    n: int, size: int, rng: np.random.Generator | None = None, *, exact: bool = False
) -> list[NDArray[np.int64]]:
    """Index batches over ``n`` units, shuffled by ``rng``: as few as ``size`` allows, and all equally large up to one
    unit, since a small last batch would spoil the statistics of batch normalisation. ``exact``: batches of exactly
    ``size`` units, the rest left out."""
    order = np.arange(n) if rng is None else rng.permutation(n)
    if exact:
        return [order[k : k + size] for k in range(0, n - size + 1, size)]
    return np.array_split(order, -(-n // size))


def _cut(utterances: Sequence[Array] | Mapping[int, Array], s: Segment) -> Array:
    return utterances[s.utterance][s.start : s.start + s.frames]


def _identity(x: Array) -> Array:
    return x

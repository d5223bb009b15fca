"""Inputs for modules as the host would give them: what frames are drawn from, how long they are, how padded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from serkit.errors import blame
from serkit.host import Host
from serkit.run.cost import SECONDS, WORDS
from serkit.run.plugins import named
from serkit.run.prepare import source_of

FILL = 1e3
"""What padding of a transformed input is filled with, whose frames are of order one. It is finite, so that a mask may
multiply by zero, and large, so that a leak of a millionth shows."""


@dataclass(frozen=True)
class Source:
    """What the frames of one input are drawn from.

    ``frames`` are those of ``SECONDS`` of speech. ``fixed``: every utterance has so many, however long it is
    (functionals). ``whole``: never cut into units. ``real`` are frames ``[T, ...]`` of the extractor, for an input
    without a transform, which a module may expect to be positive, or whole numbers; others are standard normal.
    """

    shape: tuple[int, ...]
    frames: int
    fixed: bool
    whole: bool
    real: NDArray[np.float32] | None = None

    def draw(self, frames: int, generator: torch.Generator) -> Tensor:
        """Frames ``[frames, ...]``: a stretch of the real ones, begun again where they end, or normal ones."""
        if self.real is None or not len(self.real):
            return torch.randn(frames, *self.shape, generator=generator)
        start = int(torch.randint(len(self.real), (1,), generator=generator))
        return torch.from_numpy(self.real[(start + np.arange(frames)) % len(self.real)])


def speech(sample_rate: int, seconds: float) -> NDArray[np.float32]:
    """A gliding, pulsing buzz in noise, ``[seconds * sample_rate]`` float32: no two frames of it are alike."""
    t = np.arange(round(seconds * sample_rate)) / sample_rate
    phase = 2 * np.pi * np.cumsum(140 + 50 * np.sin(2 * np.pi * 0.7 * t)) / sample_rate
    buzz = sum(np.sin(k * phase) / k for k in range(1, 11)) * (0.1 + np.sin(2 * np.pi * 1.3 * t) ** 2)
    noise = np.random.default_rng(0).standard_normal(len(t))
    return np.asarray(0.1 * buzz + 0.002 * noise, np.float32)


def rows_of(host: Host, feature: str, extractor: Any, n_classes: int) -> tuple[NDArray[np.float32], bool]:
    """Frames ``[T, ...]`` of ``SECONDS`` of speech (the words of it, or finished runs that say little of it), and
    whether a shorter utterance has as many. Raises PluginError."""
    source = source_of(feature, host)
    with blame(named(host, "feature", feature), "__call__()"):
        if source == "runs":
            runs = len(extractor.options.runs)
            return np.asarray(extractor(np.full((runs, n_classes), 1.0 / n_classes)), np.float32), True
        if source == "text":
            given: tuple[Any, Any] = (WORDS, WORDS.partition(" ")[0])
        else:
            given = (speech(extractor.sample_rate, SECONDS), speech(extractor.sample_rate, SECONDS / 2))
        long, short = (np.asarray(extractor(x), np.float32) for x in given)
    return long, len(long) == len(short)


def collated(
    sources: Mapping[str, Source], lengths: Mapping[str, Sequence[int]], architecture: Any, seed: int, padding: int
) -> dict[str, Tensor]:
    """A batch as ``serkit.data.batches`` makes it, of frames drawn with ``seed``; ``lengths`` are asked for, and kept
    to what the unit of the architecture and ``short`` let happen. ``padding`` frames are added where the host may.

    Each sample draws from a generator of its own, so that it is the same in every batch at the same place.
    """
    unit, least = architecture.unit, architecture.min_frames
    refuses = getattr(architecture, "short", "pad") == "refuse"
    made: dict[str, Tensor] = {}
    for number, (name, source) in enumerate(sources.items()):
        cut = unit.frames if not source.whole else 0
        asked = [source.frames] * len(lengths[name]) if source.fixed else list(lengths[name])
        drawn = [max(1, n, least if refuses and not source.whole else 1) for n in asked]
        drawn = [min(n, cut) if cut else n for n in drawn]
        before = bool(cut) and unit.pad == "before"
        valid = [cut] * len(drawn) if before else drawn
        grows = not cut and not source.fixed
        total = max(*valid, cut, 1 if source.whole else least) + (padding if grows else 0)
        x = torch.zeros(len(drawn), total, *source.shape)
        for row, n in enumerate(drawn):
            generator = torch.Generator().manual_seed(1000 * seed + 100 * number + row)
            x[row, :n] = source.draw(n, generator)
            if before:  # zeros that were transformed with the rest: frames that are all alike
                x[row, n:cut] = source.draw(1, generator)
        made[name], made[f"{name}_lengths"] = x, torch.tensor(valid)
    return made


def filled(sources: Mapping[str, Source], batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The batch with something else than zeros in its padding: ``FILL``, or real frames."""
    made = {name: x.clone() for name, x in batch.items()}
    for name, source in sources.items():
        x, lengths = made[name], batch[f"{name}_lengths"].tolist()
        for row, n in enumerate(lengths):
            generator = torch.Generator().manual_seed(row)
            x[row, n:] = FILL if source.real is None else source.draw(x.shape[1] - n, generator)
    return made

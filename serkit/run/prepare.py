"""From a corpus to the frames of each input, through the compiled core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.data import audio
from serkit.data.progress import Progress
from serkit.errors import PluginError
from serkit.host import Host
from serkit.run.recipe import FeatureChoice
from serkit.types import Utterance

Array = NDArray[np.float32]


@dataclass(frozen=True)
class FeatureTable:
    """``at[speed][input][id]`` are the frames ``[T, ...]`` of an utterance played ``speed`` times as fast."""

    at: Mapping[float, Mapping[str, Mapping[str, Array]]]

    def rows(self, name: str, ids: Sequence[str], speed: float = 1.0) -> list[Array]:
        """Frames of the utterances ``ids``, in their order."""
        table = self.at[speed][name]
        return [table[i] for i in ids]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inputs."""
        return tuple(self.at[1.0])

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one frame of each input."""
        return {n: next(iter(t.values())).shape[1:] for n, t in self.at[1.0].items()}


def extractors(choices: Mapping[str, FeatureChoice], host: Host) -> dict[str, Any]:
    """An extractor an input (see ``serkit.features.Extractor``)."""
    return {name: host.load("feature", c.feature)(c.options) for name, c in choices.items()}


def extract(
    utterances: Sequence[Utterance],
    choices: Mapping[str, FeatureChoice],
    host: Host,
    progress: Progress,
    *,
    speeds: Sequence[float] = (1.0,),
    augmented: frozenset[str] = frozenset(),
) -> FeatureTable:
    """Read each utterance once and compute every input; threads over files (reading and kernels release the GIL).

    ``speeds`` other than 1 are computed only for the ids in ``augmented`` (training speakers).
    """
    made = extractors(choices, host)
    at: dict[float, dict[str, dict[str, Array]]] = {s: {n: {} for n in made} for s in sorted({1.0, *speeds})}

    def one(u: Utterance) -> list[tuple[float, str, Array]]:
        out = []
        waves: dict[tuple[int, float], Array] = {}
        for name, extractor in made.items():
            for speed in at:
                if speed != 1.0 and u.id not in augmented:
                    continue
                key = (extractor.sample_rate, speed)
                if key not in waves:
                    waves[key] = _read(u, *key)
                out.append((speed, name, _checked(extractor(waves[key]), extractor, choices[name].feature, u)))
        return out

    progress.start(len(utterances), "features")
    with progress, ThreadPoolExecutor(max_workers=cpu_count() or 1) as pool:
        for u, rows in zip(utterances, pool.map(one, utterances), strict=True):
            for speed, name, frames in rows:
                at[speed][name][u.id] = frames
            progress.advance(1)
    return FeatureTable(at)


def _read(u: Utterance, sample_rate: int, speed: float) -> Array:
    wave = audio.read(u.path, start=u.start, end=u.end, sample_rate=sample_rate)
    if speed == 1.0:
        return wave
    import soxr

    return np.asarray(soxr.resample(wave, sample_rate * speed, sample_rate), np.float32)


def _checked(frames: Any, extractor: Any, feature: str, u: Utterance) -> Array:
    shape = tuple(extractor.shape)
    if not isinstance(frames, np.ndarray) or frames.dtype != np.float32 or frames.shape[1:] != shape or not len(frames):
        got = f"{getattr(frames, 'dtype', type(frames).__name__)} {getattr(frames, 'shape', '')}".strip()
        raise PluginError(
            f"The feature {feature!r} returned {got} for {u.id!r}; it declares float32 [frames, "
            f"{', '.join(map(str, shape))}]."
        )
    return frames

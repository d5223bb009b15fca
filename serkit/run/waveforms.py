"""Training recordings kept in memory, so that their features can be computed anew, each time from a changed copy."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.data import audio
from serkit.data.perturb import Samples, add_noise, amplify, change_speed
from serkit.errors import blame
from serkit.host import Host
from serkit.kernels.threads import thread_count
from serkit.run import seeds
from serkit.run.events import Events
from serkit.run.plugins import named
from serkit.run.prepare import audio_inputs, check_rows, extractors
from serkit.run.recipe import Recipe
from serkit.types import Augment, Corpus, Utterance

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Waveforms:
    """``samples[rate][id]`` are the samples ``[T]`` of a recording at each rate that a feature asks for; ``extractors``
    and ``who`` (their plugins in words) are those of the inputs that are made of audio."""

    samples: Mapping[int, Mapping[str, Samples]]
    extractors: Mapping[str, Any]
    who: Mapping[str, str]

    @property
    def megabytes(self) -> float:
        """Their size in memory, in 10^6 bytes."""
        return sum(x.nbytes for of in self.samples.values() for x in of.values()) / 1e6

    def features(self, ids: Sequence[str], settings: Augment, seed: int, *purpose: str | int) -> dict[str, list[Array]]:
        """Frames ``[T, ...]`` of each of these inputs, one array an utterance, from copies changed as ``settings``
        say. Draws depend on the seed, the words ``purpose`` (fold, epoch) and the id alone, so neither threads nor the
        order of ``ids`` matter; inputs of different rates get the same draws."""

        def one(i: str) -> dict[str, Array]:
            rng = seeds.rng(seed, *purpose, i)
            speed, snr, gain = (_draw(r, rng) for r in (settings.speed, settings.snr, settings.gain))
            noise = int(rng.integers(2**63))
            changed: dict[int, Samples] = {}
            for rate, of in self.samples.items():
                x = of[i] if speed is None else change_speed(of[i], speed, rate)
                if snr is not None:
                    x = add_noise(x, snr, settings.noise, np.random.default_rng(noise), rate)
                changed[rate] = x if gain is None else amplify(x, gain)
            out = {}
            for name, extractor in self.extractors.items():
                with blame(self.who[name], f"__call__() on a changed copy of {i!r}"):
                    rows, shape = extractor(changed[extractor.sample_rate]), tuple(extractor.shape)
                out[name] = check_rows(rows, shape, self.who[name], i)
            return out

        with ThreadPoolExecutor(max_workers=thread_count(0)) as pool:
            made = list(pool.map(one, ids))
        return {name: [row[name] for row in made] for name in self.extractors}


def keep_waveforms(
    recipe: Recipe, corpus: Corpus, ids: Collection[str], host: Host, events: Events
) -> Waveforms | None:
    """The waveforms of the utterances ``ids``, once a sampling rate, with a note on their size; None where the recipe
    changes none. Raises AudioError as ``serkit.data.audio.read`` does."""
    if not recipe.training.augment.waveform:
        return None
    mine = audio_inputs(recipe.features, host)
    choices = {n: c for n, c in recipe.features.items() if n in mine}
    made = extractors(choices, host)
    rates = sorted({e.sample_rate for e in made.values()})
    wanted = [u for u in corpus.utterances if u.id in ids]

    def one(u: Utterance) -> list[Samples]:
        return [audio.read(u.path, start=u.start, end=u.end, sample_rate=rate) for rate in rates]

    samples: dict[int, dict[str, Samples]] = {rate: {} for rate in rates}
    progress = events.progress()
    progress.start(len(wanted), "waveforms")
    with progress, ThreadPoolExecutor(max_workers=thread_count(0)) as pool:
        for u, waves in zip(wanted, pool.map(one, wanted), strict=True):
            for rate, x in zip(rates, waves, strict=True):
                samples[rate][u.id] = x
            progress.advance(1)
    found = Waveforms(samples, made, {name: named(host, "feature", c.feature) for name, c in choices.items()})
    events.note(
        f"The waveforms of {len(wanted)} training utterances are kept in memory ({found.megabytes:.0f} MB) and their "
        "features computed anew in every epoch."
    )
    return found


def _draw(allowed: Sequence[float], rng: np.random.Generator) -> float | None:
    """A number within the range, in either order of its ends; None where it is empty."""
    return float(rng.uniform(min(allowed), max(allowed))) if allowed else None

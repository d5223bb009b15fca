"""About how long a recipe takes on this machine, from a few of its own training steps."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from serkit.data.segments import segment
from serkit.errors import SerkitError, blame
from serkit.host import Host
from serkit.run.cost import SECONDS, WORDS, frames_of
from serkit.run.fold import whole_inputs
from serkit.run.plugins import build_unfitted, make_architecture, make_extractor
from serkit.run.prepare import text_inputs
from serkit.run.recipe import Recipe
from serkit.types import Unit

PROBE_FRAMES, PROBE_UNITS = 100, 4
"""Units are timed at this length, or a third of theirs if that is more (frames may be samples), and scaled:
convolutions and recurrences cost in proportion to frames."""

AFFORDABLE, MOST_UNITS = 1.0, 32
"""A step of full length, in a batch of the recipe's size but at most so many units, is timed where the short one says
that it takes at most so many seconds: a short one says more about torch than about a small model."""

N_CLASSES = 4
"""Taken for every corpus; the last layer is the smallest."""

CACHED_FRAMES_PER_SECOND = 100
"""Taken for features that are kept on disk, since computing one would take longer than all else here."""


def seconds_of(recipe: Recipe, train: Sequence[int], host: Host, device: str, bf16: bool) -> float | None:
    """Seconds of all folds and seeds if every epoch is run; None for estimators and for what cannot be probed.

    ``train`` holds the number of training utterances of each fold; each is taken to be as long as
    ``serkit.run.cost.SECONDS``. Features and what is fitted before training are not in it.
    """
    training = recipe.training
    try:
        with blame(recipe.run.plugin, "a probe of its speed"):
            probed = _probe(_Probe(recipe, host), device, bf16)
    except SerkitError:  # the run itself will say what is wrong, in words
        return None
    if probed is None:
        return None
    unit, units = probed
    passes = training.steps * training.batch * len(train) if training.steps else sum(train) * units * training.epochs
    return unit * passes * recipe.run.seeds


def is_estimator(recipe: Recipe, host: Host, device: str, bf16: bool) -> bool:
    """Whether what is built is an estimator, which has no epochs; False where it cannot be built. What
    :func:`seconds_of` has probed is not built again."""
    try:
        with blame(recipe.run.plugin, "a probe of its speed"):
            return _probe(_Probe(recipe, host), device, bf16) is None
    except SerkitError:  # the run itself will say what is wrong, in words
        return False


class _Probe:
    """A recipe as a key of the cache: two runs of one process with the same settings are timed once."""

    def __init__(self, recipe: Recipe, host: Host) -> None:
        self.recipe, self.host = recipe, host
        training = recipe.training
        self.key = (
            recipe.run.plugin,
            repr(recipe.architecture),
            training.crop,
            min(training.batch, MOST_UNITS),
            repr(recipe.features),
        )

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Probe) and self.key == other.key


@cache
def _probe(probe: _Probe, device: str, bf16: bool) -> tuple[float, int] | None:
    """Seconds of a unit in a training step, and the units of an utterance; None for an estimator."""
    import torch

    recipe, host = probe.recipe, probe.host
    model: Any = make_architecture(host, recipe.run.plugin, recipe.architecture)
    made = {n: make_extractor(host, c.feature, c.options) for n, c in recipe.features.items()}
    with torch.random.fork_rng(devices=[]):
        module, shapes = build_unfitted(
            model, made, tuple(map(str, range(N_CLASSES))), recipe.training, recipe.run.plugin
        )
        if not isinstance(module, torch.nn.Module):
            return None
        module.to(device).train()
        rows, whole = _rows(recipe, made, shapes, host), whole_inputs(model)
        timed = next((n for n in rows if n not in whole), next(iter(rows)))
        unit = Unit(frames=recipe.training.crop) if recipe.training.crop else model.unit
        cut = 1 if recipe.training.crop else len(segment([rows[timed]], unit, training=True, labels=[""]))
        full = {n: k if n in whole or not unit.frames else unit.frames for n, k in rows.items()}

        def step(units: int, share: float) -> float:
            frames = {n: k if n in whole else max(model.min_frames, round(share * k)) for n, k in full.items()}
            inputs = {n: torch.zeros(units, k, *shapes[n], device=device) for n, k in frames.items()}
            inputs |= {f"{n}_lengths": torch.full((units,), k, device=device) for n, k in frames.items()}
            for _ in range(2):  # the first step also chooses kernels and takes memory
                started = time.perf_counter()
                with torch.autocast(device, torch.bfloat16, enabled=bf16):
                    logits = module(**inputs)
                logits.float().square().sum().backward()
                logits.detach().sum().item()  # waits for a GPU
            return time.perf_counter() - started

        least = max(model.min_frames, min(full[timed], max(PROBE_FRAMES, full[timed] // 3)))
        each = step(PROBE_UNITS, least / full[timed]) / PROBE_UNITS * full[timed] / least
        units = min(recipe.training.batch, MOST_UNITS)
        if each * units < AFFORDABLE:
            each = step(units, 1.0) / units
    return each, cut


def _rows(recipe: Recipe, made: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], host: Host) -> dict[str, int]:
    """Frames of each input of an utterance of ``SECONDS``."""
    slow = [n for n, c in recipe.features.items() if getattr(host.get("feature", c.feature).spec, "cached", False)]
    quick = {n: e for n, e in made.items() if n not in slow}
    found = frames_of(quick, host, {n: recipe.features[n].feature for n in quick}, shapes, N_CLASSES)
    texts = text_inputs(recipe.features, host)
    guess = {n: len(WORDS.split()) if n in texts else round(SECONDS * CACHED_FRAMES_PER_SECOND) for n in slow}
    return {n: guess[n] if n in guess else len(found[n][0]) for n in made}

"""About how long a recipe takes on this machine, from a few of its own training steps."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from typing import Any

from serkit.errors import SerkitError, blame
from serkit.host import Host
from serkit.run.plugins import make_architecture, make_extractor
from serkit.run.recipe import Recipe
from serkit.types import FoldContext

PROBE_FRAMES = 100
"""Units are timed at this length at most and scaled: convolutions and recurrences cost in proportion to frames."""


def seconds_of(recipe: Recipe, train: Sequence[int], host: Host, device: str, bf16: bool) -> float | None:
    """Seconds of all folds and seeds if every epoch is run; None for estimators and for what cannot be probed.

    ``train`` holds the number of training utterances of each fold; an epoch is taken to hold one unit for each.
    """
    training = recipe.training
    passes = training.steps * training.batch * len(train) if training.steps else sum(train) * training.epochs
    try:
        with blame(recipe.run.plugin, "a probe of its speed"):
            unit = _unit_seconds(_Probe(recipe, host), device, bf16)
    except SerkitError:  # the run itself will say what is wrong, in words
        return None
    return None if unit is None else unit * passes * recipe.run.seeds


class _Probe:
    """A recipe as a key of the cache: two runs of one process with the same settings are timed once."""

    def __init__(self, recipe: Recipe, host: Host) -> None:
        self.recipe, self.host = recipe, host
        self.key = (recipe.run.plugin, repr(recipe.architecture), recipe.training.crop, repr(recipe.features))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Probe) and self.key == other.key


@cache
def _unit_seconds(probe: _Probe, device: str, bf16: bool) -> float | None:
    import torch

    recipe, host = probe.recipe, probe.host
    model: Any = make_architecture(host, recipe.run.plugin, recipe.architecture)
    shapes = {
        n: model.transformed_shape(n, tuple(make_extractor(host, c.feature, c.options).shape))
        for n, c in recipe.features.items()
    }
    with torch.random.fork_rng(devices=[]):
        module = model.build(FoldContext(labels=("a", "b"), input_shapes=shapes, seed=0, fold="probe"))
        if not isinstance(module, torch.nn.Module):
            return None
        module.to(device).train()
        frames: int = recipe.training.crop or model.unit.frames or 3 * PROBE_FRAMES
        timed = max(model.min_frames, min(frames, PROBE_FRAMES))
        inputs = {n: torch.zeros(4, timed, *shape, device=device) for n, shape in shapes.items()}
        inputs |= {f"{n}_lengths": torch.full((4,), timed, device=device) for n in shapes}
        for _ in range(2):  # the first step also chooses kernels and takes memory
            started = time.perf_counter()
            with torch.autocast(device, torch.bfloat16, enabled=bf16):
                logits = module(**inputs)
            logits.float().square().sum().backward()
            logits.detach().sum().item()  # waits for a GPU
    return float((time.perf_counter() - started) / 4 * frames / timed)

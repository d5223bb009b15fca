"""A fold's model as it was saved: what prediction, and the measurement of its cost, compute with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.data.batches import Units, make_units
from serkit.data.segments import segment
from serkit.errors import RunFolderError, blame
from serkit.host import Host
from serkit.run.files import read_arrays
from serkit.run.fitted import Fitted, frame_shapes, load_transforms, train_level
from serkit.run.fold import unit_logits, whole_inputs
from serkit.run.plugins import make_architecture, named
from serkit.run.recipe import Recipe
from serkit.types import FoldContext


@dataclass(frozen=True, kw_only=True)
class FoldModel:
    """An architecture, its fitted transforms and its module or estimator. ``who`` names the plugin in words."""

    architecture: Any
    transforms: Mapping[str, Fitted]
    module: Any
    n_classes: int
    who: str

    def units(self, rows: Mapping[str, Sequence[NDArray[np.float32]]]) -> Units:
        """The units of utterances, from the frames of each input. Transforms by speaker are left out: who speaks in
        single files is not known."""
        whole = whole_inputs(self.architecture)
        timed = next((name for name in rows if name not in whole), next(iter(rows)))
        lengths = [len(x) for x in rows[timed]]
        cut = segment(lengths, self.architecture.unit, training=False, labels=[""] * len(lengths))
        with blame(self.who, "its transforms"):
            return make_units(rows, cut, train_level(self.transforms), self.architecture.unit, whole)

    def logits(self, units: Units, *, device: str = "cpu", bf16: bool = False) -> NDArray[np.float64]:
        """Logits ``[N, K]`` of the units; the module must be on ``device``."""
        return unit_logits(
            self.module,
            units,
            self.architecture,
            batch=64,
            device=device,
            bf16=bf16,
            plugin=self.who,
            n_classes=self.n_classes,
        )


def load_fold_model(
    recipe: Recipe, fold: Path, labels: Sequence[str], rows: Mapping[str, NDArray[np.float32]], host: Host
) -> FoldModel:
    """The model that a run saved in the folder ``fold``, on the CPU; ``rows`` are the frames of each input of any one
    utterance.

    Raises RunFolderError for damaged files or those of another model, PluginError if the plugin fails.
    """
    import torch

    who = named(host, "architecture", recipe.run.plugin)
    architecture = make_architecture(host, recipe.run.plugin, recipe.architecture)
    transforms = load_transforms(architecture, fold / "transforms.safetensors", who)
    with blame(who, "its transforms"):
        shapes = frame_shapes(rows, transforms)
    with torch.random.fork_rng(devices=[]), blame(who, "build()"):
        context = FoldContext(
            labels=tuple(labels), input_shapes=shapes, seed=0, fold=fold.name, training=recipe.training
        )
        module = architecture.build(context)
    arrays, _ = read_arrays(fold / "model.safetensors")
    if isinstance(module, torch.nn.Module):
        try:
            module.load_state_dict({k: torch.from_numpy(v) for k, v in arrays.items()})
        except RuntimeError:
            raise RunFolderError(
                f"{fold / 'model.safetensors'} does not fit the model of its recipe; train the fold again."
            ) from None
    else:
        with blame(who, "load_state()"):
            module.load_state(arrays)
    return FoldModel(architecture=architecture, transforms=transforms, module=module, n_classes=len(labels), who=who)

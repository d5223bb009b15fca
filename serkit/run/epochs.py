"""What a module is trained on in each epoch: units, targets and batches, all drawn anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.data.batches import Units, batches
from serkit.errors import UserError
from serkit.run import seeds
from serkit.run.fitted import Fitted
from serkit.run.fold import FoldJob, training_units
from serkit.run.targets import oversampled, shares_of


@dataclass(frozen=True)
class Epoch:
    """Units with their targets, class indices ``[N]`` or shares ``[N, K]``, and the batches of an epoch as indices."""

    units: Units
    targets: NDArray[Any]
    batches: list[NDArray[np.int64]]


class Epochs:
    """The epochs of a fold. ``units`` and ``classes`` (an index each) are what is trained on where nothing changes
    waveforms; where something does, each epoch has its own."""

    def __init__(
        self, job: FoldJob, transforms: Mapping[str, Fitted], units: Units, classes: NDArray[np.int64]
    ) -> None:
        self.job, self.transforms, self.units, self.classes = job, transforms, units, classes
        soft, mixed = job.training.targets == "votes", job.training.augment.mixup > 0
        self._shares = None
        if soft or mixed:
            self._shares = shares_of(job.learned, job.truth, job.labels, job.votes if soft else {})

    @property
    def targets(self) -> NDArray[Any]:
        """Targets of ``units``, for what weighs classes once for all epochs."""
        return self._targets(self.units, self.classes)

    @property
    def steps(self) -> int:
        """Batches of an epoch; copies at another speed can have some more or fewer. Raises UserError if there is
        none."""
        return len(self._batches(self.classes, np.random.default_rng(0), None))

    def epoch(self, number: int, rng: np.random.Generator) -> Epoch:
        """Epoch ``number`` (from 0), its batches shuffled by ``rng``."""
        job, units, classes = self.job, self.units, self.classes
        if job.training.augment.waveform:
            assert job.waveforms is not None
            rows = job.waveforms.features(
                job.learned, job.training.augment, job.seed, job.fold.name, "waveforms", number
            )
            units, classes = training_units(job, self.transforms, rows)
        again = seeds.rng(job.seed, job.fold.name, "oversample", number)
        return Epoch(units, self._targets(units, classes), self._batches(classes, again, rng))

    def _batches(
        self, classes: NDArray[np.int64], again: np.random.Generator, rng: np.random.Generator | None
    ) -> list[NDArray[np.int64]]:
        training = self.job.training
        index = oversampled(classes, training, again)
        cut = batches(len(index), training.batch, rng, exact=training.batching == "exact")
        if not cut:
            raise UserError(
                f"Fold {self.job.fold.name} has {len(index)} training units, fewer than one batch of {training.batch}; "
                "lower training.batch, or set training.batching=even."
            )
        return [index[b] for b in cut]

    def _targets(self, units: Units, classes: NDArray[np.int64]) -> NDArray[Any]:
        return classes if self._shares is None else self._shares[units.utterance]

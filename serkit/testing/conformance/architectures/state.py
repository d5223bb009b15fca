"""Whether everything that was learnt is saved, and comes back."""

from __future__ import annotations

from typing import Any

import numpy as np

from serkit.errors import SerkitError
from serkit.run import seeds
from serkit.run.files import read_arrays
from serkit.run.fitted import fit_speakers, load_transforms, save_transforms
from serkit.run.fold import FoldTrainingSet
from serkit.run.models import load_fold_model
from serkit.run.trainer import job_logits
from serkit.testing.conformance.architectures import toy
from serkit.testing.conformance.check import Check, Failure, NotApplicable
from serkit.testing.conformance.subjects import LABELS, ArchitectureSubject


def check_saving(subject: ArchitectureSubject) -> None:
    """A model that was saved and loaded into a new one, built with another seed, predicts the same to the bit."""
    test = toy.FOLD_B.test
    with toy.job(subject) as job:
        trained = toy.train(job)
        units = trained.units(test)
        before = trained.logits(test)
        rows = {name: job.table.rows(name, test)[0] for name in job.table.names}
        try:
            loaded = load_fold_model(subject.recipe, job.folder, LABELS, rows, subject.host)
            after = job_logits(job, loaded.module, units)
        except SerkitError as error:
            raise Failure(
                f"What was saved cannot be loaded: {str(error).rstrip('.')}.",
                reproduce=_steps(subject),
                cause="layers or arrays that only training makes; build() must make them, or load_state() from what it "
                "is given.",
            ) from None
        worst = np.abs(before - after).max(axis=1)
        if not np.array_equal(before, after):
            k = int(worst.argmax())
            names = ", ".join(sorted(read_arrays(job.folder / "model.safetensors")[0])[:6])
            raise Failure(
                f"The logits of utterance {test[k]!r} differ by {worst[k]:.3g} after loading; saved were {names} ...",
                reproduce=_steps(subject) + f" Then predict {test[k]!r}.",
                cause="something learnt that is not in state() (a scale, classes, a threshold), or in a module not "
                "registered as parameter or buffer; add it.",
            )


def check_transforms_saving(subject: ArchitectureSubject) -> None:
    """A transform that was saved and loaded maps frames to the same bits."""
    with toy.job(subject) as job:
        fitted: dict[str, Any] = dict(job.architecture.fit_transforms(FoldTrainingSet(job), seeds.rng(0)))
        everyone = [*job.fold.train, *job.fold.dev, *job.fold.test]
        for name, kind in job.architecture.transforms.items():
            if kind.scope == "speaker":
                who = [job.speakers[i] for i in everyone]
                fitted[name] = fit_speakers(kind, job.table.rows(name, everyone), who, seeds.rng(0))
        if not fitted:
            raise NotApplicable("it has no transforms")
        save_transforms(job.folder / "transforms.safetensors", fitted)
        loaded = load_transforms(job.architecture, job.folder / "transforms.safetensors", job.named)
        i = toy.FOLD_B.test[0]
        for name, before in fitted.items():
            x, after = job.table.rows(name, [i])[0], loaded[name]
            if hasattr(before, "of"):
                before, after = before.of(job.speakers[i]), after.of(job.speakers[i])  # type: ignore[union-attr]
            a, b = before(x.copy()), after(x.copy())  # type: ignore[operator]
            if a.shape != b.shape or a.dtype != b.dtype or not np.array_equal(a, b, equal_nan=True):
                raise Failure(
                    f"The transform {type(before).__name__} of {name!r} gives {a.dtype} {list(a.shape)}, and after "
                    f"loading {b.dtype} {list(b.shape)} of other values.",
                    reproduce=f"from_state(state()) of {type(before).__name__}, on one utterance.",
                    cause="something fitted that is not in state(), or stored in another precision.",
                )


def _steps(subject: ArchitectureSubject) -> str:
    how = "two steps of training" if subject.is_network else "fit()"
    return f"{how} on {len(toy.FOLD_B.train)} utterances, state, write, read, load into a new build."


CHECKS = (Check(check_saving, presets="default"), Check(check_transforms_saving, presets="default"))

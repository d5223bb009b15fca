"""What is timed of a plugin: pieces of work on made-up utterances, as the host would do them, each with its check."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from serkit import config
from serkit.errors import PluginError, blame
from serkit.host import FeatureSpec, Host
from serkit.host.specs import Kind
from serkit.run.cost import SECONDS, model_cost, said
from serkit.run.plugins import make_extractor, named
from serkit.run.prepare import FeatureTable, source_of
from serkit.testing.bench.contest import Absent
from serkit.testing.conformance.subjects import LABELS, ArchitectureSubject, subjects
from serkit.types import Fold, Protocol

Work = Literal["training_step", "batch", "utterance", "features"]

WORDS: Mapping[Work, str] = {
    "training_step": "a training step (an estimator: a fit)",
    "batch": "frames to posteriors",
    "utterance": "frames to posteriors",
    "features": "samples to frames",
}

UTTERANCES = 16
"""In a batch: four of each class, so that estimators which divide what they are given once more have enough."""

SAME = 1e-5
"""How far two answers to one question may be apart, relative to the largest value: float32 sums that threads share are
added up in another order each time, and a hundred roundings are 1e-5."""


def work_of(work: Work) -> str:
    """The work in words, with how many utterances of which length it is done on."""
    n = UTTERANCES if work in ("training_step", "batch") else 1
    return f"{WORDS[work]}, {n} {'utterances' if n > 1 else 'utterance'} of {SECONDS:g} s"


class FeatureWorks:
    """The work of a feature plugin; ``sets`` are ``option=value``."""

    kind: Kind = "feature"
    works: tuple[Work, ...] = ("features",)

    def __init__(self, host: Host, name: str, sets: tuple[str, ...] = ()) -> None:
        self.host, self.name, self.sets = host, host.get("feature", name).spec.name, sets
        self.label = " ".join((self.name, *sets))
        self.who = named(host, "feature", name)

    @cached_property
    def extractors(self) -> Mapping[str, tuple[str, Any]]:
        """Name of the feature plugin and its extractor, by input."""
        spec = self.host.get("feature", self.name).spec
        assert isinstance(spec, FeatureSpec)
        options = config.load(self.host.load_target(spec.options), config.assignments(self.sets), where="--set")
        return {self.name: (self.name, make_extractor(self.host, self.name, options))}

    def prepare(self, work: Work) -> Callable[[], Any]:
        """The call that is timed."""
        return self._features(self._said(0))

    def check(self, work: Work, answer: Any) -> None:
        """Raise PluginError unless ``answer`` is right, the same as another call's, and of the declared shape."""
        self._check_features(answer)

    def cost(self) -> dict[str, Any]:
        """Numbers of the plugin that do not depend on the clock."""
        return {}

    def _said(self, number: int) -> dict[str, Any]:
        return {
            key: said(extractor, source_of(feature, self.host), len(LABELS), number)
            for key, (feature, extractor) in self.extractors.items()
        }

    def _features(self, given: Mapping[str, Any]) -> Callable[[], dict[str, Any]]:
        def call() -> dict[str, Any]:
            made = {}
            for key, (feature, extractor) in self.extractors.items():
                with blame(named(self.host, "feature", feature), "__call__()"):
                    made[key] = extractor(given[key])
            return made

        return call

    def _check_features(self, answer: Mapping[str, Any]) -> None:
        again = self._features(self._said(0))()
        for key, (feature, extractor) in self.extractors.items():
            who, frames = named(self.host, "feature", feature), np.asarray(answer[key])
            with blame(who, "shape"):
                shape = tuple(extractor.shape)
            if frames.ndim < 1 or not len(frames) or frames.shape[1:] != shape:
                raise PluginError(
                    f"The {who} returned frames of shape {list(frames.shape)} for {SECONDS:g} s; its `shape` promises "
                    f"[frames, {', '.join(map(str, shape))}], so it was not timed."
                )
            if np.isinf(frames).any() or np.isnan(frames).all():  # some may be undefined, as a pitch without a voice
                raise PluginError(f"The {who} returned frames that are not finite, so it was not timed.")
            _must_be_same(frames, np.asarray(again[key]), who, "frames")


class ArchitectureWorks(FeatureWorks):
    """The work of an architecture at a preset; ``sets`` are ``path=value`` as ``serkit run --set`` takes them.

    Everything is prepared as in a run: features of made-up utterances, transforms fitted on them, units, one fold.
    """

    kind = "architecture"
    works = ("training_step", "batch", "utterance", "features")

    def __init__(self, host: Host, name: str, preset: str = "", sets: tuple[str, ...] = ()) -> None:
        subject = subjects(host, "architecture", name, presets=(preset,) if preset else (), sets=sets)[0]
        assert isinstance(subject, ArchitectureSubject)
        self.subject, self.host, self.name, self.sets = subject, host, subject.name, sets
        self.label = " ".join((str(subject), *sets))
        self.who = named(host, "architecture", name)

    @cached_property
    def extractors(self) -> Mapping[str, tuple[str, Any]]:
        """Name of the feature plugin and its extractor, by input."""
        choices = self.subject.recipe.features
        return {key: (choices[key].feature, extractor) for key, extractor in self.subject.extractors.items()}

    @cached_property
    def job(self) -> Any:
        """A fold that learns from ``UTTERANCES`` made-up utterances."""
        from serkit.run.fold import FoldJob

        ids = tuple(f"u{k:02}" for k in range(UTTERANCES))
        rows: dict[str, dict[str, Any]] = {key: {} for key in self.extractors}
        for number, i in enumerate(ids):
            for key, frames in self._features(self._said(number))().items():
                rows[key][i] = frames
        fold = Fold(name="bench", train=ids, dev=ids, test=())
        protocol = Protocol(corpus="made-up", name="bench", version=1, folds=(fold,), labels=LABELS, hash="")
        return FoldJob(
            plugin=self.name,
            architecture=self.subject.architecture(),
            training=self.subject.recipe.training,
            protocol=protocol,
            fold=fold,
            seed=0,
            table=FeatureTable(rows),
            truth={i: LABELS[k % len(LABELS)] for k, i in enumerate(ids)},
            speakers={i: f"s{k // len(LABELS)}" for k, i in enumerate(ids)},  # each says every class
            folder=Path(),
            origin=self.who.partition("(")[2].removesuffix(")"),
        )

    @cached_property
    def transforms(self) -> Mapping[str, Any]:
        """Those of the fold, fitted."""
        from dataclasses import replace

        from serkit.run.fold import fit_transforms

        with tempfile.TemporaryDirectory() as folder:  # the host saves what it fitted, and reads it again
            return fit_transforms(replace(self.job, folder=Path(folder)))

    def _build(self) -> Any:
        from serkit.run import seeds

        with seeds.torch_seeded(0, "bench"), blame(self.who, "build()"):
            return self.job.architecture.build(self.job.context(self.transforms))

    @cached_property
    def model(self) -> Any:
        """What answers: a module with its first weights, or an estimator that was fitted."""
        from torch import nn

        from serkit.run.fold import fit_to, training_units

        model = self._build()
        if not isinstance(model, nn.Module):
            fit_to(self.job, model, *training_units(self.job, self.transforms), "fit")
        return model

    def prepare(self, work: Work) -> Callable[[], Any]:
        """The call that is timed. Raises SerkitError if the plugin fails, Absent where it has no such work."""
        from torch import nn

        if work == "features":
            return self._features(self._said(0))
        if work != "training_step":
            return self._inference(self.job.fold.train if work == "batch" else self.job.fold.train[:1])
        if self.job.architecture.learns_from == "nothing":
            raise Absent(f"The {self.who} learns nothing, so there is no training to time.")
        return self._step() if isinstance(self.model, nn.Module) else self._fit()

    def _inference(self, ids: tuple[str, ...]) -> Callable[[], Any]:
        from serkit.run.fold import evaluation_units
        from serkit.run.trainer import predict_module

        model = self.model
        return lambda: predict_module(self.job, model, evaluation_units(self.job, ids, self.transforms), len(ids))

    def _step(self) -> Callable[[], float]:
        import torch

        from serkit.nn.optimizers import make_optimizer, set_rate
        from serkit.run import seeds
        from serkit.run.fold import collate_units, tensors, training_units
        from serkit.run.trainer import take_step

        job = self.job
        module = self._build().train()
        if not any(p.requires_grad for p in module.parameters()):
            raise PluginError(
                f"The {self.who} built a module without parameters to train, so there is no step to time."
            )
        with blame(self.who, "rate_factors"):
            optimizer = make_optimizer(module, job.training)
        set_rate(optimizer, 0.0)  # the weights stay, so that every repetition does the same work
        units, targets = training_units(job, self.transforms)
        rng = seeds.rng(0, "bench", "batches")
        batch = collate_units(units, range(len(units)), job.architecture, crop=job.training.crop, rng=rng)
        inputs, y = tensors(batch, "cpu"), torch.from_numpy(targets)
        weights = torch.ones(len(LABELS))
        self._trained = module
        return lambda: take_step(job, module, optimizer, inputs, y, weights)

    def _fit(self) -> Callable[[], Any]:
        from serkit.run.fold import fit_to, training_units

        units, targets = training_units(self.job, self.transforms)

        def call() -> Any:
            model = self._build()
            fit_to(self.job, model, units, targets, "fit")
            return model

        return call

    def check(self, work: Work, answer: Any) -> None:
        """Raise PluginError unless ``answer`` is right: posteriors that are finite, of the right shape, and the same
        as another call's; a finite loss with finite gradients; frames of the declared shape."""
        from torch import nn

        if work == "features":
            self._check_features(answer)
        elif work != "training_step":
            _must_be_finite(answer, self.who, "posteriors")  # their shape is checked where they are made
            _must_be_same(answer, self.prepare(work)(), self.who, "posteriors")
        elif isinstance(self.model, nn.Module):
            if not math.isfinite(answer):
                raise PluginError(f"The {self.who} has a loss of {answer} in a training step, so it was not timed.")
            gradients = [p.grad for p in self._trained.parameters() if p.grad is not None]
            if not gradients or not all(bool(g.isfinite().all()) for g in gradients):
                what = "gradients that are not finite" if gradients else "no gradients"
                raise PluginError(f"The {self.who} has {what} after a training step, so it was not timed.")

    def cost(self) -> dict[str, Any]:
        """Parameters, those that are trained, and multiply-adds of the forward pass over one utterance."""
        from serkit.run.models import FoldModel

        model = FoldModel(
            architecture=self.job.architecture,
            transforms=self.transforms,
            module=self.model,
            n_classes=len(LABELS),
            who=self.who,
        )
        first = {key: self.job.table.rows(key, self.job.fold.train[:1]) for key in self.job.table.names}
        return model_cost(model, first)


def _must_be_finite(values: Any, who: str, what: str) -> None:
    if not np.isfinite(np.asarray(values)).all():
        raise PluginError(f"The {who} returned {what} that are not finite, so it was not timed.")


def _must_be_same(one: Any, other: Any, who: str, what: str) -> None:
    scale = float(np.nan_to_num(np.abs(one)).max(initial=0.0))
    if one.shape != other.shape or not np.allclose(one, other, rtol=0.0, atol=SAME * scale, equal_nan=True):
        raise PluginError(
            f"The {who} returned other {what} when it was asked the same again, so it was not timed; `serkit plugin "
            "check` finds out more."
        )

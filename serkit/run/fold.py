"""One fold of one seed: what it trains on, how it predicts, and the files it leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from serkit.data.batches import Units, collate, make_units, pad_frames
from serkit.data.segments import Segment, segment
from serkit.errors import PluginError, UserError, blame
from serkit.nn.architecture import Estimator
from serkit.nn.transforms import Transform
from serkit.run import seeds
from serkit.run.files import write_arrays
from serkit.run.fitted import (
    Fitted,
    fit_speakers,
    frame_shapes,
    load_transforms,
    save_transforms,
    speaker_level,
    train_level,
)
from serkit.run.prepare import FeatureTable
from serkit.run.targets import class_weights, oversampled
from serkit.types import Fold, FoldContext, Protocol, Training, Unit

if TYPE_CHECKING:
    from serkit.run.waveforms import Waveforms

Array = NDArray[np.float32]
Rows = Mapping[str, Sequence[Array]]


@dataclass(frozen=True, kw_only=True)
class FoldJob:
    """Everything one fold needs; nothing in it is changed by training.

    ``votes`` are those of the raters by utterance, ``words`` the inputs that are made of text, and ``waveforms`` the
    training recordings, where the settings change them.
    """

    plugin: str
    architecture: Any
    training: Training
    protocol: Protocol
    fold: Fold
    seed: int
    table: FeatureTable
    truth: Mapping[str, str]
    speakers: Mapping[str, str]
    folder: Path
    device: str = "cpu"
    bf16: bool = False
    origin: str = ""
    votes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    words: frozenset[str] = frozenset()
    waveforms: Waveforms | None = None

    @property
    def named(self) -> str:
        """The plugin in words, with its distribution (``origin``), for errors."""
        return f"architecture {self.plugin!r}" + (f" ({self.origin})" if self.origin else "")

    @property
    def labels(self) -> tuple[str, ...]:
        """The class set, in the order of the model's outputs."""
        return self.protocol.labels

    @property
    def unit(self) -> Unit:
        """The architecture's unit."""
        unit: Unit = self.architecture.unit
        return unit

    def targets(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Class indices ``[N]``."""
        number = {name: k for k, name in enumerate(self.labels)}
        return np.array([number[self.truth[i]] for i in ids], np.int64)

    @property
    def whole(self) -> frozenset[str]:
        """The inputs that are never cut into units."""
        return whole_inputs(self.architecture)

    @property
    def learned(self) -> tuple[str, ...]:
        """The utterances that the architecture learns from."""
        return {"train": self.fold.train, "dev": self.fold.dev, "nothing": ()}[self.architecture.learns_from]

    @property
    def any_one(self) -> tuple[str, ...]:
        """The id of an utterance that has every input."""
        return (*self.learned, *self.fold.dev, *self.fold.test)[:1]

    def context(self, transforms: Mapping[str, Fitted]) -> FoldContext:
        """What the architecture may know."""
        first = {name: self.table.rows(name, self.any_one)[0] for name in self.table.names}
        with blame(self.named, "its transforms"):
            shapes = frame_shapes(first, transforms)
        return FoldContext(
            labels=self.labels,
            input_shapes=shapes,
            seed=seeds.derive(self.seed, self.fold.name, "context"),
            fold=self.fold.name,
            transforms=train_level(transforms),
            training=self.training,
        )

    def units(
        self,
        ids: Sequence[str],
        transforms: Mapping[str, Fitted],
        *,
        training: bool,
        unit: Unit | None = None,
        rows: Rows | None = None,
    ) -> Units:
        """Transformed units of the utterances ``ids``, by the architecture's ``unit`` unless another is given.
        ``rows`` are frames by input that stand for those of the table."""
        unit = unit or self.unit
        given = self._rows(ids, rows)
        speakers = [self.speakers[i] for i in ids]
        with blame(self.named, "its transforms"):
            ready = {n: speaker_level(x, transforms.get(n), speakers) for n, x in given.items()}
            cut = self.segments(ids, training=training, unit=unit, rows=rows)
            return make_units(ready, cut, train_level(transforms), unit, self.whole)

    def _rows(self, ids: Sequence[str], rows: Rows | None) -> dict[str, Sequence[Array]]:
        changed = rows or {}
        return {n: changed[n] if n in changed else self.table.rows(n, ids) for n in self.table.names}

    def segments(
        self, ids: Sequence[str], *, training: bool, unit: Unit | None = None, rows: Rows | None = None
    ) -> list[Segment]:
        """Segments of the utterances ``ids``, by the architecture's ``unit`` unless another is given; ``rows`` as for
        ``units``."""
        timed = next((n for n in self.table.names if n not in self.whole), self.table.names[0])
        lengths = [len(x) for x in self._rows(ids, rows)[timed]]
        rng = seeds.rng(self.seed, self.fold.name, "segments") if training else None
        return segment(lengths, unit or self.unit, training=training, labels=[self.truth[i] for i in ids], rng=rng)


@dataclass(frozen=True)
class FoldTrainingSet:
    """The ``serkit.nn.TrainingSet`` that ``fit_transforms`` sees: the part that the architecture learns from only."""

    job: FoldJob
    ids: Sequence[str] = field(init=False)
    labels: NDArray[np.int64] = field(init=False)
    classes: Sequence[str] = field(init=False)
    speakers: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        ids = self.job.learned
        object.__setattr__(self, "ids", ids)
        object.__setattr__(self, "labels", self.job.targets(ids))
        object.__setattr__(self, "classes", self.job.labels)
        object.__setattr__(self, "speakers", tuple(self.job.speakers[i] for i in ids))

    def utterances(self, name: str) -> Iterator[Array]:
        """Frames of each training utterance."""
        yield from self.job.table.rows(name, self.ids)

    def units(self, name: str) -> Iterator[Array]:
        """Frames of each training unit, padded where the unit pads before transforms."""
        rows = self.job.table.rows(name, self.ids)
        pad = self.job.unit.frames if self.job.unit.pad == "before" else 0
        for s in self.job.segments(self.ids, training=True):
            yield pad_frames(rows[s.utterance][s.start : s.start + s.frames], pad)


def whole_inputs(architecture: Any) -> frozenset[str]:
    """Names of the inputs that every unit sees whole."""
    return frozenset(name for name, wanted in architecture.inputs.items() if wanted.whole)


def fit_transforms(job: FoldJob) -> dict[str, Fitted]:
    """Fit what the architecture learns before training, and save it."""
    with blame(job.named, "fit_transforms()"):
        fitted: dict[str, Any] = dict(
            job.architecture.fit_transforms(
                FoldTrainingSet(job), seeds.rng(job.seed, job.fold.name, "transforms")
            ).items()
        )
    kinds = job.architecture.transforms
    for name, transform in fitted.items():
        if name not in job.table.names:
            raise PluginError(
                f"The {job.named} fitted a transform for {name!r}, which is none of its inputs "
                f"({', '.join(job.table.names)})."
            )
        if not isinstance(transform, Transform) or getattr(kinds.get(name), "from_state", None) is None:
            raise PluginError(
                f"The {job.named} fitted {type(transform).__name__} for {name!r}; a serkit.nn.Transform of the "
                "class that its `transforms` names is expected, so that prediction can load it again."
            )
    ids = [*job.fold.train, *job.fold.dev, *job.fold.test]
    for name, kind in kinds.items():
        if kind.scope == "speaker":
            rng = seeds.rng(job.seed, job.fold.name, "transforms", name)
            with blame(job.named, f"fit() of its transform of {name!r}"):
                fitted[name] = fit_speakers(kind, job.table.rows(name, ids), [job.speakers[i] for i in ids], rng)
    path = job.folder / "transforms.safetensors"
    with blame(job.named, "the state() of its transforms"):
        save_transforms(path, fitted)
    return load_transforms(job.architecture, path, job.named)  # what prediction and --resume will see, seen at once


def training_units(
    job: FoldJob, transforms: Mapping[str, Fitted], rows: Rows | None = None
) -> tuple[Units, NDArray[np.int64]]:
    """Training units and their class indices; whole utterances where ``training.crop`` cuts them in every epoch.
    ``rows`` are frames by input that stand for those of the table."""
    unit = job.unit
    if job.training.crop:
        if unit.pad == "before":
            raise UserError(
                "training.crop cuts frames that have been transformed; it needs architecture.unit.pad=after."
            )
        unit = Unit()
    ids = job.learned
    units = job.units(ids, transforms, training=True, unit=unit, rows=rows)
    return units, job.targets(ids)[units.utterance]


def evaluation_units(job: FoldJob, ids: Sequence[str], transforms: Mapping[str, Fitted]) -> Units:
    """Units of development or test utterances."""
    return job.units(ids, transforms, training=False)


def fit_estimator(job: FoldJob, model: Any, train: Units, targets: NDArray[np.int64]) -> None:
    """Fit what an architecture built instead of a module, unless it learns from nothing, and save its state."""
    fit_to(job, model, train, targets, "fit")
    with blame(job.named, "state()"):
        state = {str(k): np.asarray(v) for k, v in model.state().items()}
    write_arrays(job.folder / "model.safetensors", state, {"labels": list(job.labels)})


def fit_to(job: FoldJob, model: Any, train: Units, targets: NDArray[np.int64], *purpose: str | int) -> None:
    """Fit an estimator to units, where there are some; ``purpose`` is what its random numbers are for."""
    if not isinstance(model, Estimator):
        raise PluginError(
            f"The {job.named} built {type(model).__name__}; a torch.nn.Module or an estimator with fit, predict_proba, "
            "state and load_state is expected."
        )
    refuse_epochs(job.training, job.named)
    if not len(train):
        return
    inputs: Mapping[str, Sequence[Array]] = train.arrays
    if job.training.oversample != "none":
        index = oversampled(targets, job.training, seeds.rng(job.seed, job.fold.name, "oversample"))
        inputs = {name: [rows[k] for k in index] for name, rows in inputs.items()}
        targets = targets[index]
    weights = class_weights(targets, len(job.labels), job.training)[targets]
    with blame(job.named, "fit()"):
        model.fit(inputs, targets, seeds.rng(job.seed, job.fold.name, *purpose), weights)


def refuse_epochs(training: Training, named: str) -> None:
    """Raise UserError for settings that draw anew in every epoch, or need a loss: they say nothing to an estimator,
    ``named`` in words."""
    asked = {
        "training.augment": training.augment.active,
        "training.crop": training.crop,
        'training.targets="votes"': training.targets == "votes",
    }
    for what, wanted in asked.items():
        if wanted:
            raise UserError(
                f"The {named} is an estimator, which is fitted once on the utterances and their labels as they are; "
                f"{what} is for modules that are trained in epochs, so leave it out."
            )


def unit_logits(
    module: Any, units: Units, architecture: Any, *, batch: int, device: str, bf16: bool, plugin: str, n_classes: int
) -> NDArray[np.float64]:
    """Logits ``[N, K]`` of a module in evaluation mode (an estimator: log posteriors)."""
    import torch

    if not isinstance(module, torch.nn.Module):
        with blame(plugin, "predict_proba()"):
            posteriors = np.asarray(module.predict_proba(units.arrays), np.float64)
        floored = np.maximum(_shaped(posteriors, len(units), n_classes, plugin), np.finfo(np.float64).tiny)
        return np.asarray(np.log(floored))
    module.eval()
    # by length, so that whole utterances in a batch need little padding
    order = np.argsort([s.frames for s in units.segments], kind="stable")
    out = np.empty((len(units), n_classes))
    with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=bf16):
        for start in range(0, len(units), batch):
            index = order[start : start + batch]
            inputs = tensors(collate_units(units, index, architecture), device)
            logits = forward(module, inputs, len(index), n_classes, plugin).float().cpu().numpy()
            out[index] = _shaped(logits, len(index), n_classes, plugin)
    return out


def forward(module: Any, inputs: Mapping[str, Any], n: int, n_classes: int, plugin: str) -> Any:
    """Logits, a floating-point tensor ``[n, n_classes]``; PluginError (``plugin`` in words) for anything else."""
    import torch

    with blame(plugin, "forward()"):
        logits = module(**inputs)
    if not isinstance(logits, torch.Tensor) or not logits.is_floating_point():
        what = getattr(logits, "dtype", type(logits).__name__)
        raise PluginError(
            f"The {plugin} returned {what} from forward(); a floating-point tensor of logits is expected."
        )
    check_shape(logits.shape, n, n_classes, plugin)
    return logits


def collate_units(
    units: Units,
    index: Sequence[int] | NDArray[np.int64],
    architecture: Any,
    *,
    crop: int = 0,
    rng: np.random.Generator | None = None,
) -> dict[str, NDArray[Any]]:
    """The batch of the units ``index``; with ``crop``, a random stretch of at most so many frames of each."""
    frames = architecture.unit.frames
    if crop:
        assert rng is not None
        units, frames = _cropped(units, index, crop, rng), crop
        index = range(len(index))
    return collate(units, [int(k) for k in index], frames=frames, min_frames=architecture.min_frames)


def _cropped(units: Units, index: Sequence[int] | NDArray[np.int64], crop: int, rng: np.random.Generator) -> Units:
    cut = []
    for k in index:
        s = units.segments[int(k)]
        start = int(rng.integers(0, max(0, s.frames - crop) + 1))
        cut.append(Segment(s.utterance, start, min(crop, s.frames)))
    arrays = {
        name: [
            rows[int(k)] if name in units.whole else rows[int(k)][s.start : s.start + s.frames]
            for k, s in zip(index, cut, strict=True)
        ]
        for name, rows in units.arrays.items()
    }
    return Units(arrays, cut, units.whole)


def tensors(batch: Mapping[str, NDArray[Any]], device: str) -> dict[str, Any]:
    """A batch as the keyword arguments of ``forward``."""
    import torch

    return {name: torch.from_numpy(x).to(device) for name, x in batch.items()}


def check_shape(shape: Sequence[int], n: int, n_classes: int, plugin: str) -> None:
    """Refuse logits that are not ``[n, n_classes]``."""
    if tuple(shape) != (n, n_classes):
        raise PluginError(
            f"The {plugin} returned {list(shape)} for {n} units; [B, K] = [{n}, {n_classes}] is expected."
        )


def _shaped(out: NDArray[Any], n: int, n_classes: int, plugin: str) -> NDArray[Any]:
    check_shape(out.shape, n, n_classes, plugin)
    if not np.isfinite(out).all():
        raise UserError(
            f"The {plugin} returned values that are not finite; a lower training.lr or "
            "training.clip_norm keeps training from running away."
        )
    return out

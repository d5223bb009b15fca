"""One fold of one seed: what it trains on, how it predicts, and the files it leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.data.batches import Units, collate, make_units, pad_frames
from serkit.data.segments import Segment, segment
from serkit.errors import PluginError, ProtocolError, RunFolderError, UserError, blame
from serkit.nn.architecture import Estimator
from serkit.nn.transforms import Transform
from serkit.run import seeds
from serkit.run.files import read_arrays, write_arrays
from serkit.run.prepare import FeatureTable
from serkit.types import Fold, FoldContext, Protocol, Training, Unit

Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class FoldJob:
    """Everything one fold needs; nothing in it is changed by training."""

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

    def context(self) -> FoldContext:
        """What the architecture may know."""
        return FoldContext(
            labels=self.labels,
            input_shapes=self.table.shapes(),
            seed=seeds.derive(self.seed, self.fold.name, "context"),
            fold=self.fold.name,
        )

    def segments(self, ids: Sequence[str], *, training: bool, unit: Unit | None = None) -> list[Segment]:
        """Units of the utterances ``ids``, by the architecture's ``unit`` unless another is given."""
        first = self.table.names[0]
        lengths = [len(x) for x in self.table.rows(first, ids)]
        rng = seeds.rng(self.seed, self.fold.name, "segments") if training else None
        return segment(lengths, unit or self.unit, training=training, labels=[self.truth[i] for i in ids], rng=rng)


@dataclass(frozen=True)
class FoldTrainingSet:
    """The ``serkit.nn.TrainingSet`` that ``fit_transforms`` sees: training speakers only."""

    job: FoldJob
    ids: Sequence[str] = field(init=False)
    labels: NDArray[np.int64] = field(init=False)
    speakers: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", self.job.fold.train)
        object.__setattr__(self, "labels", self.job.targets(self.job.fold.train))
        object.__setattr__(self, "speakers", tuple(self.job.speakers[i] for i in self.job.fold.train))

    def utterances(self, name: str) -> Iterator[Array]:
        """Frames of each training utterance."""
        yield from self.job.table.rows(name, self.ids)

    def units(self, name: str) -> Iterator[Array]:
        """Frames of each training unit, padded where the unit pads before transforms."""
        rows = self.job.table.rows(name, self.ids)
        pad = self.job.unit.frames if self.job.unit.pad == "before" else 0
        for s in self.job.segments(self.ids, training=True):
            yield pad_frames(rows[s.utterance][s.start : s.start + s.frames], pad)


def fit_transforms(job: FoldJob) -> dict[str, Transform]:
    """Fit what the architecture learns before training, and save it."""
    with blame(job.named, "fit_transforms()"):
        fitted: dict[str, Transform] = dict(
            job.architecture.fit_transforms(
                FoldTrainingSet(job), seeds.rng(job.seed, job.fold.name, "transforms")
            ).items()
        )
    for name, transform in fitted.items():
        if name not in job.table.names:
            raise PluginError(
                f"The {job.named} fitted a transform for {name!r}, which is none of its inputs "
                f"({', '.join(job.table.names)})."
            )
        if (
            not isinstance(transform, Transform)
            or getattr(job.architecture.transforms.get(name), "from_state", None) is None
        ):
            raise PluginError(
                f"The {job.named} fitted {type(transform).__name__} for {name!r}; a serkit.nn.Transform of the "
                "class that its `transforms` names is expected, so that prediction can load it again."
            )
        if transform.scope == "speaker" and job.protocol.information == "inductive":
            raise ProtocolError(
                f"The architecture {job.plugin!r} learns from each speaker's own audio, which {job.protocol.full_name} "
                "(inductive) does not allow; choose a protocol of information level 'speaker-unlabelled'."
            )
    with blame(job.named, "the state() of its transforms"):
        arrays = {f"{n}/{k}": np.asarray(v) for n, t in fitted.items() for k, v in t.state().items()}
    path = job.folder / "transforms.safetensors"
    write_arrays(path, arrays, {"inputs": list(fitted)})
    return load_transforms(job.architecture, path, job.named)  # what prediction and --resume will see, seen at once


def load_transforms(architecture: Any, path: Path, plugin: str) -> dict[str, Transform]:
    """The transforms a fold saved; ``plugin`` names the architecture in words. Raises RunFolderError for a file that
    is damaged or of another architecture."""
    arrays, record = read_arrays(path)
    out = {}
    for name in record.get("inputs", ()):
        if name not in architecture.transforms:
            raise RunFolderError(
                f"{path} holds a transform of {name!r}, which the {plugin} does not have; it is of another version of "
                "the plugin: install that one, or begin a new run."
            )
        state = {k.removeprefix(f"{name}/"): v for k, v in arrays.items() if k.startswith(f"{name}/")}
        with blame(plugin, "the from_state() of its transforms"):
            out[name] = architecture.transforms[name].from_state(state)
    return out


def training_units(job: FoldJob, transforms: Mapping[str, Transform]) -> tuple[Units, NDArray[np.int64]]:
    """Training units and their class indices; whole utterances where ``training.crop`` cuts them in every epoch."""
    unit = job.unit
    if job.training.crop:
        if unit.pad == "before":
            raise UserError(
                "training.crop cuts frames that have been transformed; it needs architecture.unit.pad=after."
            )
        unit = Unit()
    ids = job.fold.train
    rows = {name: job.table.rows(name, ids) for name in job.table.names}
    with blame(job.named, "its transforms"):
        units = make_units(rows, job.segments(ids, training=True, unit=unit), transforms, unit)
    return units, job.targets(ids)[units.utterance]


def evaluation_units(job: FoldJob, ids: Sequence[str], transforms: Mapping[str, Transform]) -> Units:
    """Units of development or test utterances."""
    rows = {name: job.table.rows(name, ids) for name in job.table.names}
    with blame(job.named, "its transforms"):
        return make_units(rows, job.segments(ids, training=False), transforms, job.unit)


def fit_estimator(job: FoldJob, model: Any, train: Units, targets: NDArray[np.int64]) -> None:
    """Fit what an architecture built instead of a module, and save its state."""
    if not isinstance(model, Estimator):
        raise PluginError(
            f"The {job.named} built {type(model).__name__}; a torch.nn.Module or an estimator with fit, predict_proba, "
            "state and load_state is expected."
        )
    with blame(job.named, "fit()"):
        model.fit(train.arrays, targets, seeds.rng(job.seed, job.fold.name, "fit"))
    with blame(job.named, "state()"):
        state = {str(k): np.asarray(v) for k, v in model.state().items()}
    write_arrays(job.folder / "model.safetensors", state, {"labels": list(job.labels)})


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
        name: [rows[int(k)][s.start : s.start + s.frames] for k, s in zip(index, cut, strict=True)]
        for name, rows in units.arrays.items()
    }
    return Units(arrays, cut)


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

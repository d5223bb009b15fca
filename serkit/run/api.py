"""The library's front door: ``serkit.run(recipe)``, ``serkit.load(run).predict(files)``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serkit.data.protocols import from_dict
from serkit.errors import ProtocolError, RunFolderError, UserError
from serkit.host import ArchitectureSpec, Host, get_host
from serkit.run import folder
from serkit.run.events import Events
from serkit.run.files import read_json
from serkit.run.plugins import build_unfitted, make_architecture, make_extractor, named
from serkit.run.posteriors import merge_units
from serkit.run.prepare import check_fingerprints, extract, run_inputs, text_inputs
from serkit.run.recipe import Recipe, Request, read_recipe, resolve
from serkit.run.search import chosen
from serkit.types import Utterance

GROUP_SECONDS = 600.0
"""Audio whose features are held at a time in prediction, unless one file is longer: about 30 MB of log-Mel."""


def run(
    recipe: str | Path | Mapping[str, Any],
    *,
    out: str | Path | None = None,
    resume: bool = False,
    data: str | Path | Sequence[str | Path] | None = None,
    folds: Sequence[int] | None = None,
    seeds: int | None = None,
    sets: Sequence[str] = (),
    events: Events | None = None,
    host: Host | None = None,
) -> LoadedRun:
    """Train and evaluate a recipe: its name, a TOML file, or its tables as a mapping.

    The keywords are the flags of ``serkit run`` and go over the recipe; ``data`` is a folder, or one for each pooled
    corpus in the order of the dataset's name (or ``"name=folder"``). Returns the finished run. Raises SerkitError
    sentences; nothing is printed unless ``events`` does.
    """
    from serkit.run.runner import execute

    host = host or get_host()
    tables, where = (recipe, "the recipe") if isinstance(recipe, Mapping) else read_recipe(recipe, host)
    folders = [data] if isinstance(data, str | Path) else list(data or ())
    request = Request(recipe=tables, where=where, data=folders, folds=folds, seeds=seeds, sets=tuple(sets))
    done = execute(
        resolve(request, host), out=Path(out) if out else None, resume=resume, host=host, events=events or Events()
    )
    return load(done["run"], host=host)


@dataclass(frozen=True)
class Prediction:
    """What the models of a run say of one file.

    ``posteriors`` maps each class to the mean over ``models`` models; ``trained_on`` is how many of them had the file
    (or one with the same samples) among their training or development utterances.
    """

    file: str
    label: str
    posteriors: dict[str, float]
    models: int
    trained_on: int


@dataclass(frozen=True)
class LoadedRun:
    """A finished run, or one of its folds."""

    path: Path
    recipe: Recipe
    protocol: Mapping[str, Any]
    metrics: Mapping[str, Any]
    folds: tuple[Path, ...]
    host: Host

    def predict(self, files: Sequence[str | Path], events: Events | None = None) -> list[Prediction]:
        """Label and posteriors of audio files, the mean over the run's models, in the order of ``files``.

        Raises AudioError for a file that cannot be used and UserError if the run's protocol needs more of a speaker
        than one file. Every header is checked before the first file is scored, and memory is that of the longest file
        or of ten minutes, however many files there are.
        """
        if self.protocol["information"] != "inductive":
            raise UserError(
                f"The run {self.path} used {self.protocol['information']} information of its test speakers, which a "
                "single file cannot give; train under an inductive protocol to predict files."
            )
        if run_inputs(self.recipe.features, self.host):
            raise UserError(
                f"The run {self.path} fuses what finished runs say of the utterances of their folds; to predict files, "
                "name one of those runs (its runs.json lists them)."
            )
        words = sorted(text_inputs(self.recipe.features, self.host))
        if words:
            raise UserError(
                f"The run {self.path} reads words (its input {words[0]!r}), and an audio file comes without; predict "
                "files with a run of a system that needs audio only."
            )
        from serkit.data.audio import decoded_sha256, info

        paths = [Path(f) for f in files]
        if not paths:
            raise UserError("There is no file to predict; name audio files, or folders that hold some.")
        check_fingerprints(self.path, self.recipe, self.host)
        events = events or Events()
        utterances = [Utterance(id=f"{k}", path=p, label="", speaker="") for k, p in enumerate(paths)]
        labels = tuple(self.protocol["labels"])
        parts = []
        for group in _groups(utterances, [info(p).seconds for p in paths]):
            made: dict[str, dict[str, list[Any]]] = {}  # folds that searched may differ in their features
            total: Any = 0.0
            for fold in self.folds:
                recipe = chosen(self.recipe, fold, self.host)
                if repr(recipe.features) not in made:
                    table = extract(group, recipe.features, self.host, events.progress(), events.note)
                    made[repr(recipe.features)] = {n: table.rows(n, [u.id for u in group]) for n in table.names}
                total = total + self._fold_posteriors(recipe, fold, made[repr(recipe.features)], labels)
            parts.append(total)
        mean = np.concatenate(parts) / len(self.folds)
        seen = self._seen([decoded_sha256(p) for p in paths])
        return [
            Prediction(
                file=str(path),
                label=labels[int(row.argmax())],
                posteriors={name: float(v) for name, v in zip(labels, row, strict=True)},
                models=len(self.folds),
                trained_on=times,
            )
            for path, row, times in zip(paths, mean, seen, strict=True)
        ]

    def _fold_posteriors(
        self, recipe: Recipe, fold: Path, rows: Mapping[str, list[Any]], labels: tuple[str, ...]
    ) -> Any:
        from serkit.run.models import load_fold_model

        first = {key: arrays[0] for key, arrays in rows.items()}
        model = load_fold_model(recipe, fold, labels, first, self.host)
        units, count = model.units(rows), len(next(iter(rows.values())))
        return merge_units(model.logits(units), units.utterance, count, model.architecture.unit.merge)

    def _seen(self, hashes: Sequence[str]) -> list[int]:
        """For each file, how many of the models were trained or selected on the same samples."""
        known = self.protocol.get("audio_sha256", {})
        used = []
        for fold in self.folds:
            name = fold.name.partition("-")[2]
            split = next(f for f in self.protocol["folds"] if f["name"] == name)
            used.append({known[i] for i in (*split["train"], *split["dev"]) if i in known})
        return [sum(h in u for u in used) for h in hashes]


def _groups(utterances: Sequence[Utterance], seconds: Sequence[float]) -> list[list[Utterance]]:
    """Consecutive files that together last at most ``GROUP_SECONDS``, or one that is longer."""
    groups: list[list[Utterance]] = []
    total = math.inf
    for u, duration in zip(utterances, seconds, strict=True):
        if total + duration > GROUP_SECONDS:
            groups.append([])
            total = 0.0
        groups[-1].append(u)
        total += duration
    return groups


def load(path: str | Path, host: Host | None = None) -> LoadedRun:
    """A run folder, or one fold's folder inside it, ready to predict. Raises RunFolderError if it is none."""
    path, host = Path(path), host or get_host()
    if path.absolute().resolve().parent.name == "folds" and not (path / "recipe.toml").exists():
        path = path.resolve() if path.parent.name != "folds" else path  # `.` inside a fold
        root = path.parent.parent
    else:
        root = path
    recipe = resolve(Request(recipe=folder.read_recipe(root), where=str(root / "recipe.toml")), host)
    if recipe.sweep:
        raise RunFolderError(f"{path} is a sweep of several runs; name the folder of one of them inside it.")
    folds = (path,) if root != path else tuple(sorted(p.parent for p in root.glob("folds/*/predictions.csv")))
    if not folds or not all((f / "model.safetensors").exists() for f in folds):
        raise RunFolderError(f"{path} has no finished fold; continue it with `serkit run --resume --out {root}`.")
    metrics = read_json(root / "metrics.json") if (root / "metrics.json").exists() else {}
    split = read_json(root / "protocol.json")
    try:
        known = {f.name for f in from_dict(split).folds}
        dict(split.get("audio_sha256", {}))
        lost = [f.name for f in folds if f.name.partition("-")[2] not in known]
    except (ProtocolError, AttributeError, TypeError, ValueError):
        raise RunFolderError(f"{root / 'protocol.json'} is damaged; restore it, or run its recipe again.") from None
    if lost:
        raise RunFolderError(
            f"{root / 'protocol.json'} has no fold of the folder folds/{lost[0]}; restore the one it was run with."
        )
    return LoadedRun(root, recipe, split, metrics, folds, host)


@dataclass(frozen=True)
class _Assumed:
    """In place of an extractor whose files the user has not named: frames of zeros."""

    frames: int
    shape: tuple[int, ...]
    sample_rate: int = 16_000

    def __call__(self, waveform: Any) -> Any:
        return np.zeros((self.frames, *self.shape), np.float32)


def _extractor_to_describe(host: Host, model: Any, name: str, feature: str, options: Any) -> Any:
    """The extractor of an input, or what the architecture assumes of it where it needs files that are not named."""
    assumed = getattr(model, "assumed_inputs", {}).get(name)
    try:
        return make_extractor(host, feature, options)
    except UserError:
        if assumed is None:
            raise
        return _Assumed(*assumed)


def describe_architecture(name: str, host: Host | None = None) -> dict[str, Any]:
    """What ``serkit show`` says of an architecture beyond its spec: settings of the described preset, inputs, unit and
    parameters (torch's count, and with one bias a gate), at four classes, and the multiply-adds of one utterance."""

    from serkit import config
    from serkit.nn.architecture import network_of
    from serkit.nn.count import count_parameters
    from serkit.run.cost import frames_of, model_cost
    from serkit.run.models import FoldModel
    from serkit.types import Training

    host = host or get_host()
    spec = host.get("architecture", name).spec
    assert isinstance(spec, ArchitectureSpec)
    preset = spec.paper_preset or spec.default_preset
    over = spec.presets[preset]
    settings = config.load(host.load_target(spec.config), over.get("architecture", {}), where=f"preset {preset!r}")
    model = make_architecture(host, name, settings)
    training = config.load(Training, config.merge(config.dump(model.training), over.get("training", {})))
    made, inputs = {}, {}
    for key, wanted in model.inputs.items():
        feature = host.get("feature", wanted.feature).spec
        options = config.load(
            host.load_target(feature.options),  # type: ignore[union-attr]
            config.merge(wanted.options, over.get("features", {}).get(key, {})),
        )
        made[key] = _extractor_to_describe(host, model, key, wanted.feature, options)
        inputs[key] = {"feature": wanted.feature, "shape": list(made[key].shape), **config.dump(options)}
    labels = ("angry", "happy", "neutral", "sad")
    who = named(host, "architecture", name)
    built, shapes = build_unfitted(model, made, labels, training, who)
    cost = model_cost(
        FoldModel(architecture=model, transforms={}, module=built, n_classes=len(labels), who=who),
        frames_of(made, host, {key: wanted.feature for key, wanted in model.inputs.items()}, shapes, len(labels)),
    )
    network = network_of(built)
    count = (None, None) if network is None else count_parameters(network)
    return {
        "preset": preset,
        "classes": len(labels),
        "parameters": count[0],
        "parameters_spec": count[1],
        "multiply_adds": cost["multiply_adds"],
        "not_counted": cost["not_counted"],
        "seconds_of_audio": cost["seconds_of_audio"],
        "architecture": config.dump(settings),
        "training": config.dump(training),
        "inputs": inputs,
        "unit": config.dump(model.unit),
    }

"""Finished runs as the input of another run: their posteriors, by fold, seed and utterance."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.errors import PluginError, RunFolderError, UserError, blame
from serkit.host import Host
from serkit.run import folder
from serkit.run.files import read_json
from serkit.run.plugins import make_extractor, named
from serkit.run.predictions import Predictions
from serkit.run.prepare import FeatureTable, check_rows, run_inputs
from serkit.run.recipe import Recipe
from serkit.types import Fold, Protocol, Utterance

Key = tuple[int, str]
"""A seed and the name of a fold."""


@dataclass(frozen=True)
class Part:
    """A finished run: its folder, its system, and its predictions of the folds and seeds that are wanted.

    ``sha256`` is that of each ``predictions.csv``, so that a resumed run can tell whether a part was made anew.
    """

    path: Path
    system: str
    predictions: Mapping[Key, Predictions]
    sha256: Mapping[str, str]
    audio: Mapping[str, str]


@dataclass(frozen=True)
class Parts:
    """The runs of each input that is made of runs; falsy where there is none."""

    by_input: Mapping[str, tuple[Part, ...]]

    def __bool__(self) -> bool:
        return bool(self.by_input)

    def record(self) -> dict[str, Any]:
        """What ``runs.json`` says of them."""
        return {
            name: [{"run": str(p.path), "system": p.system, "predictions_sha256": dict(p.sha256)} for p in parts]
            for name, parts in self.by_input.items()
        }

    def lines(self) -> list[str]:
        """A sentence on each input."""
        return [
            f"{name!r}: {len(parts)} runs, {', '.join(f'{p.system} ({p.path})' for p in parts)}."
            for name, parts in self.by_input.items()
        ]


def read_parts(
    recipe: Recipe, protocol: Protocol, folds: Sequence[Fold], truth: Mapping[str, Utterance], host: Host
) -> Parts:
    """The runs that the recipe's inputs name, checked against this run's protocol, folds and seeds.

    Raises UserError or RunFolderError sentences: no run, one named twice, a folder that is none, another protocol hash,
    a fold or seed that is missing, a damaged file, or one that is not of the fold it lies in.
    """
    found = {}
    for name in sorted(run_inputs(recipe.features, host)):
        given = tuple(getattr(recipe.features[name].options, "runs", ()))
        if not given:
            raise UserError(
                f"The {named(host, 'architecture', recipe.run.plugin)} reads finished runs; name their folders, "
                f'--set \'features.{name}.runs=["runs/a", "runs/b"]\'.'
            )
        paths = [Path(text).expanduser() for text in given]
        real = [p.resolve() for p in paths]
        twice = next((p for k, p in enumerate(paths) if real[k] in real[:k]), None)
        if twice is not None:
            raise UserError(f"features.{name}.runs names the run {twice} twice; name each run once.")
        wanted = [(seed, fold) for seed in range(recipe.run.seeds) for fold in folds]
        found[name] = tuple(_read(path, protocol, wanted, truth) for path in paths)
    return Parts(found)


def check_recordings(parts: Parts, hashes: Mapping[str, str]) -> None:
    """Raise RunFolderError if a part was made on recordings of the same names whose samples differ."""
    for part in (p for group in parts.by_input.values() for p in group):
        other = next((i for i, h in part.audio.items() if hashes.get(i, h) != h), None)
        if other is not None:
            raise RunFolderError(
                f"The run {part.path} was made on other recordings (the samples of {other!r} differ); fuse runs of the "
                "same copy of the corpus."
            )


def with_posteriors(
    table: FeatureTable, parts: Parts, recipe: Recipe, seed: int, fold: Fold, host: Host
) -> FeatureTable:
    """``table`` with the inputs that are made of runs, for the development and test utterances of one fold."""
    frames: dict[str, Mapping[str, NDArray[np.float32]]] = dict(table.frames)
    for name, group in parts.by_input.items():
        choice = recipe.features[name]
        extractor, who = make_extractor(host, choice.feature, choice.options), named(host, "feature", choice.feature)
        rows: dict[str, NDArray[np.float32]] = {}
        posteriors = [_by_id(part.predictions[seed, fold.name]) for part in group]
        for i in (*fold.dev, *fold.test):
            with blame(who, f"__call__() on {i!r}"):
                made = extractor(np.stack([p[i] for p in posteriors]))
            rows[i] = check_rows(made, tuple(extractor.shape), who, i)
        frames[name] = rows
    return FeatureTable(frames)


def check_learning(architecture: Any, who: str, inputs: set[str], folds: Sequence[Fold]) -> None:
    """Raise PluginError if a system would be trained on what runs do not have (posteriors of training utterances), and
    UserError if it learns from development utterances and a fold has fewer than two."""
    learns = architecture.learns_from
    if inputs and learns == "train":
        raise PluginError(
            f"The {who} reads finished runs, which have no posteriors of training utterances; its learns_from must be "
            "'dev' or 'nothing'."
        )
    bare = next((f.name for f in folds if len(f.dev) < 2), None)
    if learns == "dev" and bare is not None:
        raise UserError(
            f"The {who} learns from development utterances, of which fold {bare} has fewer than two; choose a protocol "
            "with a development part, or a preset that learns nothing."
        )


def _read(path: Path, protocol: Protocol, wanted: Sequence[tuple[int, Fold]], truth: Mapping[str, Utterance]) -> Part:
    tables = folder.read_recipe(path)
    split = read_json(path / "protocol.json")
    theirs = split.get("hash") if isinstance(split, dict) else None
    if theirs != protocol.hash:
        raise UserError(
            f"The run {path} has the protocol hash {str(theirs)[:12]} ({_full_name(split)}), this run "
            f"{protocol.hash[:12]} ({protocol.full_name}, {protocol.information}); only runs of equal protocol hashes "
            "can be fused."
        )
    predictions, sums = {}, {}
    for seed, fold in wanted:
        file = folder.fold(path, seed, fold.name) / "predictions.csv"
        if not file.exists():
            raise RunFolderError(
                f"The run {path} has no predictions of seed {seed}, fold {fold.name}; finish it with `serkit run "
                f"--resume --out {path}`, or fuse fewer seeds (--seeds) or folds (--folds)."
            )
        found = Predictions.read(file)
        if found.labels != protocol.labels or _rows(found) != _expected(fold, truth):
            raise RunFolderError(
                f"{file} does not hold the utterances of its fold with their labels; restore it, or delete it and "
                "continue that run with --resume."
            )
        predictions[seed, fold.name] = found
        sums[f"{seed}-{fold.name}"] = hashlib.sha256(file.read_bytes()).hexdigest()
    run = tables["run"]
    return Part(path, f"{run['plugin']}, {run['preset']}", predictions, sums, dict(split.get("audio_sha256") or {}))


def _full_name(split: Any) -> str:
    if not isinstance(split, dict) or not {"corpus", "name", "version"} <= split.keys():
        return "unknown"
    return f"{split['corpus']}/{split['name']}@{split['version']}, {split.get('information', 'inductive')}"


def _rows(found: Predictions) -> set[tuple[str, str, str]]:
    return {*zip(found.split, found.ids, [found.labels[k] for k in found.truth], strict=True)}


def _expected(fold: Fold, truth: Mapping[str, Utterance]) -> set[tuple[str, str, str]]:
    return {(part, i, truth[i].label) for part, ids in (("dev", fold.dev), ("test", fold.test)) for i in ids}


def _by_id(found: Predictions) -> dict[str, NDArray[np.float64]]:
    return dict(zip(found.ids, found.posteriors, strict=True))

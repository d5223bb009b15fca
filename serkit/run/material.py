"""What the folds of a run are trained from: for each candidate of a search, its frames and waveforms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from serkit.host import Host
from serkit.run import demands
from serkit.run.events import Events
from serkit.run.fold import FoldJob
from serkit.run.plugins import make_architecture
from serkit.run.prepare import FeatureTable, extract, text_inputs
from serkit.run.recipe import Recipe
from serkit.run.search import Candidate, candidates
from serkit.run.waveforms import Waveforms, keep_waveforms
from serkit.types import Corpus, Fold, Protocol


@dataclass(frozen=True)
class Material:
    """A candidate (the recipe alone without a search), its frames, and waveforms where training changes them."""

    candidate: Candidate
    table: FeatureTable
    waveforms: Waveforms | None


def gather(recipe: Recipe, corpus: Corpus, folds: Sequence[Fold], host: Host, events: Events) -> list[Material]:
    """The material of ``folds`` for each candidate, shared where features are the same, with the sentences that there
    are on it told to ``events``."""
    ids = {i for f in folds for i in (*f.train, *f.dev, *f.test)}
    wanted = [u for u in corpus.utterances if u.id in ids]
    training = {i for f in folds for i in f.train}
    tables: dict[str, FeatureTable] = {}
    waveforms: dict[str, Waveforms | None] = {}
    notes: list[str] = []
    made = []
    for candidate in candidates(recipe, host):
        mine, key = candidate.recipe, repr(candidate.recipe.features)
        if key not in tables:
            tables[key] = extract(wanted, mine.features, host, events.progress(), events.note)
        notes += demands.check_frames(mine, tables[key], host) + demands.of_training(mine, corpus, training, host)
        changed = f"{bool(mine.training.augment.waveform)} {key}"
        if changed not in waveforms:
            waveforms[changed] = keep_waveforms(mine, corpus, training, host, events)
        made.append(Material(candidate, tables[key], waveforms[changed]))
    for line in dict.fromkeys(notes):
        events.note(line)
    return made


def fold_job(
    material: Material, *, corpus: Corpus, protocol: Protocol, fold: Fold, seed: int, folder: Path, host: Host
) -> FoldJob:
    """The job of one fold and seed for a candidate, in the folder ``folder``."""
    recipe, by_id = material.candidate.recipe, corpus.by_id()
    origin = host.get("architecture", recipe.run.plugin)
    return FoldJob(
        plugin=recipe.run.plugin,
        architecture=make_architecture(host, recipe.run.plugin, recipe.architecture),
        training=recipe.training,
        protocol=protocol,
        fold=fold,
        seed=seed,
        table=material.table,
        truth={i: u.label for i, u in by_id.items()},
        speakers={i: u.speaker for i, u in by_id.items()},
        folder=folder,
        device=recipe.run.device,
        bf16=recipe.run.precision == "bf16",
        origin=f"distribution {origin.distribution} {origin.version}",
        votes={i: u.votes for i, u in by_id.items()},
        words=frozenset(text_inputs(recipe.features, host)),
        waveforms=material.waveforms,
    )

"""A whole run: corpus, protocol, audit, features, folds, evaluation, report."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from serkit.data.audit import Audit, audit, hash_audio
from serkit.data.pool import label_map_dict
from serkit.data.protocols import make_protocol, to_dict
from serkit.errors import RunFolderError, SerkitError, UnknownNameError, UserError
from serkit.host import ArchitectureSpec, DatasetSpec, Host
from serkit.run import attention, corpora, demands, device, folder, grid, search
from serkit.run.attention import write_entropy
from serkit.run.cost import run_cost
from serkit.run.estimate import is_estimator, seconds_of
from serkit.run.evaluation import evaluate, unscored
from serkit.run.events import Events, about
from serkit.run.files import read_arrays, read_json, write_json
from serkit.run.history import dev_scores, read_history
from serkit.run.ledger import record
from serkit.run.material import Material, fold_job, gather
from serkit.run.parts import Parts, check_recordings, read_parts, with_posteriors
from serkit.run.plugins import load_metrics, named
from serkit.run.predictions import Predictions
from serkit.run.prepare import check_fingerprints
from serkit.run.recipe import Recipe, Request, for_device, resolve
from serkit.run.scoring.groups import group_values
from serkit.run.scoring.published import compare_published
from serkit.run.train_fold import fit, fold_line, predict, prepare
from serkit.types import Corpus, Fold, Protocol


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run under way, as observers see it (``serkit_run_started``). ``parts`` are the finished runs that it reads."""

    recipe: Recipe
    folder: Path
    corpus: Corpus
    protocol: Protocol
    folds: Sequence[Fold]
    parts: Parts = field(default_factory=lambda: Parts({}))

    @property
    def complete(self) -> bool:
        """Whether no fold of the protocol is left out and no file of the corpus is missing."""
        return not self.lacks()

    def lacks(self) -> list[str]:
        """What is left out or missing, in words; empty for a complete run."""
        out = []
        if len(self.folds) < len(self.protocol.folds):
            were = "was" if len(self.folds) == 1 else "were"
            out.append(f"{len(self.folds)} of the {len(self.protocol.folds)} folds {were} run")
        if not self.corpus.complete:
            lost = f"{len(self.corpus.missing)} recordings" if self.corpus.missing else "recordings"
            out.append(f"{lost} of {self.corpus.name} are missing here")
        return out


def execute(recipe: Recipe, *, out: Path | None, resume: bool, host: Host, events: Events) -> dict[str, Any]:
    """Run ``recipe`` into the folder ``out`` and return the content of its ``metrics.json`` with ``"run": path``."""
    started = time.perf_counter()
    if recipe.sweep:
        one = "', '".join(f"{path}={grid.value_words(values[0])}" for path, values in recipe.sweep.items())
        raise UserError(
            f"The recipe sweeps {', '.join(recipe.sweep)}, which is {grid.size(recipe.sweep)} runs; `serkit run` on "
            f"the command line makes them all, serkit.run() one of them where one value is given, e.g. sets=['{one}']."
        )
    spec, dataset_spec = host.get("architecture", recipe.run.plugin).spec, corpora.spec_of(recipe.corpus, host)
    assert isinstance(spec, ArchitectureSpec)
    chosen = device.resolve_device(recipe.run.device)
    recipe = for_device(recipe, chosen, device.resolve_precision(recipe.run, chosen, spec))
    folder.check(out, recipe, resume)  # before anything is read, since a refusal should cost nothing

    with events.progress() as bar:
        corpus = corpora.load(recipe.corpus, host, progress=bar)
    wanted = next(p for p in dataset_spec.protocols if p.name == recipe.protocol)
    wanted = replace(wanted, information=recipe.information)
    try:
        protocol = make_protocol(corpus, wanted)
        folds = choose_folds(protocol, recipe.run.folds)
        search.check_folds(recipe, protocol, folds)
        for candidate in search.candidates(recipe, host):
            demands.check_corpus(candidate.recipe, corpus, protocol, folds, host)
        parts = read_parts(recipe, protocol, folds, corpus.by_id(), host)
        _first_lines(recipe, spec, dataset_spec, folds, host, events)
    finally:  # what is missing may be why a protocol does not fit
        for line in corpus.notes:
            events.note(line)
    # before training: a broken metric should not be news at its end
    metrics = load_metrics(host, events.note) if protocol.scored else {}
    with events.progress() as bar:
        hashes = hash_audio(corpus, progress=bar)
    check_recordings(parts, hashes)
    found = audit(corpus, protocol, hashes)
    lines = found.lines() if protocol.scored else []  # nothing can leak into a test that there is not
    for line in lines:
        events.note(line)

    run = Run(
        recipe=recipe,
        folder=folder.open_(out, recipe, resume),
        corpus=corpus,
        protocol=protocol,
        folds=folds,
        parts=parts,
    )
    split = {
        **to_dict(protocol, corpus),
        "label_map": label_map_dict(corpus),
        "audit": {**found.to_dict(), "lines": lines},
        "audio_sha256": hashes,
    }
    check_fingerprints(run.folder, recipe, host)
    folder.write_record(run.folder, recipe, device.environment(recipe, host), split)
    folder.write_parts(run.folder, parts.record())
    for line in (*parts.lines(), *demands.heard_before(recipe, corpus, host)):
        events.note(line)
    host.notify("serkit_run_started", run=run)
    results = _folds(run, host, events)
    report = _evaluate(run, results, metrics, speaker_independent(found, corpus, protocol), host, events)
    report["cost"] = _cost(run, host, events)
    _finish(run, report, time.perf_counter() - started, events)
    host.notify("serkit_run_finished", run=run, report=report)
    return {"run": str(run.folder), **report}


def choose_folds(protocol: Protocol, numbers: Sequence[int]) -> list[Fold]:
    """Folds by number; all where none is named."""
    for n in numbers:
        if n >= len(protocol.folds):
            allowed = [f"{k} ({f.name})" for k, f in enumerate(protocol.folds)]
            raise UnknownNameError(f"fold of {protocol.full_name}", str(n), allowed)
    return [protocol.folds[n] for n in dict.fromkeys(numbers)] or list(protocol.folds)


def speaker_independent(found: Audit, corpus: Corpus, protocol: Protocol) -> bool | None:
    """False where speakers of a test part are also in training or development, None where that cannot be known: the
    corpus does not name every speaker, or nothing is tested."""
    if any(o.kind == "speaker" and o.between == "train+dev/test" for o in found.overlaps):
        return False
    return True if protocol.scored and all(u.speaker for u in corpus.utterances) else None


def _first_lines(
    recipe: Recipe, spec: ArchitectureSpec, dataset: DatasetSpec, folds: Sequence[Fold], host: Host, events: Events
) -> None:
    """Which preset this is, which the paper's is, and about how long either takes here; then what there is to know of
    folds that are trained without a development part."""

    def here(wanted: Recipe) -> str:
        sizes = [len(f.train) for f in folds]
        each = [
            seconds_of(c.recipe, sizes, host, recipe.run.device, recipe.run.precision == "bf16")
            for c in search.candidates(wanted, host)
        ]
        return "" if None in each else f" (about {about(sum(x for x in each if x is not None))} here)"

    words = f"{recipe.run.plugin}, preset {recipe.run.preset!r}{here(recipe)}"
    if spec.paper_preset and spec.paper_preset != recipe.run.preset:
        asked = Request(plugin=spec.name, dataset=dataset.name, preset=spec.paper_preset)
        paper = resolve(asked, host)
        paper = replace(paper, run=replace(paper.run, seeds=recipe.run.seeds))
        words += f"; the paper's is {spec.paper_preset!r}{here(paper)}"
    events.note(f"{words}; {recipe.run.device}, {recipe.run.precision}.")
    if recipe.search:
        events.note(
            f"Each fold trains {grid.size(recipe.search)} candidates ({', '.join(recipe.search)}) and keeps the one of "
            "the best development UAR."
        )
    if not all(f.dev for f in folds) and not is_estimator(
        recipe, host, recipe.run.device, recipe.run.precision == "bf16"
    ):
        which = "The protocol has" if not any(f.dev for f in folds) else "Some folds have"
        events.note(f"{which} no development part, so every epoch is run there and the last one is kept.")


def _folds(run: Run, host: Host, events: Events) -> dict[tuple[int, str], Predictions]:
    recipe = run.recipe
    pairs = [(seed, fold) for seed in range(recipe.run.seeds) for fold in run.folds]
    results: dict[tuple[int, str], Predictions] = {}
    for seed, fold in pairs:
        kept = _kept(folder.fold(run.folder, seed, fold.name), fold, run)
        if kept is not None:
            results[seed, fold.name] = kept
    left = [(s, f) for s, f in pairs if (s, f.name) not in results]
    if results:
        events.note(f"{len(results)} of {len(pairs)} folds are done already and kept.")
    if not left:
        return results
    materials = gather(recipe, run.corpus, [f for _, f in left], host, events)
    events.training_started(len(left), recipe.training.epochs, len(materials))
    for seed, fold in left:
        started = time.perf_counter()
        results[seed, fold.name] = predictions = _one_fold(run, host, events, materials, seed, fold)
        events.fold_done(fold.name, seed, fold_line(predictions, seed, fold.name, time.perf_counter() - started))
        gc.collect()  # a fold's tensors are freed before the next one allocates its own
    return {(s, f.name): results[s, f.name] for s, f in pairs}


def _kept(path: Path, fold: Fold, run: Run) -> Predictions | None:
    """The predictions of a finished fold, or None if it is not finished. Raises RunFolderError for a damaged file:
    what is kept must be what the run made."""
    done = path / "predictions.csv"
    needed = ["predictions.csv", "model.safetensors", "transforms.safetensors"]
    if not all((path / name).exists() for name in needed + [search.FILE] * bool(run.recipe.search)):
        return None
    read_arrays(path / "model.safetensors")
    read_arrays(path / "transforms.safetensors")
    found, by_id = Predictions.read(done), run.corpus.by_id()
    wanted = {
        (split, i, by_id[i].label, by_id[i].speaker)
        for split, ids in (("dev", fold.dev), ("test", fold.test))
        for i in ids
    }
    labels = [found.labels[k] for k in found.truth]
    rows = {*zip(found.split, found.ids, labels, found.speaker, strict=True)}
    if found.labels != run.protocol.labels or rows != wanted:
        raise RunFolderError(
            f"{done} does not hold the {len(wanted)} utterances of its fold with their labels and speakers; delete it "
            "and continue the run with --resume, which trains the fold again."
        )
    read_history(path)
    return found


def _one_fold(
    run: Run, host: Host, events: Events, materials: Sequence[Material], seed: int, fold: Fold
) -> Predictions:
    """Train and predict a fold; ``materials`` are those of the candidates of a search, or of the recipe alone."""
    path = folder.fold(run.folder, seed, fold.name)
    jobs = [
        (
            m.candidate,
            fold_job(
                replace(m, table=with_posteriors(m.table, run.parts, m.candidate.recipe, seed, fold, host)),
                corpus=run.corpus,
                protocol=run.protocol,
                fold=fold,
                seed=seed,
                folder=path,
                host=host,
            ),
        )
        for m in materials
    ]
    if run.recipe.search:
        job, model, transforms = search.train_best(jobs, host, events)
    else:
        job = jobs[0][1]
        prepared = prepare(job)
        model, transforms = fit(job, prepared, events), prepared.transforms
    predictions = predict(job, model, transforms)
    try:
        write_entropy(job, model, transforms)
    except SerkitError as error:  # the predictions are there, and must not be lost with it
        events.note(f"The entropy of attention in fold {fold.name} could not be measured: {error}")
    (path / "last.safetensors").unlink(missing_ok=True)
    search.clean(path)
    return predictions


def _evaluate(
    run: Run,
    results: dict[tuple[int, str], Predictions],
    metrics: dict[str, Any],
    independent: bool | None,
    host: Host,
    events: Events,
) -> dict[str, Any]:
    recipe, protocol = run.recipe, run.protocol
    if protocol.scored:
        scores = evaluate(results, labels=protocol.labels, metrics=metrics, groups=group_values(run.corpus))
    else:
        scores = unscored(n_folds=len(run.folds), n_seeds=recipe.run.seeds)
    for name, summary in scores["metrics"].items():
        if summary["failed"]:
            events.note(f"The {named(host, 'metric', name)} {summary['failed']}; its values are null.")
    whole = len(run.folds) == len(protocol.folds)
    return {
        "schema": 1,
        "complete": run.complete,
        "incomplete": run.lacks(),
        "dataset": recipe.dataset,
        "subset": run.corpus.subset,
        "notes": [*run.corpus.notes, *demands.heard_before(recipe, run.corpus, host)],
        "label_map": label_map_dict(run.corpus),
        "plugin": recipe.run.plugin,
        "preset": recipe.run.preset,
        "protocol": protocol.full_name,
        "protocol_hash": protocol.hash,
        "information": protocol.information,
        "scored": protocol.scored,
        "speaker_independent": independent,
        "training_speakers": _training_speakers(run),
        **scores,
        "attention": attention.summary(run.folder, recipe.run.seeds, run.folds),
        "search": search.summary(run.folder, recipe.run.seeds, run.folds),
        "dev": dev_scores(run.folder, recipe.run.seeds, run.folds, recipe.training.select),
        "published": compare_published(
            recipe.published,
            protocol=protocol.full_name,
            complete=whole,
            uar=scores["uar"],
            war=scores["war"],
            scored=protocol.scored,
            information=protocol.information,
            subset=run.corpus.subset,
            corpus_complete=run.corpus.complete,
        ),
    }


def _training_speakers(run: Run) -> list[int] | None:
    """The numbers of training speakers that folds have; None where the corpus does not name every speaker."""
    speakers = {u.id: u.speaker for u in run.corpus.utterances}
    return sorted({len({speakers[i] for i in f.train}) for f in run.folds}) if all(speakers.values()) else None


def _finish(run: Run, metrics: dict[str, Any], seconds: float, events: Events) -> None:
    from serkit.run.report import write_report

    path = run.folder / "environment.json"
    environment = read_json(path)
    environment["seconds"] = round(environment.get("seconds", 0.0) + seconds, 1)
    write_json(path, environment)
    before = folder.table_before(run.folder, "test_evaluations")
    if before:
        metrics["test_evaluations"] = before
    elif run.complete and run.protocol.scored:
        metrics["test_evaluations"] = record(
            dataset=run.recipe.dataset,
            protocol_hash=run.protocol.hash,
            recipe=run.recipe.identity(),
            run=run.folder,
            uar=metrics["uar"]["mean"],
            warn=events.note,
        )
    write_json(run.folder / "metrics.json", metrics)
    write_report(run.folder)


def _cost(run: Run, host: Host, events: Events) -> dict[str, Any] | None:
    """What one utterance costs; of a run that had ended before, as it was measured then."""
    kept = folder.table_before(run.folder, "cost")
    if kept:
        return kept
    try:
        return run_cost(run.recipe, folder.fold(run.folder, 0, run.folds[0].name), run.protocol.labels, host)
    except SerkitError as error:  # the scores are there, and must not be lost with it
        events.note(f"What an utterance costs could not be measured: {error}")
        return None

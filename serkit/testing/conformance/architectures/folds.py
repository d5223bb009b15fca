"""Whether a fold is alone: no trace of another one, nothing of its test speakers learnt, no array changed."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.errors import SerkitError
from serkit.run.fold import fit_to
from serkit.run.prepare import FeatureTable
from serkit.run.train_fold import build, prepare
from serkit.testing.conformance.architectures import toy
from serkit.testing.conformance.check import Check, Failure, NotApplicable
from serkit.testing.conformance.subjects import ArchitectureSubject
from serkit.types import Fold

Saved = dict[str, NDArray[Any]]

ALONE = 1e-5
"""Of posteriors: matrices of other shapes are multiplied in another order, by roundings of single precision."""

MARK = 1e6
"""Of every value of a marked utterance: it moves any mean, deviation or range it enters."""


def check_folds_apart(subject: ArchitectureSubject) -> None:
    """A fold learns and predicts the same to the bit whether or not another fold was run before it."""
    with toy.fresh(subject) as alone:
        wanted, _ = _run(alone, toy.FOLD_B, alone.architecture())
    with toy.fresh(subject) as after:
        reused = after.architecture()
        _run(after, toy.FOLD_A, reused)
        # with the same object, what is kept on it is seen as well as what classes and modules keep
        found, _ = _run(after, toy.FOLD_B, reused)
    changed = toy.first_difference(wanted, found)
    if changed:
        raise Failure(
            f"After another fold, the fold has another {changed}.",
            reproduce=f"a fold of {len(toy.FOLD_B.train)} training utterances alone, and after one of other speakers "
            "in the same process.",
            cause="something learnt that is kept on the architecture, a class or in a module (a cache, a running sum, "
            "'if self.scaler is None'); keep it in the transform or in what build() returns.",
        )


def check_fits_on_training_only(subject: ArchitectureSubject) -> None:
    """What is fitted, and predicted of others, is the same to the bit whatever the test speakers' values are."""
    learns_dev = subject.architecture().learns_from == "dev"
    others, marked = toy.of("s3")[::2], toy.of("s4")[::2]
    fold = Fold(
        name="marked",
        train=toy.FOLD_B.train,
        dev=others if learns_dev else (),
        test=marked if learns_dev else (*others, *marked),
    )
    with toy.fresh(subject) as clean:
        frames = toy.extract(clean, (*fold.train, *others, *marked))
        wanted, answers = _run(clean, fold, clean.architecture(), frames, first=marked, ask=others)
    with toy.fresh(subject) as planted:
        # the loud ones first: what remembers them has seen them before it sees any training utterance
        given = toy.extract(planted, (*marked, *others, *fold.train), loud=marked)
        _check_frames(frames, given, (*fold.train, *others))
        found, now = _run(planted, fold, planted.architecture(), _mark(given, marked), first=marked, ask=others)
    changed = toy.first_difference(wanted, found)
    if not changed and np.array_equal(answers, now):
        return
    what = f"changes {changed}" if changed else "changes predictions of other utterances"
    raise Failure(
        f"Setting every value of the {len(marked)} test utterances to {MARK:g} {what}.",
        reproduce=f"fit_transforms() and training on {len(fold.train)} utterances, with and without the marker in "
        f"utterances such as {marked[0]!r}.",
        cause="a scaler or statistic over all data, remembered in a class or module by the extractor or a transform's "
        "__call__; fit on what fit_transforms(train, rng) is given and nothing else.",
    )


def check_inputs_are_kept(subject: ArchitectureSubject) -> None:
    """Transforms, fit() and predict_proba() do not change the arrays that they are given."""
    with toy.job(subject) as job:
        tables = {name: list(rows.values()) for name, rows in job.table.frames.items()}
        before = _copies(tables)
        prepared = prepare(job)
        units = prepared.units.arrays
        trained = toy.Trained(job, prepared, build(job, prepared.transforms))
        tests = trained.units(toy.FOLD_B.test).arrays
        _check_kept(before, tables, "fit_transforms() or a transform's __call__")
        if subject.is_network:
            return
        if len(prepared.units):
            copies, targets = _copies(units), prepared.targets.copy()
            fit_to(job, trained.model, prepared.units, prepared.targets)
            _check_kept(copies, units, "fit()")
            _check_kept({"labels": [targets]}, {"labels": [prepared.targets]}, "fit()")
        copies = _copies(tests)
        trained.model.predict_proba(tests)
        _check_kept(copies, tests, "predict_proba()")
        _check_kept(before, tables, "fit() or predict_proba()")


def check_predicts_again(subject: ArchitectureSubject) -> None:
    """predict_proba of the same samples gives the same posteriors to the bit."""
    if subject.is_network:
        raise NotApplicable("it builds a module, which the host puts into evaluation mode")
    with toy.job(subject) as job:
        trained = toy.train(job)
        arrays = trained.units(toy.FOLD_B.test).arrays
        one, two = (np.array(trained.model.predict_proba(arrays)) for _ in range(2))
    if not np.array_equal(one, two):
        raise Failure(
            f"Two calls of predict_proba differ by up to {np.abs(one - two).max():.3g}.",
            reproduce=f"fit() on {len(toy.FOLD_B.train)} utterances, then predict_proba() of one of them twice.",
            cause="dropout or batch normalisation left in training mode (call network.eval() first), a draw in "
            "predict_proba, or a state that predicting changes.",
        )


def check_predicts_alone(subject: ArchitectureSubject) -> None:
    """predict_proba gives a sample the same posteriors alone, in another order and among others."""
    if subject.is_network:
        raise NotApplicable("it builds a module, of which check_batch_order and check_batch_mates ask this")
    with toy.job(subject) as job:
        trained = toy.train(job)
        arrays = trained.units(toy.FOLD_B.test).arrays
        count = len(next(iter(arrays.values())))
        together = np.array(trained.model.predict_proba(arrays))
        for order in (range(1), range(count)[::-1]):
            given = {name: [rows[k] for k in order] for name, rows in arrays.items()}
            found = np.array(trained.model.predict_proba(given))
            off = float(np.abs(found - together[list(order)]).max())
            if not off <= ALONE:
                how = "alone" if len(order) == 1 else "in the opposite order"
                raise Failure(
                    f"Samples {how} have posteriors that differ by up to {off:.2g}.",
                    reproduce=f"fit(), then predict_proba() of {count} samples, and of {len(order)} of them {how}.",
                    cause="a mean, range or rank over the samples that predict_proba is given; learn it in fit(), and "
                    "say nothing of a sample that depends on the others.",
                )


def _run(
    subject: ArchitectureSubject,
    fold: Fold,
    architecture: Any,
    frames: FeatureTable | None = None,
    *,
    first: Sequence[str] = (),
    ask: Sequence[str] = (),
) -> tuple[Saved, NDArray[np.float64]]:
    """What a fold learns and the logits of its test part (or of ``ask``, after those of ``first``), in a run that
    extracts what it needs itself."""
    frames = frames or toy.extract(subject, (*fold.train, *fold.dev, *fold.test))
    with tempfile.TemporaryDirectory() as folder:
        trained = toy.train(toy.make_job(subject, Path(folder), frames, fold=fold, architecture=architecture))
        if first:
            # of values that no recording has, only a sentence or a warning may come
            with warnings.catch_warnings(), suppress(SerkitError):
                warnings.simplefilter("ignore")
                trained.logits(first)
        logits = trained.logits(ask or fold.test)
        return (trained.saved if ask else {**trained.saved, "logits": logits}), logits


def _mark(frames: FeatureTable, marked: Sequence[str]) -> FeatureTable:
    return FeatureTable(
        {
            name: {i: np.full_like(x, MARK) if i in marked else x for i, x in rows.items()}
            for name, rows in frames.frames.items()
        }
    )


def _check_frames(clean: FeatureTable, planted: FeatureTable, ids: Sequence[str]) -> None:
    for name in clean.names:
        for i, a, b in zip(ids, clean.rows(name, ids), planted.rows(name, ids), strict=True):
            if a.shape != b.shape or not np.array_equal(a, b):
                raise Failure(
                    f"The frames of {name!r} of {i!r} are others after louder utterances were extracted.",
                    reproduce=f"the extractor of {name!r} on full-scale noise, then on {i!r}.",
                    cause="an extractor that remembers what it saw (a running mean or maximum); frames may depend on "
                    "their own waveform only, and what is learnt belongs into a transform.",
                )


def _copies(arrays: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    return {name: [x.copy() for x in rows] for name, rows in arrays.items()}


def _check_kept(before: Mapping[str, Sequence[Any]], after: Mapping[str, Sequence[Any]], what: str) -> None:
    for name, rows in before.items():
        for k, (a, b) in enumerate(zip(rows, after[name], strict=True)):
            if a.shape != b.shape or not np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
                raise Failure(
                    f"{what} changes the array {k} of {name!r} that it was given.",
                    reproduce=f"{what} on one array {list(a.shape)}, compared with a copy.",
                    cause="in-place arithmetic (x -= mean, out=x, torch.from_numpy(x).mul_()); other folds and "
                    "candidates read the same arrays, so write x = x - mean.",
                )


CHECKS = (
    Check(check_folds_apart, presets="default"),
    Check(check_fits_on_training_only, presets="default"),
    Check(check_inputs_are_kept, presets="default"),
    Check(check_predicts_again, presets="default"),
    Check(check_predicts_alone, presets="default"),
)

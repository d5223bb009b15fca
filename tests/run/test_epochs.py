"""What is trained on in an epoch: changed copies, soft targets, repeated units; and that a stopped fold repeats it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from torch import nn

from serkit.errors import UserError
from serkit.nn import Architecture
from serkit.run import seeds
from serkit.run.epochs import Epochs
from serkit.run.events import Events
from serkit.run.fold import FoldJob, evaluation_units, fit_estimator, fit_transforms, training_units
from serkit.run.prepare import FeatureTable
from serkit.run.trainer import fit_module, predict_module
from serkit.run.waveforms import Waveforms
from serkit.types import Augment, FoldContext, Input, Training, Unit

RATE, HOP = 1000, 50
CHANGED = Augment(speed=(0.8, 1.25), snr=(5, 20), gain=(-6, 6))
BASE = Training(optimizer="adam", lr=0.01, batch=7, epochs=3, patience=0)


class Blocks:
    """Samples as frames of ``HOP`` samples in 4 bands of 2 channels: what happens to samples shows in the frames."""

    sample_rate, shape = RATE, (4, 2)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        rows = x[: len(x) // HOP * HOP].reshape(-1, HOP)
        return np.ascontiguousarray(rows[:, :8].reshape(-1, 4, 2))


@pytest.fixture
def make(make_job: Any) -> Any:
    """A job whose utterances have waveforms; other settings by keyword."""

    def of(training: Training, **over: Any) -> FoldJob:
        plain: FoldJob = make_job(training=training, **over)
        rng, block = np.random.default_rng(3), Blocks()
        samples = {i: rng.standard_normal(len(x) * HOP).astype(np.float32) for i, x in plain.table.frames["x"].items()}
        return replace(
            plain,
            table=FeatureTable({"x": {i: block(x) for i, x in samples.items()}}),
            waveforms=Waveforms({RATE: samples}, {"x": block}, {"x": "feature 'blocks'"}),
        )

    return of


def epochs(job: FoldJob) -> Epochs:
    transforms = fit_transforms(job)
    return Epochs(job, transforms, *training_units(job, transforms))


def first(job: FoldJob, number: int) -> Any:
    return epochs(job).epoch(number, np.random.default_rng(0))


def test_copies_are_drawn_anew_for_each_utterance_and_epoch_and_cut_into_units_of_their_own(make: Any) -> None:
    job = make(replace(BASE, augment=CHANGED))
    clean, one, two = epochs(job), first(job, 0), first(job, 1)
    frames = [sum(s.frames for s in e.units.segments) for e in (clean, one, two)]
    assert len(set(frames)) == 3  # speeds differ
    for epoch in (one, two):
        assert epoch.units.segments[0].frames <= 12
        truth = job.targets(job.fold.train)[epoch.units.utterance]
        np.testing.assert_array_equal(epoch.targets, truth)
        assert sorted(np.concatenate(epoch.batches)) == list(range(len(epoch.units)))
    again = first(job, 1)
    for a, b in zip(two.units.arrays["x"], again.units.arrays["x"], strict=True):
        np.testing.assert_array_equal(a, b)


def test_copies_depend_on_neither_order_nor_threads(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    job = make(BASE)
    ids = job.fold.train
    forward = job.waveforms.features(ids, CHANGED, 0, "s1", 2)["x"]
    monkeypatch.setenv("SERKIT_THREADS", "3")
    backward = job.waveforms.features(ids[::-1], CHANGED, 0, "s1", 2)["x"]
    for a, b in zip(forward, backward[::-1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_one_value_is_taken_as_it_is_and_ends_in_either_order(make: Any) -> None:
    job = make(BASE)
    clean = [job.table.frames["x"][i] for i in job.fold.train]
    louder = job.waveforms.features(job.fold.train, Augment(gain=(20,)), 0)["x"]
    for a, b in zip(clean, louder, strict=True):
        np.testing.assert_array_equal(a * np.float32(10), b)
    levels = job.waveforms.features(job.fold.train, Augment(gain=(6, -6)), 0)["x"]
    ratios = [b[0, 0, 0] / a[0, 0, 0] for a, b in zip(clean, levels, strict=True)]
    assert 10**-0.3 <= min(ratios) < max(ratios) <= 10**0.3
    assert len(set(ratios)) == len(ratios)


def test_inputs_of_other_rates_get_the_same_draws_and_text_stays(make: Any) -> None:
    job = make(BASE)
    i = job.fold.train[0]

    class Samples:
        shape = ()

        def __init__(self, rate: int) -> None:
            self.sample_rate = rate

        def __call__(self, x: np.ndarray) -> np.ndarray:
            return x

    waves = Waveforms(
        {r: {i: np.ones(r, np.float32)} for r in (1000, 2000)},
        {"low": Samples(1000), "high": Samples(2000)},
        {"low": "", "high": ""},
    )
    rows = waves.features([i], Augment(speed=(0.8, 1.25), gain=(-6, 6)), 0, "epoch")
    assert len(rows["high"][0]) == pytest.approx(2 * len(rows["low"][0]), abs=2)
    # the middle, where the resampler's filter sees no end; 1e-3: its ripple
    assert rows["high"][0][900] == pytest.approx(rows["low"][0][450], rel=1e-3)


class TwoInputs(Architecture):
    """Frames of sound, and words that every unit sees whole."""

    inputs = {"x": Input("log-mel"), "words": Input("log-mel", whole=True)}  # noqa: RUF012
    transforms = {}  # noqa: RUF012

    def build(self, fold: FoldContext) -> nn.Module:
        raise AssertionError


def test_words_are_not_recomputed(make: Any) -> None:
    job = make(replace(BASE, augment=CHANGED), architecture=TwoInputs(None))
    words = {i: np.full((3, 2), k, np.float32) for k, i in enumerate(job.table.frames["x"])}
    job = replace(job, table=FeatureTable({**job.table.frames, "words": words}), words=frozenset({"words"}))
    units = first(job, 0).units
    for k, i in enumerate(job.fold.train):
        assert units.arrays["words"][k] is words[i]
        assert not np.array_equal(units.arrays["x"][k], job.table.frames["x"][i])


def test_development_and_test_are_never_changed(make: Any) -> None:
    plain, changed = make(BASE), make(replace(BASE, augment=CHANGED))
    for ids in (plain.fold.dev, plain.fold.test):
        a, b = (evaluation_units(job, ids, fit_transforms(job)).arrays["x"] for job in (plain, changed))
        for x, y in zip(a, b, strict=True):
            np.testing.assert_array_equal(x, y)


def test_transforms_are_fitted_on_clean_recordings(make: Any) -> None:
    plain, changed = make(BASE), make(replace(BASE, augment=CHANGED))
    np.testing.assert_array_equal(fit_transforms(plain)["x"].mean, fit_transforms(changed)["x"].mean)


def test_oversampling_fills_the_batches(make: Any) -> None:
    whole = type(make(BASE).architecture.config)(unit=Unit())
    job = make(replace(BASE, oversample="balanced"), architecture=None)
    job = replace(job, architecture=type(job.architecture)(whole))
    job = replace(job, fold=replace(job.fold, train=job.fold.train[2:]))  # angry and happy have 5 of 16, sad 6
    data, found = epochs(job), first(job, 0)
    index = np.concatenate(found.batches)
    np.testing.assert_array_equal(np.bincount(found.targets[index]), [6, 6, 6])
    assert data.steps == len(found.batches) == 3  # 18 in batches of at most 7; without it 16, also 3
    assert not np.array_equal(np.sort(index), np.sort(np.concatenate(first(job, 1).batches)))


def test_votes_are_the_targets_of_every_unit_of_their_utterance(make: Any) -> None:
    votes = {f"s3-{k}": {"angry": 1.0, "sad": 3.0} for k in range(9)}
    job = make(replace(BASE, targets="votes"), votes=votes)
    found = first(job, 0)
    labels = job.targets(job.fold.train)[found.units.utterance]
    for target, u, k in zip(found.targets, found.units.utterance, labels, strict=True):
        expected = [0.25, 0, 0.75] if job.fold.train[u] in votes else np.eye(3)[k]
        np.testing.assert_array_equal(target, np.float32(expected))


def train(job: FoldJob, events: Events | None = None) -> np.ndarray:
    transforms = fit_transforms(job)
    with seeds.torch_seeded(job.seed, job.fold.name, "init"):
        module = job.architecture.build(job.context({}))
    fit_module(job, module, *training_units(job, transforms), transforms, events or Events())
    return predict_module(job, module, evaluation_units(job, job.fold.test, transforms), len(job.fold.test))


class Stop(Exception):
    pass


class StopAfter(Events):
    def __init__(self, batches: int) -> None:
        self.left = batches

    def batch_done(self, *args: Any, **kwargs: Any) -> None:
        self.left -= 1
        if self.left == 0:
            raise Stop


EVERYTHING = replace(
    BASE,
    schedule="cosine",
    warmup=0.3,
    oversample="balanced",
    targets="votes",
    label_smoothing=0.1,
    augment=replace(CHANGED, noise="pink", mixup=0.4, time_masks=1, time_mask_width=3),
)


@pytest.mark.parametrize("batches", [2, 9])
def test_a_stopped_fold_goes_on_to_the_same_bits(make: Any, batches: int) -> None:
    votes = {f"s3-{k}": {"angry": 1.0, "sad": 3.0} for k in range(9)}
    whole, stopped, plain = make(EVERYTHING, votes=votes), make(EVERYTHING, votes=votes), make(BASE)
    expected = train(whole)
    with pytest.raises(Stop):
        train(stopped, StopAfter(batches))
    np.testing.assert_array_equal(train(stopped), expected)
    assert not np.array_equal(train(plain), expected)


class Counting:
    """An estimator that remembers what it was fitted on."""

    def fit(self, inputs: Any, labels: Any, rng: Any, weights: Any) -> None:
        self.seen = {n: len(x) for n, x in inputs.items()}, np.bincount(labels).tolist(), weights

    def predict_proba(self, inputs: Any) -> Any:
        return np.full((len(inputs["x"]), 3), 1 / 3)

    def state(self) -> Any:
        return {"nothing": np.zeros(1)}

    def load_state(self, state: Any) -> None:
        pass


def fitted(job: FoldJob) -> Any:
    job = replace(job, architecture=type(job.architecture)(type(job.architecture.config)(unit=Unit())))
    job = replace(job, fold=replace(job.fold, train=job.fold.train[2:]))
    model = Counting()
    fit_estimator(job, model, *training_units(job, fit_transforms(job)))
    return model.seen


def test_estimators_are_weighted_or_see_repeated_units(make: Any) -> None:
    sizes, counts, weights = fitted(make(BASE))
    assert (sizes, counts) == ({"x": 16}, [5, 5, 6])
    np.testing.assert_array_equal(weights, np.ones(16))
    _, counts, weights = fitted(make(replace(BASE, class_weights="balanced")))
    assert counts == [5, 5, 6]
    assert weights.sum() == pytest.approx(16)  # N / (K n_k) counts every class alike
    assert sorted(set(weights)) == pytest.approx([16 / 18, 16 / 15])
    sizes, counts, weights = fitted(make(replace(BASE, oversample="balanced")))
    assert (sizes, counts) == ({"x": 18}, [6, 6, 6])
    np.testing.assert_array_equal(weights, np.ones(18))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"augment": Augment(input_noise=0.1)}, r"training\.augment"),
        ({"targets": "votes"}, "votes"),
        ({"crop": 9}, "crop"),
    ],
)
def test_estimators_have_no_epochs(make: Any, settings: Any, words: str) -> None:
    with pytest.raises(UserError, match=f"is an estimator, .*{words}.* is for modules that are trained in epochs"):
        fitted(make(replace(BASE, **settings)))


def test_fewer_units_than_an_exact_batch_are_named(make: Any) -> None:
    with pytest.raises(UserError, match=r"fewer than one batch of 500; lower training\.batch"):
        epochs(make(replace(BASE, batch=500, batching="exact"))).steps  # noqa: B018 (a property that raises)

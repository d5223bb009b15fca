from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from torch import nn

from serkit.errors import PluginError, RunFolderError, UserError
from serkit.run import seeds
from serkit.run.epochs import Epochs
from serkit.run.events import Events
from serkit.run.files import read_arrays
from serkit.run.fold import FoldJob, evaluation_units, fit_transforms, load_transforms, training_units
from serkit.run.trainer import HISTORY, fit_module, predict_module
from serkit.types import Augment, Training

BASE = Training(optimizer="adam", lr=0.01, batch=7, epochs=4, patience=0)


def train(job: FoldJob, events: Events | None = None) -> nn.Module:
    path = job.folder / "transforms.safetensors"
    transforms = load_transforms(job.architecture, path, job.named) if path.exists() else fit_transforms(job)
    units, targets = training_units(job, transforms)
    with seeds.torch_seeded(job.seed, job.fold.name, "init"):
        module = job.architecture.build(job.context({}))
    fit_module(job, module, units, targets, transforms, events or Events())
    return module


def posteriors(job: FoldJob, module: nn.Module) -> np.ndarray:
    units = evaluation_units(
        job, job.fold.test, load_transforms(job.architecture, job.folder / "transforms.safetensors", job.named)
    )
    return predict_module(job, module, units, len(job.fold.test))


def history(job: FoldJob) -> list[dict[str, float]]:
    head, *rows = (job.folder / "history.csv").read_text().splitlines()
    assert head == ",".join(HISTORY)
    return [dict(zip(HISTORY, map(float, row.split(",")), strict=True)) for row in rows]


def test_learns_and_is_the_same_twice(make_job: Any) -> None:
    long = replace(BASE, epochs=25)
    a, b = make_job(training=long), make_job(training=long)
    first, second = posteriors(a, train(a)), posteriors(b, train(b))
    np.testing.assert_array_equal(first, second)
    assert (first.argmax(1) == a.targets(a.fold.test)).mean() > 0.7  # chance is a third
    assert history(a)[-1]["train_loss"] < history(a)[0]["train_loss"]


def test_seeds_differ(make_job: Any) -> None:
    a, b = make_job(), make_job(seed=1)
    assert not np.array_equal(posteriors(a, train(a)), posteriors(b, train(b)))


class Stop(Exception):
    pass


class StopAfter(Events):
    def __init__(self, batches: int) -> None:
        self.left = batches

    def batch_done(self, *args: Any, **kwargs: Any) -> None:
        self.left -= 1
        if self.left == 0:
            raise Stop


@pytest.mark.parametrize("optimizer", ["nadam", "adam", "adamw", "sgd"])
@pytest.mark.parametrize("batches", [1, 5, 10])
def test_a_stopped_fold_goes_on_to_the_same_bits(make_job: Any, optimizer: Any, batches: int) -> None:
    augmented = Augment(band_shift=1.0, time_masks=1, time_mask_width=3)
    settings = replace(BASE, optimizer=optimizer, schedule="cosine", warmup=0.3, augment=augmented, crop=9)
    whole, stopped = make_job(training=settings), make_job(training=settings)
    expected = posteriors(whole, train(whole))
    with pytest.raises(Stop):
        train(stopped, StopAfter(batches))
    np.testing.assert_array_equal(posteriors(stopped, train(stopped)), expected)
    drop = [{k: v for k, v in row.items() if k != "seconds"} for row in history(stopped)]
    assert drop == [{k: v for k, v in row.items() if k != "seconds"} for row in history(whole)]


def test_best_keeps_the_first_epoch_of_the_highest_dev_uar(make_job: Any) -> None:
    job = make_job(training=replace(BASE, epochs=12))
    train(job)
    uars = [row["dev_uar"] for row in history(job)]
    _, record = read_arrays(job.folder / "model.safetensors")
    assert record["epoch"] == 1 + int(np.argmax(uars))
    assert record["dev_uar"] == max(uars)


def test_last_keeps_the_last_epoch(make_job: Any) -> None:
    job = make_job(training=replace(BASE, select="last"))
    module = train(job)
    arrays, record = read_arrays(job.folder / "model.safetensors")
    assert record["epoch"] == 4
    for name, value in module.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), arrays[name])


def test_patience_and_steps_end_a_fold(make_job: Any) -> None:
    patient = make_job(training=replace(BASE, epochs=200, patience=3, lr=1e-12))
    train(patient)
    assert len(history(patient)) == 4  # the first epoch is the best, three more do not beat it
    counted = make_job(training=replace(BASE, epochs=200, steps=10))
    train(counted)
    assert history(counted)[-1]["step"] == 10


def test_class_weights_change_the_loss(make_job: Any) -> None:
    # 0 to 9 utterances of 3 classes are balanced; without one utterance they are not
    job = make_job()
    fold = replace(job.fold, train=job.fold.train[1:])
    a, b = make_job(fold=fold), make_job(fold=fold, training=replace(BASE, class_weights="balanced"))
    assert not np.array_equal(posteriors(a, train(a)), posteriors(b, train(b)))


def test_damaged_and_foreign_checkpoints_are_named(make_job: Any) -> None:
    job = make_job()
    with pytest.raises(Stop):
        train(job, StopAfter(6))
    checkpoint = job.folder / "last.safetensors"
    whole = checkpoint.read_bytes()
    checkpoint.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RunFolderError, match=r"last\.safetensors is damaged"):
        train(job)
    checkpoint.write_bytes(whole)
    smaller = replace(job.architecture.config, hidden=5)
    other = replace(job, architecture=type(job.architecture)(smaller))
    with pytest.raises(RunFolderError, match="does not fit the model"):
        train(other)


def test_wrong_shape_and_runaway_losses_are_named(make_job: Any) -> None:
    job = make_job()

    class Wrong(type(job.architecture)):  # type: ignore[misc]
        def build(self, fold: Any) -> nn.Module:
            return super().build(replace(fold, labels=(*fold.labels, "extra")))

    with pytest.raises(PluginError, match=r"'mean-pool' returned \[\d+, 4\] .*\[\d+, 3\] is expected"):
        train(make_job(architecture=Wrong(job.architecture.config)))
    with pytest.raises(UserError, match=r"stopped being finite in fold s1.*lower training\.lr"):
        train(make_job(training=replace(BASE, optimizer="sgd", lr=1e30, epochs=9)))


def test_transforms_see_training_speakers_only(make_job: Any) -> None:
    job = make_job()
    fitted = fit_transforms(job)["x"]
    train_frames = np.concatenate(job.table.rows("x", job.fold.train))
    # 1e-6: the stored moments are float32
    np.testing.assert_allclose(fitted.mean, train_frames.mean(0, dtype=np.float64), rtol=1e-6, atol=1e-6)


PLAIN_SGD = replace(BASE, optimizer="sgd", beta1=0.0, lr=0.01, epochs=1, select="last")


def one_step(make_job: Any, **over: Any) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], float]:
    """Weights before and after one step over all training units at once, and its loss."""
    before: dict[str, np.ndarray] = {}
    plain = make_job().architecture

    class Watched(type(plain)):  # type: ignore[misc]
        def build(self, fold: Any) -> nn.Module:
            module = super().build(fold)
            before.update({k: v.detach().numpy().copy() for k, v in module.named_parameters()})
            if "penalty" in over:
                module.penalty = lambda: over["penalty"](module)
            return module

    settings = replace(PLAIN_SGD, batch=1000, **{k: v for k, v in over.items() if k != "penalty"})
    job = make_job(training=settings, architecture=Watched(replace(plain.config, dropout=0.0)))
    after = {k: v.detach().numpy() for k, v in train(job).named_parameters()}
    return before, after, history(job)[0]["train_loss"]


def test_a_sum_is_the_mean_times_the_units(make_job: Any) -> None:
    before, by_mean, mean = one_step(make_job)
    _, by_sum, total = one_step(make_job, reduction="sum")
    job = make_job()
    n = len(training_units(job, fit_transforms(job))[0])
    assert total == pytest.approx(n * mean, rel=1e-6)  # float32
    for name, start in before.items():
        # 1e-6: steps are differences of float32 weights of about 0.5
        np.testing.assert_allclose(by_sum[name] - start, n * (by_mean[name] - start), atol=n * 1e-7, rtol=1e-4)
    assert np.abs(by_sum["out.weight"] - before["out.weight"]).max() > 1e-3


def test_a_penalty_is_added_to_the_loss(make_job: Any) -> None:
    before, plain, loss = one_step(make_job)
    _, pulled, more = one_step(make_job, penalty=lambda m: 3.0 * m.out.weight.square().sum())
    w = before["out.weight"]
    assert more - loss == pytest.approx(3.0 * float((w**2).sum()), rel=1e-5)  # float32
    # the gradient of 3 w^2 is 6 w; 1e-6: differences of float32 weights of about 0.5
    np.testing.assert_allclose(pulled["out.weight"] - plain["out.weight"], -0.01 * 6.0 * w, atol=1e-6)
    np.testing.assert_array_equal(pulled["hidden.weight"], plain["hidden.weight"])


def test_exact_batches_leave_another_rest_out_in_each_epoch(make_job: Any) -> None:
    job = make_job(training=replace(BASE, batching="exact", batch=8))
    transforms = fit_transforms(job)
    units, classes = training_units(job, transforms)
    epochs = Epochs(job, transforms, units, classes)
    seen = []
    for number in range(2):
        cut = epochs.epoch(number, np.random.default_rng(number)).batches
        assert {len(b) for b in cut} == {8}
        seen.append({int(k) for b in cut for k in b})
        assert len(seen[-1]) == len(units) // 8 * 8 < len(units)
    assert seen[0] != seen[1]
    train(job)
    assert history(job)[-1]["step"] == 4 * (len(units) // 8)


def test_inverse_time_falls_with_the_steps_done(make_job: Any) -> None:
    job = make_job(training=replace(PLAIN_SGD, epochs=3, schedule="inverse-time", decay=0.1))
    train(job)
    for row in history(job):
        assert row["lr"] == pytest.approx(0.01 / (1 + 0.1 * (row["step"] - 1)))  # the last step of the epoch

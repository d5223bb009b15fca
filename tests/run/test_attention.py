from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from serkit.errors import PluginError, RunFolderError
from serkit.run.attention import FILE, entropies, normalised_entropy, summary, write_entropy
from serkit.run.fold import FoldJob, fit_transforms
from serkit.types import Fold


def weights_by_length(power: float) -> Any:
    """An ``attention`` with equal weights on valid frames; ``power`` sharpens them towards the first."""

    def attention(module: nn.Module, batch: Any) -> torch.Tensor:
        lengths, frames = batch["x_lengths"], batch["x"].shape[1]
        steps = torch.arange(frames)[None, :].expand(len(lengths), frames)
        scores = (-power * steps).masked_fill(steps >= lengths[:, None], float("-inf"))
        return torch.softmax(scores, dim=1)

    return attention


def job_with(make_job: Any, attention: Any) -> tuple[FoldJob, nn.Module, Any]:
    job: FoldJob = make_job()
    transforms = fit_transforms(job)
    if attention is not None:
        job.architecture.attention = attention
    return job, job.architecture.build(job.context(transforms)), transforms


def measured(make_job: Any, power: float) -> list[float | None]:
    job, module, transforms = job_with(make_job, weights_by_length(power))
    found = entropies(job, module, transforms, job.fold.test)
    assert found is not None
    return found


def test_uniform_weights_have_entropy_one_and_a_single_frame_zero() -> None:
    weights = np.array([[0.25, 0.25, 0.25, 0.25], [1.0, 0.0, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0]])
    np.testing.assert_allclose(normalised_entropy(weights), [1.0, 0.0, 0.5], rtol=0, atol=1e-15)
    heads = np.stack([weights[:2], weights[[1, 1]]], axis=1)
    np.testing.assert_allclose(normalised_entropy(heads), [0.5, 0.0], rtol=0, atol=1e-15)
    assert np.isnan(normalised_entropy(np.ones((2, 1)))).all()


def test_batch_mates_do_not_lower_the_entropy(make_job: Any) -> None:
    """Utterances of 5 to 29 frames: with padding counted as positions, uniform weights would not reach 1."""
    np.testing.assert_allclose(measured(make_job, 0.0), 1.0, rtol=0, atol=1e-6)  # softmax in float32
    sharp = measured(make_job, 3.0)
    assert max(x for x in sharp if x is not None) < 0.2


def test_a_fold_s_file_and_the_summary(make_job: Any, tmp_path: Path) -> None:
    run = tmp_path / "run"
    folds = [Fold(name=n, train=(), dev=(), test=()) for n in ("s1", "s2")]
    for power, fold in zip((0.0, 1.0), folds, strict=True):
        job, module, transforms = job_with(make_job, weights_by_length(power))
        made = replace(job, folder=run / "folds" / f"0-{fold.name}")
        made.folder.mkdir(parents=True)
        write_entropy(made, module, transforms)
    found = summary(run, 1, folds)
    assert found is not None
    assert found["utterances"] == 18
    assert found["per_fold"]["s1"] == pytest.approx(1.0, abs=1e-6)
    assert found["entropy"] == pytest.approx((found["per_fold"]["s1"] + found["per_fold"]["s2"]) / 2)
    (run / "folds" / "0-s1" / FILE).write_text("id,entropy\na,b\n")
    with pytest.raises(RunFolderError, match="damaged"):
        summary(run, 1, folds)
    (run / "folds" / "0-s1" / FILE).unlink()
    assert summary(run, 1, folds) is None


def test_systems_without_attention_leave_no_file(make_job: Any) -> None:
    job, module, transforms = job_with(make_job, None)
    write_entropy(job, module, transforms)
    assert not (job.folder / FILE).exists()


@pytest.mark.parametrize("weights", [torch.ones(9), -torch.ones(9, 4), torch.zeros(9, 4), torch.ones(3, 4)])
def test_what_are_no_weights_is_the_plugins_fault(make_job: Any, weights: torch.Tensor) -> None:
    job, module, transforms = job_with(make_job, lambda module, batch: weights)
    with pytest.raises(PluginError, match=r"from attention\(\)"):
        write_entropy(job, module, transforms)

"""What an utterance costs: counts by hand, times that are times, and a failure that costs nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from serkit.errors import PluginError
from serkit.host import get_host
from serkit.run import cost, runner
from serkit.run.events import Events
from serkit.run.models import FoldModel
from serkit.run.recipe import Request, resolve
from serkit.types import Unit

TINY = ("architecture.convs=1", "architecture.maps=[2]", "architecture.linear=4", "architecture.lstm=2")


class Net(nn.Module):
    """A frozen and a trained layer over every frame, then the mean."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen, self.out = nn.Linear(4, 5).requires_grad_(False), nn.Linear(5, 3)

    def forward(self, x: torch.Tensor, x_lengths: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.out(self.frozen(x)).mean(1)
        return out


def model(unit: Unit) -> FoldModel:
    architecture = SimpleNamespace(unit=unit, min_frames=1, inputs={})
    return FoldModel(architecture=architecture, transforms={}, module=Net(), n_classes=3, who="architecture 'x'")


@pytest.mark.parametrize(("unit", "frames"), [(Unit(), 10), (Unit(frames=8), 16), (Unit(frames=25), 25)])
def test_every_frame_that_is_computed_counts(unit: Unit, frames: int) -> None:
    # 10 frames: whole, in two segments of 8 that overlap, or padded to 25
    found = cost.model_cost(model(unit), {"x": [np.zeros((10, 4), np.float32)]})
    assert found == {
        "parameters": 4 * 5 + 5 + 5 * 3 + 3,
        "trainable": 5 * 3 + 3,
        "multiply_adds": frames * (4 * 5 + 5 * 3),
        "not_counted": [],
        "seconds_of_audio": 3.0,
    }


def test_the_median_is_of_few_repetitions_when_they_are_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0, 1, 10, 12, 20, 23, 30, 34, 40, 45])
    monkeypatch.setattr(cost.time, "perf_counter", lambda: float(next(now)))
    calls = []
    assert cost._median(lambda: calls.append(1)) == (2000.0, 3)  # 1, 2 and 3 s; the first call is not timed
    assert len(calls) == 4


def execute(out: Path, said: list[str]) -> dict[str, Any]:
    class Notes(Events):
        def note(self, text: str) -> None:
            said.append(text)

    recipe = resolve(Request(plugin="acrnn", dataset="demo", sets=TINY, epochs=1, folds=[0]), get_host())
    return runner.execute(recipe, out=out, resume=out.exists(), host=get_host(), events=Notes())


def test_a_run_has_its_cost_and_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> dict[str, Any]:
        raise PluginError("The thing failed.")

    said: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(runner, "run_cost", fails)
        first = execute(tmp_path / "run", said)
    assert first["cost"] is None
    assert first["uar"]["pooled"] is not None
    assert "What an utterance costs could not be measured: The thing failed." in said
    assert "## Cost" not in (tmp_path / "run" / "report.md").read_text("utf-8")

    found = execute(tmp_path / "run", said)["cost"]  # nothing is trained again
    assert set(found) == {
        "parameters", "trainable", "multiply_adds", "not_counted", "seconds_of_audio", "latency_ms",
        "real_time_factor", "repetitions", "device", "threads",
    }  # fmt: skip
    assert found["parameters"] == found["trainable"] > 0
    assert found["multiply_adds"] > 0
    assert found["not_counted"] == []
    assert found["latency_ms"] > 0
    # 1e-12: one division more, in float64
    assert found["real_time_factor"] == pytest.approx(found["latency_ms"] / 3000, rel=1e-12)
    assert (found["device"], found["threads"]) == ("cpu", torch.get_num_threads())
    assert "## Cost" in (tmp_path / "run" / "report.md").read_text("utf-8")
    assert execute(tmp_path / "run", said)["cost"] == found
    assert json.loads((tmp_path / "run" / "metrics.json").read_text("utf-8"))["cost"] == found

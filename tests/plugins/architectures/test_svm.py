"""``ser-svm``: its settings, what it is built from, and a run of it on the synthetic corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import serkit
from serkit import config
from serkit.data.fetch import cache_dir
from serkit.errors import ProtocolError, UserError
from serkit.host import get_host
from serkit.nn import SpeakerZScore, SupportVectorClassifier, ZScore
from serkit.run.api import LoadedRun
from serkit.types import FoldContext
from serkit_plugins.architectures.svm.config import PRESETS, SvmConfig
from serkit_plugins.architectures.svm.model import SerSvm

pytestmark = pytest.mark.usefixtures("one_thread")


def preset(name: str) -> SvmConfig:
    return config.load(SvmConfig, PRESETS[name].get("architecture", {}))


def test_presets_differ_in_whose_statistics_scale() -> None:
    assert SerSvm(preset("default")).transforms == {"x": ZScore}
    assert SerSvm(preset("speaker")).transforms == {"x": SpeakerZScore}


def test_settings_reach_the_machine() -> None:
    fold = FoldContext(labels=("a", "b"), input_shapes={"x": (5540,)}, seed=0, fold="03")
    built = SerSvm(SvmConfig(kernel="rbf", c=3.0, gamma=0.5, clip=1.0, vote="hard")).build(fold)
    assert isinstance(built, SupportVectorClassifier)
    assert (built.n_classes, built.kernel, built.c, built.gamma, built.clip, built.vote) == (
        2, "rbf", 3.0, 0.5, 1.0, "hard",
    )  # fmt: skip


def test_it_is_listed_with_its_feature() -> None:
    spec = get_host().get("architecture", "ser-svm").spec
    feature = get_host().get("feature", SerSvm.inputs["x"].feature).spec
    assert set(spec.presets) == {"default", "speaker"}  # type: ignore[union-attr]
    assert feature.cached  # type: ignore[union-attr]


def go(out: Path, preset: str, **over: Any) -> LoadedRun:
    tables = {
        "run": {"plugin": "ser-svm", "preset": preset},
        "dataset": {"name": "demo"},
        "features": {"x": {"parts": ["voiced", "timing"]}},
        **over,
    }
    return serkit.run({"schema": 1, **tables}, out=out, folds=[0])


def test_a_run_predicts_again_what_it_predicted(tmp_path: Path) -> None:
    done = go(tmp_path / "run", "default")
    assert done.metrics["uar"]["mean"] > 0.4  # chance is 0.25
    lines = (tmp_path / "run" / "folds" / "0-f01" / "predictions.csv").read_text().splitlines()
    header, *rows = [line.split(",") for line in lines]
    row = next(r for r in rows if r[header.index("split")] == "test")
    wave = next(cache_dir().rglob(Path(row[0]).name + ".wav"))
    again = done.predict([wave])[0]
    assert again.label == row[header.index("predicted")]
    kept = [float(row[header.index(f"p_{label}")]) for label in again.posteriors]
    # one row and a whole part sum in another order in float64
    np.testing.assert_allclose(list(again.posteriors.values()), kept, rtol=1e-9)


def test_speaker_scaling_needs_its_information_level_and_predicts_no_single_file(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="say --information speaker-unlabelled"):
        go(tmp_path / "refused", "speaker")
    done = go(tmp_path / "run", "speaker", protocol={"name": "loso", "information": "speaker-unlabelled"})
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["information"] == "speaker-unlabelled"
    assert metrics["uar"]["mean"] > 0.4
    with pytest.raises(UserError, match="information of its test speakers"):
        done.predict([next(cache_dir().rglob("*.wav"))])

"""RAVDESS: the five real actors, where they are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from serkit.cli.data import app
from serkit.data import audio
from serkit.data.audit import audit
from serkit.data.protocols import make_protocol
from serkit.host import get_host
from serkit.run.events import Events
from serkit.run.recipe import Request, resolve
from serkit.run.runner import execute
from serkit.types import Corpus
from serkit_plugins.datasets.ravdess import Ravdess
from serkit_plugins.datasets.specs.ravdess import SPEC


@pytest.fixture(scope="session")
def five(real_data: Path) -> Path:
    """The real recordings of actors 01 to 05."""
    if not (real_data / "ravdess").is_dir():
        pytest.skip(f"no ravdess/ in {real_data}; SERKIT_TEST_DATA names the folder that holds it")
    return (real_data / "ravdess").resolve()


@pytest.fixture(scope="session")
def real(five: Path) -> Corpus:
    return Ravdess().load(five)


@pytest.mark.real_data
def test_five_real_actors_are_the_published_recordings(five: Path, real: Corpus) -> None:
    assert (len(real.utterances), real.speakers, real.complete) == (300, ("01", "02", "03", "04", "05"), False)
    assert real.notes[0].startswith("19 of the 24 actors of RAVDESS are missing: 06, 07, ")
    assert Ravdess().check(five) == []
    gans = Ravdess(subset="gans510").load(five)
    assert Counter(u.label for u in gans.utterances) == {"angry": 38, "happy": 34, "neutral": 9, "sad": 29}


@pytest.mark.real_data
def test_the_command_line_checks_the_five_and_says_what_is_missing(five: Path) -> None:
    result = CliRunner().invoke(app, ["check", "ravdess", "--data", str(five)])
    absent = ", ".join(f"{i:02d}" for i in range(6, 25))
    assert result.exit_code == 1
    assert result.stdout.splitlines()[:4] == [
        f"ravdess at {five}: 300 utterances, 5 speakers.",
        "Classes: angry 40, calm 40, disgust 40, fear 40, happy 40, neutral 20, sad 40, surprise 40.",
        f"19 of the 24 actors of RAVDESS are missing: {absent}.",
        "Utterances per class differ from the published corpus: angry 40 of 192, calm 40 of 192, disgust 40 of 192, "
        "fear 40 of 192, happy 40 of 192, neutral 20 of 96, sad 40 of 192, surprise 40 of 192.",
    ]
    assert result.stdout.splitlines()[-1] == "Not whole: see above."


@pytest.mark.real_data
def test_a_run_on_the_five_is_reported_as_incomplete(
    five: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serkit.run.report.write_report", lambda folder: None)  # the pictures take longest
    small = ["convs=1", "maps=[2]", "pools=[[4, 4]]", "linear=4", "lstm=2", "unit.frames=8"]
    request = Request(
        plugin="acrnn",
        dataset="ravdess",
        data=(str(five),),
        folds=[0],
        epochs=1,
        device="cpu",
        sets=("dataset.subset=gans510", *(f"architecture.{s}" for s in small)),
    )
    recipe = resolve(request, get_host())
    metrics = execute(recipe, out=tmp_path / "run", resume=False, host=get_host(), events=Events())
    assert (metrics["protocol"], metrics["subset"], metrics["complete"]) == ("ravdess/loso_next@1", "gans510", False)
    # actor 01 has 21 of the files that are long enough
    assert sum(metrics["support"]["pooled"].values()) == 21


@pytest.mark.real_data
def test_five_real_actors_can_be_tested_in_turn_and_share_no_audio(real: Corpus) -> None:
    protocol = make_protocol(real, SPEC.protocols[0])
    assert [f.name for f in protocol.folds] == ["01", "02", "03", "04", "05"]
    result = audit(real, protocol)
    assert {o.kind for o in result.overlaps} == {"text"}


@pytest.mark.real_data
def test_a_real_stereo_file_is_read_as_the_mean_of_its_channels(real: Corpus) -> None:
    stereo = [u for u in real.utterances if audio.info(u.path).channels == 2]
    assert [u.id for u in stereo] == ["03-01-02-01-01-02-01", "03-01-02-01-02-02-05", "03-01-08-01-02-02-01"]
    samples, _ = soundfile.read(stereo[0].path, dtype="float32")
    # the mean of two 16-bit samples is exact in float32
    assert np.array_equal(audio.read(stereo[0].path, sample_rate=0), samples.mean(axis=1))

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from serkit.errors import UserError
from serkit.nn import Architecture, SpeakerZScore
from serkit.run.fitted import OfSpeakers, load_transforms
from serkit.run.fold import evaluation_units, fit_transforms
from serkit.types import Unit


class Scaled(Architecture):
    transforms: ClassVar = {"x": SpeakerZScore}
    unit = Unit()


def test_each_speaker_is_normalised_by_its_own_utterances_alone(make_job: Any, tmp_path: Path) -> None:
    job = make_job(architecture=Scaled(None))
    fitted = fit_transforms(job)["x"]
    assert isinstance(fitted, OfSpeakers)
    assert set(fitted.by_speaker) == {job.speakers[i] for i in (*job.fold.train, *job.fold.dev, *job.fold.test)}
    units = evaluation_units(job, job.fold.test, {"x": fitted})
    mine = job.table.rows("x", job.fold.test)
    own = np.concatenate(mine)  # the test part is one speaker
    expected = (mine[0] - own.mean(0)) / (own.std(0) + 1e-5)
    # 1e-4: moments in double here, stored in single precision there
    np.testing.assert_allclose(units.arrays["x"][0], expected, rtol=1e-4, atol=1e-4)
    again = load_transforms(job.architecture, job.folder / "transforms.safetensors", "it")["x"]
    assert isinstance(again, OfSpeakers)
    np.testing.assert_array_equal(again.of("s1").mean, fitted.of("s1").mean)  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="knows nothing of 'stranger'"):
        again.of("stranger")

"""Our eGeMAPS against openSMILE's on recordings: no feature falls behind the table of docs/egemaps.md."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serkit.features.egemaps.names import COLUMNS

sys.path.insert(0, str(Path(__file__).parent))  # tests are imported one by one, without packages
import agreement

sys.path.pop(0)

EVERY = 12


def table() -> dict[str, float]:
    """Spearman's correlation by feature, as the page has it."""
    rows = re.findall(
        r"^\| `(\S+)` \| (-?\d\.\d{3}) \| -?\d\.\d{3} \|$", agreement.PAGE.read_text("utf-8"), re.MULTILINE
    )
    return {name: float(value) for name, value in rows}


@pytest.fixture(scope="module")
def library() -> Any:
    try:
        return agreement.smile()
    except ImportError:
        pytest.skip("opensmile is not installed (extra `peers`)")


def test_the_page_has_every_feature_in_order() -> None:
    assert tuple(table()) == COLUMNS


def test_the_names_are_the_releases(library: Any) -> None:
    assert tuple(library.feature_names) == COLUMNS


@pytest.mark.real_data
def test_recordings_agree_as_the_page_says(library: Any, real_data: Path) -> None:
    waveforms = agreement.read(real_data / "emodb", EVERY)
    if not waveforms:
        pytest.skip(f"no recordings in {real_data}/emodb/wav")
    found = agreement.correlations(agreement.ours(waveforms), agreement.theirs(waveforms, library))[:, 0]
    # a few dozen recordings of the page's 535: by Fisher's z a sample of n lies within 3 / sqrt(n - 3) of the whole,
    # were its recordings drawn; rank correlations spread by some 6 % more. Near 1 his formula is too strict: 0.97
    # stands for all above
    spread = 3.2 / np.sqrt(len(waveforms) - 3)
    floors = {name: np.tanh(np.arctanh(min(value, 0.97)) - spread) for name, value in table().items()}
    behind = {c: (r, floors[c]) for c, r in zip(COLUMNS, found.tolist(), strict=True) if r < floors[c]}
    assert behind == {}
    assert np.median(found) > 0.88  # 0.90 on the page


def test_half_of_the_features_agree_closely() -> None:
    values = list(table().values())
    assert sum(v > 0.9 for v in values) >= 46
    assert sum(v > 0.7 for v in values) >= 62

"""The 88 numbers of eGeMAPS from waveforms in memory, one call an utterance: SerKit and openSMILE, on one core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from harness import peers
from harness.lm3 import RATE
from harness.speech import Speech
from serkit.features import Egemaps
from serkit.testing.bench import Contest, Entrant
from serkit.testing.bench.race import Race

ENTRANTS = ["serkit", "openSMILE"]
# whose definitions leave little open; docs/egemaps.md has all 88
ALIKE = [
    "loudness_sma3_amean", "spectralFlux_sma3_amean", "mfcc1_sma3_amean", "mfcc2_sma3_amean", "mfcc3_sma3_amean",
    "mfcc4_sma3_amean", "equivalentSoundLevel_dBp",
]  # fmt: skip


MOST = 54
"""Utterances at most: ten times as many, the whole corpus, would take openSMILE minutes and say the same."""


def some(speech: Speech) -> Speech:
    """At most ``MOST`` utterances, evenly over the corpus."""
    every = -(-len(speech.paths) // MOST)
    signals = speech.signals[::every]
    seconds = sum(map(len, signals)) / RATE
    # the source stands in brackets at the end of what the fixture says
    source = speech.work[speech.work.index("(") :]
    return Speech(speech.paths[::every], signals, f"{len(signals)} utterances, {seconds:.0f} s {source}")


def ours(speech: Speech) -> Callable[[], Any]:
    egemaps = Egemaps()
    return lambda: np.concatenate(egemaps.batch(speech.signals, threads=1))


def open_smile(speech: Speech) -> Callable[[], npt.NDArray[np.float32]]:
    opensmile = peers.needed("opensmile")
    smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals, num_workers=1)
    return lambda: np.concatenate([smile.process_signal(x, RATE).to_numpy() for x in speech.signals])


def contest(whole: Speech) -> Contest:
    speech = some(whole)
    mine = ours(speech)()
    columns = [Egemaps.columns.index(name) for name in ALIKE]

    def check(name: str, answer: Any) -> None:
        assert answer.shape == mine.shape
        assert np.isfinite(answer).all()
        for k in columns:
            # two definitions of the same: over utterances they rise and fall together
            assert np.corrcoef(answer[:, k], mine[:, k])[0, 1] > 0.98, Egemaps.columns[k]

    return Contest(
        entrants={"serkit": Entrant(lambda: ours(speech)), "openSMILE": Entrant(lambda: open_smile(speech))},
        anchors=("openSMILE", "serkit"),
        check=check,
        work=speech.work,
        audio_s=speech.seconds,
    )


@pytest.mark.parametrize("entrant", ENTRANTS)
def test_egemaps(race: Race, speech: Speech, entrant: str) -> None:
    race(entrant, "eGeMAPS, 1 thread", lambda: contest(speech))

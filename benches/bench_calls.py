"""Small work: 3 s of audio a call, and the first call of a process."""

from __future__ import annotations

import numpy as np
import pytest

from harness import lm3
from harness.children import LATER, Report, child
from harness.speech import Speech
from serkit.features import LogMel
from serkit.testing.bench import Contest, Entrant
from serkit.testing.bench.race import Race

SECONDS = 3
SINGLE = ["serkit, in a batch", "serkit, one a call"]
FIRST = {"serkit, later calls": "later_s", "serkit, first call": "first_s"}


def single(speech: Speech) -> Contest:
    whole = np.concatenate(speech.signals)
    size = SECONDS * lm3.RATE
    # as many as the corpus holds, at most 100: each call meets an utterance that has left the small caches
    signals = [whole[i * size : (i + 1) * size].copy() for i in range(min(100, len(whole) // size))]
    log_mel = LogMel(lm3.OPTIONS)
    truth = lm3.truth(signals)
    calls = {
        "serkit, in a batch": lambda: log_mel.batch(signals, threads=1),
        "serkit, one a call": lambda: [log_mel(x) for x in signals],
    }
    return Contest(
        entrants={name: Entrant(lambda call=call: call, share=len(signals)) for name, call in calls.items()},
        anchors=("serkit, in a batch",),
        check=lambda name, answer: lm3.assert_close(answer, truth),
        work=f"{len(signals)} utterances of {SECONDS} s",
        audio_s=SECONDS,
    )


@pytest.mark.parametrize("entrant", SINGLE)
def test_one_utterance(race: Race, speech: Speech, entrant: str) -> None:
    race(entrant, "LM3, one utterance of 3 s", lambda: single(speech))


def first_call() -> Contest:
    def check(name: str, answer: Report) -> None:
        assert answer.seconds > 0  # the child itself compares features with the definition

    return Contest(
        entrants={
            name: Entrant(lambda fact=fact: lambda: child("first", seconds=fact), timed=True)
            for name, fact in FIRST.items()
        },
        anchors=("serkit, later calls",),
        check=check,
        info=lambda name, answer: {"construction_s": answer.facts["made_s"]},
        work=f"{SECONDS} s in a fresh process, against the median of {LATER} calls after it",
        audio_s=SECONDS,
    )


@pytest.mark.parametrize("entrant", FIRST)
def test_first_call(race: Race, entrant: str) -> None:
    race(entrant, "LM3, first call of a process", first_call)

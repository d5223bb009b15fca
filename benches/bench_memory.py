"""Peak memory of LM3 over one long recording: what is needed beyond the output itself."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from harness import peers
from harness.children import MIB, Report, child
from serkit.testing.bench import Contest, Entrant
from serkit.testing.bench.race import Race

ENTRANTS = ["serkit", "C + FFTW", "mkl_fft + NumPy", "librosa"]


def contest(full: bool) -> Contest:
    seconds = 3600 if full else 120

    def ready(name: str) -> Callable[[], Report]:
        if sys.platform != "linux":
            pytest.skip("the peak of resident memory is read from /proc/self, which only Linux has")
        if name == "C + FFTW":
            from harness.fftw import library

            library()
        elif name != "serkit":
            peers.needed(name.split(" ")[0])
        return lambda: child("memory", name, str(seconds), seconds="seconds")

    def check(name: str, answer: Report) -> None:
        # the child itself compares features with the definition; the output is part of the peak
        assert answer.facts["grown"] >= answer.facts["output"] * 0.9

    def info(name: str, answer: Report) -> dict[str, object]:
        output, grown = answer.facts["output"] / MIB, answer.facts["grown"] / MIB
        ratio = round(output / grown, 4)
        return {
            "ratio": ratio,
            "ratio_quartiles": [ratio, ratio],
            "anchor": "its output",
            "output_mib": round(output, 2),
            "peak_mib": round(grown, 2),
            "over_output_mib": round(grown - output, 2),
        }

    return Contest(
        entrants={name: Entrant(lambda name=name: ready(name), timed=True) for name in ENTRANTS},
        anchors=("serkit",),
        check=check,
        info=info,
        work=f"one recording of {seconds} s",
        audio_s=seconds,
        once=True,  # a peak varies by a page or two
    )


@pytest.mark.parametrize("entrant", ENTRANTS)
def test_peak(race: Race, entrant: str) -> None:
    race(entrant, "LM3, output over peak memory", lambda: contest(race.full))

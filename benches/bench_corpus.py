"""From WAV files in the page cache to LM3, one worker: opening, decoding and features."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import lm3, peers
from harness.speech import Speech
from serkit.data.packs import packs
from serkit.features import LogMel
from serkit.testing.bench import Contest, Entrant
from serkit.testing.bench.race import Race

Read = Callable[[Path], Any]
ENTRANTS = ["serkit", "wave + C/FFTW", "soundfile + C/FFTW", "librosa"]


def ours(speech: Speech) -> Callable[[], Any]:
    log_mel = LogMel(lm3.OPTIONS)
    return lambda: [
        features for pack in packs(speech.paths, threads=1) for features in log_mel.batch(pack.waveforms, threads=1)
    ]


def with_wave(path: Path) -> Any:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    return np.multiply(samples, np.float32(1 / 32768), dtype=np.float32)


def with_soundfile(path: Path) -> Any:
    import soundfile

    return soundfile.read(path, dtype="float32")[0]


def c_program(speech: Speech, read: Read) -> Callable[[], Any]:
    from harness.fftw import Batch, Fftw

    program = Fftw()

    def extract(path: Path) -> Any:
        batch = Batch([read(path)])
        return batch.split(program.lm3(batch))[0]

    return lambda: [extract(path) for path in speech.paths]


def with_librosa(speech: Speech) -> Callable[[], Any]:
    load = peers.needed("librosa").load
    extract = peers.librosa_extractor()
    return lambda: [extract(load(path, sr=None)[0]) for path in speech.paths]


def contest(speech: Speech) -> Contest:
    truth = lm3.truth(speech.signals)
    return Contest(
        entrants={
            "serkit": Entrant(lambda: ours(speech)),
            "wave + C/FFTW": Entrant(lambda: c_program(speech, with_wave)),
            "soundfile + C/FFTW": Entrant(lambda: c_program(speech, with_soundfile)),
            "librosa": Entrant(lambda: with_librosa(speech)),
        },
        anchors=("wave + C/FFTW", "librosa"),
        check=lambda name, answer: lm3.assert_close(answer, truth),
        work=speech.work,
        audio_s=speech.seconds,
    )


@pytest.mark.parametrize("entrant", ENTRANTS)
def test_from_disk(race: Race, speech: Speech, entrant: str) -> None:
    race(entrant, "WAV files to LM3, 1 worker", lambda: contest(speech))

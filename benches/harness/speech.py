"""What the contestants work on: the 535 utterances of EMO-DB, or signals shaped like speech where it is not there."""

from __future__ import annotations

import os
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from harness.lm3 import RATE

ROOT = Path(__file__).parents[2]
SHORT_EVERY = 89
"""The short run takes every 89th utterance of EMO-DB: 7, about 20 s, of five speakers."""


@dataclass(frozen=True)
class Speech:
    """Files (16 kHz mono PCM16), their samples as float32 in [-1, 1), and what they are."""

    paths: list[Path]
    signals: list[npt.NDArray[np.float32]]
    work: str

    @property
    def seconds(self) -> float:
        """Seconds of audio in all."""
        return sum(map(len, self.signals)) / RATE


@pytest.fixture(scope="session")
def speech(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Speech:
    """The corpus: all of it with ``--full``, else about 20 s."""
    full = bool(request.config.getoption("--full"))
    folder = Path(os.environ.get("SERKIT_TEST_DATA") or ROOT.parent / "shared" / "data") / "emodb" / "wav"
    paths = sorted(folder.glob("*.wav"))
    name = "EMO-DB"
    if not paths:
        name = "made-up signals shaped like speech, EMO-DB is absent"
        paths = made_up(tmp_path_factory.mktemp("speech"), 535 if full else 7)
    elif not full:
        paths = paths[::SHORT_EVERY]
    signals = [read(path) for path in paths]
    seconds = sum(map(len, signals)) / RATE
    return Speech(paths, signals, f"{len(paths)} utterances, {seconds:.0f} s ({name})")


def read(path: Path) -> npt.NDArray[np.float32]:
    """Samples of a PCM16 file with nothing but Python's ``wave``."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float32) / np.float32(32768)


def made_up(folder: Path, count: int) -> list[Path]:
    """``count`` files of 1.4 to 5 s: pulses and noise through a moving resonance, with syllables and pauses."""
    rng = np.random.default_rng(0)
    paths = []
    for i in range(count):
        n = int(RATE * rng.uniform(1.4, 5.0))
        t = np.arange(n) / RATE
        pitch = 140 + 40 * np.sin(2 * np.pi * rng.uniform(0.3, 0.8) * t + rng.uniform(0, 6))
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        formant = 900 + 600 * np.sin(2 * np.pi * rng.uniform(0.7, 1.5) * t + rng.uniform(0, 6))
        voiced = sum(
            np.exp(-(((k * pitch - formant) / 500) ** 2)) * np.sin(k * phase) + np.sin(k * phase) / k**2
            for k in range(1, 24)
        )
        level = np.exp(3 * np.sin(2 * np.pi * rng.uniform(2.0, 4.0) * t) - 3)
        signal = level * (voiced + 0.05 * rng.standard_normal(n)) + 1e-3 * rng.standard_normal(n)
        pcm = np.round(signal / np.abs(signal).max() * 20000).astype("<i2")
        paths.append(folder / f"{i:03d}.wav")
        with wave.open(str(paths[-1]), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(pcm.tobytes())
    return paths

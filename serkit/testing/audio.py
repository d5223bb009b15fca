"""Sound files for tests: quick to write, and no two alike."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np


def write_noise(path: Path, seconds: float = 0.05, sample_rate: int = 16000, seed: int | str = "") -> Path:
    """Write white noise as 16-bit mono WAV, folders included, and return ``path``.

    The noise depends on ``seed`` (by default the name of the file), so files of different names hold different
    samples. ``seconds`` is rounded to whole samples, at least one.
    """
    words = [ord(c) for c in str(seed if seed != "" else path.name)]
    count = max(1, round(seconds * sample_rate))
    samples = np.random.default_rng(words).integers(-3000, 3000, count, dtype=np.int16).astype("<i2").tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_header(count, sample_rate) + samples)
    return path


def write_silence(path: Path, seconds: float, sample_rate: int = 16000) -> Path:
    """Write silence as 16-bit mono WAV of exactly ``round(seconds * sample_rate)`` samples and return ``path``.

    The file is sparse where the file system can: thousands of them take hardly any space.
    """
    count = max(1, round(seconds * sample_rate))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(_header(count, sample_rate))
        file.truncate(44 + 2 * count)
    return path


def _header(samples: int, sample_rate: int) -> bytes:
    size = 2 * samples
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, sample_rate, 2 * sample_rate, 2, 16, b"data", size,
    )  # fmt: skip

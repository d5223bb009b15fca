"""A small SAVEE in its official layout."""

from __future__ import annotations

from pathlib import Path

from serkit.testing.audio import write_noise

SPEAKERS = ("DC", "JE", "JK", "KL")
CODES = ("a", "d", "f", "h", "n", "sa", "su")


def write(root: Path, whole: bool = False) -> Path:
    """Write noise named like SAVEE below ``root`` and return it: three speakers with two sentences an emotion, or with
    ``whole`` all four with 15, and 30 of neutral."""
    for speaker in SPEAKERS if whole else SPEAKERS[:3]:
        for code in CODES:
            for number in range(1, (31 if code == "n" else 16) if whole else 3):
                path = root / "AudioData" / speaker / f"{code}{number:02}.wav"
                write_noise(path, 0.01, 44100, seed=f"{speaker} {path.stem}")
    return root

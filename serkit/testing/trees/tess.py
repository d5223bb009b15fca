"""A small TESS in its layout of folders, with its odd names and its one file at 96 kHz."""

from __future__ import annotations

from pathlib import Path

from serkit.host import get_host
from serkit.testing.audio import write_noise

EMOTIONS = {
    "angry": "angry",
    "disgust": "disgust",
    "fear": "Fear",
    "happy": "happy",
    "neutral": "neutral",
    "ps": "Pleasant_surprise",
    "sad": "Sad",
}


def write(root: Path, whole: bool = False) -> Path:
    """Write noise named like TESS below ``root`` and return it: four words, or with ``whole`` all 200, by each of the
    two speakers in each of the seven emotions."""
    words = sorted(get_host().load("dataset", "tess").words) if whole else ["bite", "food", "germ", "neat"]
    for speaker in ("OAF", "YAF"):
        for emotion, folder in EMOTIONS.items():
            for word in words:
                name = f"{speaker}_{word}_{emotion}"
                rate = 96000 if name == "OAF_food_fear" else 24414
                stem = "OA_bite_neutral" if name == "OAF_bite_neutral" else name
                write_noise(root / f"{speaker}_{folder}" / f"{stem}.wav", 0.01, rate)
    return root

"""A made-up RAVDESS: official folders and file names, noise for audio."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from serkit.testing.audio import write_noise

FOLDERS = {"speech": "Audio_Speech_Actors_01-24", "song": "Audio_Song_Actors_01-24"}


def write(root: Path, whole: bool = False, channel: str = "speech") -> Path:
    """Write one archive's folder below ``root`` and return ``root``.

    ``channel="speech"`` gives 1,440 files and ``"song"`` 1,012; without ``whole``, the first takes of six actors.
    """
    emotions = range(1, 9) if channel == "speech" else range(1, 7)
    for actor in range(1, 25 if whole else 7):
        if channel == "song" and actor == 18:  # he does not sing
            continue
        folder = root / FOLDERS[channel] / f"Actor_{actor:02d}"
        takes = (1, 2) if whole else (1,)
        for emotion, intensity, statement, take in product(emotions, (1, 2), (1, 2), takes):
            if emotion == 1 and intensity == 2:  # there is no strong neutral
                continue
            code = (3, 1 if channel == "speech" else 2, emotion, intensity, statement, take, actor)
            write_noise(folder / ("-".join(f"{x:02d}" for x in code) + ".wav"), sample_rate=48000, seconds=0.02)
    return root

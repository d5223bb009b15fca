"""A dataset: tones of four voices, steady (calm) or trembling (excited)."""

from __future__ import annotations

from pathlib import Path, PurePath

import numpy as np
import soundfile

from serkit.data.corpus import build, missing_note
from serkit.data.progress import Progress
from serkit.data.recognise import wrong_folder
from serkit.types import Corpus, Utterance

VOICES = {"ann": 220.0, "bob": 110.0, "cid": 130.0, "eva": 200.0}
"""Speaker to pitch in Hz."""
LABELS = ("calm", "excited")
NAMES = [f"{voice}-{label}-{take}" for voice in VOICES for label in LABELS for take in range(3)]
RATE = 16000


class Tones:
    def load(self, root: Path) -> Corpus:
        files = {x: p for x in NAMES if (p := root / f"{x}.wav").is_file()}
        if not files:
            raise wrong_folder("the toy tones", root, "24 files named like ann-calm-0.wav")
        missing = set(NAMES) - files.keys()
        notes = [missing_note(missing, len(NAMES))] if missing else []
        rows = [utterance(x, p) for x, p in files.items()]
        return build("toy-tones", root, rows, LABELS, missing=missing, notes=notes)

    def identify(self, path: PurePath) -> Utterance | None:
        return utterance(path.stem, Path(path)) if path.stem in NAMES else None

    def fetch(self, into: Path, progress: Progress) -> None:
        for name in NAMES:
            voice, label, take = name.split("-")
            t = np.arange(int(RATE * (0.3 + 0.05 * int(take)))) / RATE
            wobble = 0.5 if label == "excited" else 0.0
            tone = np.sin(2 * np.pi * VOICES[voice] * t) * (1 - wobble * np.sin(2 * np.pi * 9 * t) ** 2)
            soundfile.write(into / f"{name}.wav", 0.3 * tone, RATE, subtype="PCM_16")


def utterance(name: str, path: Path) -> Utterance:
    voice, label, _ = name.split("-")
    return Utterance(id=name, path=path, label=label, speaker=voice)

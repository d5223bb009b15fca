"""Small manifests of every format that is read, each with its recordings: three speakers, two emotions, noise.

``MANIFESTS`` maps the name of a reader to ``write(root)``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from serkit.testing.audio import write_noise

_SPEAKERS = {"ada": "female", "ben": "male", "eve": "female"}
_EMOTIONS = ("anger", "sadness")
_SAID = ("The lamp is on the table.", "Come here at noon.")


def _rows(root: Path, folder: str = "wav") -> Iterator[tuple[str, str, str, str, str]]:
    """File, emotion, speaker, sex and words of each recording, which is written."""
    for speaker, sex in _SPEAKERS.items():
        for emotion in _EMOTIONS:
            for k, words in enumerate(_SAID):
                file = f"{folder}/{speaker}-{emotion}-{k}.wav"
                write_noise(root / file)
                yield file, emotion, speaker, sex, words


def write_csv(root: Path) -> Path:
    """SerKit's own table, ``manifest.csv``."""
    lines = [f"{file},{emotion},{speaker},{words}" for file, emotion, speaker, _, words in _rows(root)]
    return _lines(root / "manifest.csv", ["file,emotion,speaker,text", *lines])


def write_nkululeko(root: Path) -> Path:
    """A table of Nkululeko, ``emotions.csv``."""
    lines = [f"{file},{speaker},{emotion},{sex}" for file, emotion, speaker, sex, _ in _rows(root)]
    return _lines(root / "emotions.csv", ["file,speaker,emotion,gender", *lines])


def write_audformat(root: Path) -> Path:
    """A database of audformat, ``db.yaml`` with the table ``emotion``."""
    _lines(
        root / "db.yaml",
        [
            "name: made",
            "source: ''",
            "usage: unrestricted",
            "languages: [eng]",
            "schemes:",
            f"  emotion: {{dtype: str, labels: [{', '.join(_EMOTIONS)}]}}",
            "  speaker: {dtype: str}",
            "tables:",
            "  emotion:",
            "    type: filewise",
            "    columns:",
            "      emotion: {scheme_id: emotion}",
            "      speaker: {scheme_id: speaker}",
        ],
    )
    lines = [f"{file},{emotion},{speaker}" for file, emotion, speaker, _, _ in _rows(root)]
    return _lines(root / "db.emotion.csv", ["file,emotion,speaker", *lines])


def write_emobox(root: Path) -> Path:
    """A list of EmoBox, ``made.jsonl``, and its map of labels. Speakers stand in the keys: ``made-(...)``."""
    lines = [
        json.dumps({"key": f"made-{Path(file).stem}", "dataset": "made", "wav": file, "length": 0.05, "emo": emotion})
        for file, emotion, _, _, _ in _rows(root)
    ]
    _lines(root / "label_map.json", [json.dumps({"anger": "Angry", "sadness": "Sad"})])
    return _lines(root / "made.jsonl", lines)


def _lines(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


MANIFESTS: Mapping[str, Callable[[Path], Path]] = {
    "audformat": write_audformat,
    "csv": write_csv,
    "emobox": write_emobox,
    "nkululeko": write_nkululeko,
}

"""SAVEE: file names and checks of the Surrey Audio-Visual Expressed Emotion database, its audio."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from serkit.data.corpus import build
from serkit.data.recognise import wrong_folder
from serkit.data.recordings import collect, gap_notes
from serkit.types import Corpus, Utterance

SPEAKERS = ("DC", "JE", "JK", "KL")
"""All male, 27 to 31 years old."""

CODES = {
    "a": "angry",
    "d": "disgust",
    "f": "fear",
    "h": "happy",
    "n": "neutral",
    "sa": "sad",
    "su": "surprise",
}
"""Code in the file name to class."""

LABELS = tuple(sorted(CODES.values()))

_NAME = re.compile(r"(?:(DC|JE|JK|KL)_)?(sa|su|a|d|f|h|n)(\d\d)", re.ASCII | re.IGNORECASE)
_EXPECTED = "480 files named like DC/a01.wav or DC_a01.wav (speaker DC, JE, JK or KL, emotion code, number)"


class Savee:
    """Reads SAVEE's audio: the official ``AudioData/DC/a01.wav`` or the flat ``DC_a01.wav``; it has no options."""

    def load(self, root: Path) -> Corpus:
        """The corpus below ``root``; ids are ``DC_a01`` whatever the layout.

        The sentences are not given file by file, so ``text`` is None. Raises CorpusError if no recording of SAVEE is
        there, or if two of one id differ.
        """
        root = Path(root)
        if not root.is_dir():
            raise wrong_folder("SAVEE", root, _EXPECTED)
        found = collect(root, _id)
        if not found.files:
            raise wrong_folder("SAVEE", root, _EXPECTED)
        expected = {f"{s}_{code}{n:02}": s for s in SPEAKERS for code in CODES for n in range(1, _count(code) + 1)}
        return build(
            "savee",
            root,
            [_utterance(x, p) for x, p in found.files.items()],
            LABELS,
            missing=expected.keys() - found.files.keys(),
            notes=gap_notes(found.files, expected, "SAVEE") + found.notes("SAVEE"),
        )

    def identify(self, path: PurePath) -> Utterance | None:
        """What the path of one file says, without opening it; None if no recording of SAVEE is named so."""
        name = _id(path)
        return None if name is None else _utterance(name, Path(path))


def _count(code: str) -> int:
    """Recordings of a speaker with this emotion code."""
    return 30 if code == "n" else 15


def _id(below: PurePath) -> str | None:
    """The id of the recording with this path, or None; the file name comes before the folder for the speaker."""
    match = _NAME.fullmatch(below.stem)
    if not match:
        return None
    code = match[2].lower()
    speaker = match[1] or next((p for p in reversed(below.parts[:-1]) if p.upper() in SPEAKERS), None)
    if speaker is None or not 1 <= int(match[3]) <= _count(code):
        return None
    return f"{speaker.upper()}_{code}{match[3]}"


def _utterance(name: str, path: Path) -> Utterance:
    speaker, code, number = name[:2], name[3:-2], name[-2:]
    return Utterance(
        id=name,
        path=path,
        label=CODES[code],
        speaker=speaker,
        sex="m",
        language="en",
        scenario="acted",
        extra={"number": number},
    )

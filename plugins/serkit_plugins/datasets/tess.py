"""TESS: file names, words and checks of the Toronto Emotional Speech Set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePath

from serkit.data.corpus import build
from serkit.data.intact import unreadable
from serkit.data.progress import Progress
from serkit.data.recognise import wrong_folder
from serkit.data.recordings import collect, gap_notes
from serkit.types import Corpus, Utterance

SPEAKERS: Mapping[str, str] = {"OAF": "64", "YAF": "26"}
"""Speaker (older and younger actress) to age in years."""

EMOTIONS = {
    "angry": "angry",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happy",
    "neutral": "neutral",
    "ps": "surprise",  # "pleasant surprise"
    "sad": "sad",
}
"""Word in the file name to class."""

LABELS = tuple(sorted(EMOTIONS.values()))

# As in the file names that EmoBox lists (2,800 files; Ma et al. 2024).
_WORDS = """
back bar base bath bean beg bite boat bone book bought burn cab calm came cause chain chair chalk chat check cheek
chief choice cool dab date dead death deep dime dip ditch dodge dog doll door fail fall far fat fit five food gap gas
gaze germ get gin goal good goose gun half hall hash hate have haze hire hit hole home hurl hush jail jar join judge
jug juice keen keep keg kick kill king kite knock late laud lean learn lease lid life limb live loaf long lore lose
lot love luck make match merge mess met mill mob mode mood moon mop mouse nag name near neat nice note numb pad page
pain pass pearl peg perch phone pick pike pole pool puff rag raid rain raise rat reach read red ring ripe road room
rose rot rough rush said sail search seize sell shack shall shawl sheep shirt should shout size soap soup sour south
sub such sure take talk tape team tell thin third thought thumb time tip tire ton tool tough turn vine voice void vote
wag walk wash week wheat when which whip white wife wire witch yearn yes young youth
"""


_NAME = re.compile(rf"(?:(OAF?|YAF)_)?([a-z]+)_({'|'.join(EMOTIONS)})", re.ASCII | re.IGNORECASE)
_FOLDER = re.compile(r"(OAF?|YAF)(?![a-z])", re.ASCII | re.IGNORECASE)
_EXPECTED = "2800 files named like OAF_back_fear.wav (speaker OAF or YAF, word, emotion)"
# Reported unreadable by some decoders in common copies.
_ODD = ("YAF_germ_angry", "YAF_neat_fear")


class Tess:
    """Reads TESS, flat or in a folder for each speaker and emotion, WAV or FLAC; it has no options."""

    words = frozenset(_WORDS.split())
    """The 200 words, each said once by each speaker in each emotion."""

    def load(self, root: Path) -> Corpus:
        """The corpus below ``root``; ids are file names without suffix (``OAF_back_fear``), wherever the files lie.

        The file name says emotion and speaker; the folder says the speaker only where the name does not. Raises
        CorpusError if no recording of TESS is there, or if two of one id differ.
        """
        root = Path(root)
        if not root.is_dir():
            raise wrong_folder("TESS", root, _EXPECTED)
        found = collect(root, _id)
        if not found.files:
            raise wrong_folder("TESS", root, _EXPECTED)
        expected = {f"{s}_{word}_{e}": s for s in SPEAKERS for word in self.words for e in EMOTIONS}
        return build(
            "tess",
            root,
            [_utterance(x, p) for x, p in found.files.items()],
            LABELS,
            missing=expected.keys() - found.files.keys(),
            notes=gap_notes(found.files, expected, "TESS") + found.notes("TESS"),
        )

    def check(self, root: Path, progress: Progress | None = None) -> list[str]:
        """Sentences naming each recording under ``root`` that cannot be decoded; empty if all can."""
        corpus = self.load(root)
        odd = {str(u.path) for u in corpus.utterances if u.id in _ODD}
        return [
            f"{line.removesuffix('.')} (it is known to be damaged in some copies)."
            if any(line.startswith(path) for path in odd)
            else line
            for line in unreadable(corpus, progress=progress)
        ]

    def identify(self, path: PurePath) -> Utterance | None:
        """What the path of one file says, without opening it; None if no recording of TESS is named so."""
        name = _id(path)
        return None if name is None else _utterance(name, Path(path))


def _id(below: PurePath) -> str | None:
    """The id of the recording with this path, or None."""
    match = _NAME.fullmatch(below.stem)
    if not match or match[2].lower() not in Tess.words:
        return None
    speaker = match[1] or next((m[1] for p in reversed(below.parts[:-1]) if (m := _FOLDER.match(p))), None)
    if speaker is None:
        return None
    # common copies name one file of OAF "OA_bite_neutral"
    return f"{speaker.upper()[0]}AF_{match[2].lower()}_{match[3].lower()}"


def _utterance(name: str, path: Path) -> Utterance:
    speaker, word, emotion = name.split("_")
    return Utterance(
        id=name,
        path=path,
        label=EMOTIONS[emotion],
        speaker=speaker,
        sex="f",
        text=f"Say the word {word}.",
        language="en",
        scenario="acted",
        extra={"word": word, "age": SPEAKERS[speaker]},
    )

"""CREMA-D: file names, actors, sentences, votes and known defects of the Crowd-sourced Emotional Multimodal Actors
Dataset (Cao et al. 2014)."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePath
from typing import Any, Literal

from serkit import config
from serkit.data.corpus import build, count_notes, few
from serkit.data.intact import unreadable
from serkit.data.progress import Progress
from serkit.data.recognise import wrong_folder
from serkit.data.recordings import Recordings, collect, gap_notes
from serkit.data.tables import read_csv
from serkit.errors import CorpusError
from serkit.types import Corpus, Utterance

LABELS = {"ANG": "angry", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
LEVELS = {"LO": "low", "MD": "medium", "HI": "high", "XX": "unspecified"}
VOTES = {code[0]: label for code, label in LABELS.items()}
"""Letter in the table of votes to class."""

TEXTS = {
    "IEO": "It's eleven o'clock",
    "TIE": "That is exactly what happened",
    "IOM": "I'm on my way to the meeting",
    "IWW": "I wonder what this is about",
    "TAI": "The airplane is almost full",
    "MTI": "Maybe tomorrow it will be cold",
    "IWL": "I would like a new alarm clock",
    "ITH": "I think I have a doctor's appointment",
    "DFA": "Don't forget a jacket",
    "ITS": "I think I've seen this before",
    "TSI": "The surface is slick",
    "WSI": "We'll stop in a couple of minutes",
}

ACTORS = tuple(str(1000 + i) for i in range(1, 92))
_WOMEN = (2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 18, 20, 21, 24, 25, 28, 29, 30, 37, 43, 46, 47, 49, 52, 53, 54, 55, 56, 58,
          60, 61, 63, 72, 73, 74, 75, 76, 78, 79, 82, 84, 89, 91)  # fmt: skip
WOMEN = frozenset(str(1000 + i) for i in _WOMEN)
_UNRECORDED = ("1002_TIE_NEU", "1008_WSI", "1009_MTI", "1019_ITH", "1076_ITS_NEU")
"""How the names begin that would complete the design, but do not exist."""

SILENT = "1076_MTI_SAD_XX"
_DOUBTFUL = (SILENT, "1076_MTI_NEU_XX", "1064_TIE_SAD_XX", "1064_IEO_DIS_MD")
"""Recordings that are reported to be defective in some of the corpus's media."""

_NAME = re.compile(r"(\d{4}_[A-Z]{3}_[A-Z]{3}_)(LO|MD|HI|XX?)")
_EXPECTED = "files named like AudioWAV/1001_DFA_ANG_XX.wav (actor, sentence, emotion, level) at any depth"
_VOTES_FILE = PurePath("processedResults", "summaryTable.csv")
_COUNTS_FILE = PurePath("processedResults", "tabulatedVotes.csv")
_HEARD = "1"
"""First digit of a row's number in that table, where listeners heard the recording and saw nothing."""
_ACTORS_FILE = PurePath("VideoDemographics.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class CremaDOptions:
    """``labels="intended"`` is the emotion that the actor was asked for (in the file name), ``"perceived"`` the one
    that most listeners heard; recordings without one answer (ties) are then left out. ``subset="7441"`` leaves out the
    recording that is silent."""

    labels: Literal["intended", "perceived"] = "intended"
    subset: Literal["7442", "7441"] = "7442"


class CremaD:
    """Reads CREMA-D from a clone of its repository or from ``AudioWAV/``; WAV or FLAC."""

    def __init__(self, **options: Any) -> None:
        self.options = config.load(CremaDOptions, options, where="the options of dataset crema-d", path="dataset")

    def load(self, root: Path) -> Corpus:
        """The corpus below ``root``; ids are file names without suffix, with ``X`` as level written ``XX``.

        Age, race and ethnicity come into ``extra`` where the clone's table of actors is found, and how many listeners
        heard each emotion (sound alone) into ``votes`` where its table of counts is. What is missing or was left out is
        in ``notes``. Raises CorpusError if no recording of CREMA-D is there, or the table of votes is needed and cannot
        be read.
        """
        root = Path(root)
        if not root.is_dir():
            raise wrong_folder("CREMA-D", root, _EXPECTED)
        found = _recordings(root)
        expected = dict(published())
        if self.options.subset == "7441":
            del expected[SILENT]
        chosen = {x: p for x, p in found.files.items() if x in expected}
        notes = gap_notes(chosen, expected, "CREMA-D", "actors")
        missing = set(expected) - set(chosen)
        actors = _actors(root)
        votes, unread = _votes(root)
        utterances = [_utterance(x, p, actors.get(x[:4], {}), votes.get(x, {})) for x, p in chosen.items()]
        notes += count_notes(utterances, labels=Counter(_label(x) for x in expected))
        if SILENT in chosen:
            notes.append(
                f"{SILENT} is silent in the published corpus, as its authors say, and is kept as one of the 7442 "
                '(dataset option subset = "7441" leaves it out).'
            )
        notes += unread
        subset: str = self.options.subset
        if self.options.labels == "perceived":
            utterances, unheard, unclear = _perceived(utterances, root)
            missing |= unheard
            notes += unclear
            subset = f"perceived-{subset}"
        return build(
            "crema-d",
            root,
            utterances,
            sorted(LABELS.values()),
            subset=subset,
            missing=missing,
            notes=notes + found.notes("CREMA-D"),
        )

    def identify(self, path: PurePath) -> Utterance | None:
        """What the name of a file says, be it WAV, MP3 or video; None if it is not CREMA-D's."""
        name = _canonical(path)
        return _utterance(name, Path(path), {}, {}) if name else None

    def check(self, root: Path, progress: Progress | None = None) -> list[str]:
        """Sentences naming each recording under ``root`` that cannot be decoded, with what is known of it."""
        corpus = CremaD(subset=self.options.subset).load(Path(root))
        return [
            f"{line} It is among those reported defective in some of CREMA-D's media; other copies may hold it."
            if any(f"{x}." in line for x in _DOUBTFUL)
            else line
            for line in unreadable(corpus, progress=progress)
        ]


@cache
def published() -> Mapping[str, str]:
    """Id of each of the 7,442 recordings to its actor."""
    table = {}
    for actor in ACTORS:
        for text in TEXTS:
            for emotion in LABELS:
                levels = ("LO", "MD", "HI") if text == "IEO" and emotion != "NEU" else ("XX",)
                name = f"{actor}_{text}_{emotion}"
                if not name.startswith(_UNRECORDED):
                    table.update({f"{name}_{level}": actor for level in levels})
    return table


def _recordings(root: Path) -> Recordings:
    """The recordings below ``root``; the MP3 copies that every clone holds are no strangers."""
    found = collect(root, _canonical)
    copies = [p for p in found.strangers if p.suffix.lower() == ".mp3" and _canonical(p)]
    if copies and not found.files:
        raise CorpusError(
            f"{root} holds only MP3 copies of CREMA-D (e.g. {copies[0].relative_to(root).as_posix()}); name the clone "
            "or its folder AudioWAV, which has the recordings without loss."
        )
    if not found.files:
        raise wrong_folder("CREMA-D", root, _EXPECTED)
    return replace(found, strangers=tuple(p for p in found.strangers if p not in set(copies)))


def _canonical(path: PurePath) -> str | None:
    """The published name behind a file's name; some copies write the level ``XX`` with one X."""
    match = _NAME.fullmatch(path.stem.upper())
    name = f"{match[1]}{'XX' if match[2] == 'X' else match[2]}" if match else ""
    return name if name in published() else None


def _label(name: str) -> str:
    return LABELS[name[9:12]]


def _utterance(name: str, path: Path, actor: Mapping[str, str], votes: Mapping[str, float]) -> Utterance:
    speaker, text, emotion, level = name.split("_")
    return Utterance(
        id=name,
        path=path,
        label=LABELS[emotion],
        speaker=speaker,
        sex="f" if speaker in WOMEN else "m",
        text=TEXTS[text],
        language="en",
        scenario="acted",
        intensity=LEVELS[level],
        extra={"text_code": text, **actor},
        votes=votes,
    )


def _beside(root: Path, name: PurePath) -> Path | None:
    """A table of the clone that ``root`` is, lies above, or is the folder of the recordings of."""
    folders = [root, *([root.parent] if root.name.lower() == "audiowav" else []), *sorted(root.iterdir())]
    return next((folder / name for folder in folders if os.path.isfile(folder / name)), None)


def _actors(root: Path) -> dict[str, dict[str, str]]:
    """Actor to age, race and ethnicity, as far as the clone's table is there."""
    path = _beside(root, _ACTORS_FILE)
    if path is None:
        return {}
    columns = ("ActorID", "Age", "Race", "Ethnicity")
    table = read_csv(path, columns)
    table.need(*columns)
    return {row.cells["ActorID"]: {c.lower(): row.cells[c] for c in columns[1:] if row.cells[c]} for row in table.rows}


def _votes(root: Path) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Recording to the number of listeners that heard each emotion in it, as far as the clone's table is there, and a
    note on rows or a table that could not be read: they cost the votes, not the corpus."""
    path = _beside(root, _COUNTS_FILE)
    if path is None:
        return {}, []
    try:
        table = read_csv(path, ("fileName", *VOTES))
        table.need("fileName", *VOTES)
    except CorpusError as error:
        return {}, [f"The listeners' votes were left out: {error}"]
    found: dict[str, dict[str, float]] = {}
    unread = []
    for row in table.rows:
        if not row.cells[table.columns[0]].startswith(_HEARD):
            continue
        counts = {VOTES[code]: row.cells[code] for code in VOTES}
        if not all(c.isascii() and c.isdigit() for c in counts.values()):
            unread.append(str(row.line))
            continue
        name = row.cells["fileName"]
        found[_canonical(PurePath(name)) or name] = {label: float(c) for label, c in counts.items() if int(c)}
    return found, [f"Rows of {path} that hold no counts were left out: lines {few(unread, 5)}."] if unread else []


def _perceived(every: Sequence[Utterance], root: Path) -> tuple[list[Utterance], set[str], list[str]]:
    """The utterances with the emotion that most listeners heard as label, the ids that the table of votes lacks, and
    notes on what was left out."""
    path = _beside(root, _VOTES_FILE)
    if path is None:
        raise CorpusError(
            f"The perceived labels of CREMA-D are in {_VOTES_FILE.as_posix()} of its repository, which is not in or "
            f'beside {root}; name the clone, or set the dataset option labels = "intended".'
        )
    table = read_csv(path, ("FileName", "VoiceVote"))
    table.need("FileName", "VoiceVote")
    votes: dict[str, str] = {}
    for row in table.rows:
        vote = row.cells["VoiceVote"]
        if not vote or not set(vote.split(":")) <= VOTES.keys():
            raise CorpusError(
                f"{table.where(row)}: VoiceVote is {vote!r}; letters of {', '.join(VOTES)} are expected, with colons "
                "between them; restore the file from the repository."
            )
        name = row.cells["FileName"]
        if votes.setdefault(name, vote) != vote:
            raise CorpusError(
                f"{table.where(row)}: {name} has the VoiceVote {vote!r} here and {votes[name]!r} in a row above; "
                "restore the file from the repository."
            )
    told = [u for u in every if u.id in votes]
    clear = [
        replace(u, label=VOTES[votes[u.id]], extra={**u.extra, "intended": u.label})
        for u in told
        if votes[u.id] in VOTES
    ]
    notes = []
    if len(clear) < len(told):
        notes.append(
            f"{len(told) - len(clear)} of the {len(told)} recordings were left out, since as many listeners heard one "
            "emotion in them as another."
        )
    lacking = {u.id for u in every} - votes.keys()
    if lacking:
        notes.append(f"{len(lacking)} recordings have no row in {path} and were left out (e.g. {min(lacking)}).")
    return clear, lacking, notes

"""Readers of IEMOCAP's text files: consensus labels with the votes behind them, and transcripts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from serkit.errors import CorpusError
from serkit_plugins.datasets.iemocap.counts import CODES, NO_CONSENSUS
from serkit_plugins.datasets.iemocap.names import TurnName, parse

_NUMBER = r"(\d+(?:\.\d+)?)"
_HEADER = re.compile(
    rf"\[\s*{_NUMBER}\s*-\s*{_NUMBER}\s*\]\s+(\S+)\s+(\S+)\s+\[\s*{_NUMBER}\s*,\s*{_NUMBER}\s*,\s*{_NUMBER}\s*\]\s*"
)
_CATEGORIES = re.compile(r"C-(\w+):\s*([^(]*)")
_RATING = re.compile(r"A-(\w+):\s*([^(]*)")
_TRANSCRIPT = re.compile(r"(Ses0\S*?)\s*(?:\[[^\]]*\])?\s*:\s*(.*)")

_WORDS = {
    "anger": "angry",
    "happiness": "happy",
    "excited": "excited",
    "excitement": "excited",
    "sadness": "sad",
    "neutral": "neutral",
    "neutral state": "neutral",
    "frustration": "frustrated",
    "surprise": "surprise",
    "surprised": "surprise",
    "fear": "fear",
    "disgust": "disgust",
    "other": "other",
}
"""What raters could tick to class."""


@dataclass(slots=True, kw_only=True)
class Turn:
    """One rated turn: seconds in its dialogue, consensus code, mean ratings, and what each rater said.

    ``votes`` holds ``rater:class+class`` and ``ratings`` ``rater:valence,activation,dominance`` (``-`` for a value
    that the rater left out); raters are ``E1``, ``E2``, ... outside the dialogue, and ``F1``, ``M1`` its actors.
    """

    name: TurnName
    code: str
    start: float
    end: float
    valence: float
    activation: float
    dominance: float
    where: str
    votes: list[str] = field(default_factory=list)
    ratings: list[str] = field(default_factory=list)


def read_turns(path: Path) -> tuple[list[Turn], list[str]]:
    """The turns of a file of ``dialog/EmoEvaluation``, and the places of lines that could not be understood.

    Raises CorpusError, naming file and line, for a turn whose line is malformed, has an unknown emotion code or does
    not end after its start.
    """
    turns: list[Turn] = []
    unread = []
    for number, line in enumerate(_lines(path), 1):
        where = f"{path}, line {number}"
        if line.startswith("["):
            turns.append(_turn(line, where))
        elif line and not line.startswith("%") and not (turns and _add_vote(turns[-1], line)):
            unread.append(where)
    return [t for t in turns if t.name.rated], unread


def read_transcripts(path: Path) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Turn, words and place of each line of a file of ``dialog/transcriptions``, and the places of lines that begin
    like a turn and are none. Lines that name no turn (``M: ...``) are remarks and passed over."""
    found, unread = [], []
    for number, line in enumerate(_lines(path), 1):
        if not line.startswith("Ses0"):
            continue
        where = f"{path}, line {number}"
        match = _TRANSCRIPT.fullmatch(line)
        turn = parse(match[1]) if match else None
        if match is None or turn is None:
            unread.append(where)
        elif turn.rated:
            found.append((turn.name, " ".join(match[2].split()), where))
    return found, unread


def outside_votes(votes: Iterable[str]) -> dict[str, float]:
    """Class to votes of the raters outside the dialogue, from ``Turn.votes``; each rater has one vote, which is
    shared by all that were ticked. The consensus was made of these raters, not of the actors' own view."""
    found: dict[str, float] = {}
    for vote in votes:
        rater, _, ticked = vote.partition(":")
        classes = sorted(set(ticked.split("+")) - {""})
        for name in classes if rater.startswith("E") else ():
            found[name] = found.get(name, 0.0) + 1 / len(classes)
    return found


def _turn(line: str, where: str) -> Turn:
    match = _HEADER.fullmatch(line)
    name = parse(match[3]) if match else None
    if match is None or name is None:
        raise CorpusError(
            f"{where} is not a turn of IEMOCAP ({_short(line)}); expected is '[start - end] turn code "
            "[valence, activation, dominance]', e.g. '[6.29 - 8.23] Ses01F_impro01_F000 neu [2.5, 2.5, 2.5]'; copy the "
            "file again from the corpus."
        )
    code = match[4]
    if code not in CODES and code != NO_CONSENSUS:
        raise CorpusError(
            f"{where} gives {name.name} the emotion code {code!r}; IEMOCAP has {', '.join(CODES)} and {NO_CONSENSUS}; "
            "copy the file again from the corpus."
        )
    start, end = float(match[1]), float(match[2])
    if end <= start:
        raise CorpusError(
            f"{where} lets {name.name} start at {start} s and end at {end} s; a turn ends after its start; copy the "
            "file again from the corpus."
        )
    return Turn(
        name=name,
        code=code,
        start=start,
        end=end,
        valence=float(match[5]),
        activation=float(match[6]),
        dominance=float(match[7]),
        where=where,
    )


def _add_vote(turn: Turn, line: str) -> bool:
    """Add a rater's line to its turn; False if it is none."""
    match = _CATEGORIES.match(line)
    if match:
        words = [" ".join(w.lower().split()) for w in match[2].split(";")]
        # a word that is not on the raters' form is kept as it is
        turn.votes.append(f"{match[1]}:{'+'.join(_WORDS.get(w, w.replace(' ', '_')) for w in words if w)}")
        return True
    match = _RATING.match(line)
    if match:
        values = [re.search(rf"\b{axis}\s*{_NUMBER}", match[2]) for axis in ("val", "act", "dom")]
        turn.ratings.append(f"{match[1]}:{','.join(v[1] if v else '-' for v in values)}")
        return True
    return False


def _lines(path: Path) -> list[str]:
    """Lines of a text file without the white space around them; UTF-8, or Latin-1 where it is not."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path} cannot be read ({error.strerror}); check the file and its permissions.") from None
    content = content.removeprefix(b"\xef\xbb\xbf")  # a byte order mark, which Latin-1 would read as letters
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    # not splitlines(): it would also break a line at the control characters that Latin-1 can hold
    return [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]


def _short(line: str) -> str:
    return repr(line if len(line) <= 60 else line[:57] + "...")

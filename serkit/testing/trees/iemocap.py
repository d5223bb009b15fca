"""IEMOCAP as its release lays it out, with the quirks of its label files; the words and the sounds are made up."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from serkit.testing.audio import write_noise, write_silence

SAMPLE_RATE = 16000

# Published turns of ang, exc, hap, neu, sad: improvised, then scripted.
COUNTS: Mapping[str, tuple[Sequence[int], Sequence[int]]] = {
    "Ses01F": ((37, 54, 18, 119, 43), (110, 9, 51, 52, 35)),
    "Ses01M": ((25, 45, 15, 104, 61), (57, 35, 51, 109, 55)),
    "Ses02F": ((7, 88, 25, 90, 63), (60, 8, 45, 45, 50)),
    "Ses02M": ((15, 49, 29, 127, 37), (55, 65, 18, 100, 47)),
    "Ses03F": ((22, 41, 39, 95, 108), (70, 7, 41, 35, 64)),
    "Ses03M": ((68, 48, 21, 103, 82), (80, 55, 34, 87, 51)),
    "Ses04F": ((47, 119, 10, 51, 41), (158, 35, 21, 25, 21)),
    "Ses04M": ((37, 45, 21, 123, 40), (85, 39, 13, 59, 41)),
    "Ses05F": ((18, 68, 56, 151, 73), (60, 14, 21, 70, 59)),
    "Ses05M": ((13, 106, 50, 136, 60), (79, 111, 16, 27, 53)),
}
OTHERS: Mapping[str, tuple[int, int]] = {
    "fru": (971, 878), "sur": (60, 47), "fea": (8, 32), "dis": (1, 1), "oth": (1, 2), "xxx": (800, 1707),
}  # fmt: skip
"""Turns of the other codes over all speakers; nobody published them by speaker, so they are dealt out evenly."""

WORDS = {
    "ang": "Anger", "exc": "Excited", "hap": "Happiness", "neu": "Neutral", "sad": "Sadness", "fru": "Frustration",
    "sur": "Surprise", "fea": "Fear", "dis": "Disgust", "oth": "Other",
}  # fmt: skip
"""What a rater ticks for each code."""

_LINES = ("I told you that yesterday.", "No, you did not.", "Well, then listen.", "Where is the letter?")
"""Lines of the scripts: those who play the same script say the same."""


@dataclass(frozen=True, slots=True)
class MadeTurn:
    """A turn of the tree: ``name``, speaker (``Ses01F``), consensus code and seconds of its recording."""

    name: str
    speaker: str
    code: str
    seconds: float

    @property
    def dialogue(self) -> str:
        """The dialogue it belongs to."""
        return self.name.rpartition("_")[0]


Seconds = Callable[[list[tuple[str, str, bool]]], Sequence[float]]
"""Durations of turns given as (speaker, code, improvised), in the order of the plan."""


def write(
    root: Path, whole: bool = False, *, seconds: float | Seconds = 0.05, release: str = "IEMOCAP_full_release"
) -> list[MadeTurn]:
    """Write IEMOCAP below ``root`` into the folder ``release`` and return its turns.

    The small tree has both actors of all five sessions, in each scenario two turns of each of angry, happy, neutral and
    sad and one excited, frustrated and ambiguous each, with noise for speech. ``whole=True`` has the published 10,039
    turns in 151 dialogues, as many of each speaker, scenario and label as published; its recordings are silent (sparse
    files). ``seconds`` is how long a recording is, or a function that says so of each turn.
    """
    plan = list(_whole() if whole else _small())
    lengths = seconds(plan) if callable(seconds) else [seconds] * len(plan)
    turns = _name(plan, lengths, whole)
    by_dialogue: dict[str, list[MadeTurn]] = defaultdict(list)
    for turn in turns:
        by_dialogue[turn.dialogue].append(turn)
    for number, (dialogue, inside) in enumerate(sorted(by_dialogue.items())):
        _write_dialogue(root / release / f"Session{dialogue[4]}", dialogue, inside, number, whole)
    return turns


def authors_seconds(plan: list[tuple[str, str, bool]]) -> list[float]:
    """Durations under which the segments of the 2,280 improvised turns are as many as in the code of Chen 2018.

    By its rule, sessions 1 to 4 give 433 angry, 799 sad, 434 happy and 1,262 neutral training segments, and Session 5
    436 (female) and 420 (male). Lengths of exactly 300 and 301 frames are among them. Every other turn lasts 9 s, so
    that a turn too many shows.
    """
    # How many of a group are longer than 300 frames and so give two segments.
    long = {"ang": 433 - 258, "sad": 799 - 475, "neu": 1262 - 812, "Ses05F": 436 - 298, "Ses05M": 420 - 259}
    # Happy training turns are cut every 100 frames: 178 turns, of which these give 1, 2, 3 and 5 segments, make 434.
    happy = [399] * 6 + [400] * 40 + [599] * 54 + [799] * 27
    groups: dict[str, list[int]] = defaultdict(list)
    for k, (speaker, code, improvised) in enumerate(plan):
        if improvised and code in ("ang", "hap", "neu", "sad"):
            groups[speaker if speaker.startswith("Ses05") else code].append(k)
    frames = [900] * len(plan)
    for group, members in groups.items():
        longer = happy if group == "hap" else ([301, 420, 777] * long[group])[: long[group]]
        shorter = ([300, 123, 250, 1] * len(members))[: len(members) - len(longer)]
        # Long turns lie everywhere in a group, so that no part of it can stand for the whole.
        order = random.Random(group).sample(members, len(members))
        for k, length in zip(order, longer + shorter, strict=True):
            frames[k] = length
    # Frames are 400 samples every 160, the last one filled up: 48,240 samples make 300 of them, one more makes 301.
    return [(400 + 160 * (n - 1) if n <= 300 else 401 + 160 * (n - 2)) / SAMPLE_RATE for n in frames]


def _small() -> Iterator[tuple[str, str, bool]]:
    for speaker in COUNTS:
        for improvised in (True, False):
            for code in ("ang", "ang", "hap", "hap", "neu", "neu", "sad", "sad", "exc", "fru", "xxx"):
                yield speaker, code, improvised


def _whole() -> Iterator[tuple[str, str, bool]]:
    speakers = list(COUNTS)
    for k, improvised in enumerate((True, False)):
        for speaker, rows in COUNTS.items():
            for code, count in zip(("ang", "exc", "hap", "neu", "sad"), rows[k], strict=True):
                yield from ((speaker, code, improvised) for _ in range(count))
        for code, counts in OTHERS.items():
            yield from ((speakers[i % 10], code, improvised) for i in range(counts[k]))


def _name(plan: list[tuple[str, str, bool]], lengths: Sequence[float], whole: bool) -> list[MadeTurn]:
    """Deal the turns to the dialogues of their sessions: both actors speak in the dialogues of either side."""
    order = random.Random("iemocap").sample(range(len(plan)), len(plan))
    met: Counter[str] = Counter()
    turns = []
    for k in order:
        speaker, code, improvised = plan[k]
        choice = _dialogues(int(speaker[4]), improvised, whole)
        group = f"{speaker}{improvised}"
        dialogue = choice[met[group] % len(choice)]
        met[group] += 1
        letter = speaker[-1]
        name = f"{dialogue}_{letter}{met[dialogue + letter]:03}"
        met[dialogue + letter] += 1
        turns.append(MadeTurn(name, speaker, code, lengths[k]))
    return turns


def _dialogues(session: int, improvised: bool, whole: bool) -> list[str]:
    found = []
    for side in "FM":
        if improvised:
            parts = [f"impro{k:02}" for k in range(1, 8 if session == 1 else 9)]
        else:
            parts = [f"script{part}" for part in ("01_1", "01_2", "01_3", "02_1", "02_2", "03_1", "03_2")]
        if (session, side, improvised) == (3, "M", True):
            parts = [x for p in parts for x in ([f"{p}a", f"{p}b"] if p in ("impro05", "impro08") else [p])]
        if (session, side, improvised) == (5, "M", False):
            parts.insert(1, "script01_1b")
        # The small tree keeps one dialogue a side, an irregular name where there is one.
        odd = [p for p in parts if p[-1] in "ab"]
        found += [f"Ses0{session}{side}_{p}" for p in (parts if whole else (odd or parts)[:1])]
    return found


def _write_dialogue(session: Path, dialogue: str, turns: list[MadeTurn], number: int, whole: bool) -> None:
    labels, words = session / "dialog" / "EmoEvaluation", session / "dialog" / "transcriptions"
    wav = session / "sentences" / "wav" / dialogue
    for folder in (labels / "Attribute", labels / "Categorical", labels / "Self-evaluation", words, wav):
        folder.mkdir(parents=True, exist_ok=True)
    blocks, lines, clock = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]"], [], 3.0
    for k, turn in enumerate(sorted(turns, key=lambda t: (t.name[-3:], t.name))):
        start, end = clock, clock + turn.seconds
        clock = end + 0.25
        blocks.append(_label_block(turn, start, end, k))
        text = f"{_LINES[k % len(_LINES)]}" if "script" in dialogue else f"[LAUGHTER] This is my turn {turn.name[3:]}."
        lines.append(f"{turn.name} [{start:08.4f}-{end:08.4f}]: {text}")
        path = wav / f"{turn.name}.wav"
        write_silence(path, turn.seconds, SAMPLE_RATE) if whole else write_noise(path, turn.seconds, SAMPLE_RATE)
    if number % 3 == 0:  # lines that name no turn, turns that nobody rated, and an accent in Latin-1
        lines += ["M: Caf\xe9?", f"{dialogue}_FXX0 [{clock:08.4f}-{clock + 1:08.4f}]: Mmhmm."]
        (write_silence if whole else write_noise)(wav / f"{dialogue}_FXX0.wav", 0.05, SAMPLE_RATE)
    # Some files have Windows' line ends, some no end of the last line, some a hidden twin that macOS left.
    eol = "\r\n" if number % 4 == 1 else "\n"
    end_of_file = "" if number % 4 == 2 else eol
    (labels / f"{dialogue}.txt").write_bytes(("\n".join(blocks).replace("\n", eol) + end_of_file).encode("latin-1"))
    (words / f"{dialogue}.txt").write_bytes((eol.join(lines) + end_of_file).encode("latin-1"))
    if number % 4 == 3:
        for hidden in (labels / f"._{dialogue}.txt", words / f"._{dialogue}.txt", wav / f"._{dialogue}_F000.wav"):
            hidden.write_bytes(b"\0\5\x16\7Mac OS X")
    (write_silence if whole else write_noise)(session / "dialog" / "wav" / f"{dialogue}.wav", clock, SAMPLE_RATE)


def _label_block(turn: MadeTurn, start: float, end: float, k: int) -> str:
    """Consensus, three outside raters and the actor's own view of a turn."""
    votes = ["Happiness", "Neutral; Excited", "Sadness"]  # of whom no two agree
    if turn.code != "xxx":
        votes = [WORDS[turn.code], f"{WORDS[turn.code]}; Other", "Frustration" if k % 2 else WORDS[turn.code]]
    valence, activation, dominance = 1 + k % 5, 1 + k % 4, 2 + k % 3
    rows = [
        "",
        f"[{start:.4f} - {end:.4f}]\t{turn.name}\t{turn.code}\t[{valence:.4f}, {activation:.4f}, {dominance:.4f}]",
        *(f"C-E{j}:\t{vote};\t({'a comment' if j == 3 else ''})" for j, vote in enumerate(votes, 2)),
        f"C-{turn.speaker[-1]}1:\t{votes[0]};\t()",
        f"A-E3:\tval {valence}; act {activation}; dom  {dominance};\t()",
        f"A-{turn.speaker[-1]}1:\tval {valence}; act  ; dom  {dominance};\t(hard to say)",
    ]
    return "\n".join(rows)

"""From a copy of IEMOCAP to a checked corpus."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any, Literal

from serkit import config
from serkit.data import audio
from serkit.data.corpus import build, count_notes, few, left_out_note, missing_note
from serkit.data.recognise import wrong_folder
from serkit.data.recordings import collect
from serkit.errors import CorpusError
from serkit.types import Corpus, Utterance
from serkit_plugins.datasets.iemocap.counts import CODES, NO_CONSENSUS, differences, published
from serkit_plugins.datasets.iemocap.labels import Turn, read_transcripts, read_turns
from serkit_plugins.datasets.iemocap.names import (
    DIALOGUE,
    SCENARIOS,
    Scenario,
    dialogues,
    parse,
    parse_end,
    scenario_of,
)

_LABELS = Path("dialog", "EmoEvaluation")
_TRANSCRIPTS = Path("dialog", "transcriptions")
_WAV = Path("sentences", "wav")
_EXPECTED = (
    "the folders Session1 to Session5, each with dialog/EmoEvaluation, dialog/transcriptions and sentences/wav, in it "
    "or at most two below"
)
_FOUR = ("angry", "happy", "neutral", "sad")
_CLASSES = {
    "four": _FOUR,
    "seven": (*_FOUR, "fear", "frustrated", "surprise"),
    "all": tuple(CODES.values()),
}
_EVENT = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class IemocapOptions:
    """What of IEMOCAP is taken; the defaults are the 2,280 turns of Chen 2018.

    ``classes``: ``four`` (angry, happy, neutral, sad), ``seven`` (also fear, frustrated, surprise) or ``all``
    consensus labels; turns without a consensus never. ``merge_excited`` makes excited turns ``happy``; otherwise they
    are left out, or a class of their own among ``all``. ``events=False`` takes what stands in brackets
    (``[LAUGHTER]``) out of the transcripts.
    """

    scenario: Literal["improvised", "scripted", "all"] = "improvised"
    merge_excited: bool = False
    classes: Literal["four", "seven", "all"] = "four"
    events: bool = True

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenarios that are taken."""
        return SCENARIOS if self.scenario == "all" else (self.scenario,)

    @property
    def subset(self) -> str:
        """``improvised``, ``all+excited``, ``improvised+excited/seven``: what published figures are compared by."""
        merged = "+excited" if self.merge_excited else ""
        return self.scenario + merged + ("" if self.classes == "four" else f"/{self.classes}")

    @property
    def class_of(self) -> dict[str, str]:
        """Code of each consensus label that is taken to its class."""
        found = {code: name for code, name in CODES.items() if name in _CLASSES[self.classes]}
        return found | ({"exc": "happy"} if self.merge_excited else {})


@dataclass(slots=True)
class _Found:
    """What was read from a copy: turns of the scenarios asked for, and all that is odd about them."""

    turns: dict[str, Turn] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Iemocap:
    """Reads IEMOCAP from ``IEMOCAP_full_release``, the folder above, or a copy that holds of each session only
    ``sentences/wav``, ``dialog/EmoEvaluation`` and, for the words, ``dialog/transcriptions``."""

    def __init__(self, **options: Any) -> None:
        self.options: IemocapOptions = config.load(
            IemocapOptions, options, where="the options of dataset iemocap", path="dataset"
        )

    def load(self, root: Path) -> Corpus:
        """The turns of the chosen scenario and classes; ids are the turns' names (``Ses01F_impro01_F000``).

        ``notes`` say what is missing of the published corpus and what was left out, and ``complete`` whether each
        speaker has as many turns of each label as published. ``extra`` of an utterance holds its ``dialogue``, the
        code of its ``consensus``, mean ``valence``, ``activation`` and ``dominance``, ``turn_start`` and ``turn_end``
        (seconds in the dialogue), and ``votes`` and ``ratings`` as ``docs/corpora.md`` describes them.

        Raises CorpusError if no copy of IEMOCAP is there, or a line of it is damaged.
        """
        folder, sessions = _locate(Path(root))
        found = self._read(folder, sessions)
        strangers = _strangers(Path(root), sessions)
        if strangers:
            found.notes.append(left_out_note(strangers, Path(root), "IEMOCAP"))
        class_of, scenarios = self.options.class_of, self.options.scenarios
        chosen = [t for t in found.turns.values() if t.code in class_of]
        without = [t.name.name for t in chosen if t.name.name not in found.files]
        notes = list(found.notes)
        if without:
            notes.append(missing_note(without, len(chosen), "recordings of labelled turns"))
        here = [t for t in chosen if t.name.name in found.files]
        utterances = [self._utterance(t, found) for t in here]
        wrong = differences([(t.name.speaker, t.code) for t in here], class_of, scenarios)
        labels = sorted(set(class_of.values()))
        if wrong:
            expected = Counter(dict.fromkeys(labels, 0))
            for (_, code), count in published(class_of, scenarios).items():
                expected[class_of[code]] += count
            notes += count_notes(utterances, labels=expected)
            notes.append(f"Turns per speaker and label differ from the published corpus: {few(wrong, 10)}.")
        lacking = [u.id for u in utterances if u.text is None]
        if lacking:
            notes.append(missing_note(lacking, len(utterances), "transcripts"))
        notes.append(_left_out(found.turns.values(), len(chosen), class_of))
        return build(
            "iemocap",
            folder,
            utterances,
            labels,
            subset=self.options.subset,
            complete=not wrong,
            missing=without,
            notes=notes,
        )

    def identify(self, path: PurePath) -> Utterance | None:
        """Session, speaker and scenario of a path or key that ends with a turn's name; the label is not in it."""
        name = re.split(r"[\\/]", str(path))[-1]
        turn = parse_end(name.rpartition(".")[0] or name)
        if turn is None:
            return None
        return Utterance(
            id=turn.name,
            path=Path(path),
            label="",
            speaker=turn.speaker,
            sex=turn.sex,
            session=turn.session,
            scenario=turn.scenario,
            language="en",
            extra={"dialogue": turn.dialogue},
        )

    def _read(self, folder: Path, sessions: Sequence[Path]) -> _Found:
        found, scenarios = _Found(), self.options.scenarios
        _read_recordings(found, sessions, scenarios)
        unread, unknown = _read_labels(found, sessions, scenarios)
        twice = _read_texts(found, sessions, scenarios)
        if not found.turns:
            raise CorpusError(
                f"{folder} holds no labels of IEMOCAP's {self.options.scenario} dialogues: expected were files such as "
                f"Session1/dialog/EmoEvaluation/{dialogues(scenarios)[0]}.txt; copy them from the release."
            )
        if not found.files:
            raise CorpusError(
                f"{folder} holds labels of IEMOCAP but no recordings of its {self.options.scenario} turns: expected "
                f"were files such as Session1/sentences/wav/{dialogues(scenarios)[0]}/{dialogues(scenarios)[0]}_F000."
                "wav; copy them from the release."
            )
        expected, seen = set(dialogues(scenarios)), {t.name.dialogue for t in found.turns.values()}
        if expected - seen:
            found.notes.append(missing_note(expected - seen, len(expected), "dialogues"))
        if seen - expected:
            found.notes.append(f"Dialogues that the published corpus does not have: {few(sorted(seen - expected), 5)}.")
        unlabelled = sorted(x for x in found.files if x not in found.turns and "XX" not in x)
        if unlabelled:
            found.notes.append(f"{len(unlabelled)} recordings have no label and were left out: {few(unlabelled, 5)}.")
        for problem, places in (
            ("text files in dialog/EmoEvaluation are not named as dialogues of IEMOCAP and were left out", unknown),
            ("lines of dialog/EmoEvaluation are neither turns nor votes and were left out", unread),
            ("transcripts are of turns that have one already; the first one was taken", twice),
        ):
            if places:
                found.notes.append(f"{len(places)} {problem}: {few(places, 3)}.")
        return found

    def _utterance(self, turn: Turn, found: _Found) -> Utterance:
        name, text = turn.name, found.texts.get(turn.name.name)
        if text is not None and not self.options.events:
            text = " ".join(_EVENT.sub(" ", text).split())
        return Utterance(
            id=name.name,
            path=found.files[name.name],
            label=self.options.class_of[turn.code],
            speaker=name.speaker,
            sex=name.sex,
            session=name.session,
            scenario=name.scenario,
            text=text,
            language="en",
            extra={
                "dialogue": name.dialogue,
                "consensus": turn.code,
                "valence": repr(turn.valence),
                "activation": repr(turn.activation),
                "dominance": repr(turn.dominance),
                "turn_start": repr(turn.start),
                "turn_end": repr(turn.end),
                "votes": " ".join(turn.votes),
                "ratings": " ".join(turn.ratings),
            },
        )


def _locate(root: Path) -> tuple[Path, list[Path]]:
    """The folder of the release, and in it those that hold ``dialog`` or ``sentences``: its sessions, or itself."""
    if root.is_dir():
        below = _below(root)
        for folder in (root, *below, *(p for above in below for p in _below(above))):
            sessions = [p for p in (folder, *_below(folder)) if (p / _LABELS).is_dir() or (p / _WAV).is_dir()]
            if sessions:
                return folder, sessions
    raise wrong_folder("IEMOCAP", root, _EXPECTED)


def _below(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _read_recordings(found: _Found, sessions: Sequence[Path], scenarios: Sequence[Scenario]) -> None:
    """Fill ``found.files``."""
    for home in sessions:
        if (home / _WAV).is_dir():
            recordings = replace(collect(home / _WAV, _turn_of), strangers=())  # told of all sessions at once
            found.notes += recordings.notes("IEMOCAP")
            for name, path in recordings.files.items():
                turn = parse(name)
                if turn is not None and turn.scenario in scenarios:
                    other = found.files.setdefault(name, path)
                    if other != path:
                        raise CorpusError(f"The turn {name} is in two sessions ({other} and {path}); keep one.")


def _strangers(root: Path, sessions: Sequence[Path]) -> list[Path]:
    """Audio files below ``root`` that are no turns; the recordings of whole dialogues belong to the release."""
    known = [home / part for home in sessions for part in ("dialog", _WAV)]
    turns = {home / _WAV for home in sessions}
    found = []
    for path in audio.find(root):
        home = next((k for k in known if path.is_relative_to(k)), None)
        if home is None or (home in turns and _turn_of(path) is None):
            found.append(path)
    return found


def _turn_of(path: PurePath) -> str | None:
    turn = parse(path.stem)
    return turn.name if turn else None


def _read_labels(found: _Found, sessions: Sequence[Path], scenarios: Sequence[Scenario]) -> tuple[list[str], list[str]]:
    """Fill ``found.turns``; the places of lines that were not understood, and the names of files that are no
    dialogues."""
    unread: list[str] = []
    unknown: list[str] = []
    for path in _texts(sessions, _LABELS):
        if not DIALOGUE.fullmatch(path.stem):
            unknown.append(path.name)
        elif scenario_of(path.stem) in scenarios:
            turns, places = read_turns(path)
            unread += places
            for turn in turns:
                other = found.turns.setdefault(turn.name.name, turn)
                if other is not turn:
                    raise CorpusError(
                        f"The turn {turn.name.name} is labelled twice ({other.where} and {turn.where}); keep one, as "
                        "it is in the release."
                    )
    return unread, unknown


def _read_texts(found: _Found, sessions: Sequence[Path], scenarios: Sequence[Scenario]) -> list[str]:
    """Fill ``found.texts``; the places of transcripts of turns that have another one already."""
    twice = []
    for path in _texts(sessions, _TRANSCRIPTS):
        if DIALOGUE.fullmatch(path.stem) and scenario_of(path.stem) in scenarios:
            for name, words, where in read_transcripts(path):
                if found.texts.setdefault(name, words) != words:
                    twice.append(where)
    return twice


def _texts(sessions: Sequence[Path], below: Path) -> list[Path]:
    """Text files of a folder of each session, without the hidden ones that macOS leaves (``._Ses01F_impro01.txt``)."""
    return [
        p
        for home in sessions
        if (home / below).is_dir()
        for p in sorted((home / below).iterdir())
        if p.suffix.lower() == ".txt" and not p.name.startswith(".") and p.is_file()
    ]


def _left_out(turns: Sequence[Turn], chosen: int, class_of: dict[str, str]) -> str:
    """The sentence that says what the choice of classes leaves out, always: the reader of a score must know."""
    rest = Counter(t.code for t in turns if t.code not in class_of)
    unsure = rest.pop(NO_CONSENSUS, 0)
    words = [f"{count} {CODES[code]}" for code, count in rest.most_common()]
    words += [f"{unsure} on which the raters did not agree"] if unsure else []
    total = chosen + rest.total() + unsure
    return f"{chosen} of {total} rated turns are of the classes asked for" + (
        f"; left out are {', '.join(words)}." if words else "."
    )

"""From a copy of IEMOCAP to a checked corpus."""

from __future__ import annotations

import filecmp
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any, Literal

from serkit import config
from serkit.data import audio
from serkit.data.corpus import build, count_notes, few, missing_note
from serkit.data.recognise import wrong_folder
from serkit.data.recordings import collect
from serkit.errors import CorpusError
from serkit.types import Corpus, Utterance
from serkit_plugins.datasets.iemocap.counts import CODES, NO_CONSENSUS, differences, published
from serkit_plugins.datasets.iemocap.labels import Turn, outside_votes, read_transcripts, read_turns
from serkit_plugins.datasets.iemocap.names import (
    DIALOGUE,
    SCENARIOS,
    Scenario,
    dialogues,
    parse,
    parse_end,
    scenario_of,
)

_EXPECTED = "the folders Session1 to Session5, each with dialog/EmoEvaluation, dialog/transcriptions and sentences/wav"
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
    """What was read of the scenarios asked for, by turn: labels, words and recordings; and all that is odd."""

    files: dict[str, Path]
    notes: list[str]
    turns: dict[str, Turn] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


class Iemocap:
    """Reads IEMOCAP from ``IEMOCAP_full_release``, a folder above, or a copy that holds only the recordings of turns,
    the folders ``EmoEvaluation`` and, for the words, ``transcriptions``, at any depth."""

    def __init__(self, **options: Any) -> None:
        self.options: IemocapOptions = config.load(
            IemocapOptions, options, where="the options of dataset iemocap", path="dataset"
        )

    def load(self, root: Path) -> Corpus:
        """The turns of the chosen scenario and classes; ids are the turns' names (``Ses01F_impro01_F000``).

        ``notes`` say what is missing of the published corpus and what was left out, and ``complete`` whether each
        speaker has as many turns of each label as published. ``extra`` of an utterance holds its ``dialogue``, the
        code of its ``consensus``, mean ``valence``, ``activation`` and ``dominance``, ``turn_start`` and ``turn_end``
        (seconds in the dialogue), and ``votes`` and ``ratings`` as ``docs/corpora.md`` describes them. ``votes`` of an
        utterance count the raters outside the dialogue.

        Raises CorpusError if no copy of IEMOCAP is there, or a line of it is damaged.
        """
        root = Path(root)
        found = self._read(root)
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
            root,
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

    def _read(self, root: Path) -> _Found:
        scenarios, first = self.options.scenarios, dialogues(self.options.scenarios)[0]
        if not root.is_dir():
            raise wrong_folder("IEMOCAP", root, _EXPECTED)
        recordings = collect(root, _turn_of)
        labels, transcripts = _texts(root, "EmoEvaluation"), _texts(root, "transcriptions")
        if not recordings.files and not labels.files:
            raise wrong_folder("IEMOCAP", root, _EXPECTED)
        # the recordings of whole dialogues belong to the release as well
        strangers = tuple(p for p in recordings.strangers if not DIALOGUE.fullmatch(p.stem))
        found = _Found(
            files={x: p for x, p in recordings.files.items() if scenario_of(x) in scenarios},
            notes=replace(recordings, strangers=strangers).notes("IEMOCAP"),
        )
        unread = _read_labels(found, labels.of(scenarios))
        twice, unclear = _read_transcripts(found, transcripts.of(scenarios))
        if not found.turns:
            raise CorpusError(
                f"{root} holds no labels of IEMOCAP's {' or '.join(scenarios)} dialogues: expected were files such as "
                f"Session1/dialog/EmoEvaluation/{first}.txt; copy them from the release."
            )
        if not found.files:
            raise CorpusError(
                f"{root} holds labels of IEMOCAP but no recordings of its {' or '.join(scenarios)} turns: expected "
                f"were files such as Session1/sentences/wav/{first}/{first}_F000.wav; copy them from the release."
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
            (
                "text files in dialog/EmoEvaluation are not named as dialogues of IEMOCAP and were left out",
                labels.others,
            ),
            ("text files are copies of others of the same name and were left out", labels.copies + transcripts.copies),
            ("lines of dialog/EmoEvaluation are neither turns nor votes and were left out", unread),
            ("transcripts are of turns that have one already; the first one was taken", twice),
            ("lines of dialog/transcriptions begin like a turn but are no transcript and were left out", unclear),
        ):
            if places:
                found.notes.append(f"{len(places)} {problem}: {few(places, 3)}.")
        return found

    def _votes(self, turn: Turn) -> dict[str, float]:
        votes = outside_votes(turn.votes)
        if self.options.merge_excited and "excited" in votes:
            votes["happy"] = votes.get("happy", 0.0) + votes.pop("excited")
        return votes

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
            votes=self._votes(turn),
        )


@dataclass(frozen=True, slots=True)
class _TextFiles:
    """Dialogue to text file, the names of other text files beside them, and of copies."""

    files: dict[str, Path]
    others: list[str]
    copies: list[str]

    def of(self, scenarios: Collection[Scenario]) -> list[Path]:
        """The files of the dialogues of these scenarios."""
        return [path for dialogue, path in sorted(self.files.items()) if scenario_of(dialogue) in scenarios]


def _texts(root: Path, name: str) -> _TextFiles:
    """The text files in the folders ``name`` at any depth below ``root``, without the hidden ones that macOS leaves
    (``._Ses01F_impro01.txt``). Raises CorpusError if two of one dialogue differ."""
    found = _TextFiles({}, [], [])
    for folder, below, paths in audio.walk(root):
        if folder.name.lower() != name.lower():
            # sentences/ holds ten thousand files of motion and alignment, and no text that is wanted
            below[:] = [d for d in below if d != "sentences"]
            continue
        below.clear()  # the single raters' files
        for path in paths:
            if path.suffix.lower() != ".txt":
                continue
            if not DIALOGUE.fullmatch(path.stem):
                found.others.append(path.name)
                continue
            other = found.files.setdefault(path.stem, path)
            if other != path and not filecmp.cmp(other, path, shallow=False):
                raise CorpusError(f"{other} and {path} are of one dialogue but differ; remove the one that is wrong.")
            if other != path:
                found.copies.append(str(path.relative_to(root)))
    return found


def _turn_of(path: PurePath) -> str | None:
    turn = parse(path.stem)
    return turn.name if turn else None


def _read_labels(found: _Found, paths: Sequence[Path]) -> list[str]:
    """Fill ``found.turns``; the places of lines that were not understood."""
    unread: list[str] = []
    for path in paths:
        turns, places = read_turns(path)
        unread += places
        for turn in turns:
            other = found.turns.setdefault(turn.name.name, turn)
            if other is not turn:
                raise CorpusError(
                    f"The turn {turn.name.name} is labelled twice ({other.where} and {turn.where}); keep one, as it is "
                    "in the release."
                )
    return unread


def _read_transcripts(found: _Found, paths: Sequence[Path]) -> tuple[list[str], list[str]]:
    """Fill ``found.texts``; the places of transcripts of turns that have another one already, and of lines that could
    not be read: words alone do not keep anybody from the recordings."""
    twice, unclear = [], []
    for path in paths:
        lines, unread = read_transcripts(path)
        unclear += unread
        twice += [where for name, words, where in lines if found.texts.setdefault(name, words) != words]
    return twice, unclear


def _left_out(turns: Collection[Turn], chosen: int, class_of: Mapping[str, str]) -> str:
    """The sentence that says what the choice of classes leaves out, always: the reader of a score must know."""
    rest = Counter(t.code for t in turns if t.code not in class_of)
    unsure = rest.pop(NO_CONSENSUS, 0)
    words = [f"{count} {CODES[code]}" for code, count in rest.most_common()]
    words += [f"{unsure} on which the raters did not agree"] if unsure else []
    total = chosen + rest.total() + unsure
    return f"{chosen} of {total} rated turns are of the classes asked for" + (
        f"; left out are {', '.join(words)}." if words else "."
    )

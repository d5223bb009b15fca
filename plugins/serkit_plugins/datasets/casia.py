"""CASIA: layouts, names and checks of the Chinese emotional speech of the Institute of Automation (CAS), which
circulates as a subset of 1,200 recordings. SerKit never downloads it: the rights of the copies are unclear."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Literal

from serkit import config
from serkit.data.corpus import build, count_notes
from serkit.data.recognise import wrong_folder
from serkit.data.recordings import collect, gap_notes
from serkit.errors import CorpusError
from serkit.types import Corpus, Utterance

SPEAKERS: Mapping[str, Literal["f", "m"]] = {"liuchanhg": "f", "wangzhe": "m", "zhaoquanyin": "f", "zhaozuoxiang": "m"}
"""Speaker to sex; ``liuchanhg`` is the established misspelling, and case differs between copies."""

LABELS = ("angry", "fear", "happy", "neutral", "sad", "surprise")

_SPEAKER_NAMES = {
    **{name: name for name in SPEAKERS},
    "chang.liu": "liuchanhg",
    "zhe.wang": "wangzhe",
    "quanyin.zhao": "zhaoquanyin",
    "zuoxiang.zhao": "zhaozuoxiang",
}
_EMOTION_NAMES = {**{name: name for name in LABELS}, "normal": "neutral"}
_DIFFERENT_TEXTS = "不同文本"  # the folder of what each speaker says alone, in copies of the full corpus
_NUMBERS = range(201, 251)
_CELL = {"same": 300, "different": 100}  # recordings of a speaker and emotion in the full corpus, by part of it
_EXPECTED = "recordings like wangzhe/angry/201.wav (speaker, emotion, number; also in the file name or deeper folders)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CasiaOptions:
    """``subset="1200"`` takes the numbers 201 to 250 of each speaker and emotion, which are what circulates;
    ``"full"`` whatever of the corpus is there, of which 9,600 recordings are reported."""

    subset: Literal["1200", "full"] = "1200"


class Casia:
    """Reads CASIA wherever speaker, emotion and number stand in the path below the folder, WAV or FLAC."""

    def __init__(self, **options: Any) -> None:
        self.options = config.load(CasiaOptions, options, where="the options of dataset casia", path="dataset")

    def load(self, root: Path) -> Corpus:
        """The corpus below ``root``; ids are ``wangzhe/angry/201`` whatever the layout, with ``different-text/`` before
        them for the part of the full corpus that has other sentences.

        Raises CorpusError if no recording of CASIA is there, or if two of one id differ.
        """
        root = Path(root)
        if not root.is_dir():
            raise wrong_folder("CASIA", root, _EXPECTED)
        found = collect(root, _id)
        if not found.files:
            raise wrong_folder("CASIA", root, _EXPECTED)
        if self.options.subset == "full":
            return self._full(root, dict(found.files), found.notes("CASIA"))
        expected = {f"{s}/{e}/{n}": s for s in SPEAKERS for e in LABELS for n in _NUMBERS}
        chosen = {x: p for x, p in found.files.items() if x in expected}
        if not chosen:
            raise CorpusError(
                f"None of the {len(found.files)} recordings of CASIA in {root} has a number from 201 to 250 (e.g. "
                f'{min(found.files)}); set the dataset option subset = "full".'
            )
        notes = gap_notes(chosen, expected, "CASIA")
        if len(chosen) < len(found.files):
            notes.append(
                f"{len(found.files) - len(chosen)} recordings of CASIA beyond its 1,200 (numbers 201 to 250) were left "
                'out (dataset option subset = "full" takes all).'
            )
        return build(
            "casia",
            root,
            [_utterance(x, p) for x, p in chosen.items()],
            LABELS,
            subset="1200",
            missing=expected.keys() - chosen.keys(),
            notes=notes + found.notes("CASIA"),
            transcripts=False,
        )

    def identify(self, path: PurePath) -> Utterance | None:
        """What the path of one file says, without opening it; None if no recording of CASIA is named so."""
        name = _id(path)
        return None if name is None else _utterance(name, Path(path))

    def _full(self, root: Path, files: Mapping[str, Path], notes: list[str]) -> Corpus:
        """All that is there: which numbers the full corpus has is not published, so only counts can be checked."""
        table = [_utterance(x, p) for x, p in files.items()]
        each = sum(_CELL.values())
        gaps = count_notes(
            table,
            labels=dict.fromkeys(LABELS, each * len(SPEAKERS)),
            speakers=dict.fromkeys(SPEAKERS, each * len(LABELS)),
        )
        cells = {(s, e, part): 0 for s in SPEAKERS for e in LABELS for part in _CELL}
        for u in table:
            cells[u.speaker, u.label, "same" if u.text else "different"] += 1
        short = [f"{s}/{e} {part} text {n} of {_CELL[part]}" for (s, e, part), n in cells.items() if n != _CELL[part]]
        if short and not gaps:
            gaps = [f"{len(short)} groups of CASIA differ from the full corpus (e.g. {short[0]})."]
        return build(
            "casia", root, table, LABELS, subset="full", complete=not short, notes=gaps + notes, transcripts=False
        )


def _id(below: PurePath) -> str | None:
    """The id of the recording with this path, or None. The mention nearest to the file counts, and the file name may
    hold nothing but speaker, emotion and number."""
    parts = [*below.parts[:-1], below.stem.strip()]
    speaker, emotion = _nearest(parts, _SPEAKER), _nearest(parts, _EMOTION)
    rest = _EMOTION.sub("", _SPEAKER.sub("", parts[-1]))
    number = re.fullmatch(r"[\W_]*([0-9]{1,3})[\W_]*", rest)
    if not speaker or not emotion or not number or int(number[1]) == 0:
        return None
    part = "different-text/" if any(map(_has_different_texts, parts)) else ""
    return f"{part}{_SPEAKER_NAMES[speaker]}/{_EMOTION_NAMES[emotion]}/{int(number[1])}"


def _has_different_texts(folder: str) -> bool:
    """Whether a folder is that of the different texts. Archives from China are often unpacked with its name, which is
    in GBK, taken for another encoding; without it, both parts would have the same ids."""
    raw = [folder.encode(encoding, "ignore") for encoding in ("cp437", "latin-1")]
    with suppress(UnicodeEncodeError):  # half a surrogate pair: a table's mistake, which no file is named by
        raw.append(os.fsencode(folder))
    return _DIFFERENT_TEXTS in folder or any(_DIFFERENT_TEXTS.encode("gbk") in name for name in raw)


def _word(names: Mapping[str, str]) -> re.Pattern[str]:
    """One of the names, not inside a longer word."""
    return re.compile(rf"(?<![a-z])({'|'.join(map(re.escape, names))})(?![a-z])", re.ASCII | re.IGNORECASE)


_SPEAKER, _EMOTION = _word(_SPEAKER_NAMES), _word(_EMOTION_NAMES)


def _nearest(parts: list[str], pattern: re.Pattern[str]) -> str | None:
    """What the last of the parts that mentions anything says; None if it says two things or no part says any."""
    for part in reversed(parts):
        said = {m.lower() for m in pattern.findall(part)}
        if said:
            return said.pop() if len(said) == 1 else None
    return None


def _utterance(name: str, path: Path) -> Utterance:
    *part, speaker, emotion, number = name.split("/")
    return Utterance(
        id=name,
        path=path,
        label=emotion,
        speaker=speaker,
        sex=SPEAKERS[speaker],
        # The words are not published, but a number is one sentence, whoever says it; of the different texts it is
        # not known which are the same.
        text=None if part else f"sentence {number}",
        language="zh",
        scenario="acted",
        extra={"number": number},
    )

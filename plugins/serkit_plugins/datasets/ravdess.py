"""RAVDESS: file names, actors, counts and checks of the Ryerson Audio-Visual Database of Emotional Speech and Song
(Livingstone and Russo 2018)."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePath
from typing import Any, Literal

from serkit import config
from serkit.data import audio, fetch, intact
from serkit.data.corpus import build, count_notes
from serkit.data.progress import Progress
from serkit.data.recognise import wrong_folder
from serkit.data.recordings import Recordings, collect, gap_notes
from serkit.errors import CorpusError
from serkit.types import Corpus, Utterance

LABELS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}
"""Third pair of digits in the file name to class."""

CHANNELS = {"01": "speech", "02": "song"}
INTENSITIES = {"01": "normal", "02": "strong"}
TEXTS = {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}

GANS = {"angry": 174, "happy": 134, "neutral": 52, "sad": 150}
"""The set of Gans 2020: spoken files of four classes that fill the 3 seconds after the first half."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A file of the official record with its size in bytes, and the folder that it is unpacked to."""

    url: str
    size: int
    sha256: str
    folder: str


ARCHIVES: Mapping[str, Archive] = {
    "speech": Archive(
        "https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip?download=1",
        208_468_073,
        "5d208e01632cc3e5242106fa2af3273e6dc5239fb8143131979ac74c4aa40657",
        "Audio_Speech_Actors_01-24",
    ),
    "song": Archive(
        "https://zenodo.org/records/1188976/files/Audio_Song_Actors_01-24.zip?download=1",
        225_505_317,
        "89f3df66cc67ebb70c8af6f72f3f359bee497f6f763a9d863b6477619716d428",
        "Audio_Song_Actors_01-24",
    ),
}

# modality, vocal channel, emotion, intensity, statement, repetition, actor
_NAME = re.compile(r"0[123]-0[12]-0[1-8]-0[12]-0[12]-0[12]-(0[1-9]|1[0-9]|2[0-4])")
_EXPECTED = "files named like 03-01-05-01-02-01-12.wav (seven pairs of digits, the last the actor) at any depth"


@dataclass(frozen=True, slots=True, kw_only=True)
class RavdessOptions:
    """``subset`` is the vocal channel (``"speech"``, ``"song"`` or ``"both"``), or ``"gans510"``: the 510 spoken files
    of four classes that Gans 2020 used."""

    subset: Literal["speech", "song", "both", "gans510"] = "speech"


class Ravdess:
    """Reads RAVDESS from unpacked archives, from ``Actor_nn`` folders or from files side by side; WAV or FLAC."""

    def __init__(self, **options: Any) -> None:
        self.options = config.load(RavdessOptions, options, where="the options of dataset ravdess", path="dataset")
        chosen = self.options.subset
        self.channels = {"both": ("speech", "song"), "song": ("song",)}.get(chosen, ("speech",))
        # what fetch() downloads depends on the channels, so each choice of them has a cache folder of its own
        self.cache_name = "ravdess" if self.channels == ("speech",) else f"ravdess-{chosen}"

    def load(self, root: Path) -> Corpus:
        """The corpus below ``root``; ids are file names without suffix, wherever the files lie.

        Files are not opened, except for ``gans510``, which needs their lengths. What is missing or was left out is in
        ``notes``, and ``complete`` says whether the subset is whole. Raises CorpusError if no recording of the subset
        is there, AudioError if a length cannot be read.
        """
        root = Path(root)
        if not root.is_dir():
            raise wrong_folder("RAVDESS", root, _EXPECTED)
        found, films = _recordings(root)
        expected = published(*self.channels)
        if self.options.subset == "gans510":
            expected = {x: actor for x, actor in expected.items() if _label(x) in GANS}
        chosen = {x: p for x, p in found.files.items() if x in expected}
        if not chosen:
            raise self._nothing(found, films)
        notes = gap_notes(chosen, expected, "RAVDESS", "actors")
        # which of the missing files are long enough for the 510 is not known
        missing = expected.keys() - chosen.keys() if self.options.subset != "gans510" else set()
        counts: Mapping[str, int] = Counter(_label(x) for x in expected)
        if self.options.subset == "gans510":
            long = {x: p for x, p in chosen.items() if fills_gans(p)}
            if not long:
                raise CorpusError(
                    f"None of the {len(chosen)} recordings of RAVDESS's four classes in {root} is longer than 3.495 s "
                    f"(e.g. {min(chosen.values())}), as those of the subset 'gans510' are; get the published files, "
                    "which are not cut."
                )
            chosen, counts = long, GANS
        utterances = [_utterance(x, p) for x, p in chosen.items()]
        differ = count_notes(utterances, labels=counts)
        others = Counter(_channel(x) for x in found.files if _channel(x) not in self.channels)
        notes += differ + [
            f'{n} recordings of its {channel} were left out (dataset option subset = "{channel}" or "both" takes them).'
            for channel, n in others.items()
        ]
        if films:
            notes.append(
                f"{len(films)} files of the video recordings were left out (e.g. {films[0]}); the audio-only files "
                "hold the same takes."
            )
        return build(
            "ravdess",
            root,
            utterances,
            sorted(counts),
            subset=self.options.subset,
            complete=not differ,
            missing=missing,
            notes=notes + found.notes("RAVDESS"),
        )

    def identify(self, path: PurePath) -> Utterance | None:
        """What the name of a file says, be it speech, song, or the video of either; None if it is not RAVDESS's."""
        return _utterance(path.stem, Path(path)) if _NAME.fullmatch(path.stem) else None

    def check(self, root: Path, progress: Progress | None = None) -> list[str]:
        """Sentences naming each recording of the channels under ``root`` that is damaged or altered.

        Spoken WAV files are compared with the published ones to the byte; sung ones and FLAC copies, of which no
        checksum is known, are decoded.
        """
        expected = published(*self.channels)
        files = [(x, p) for x, p in _recordings(Path(root))[0].files.items() if x in expected]
        return intact.each(files, _verify, "ravdess", progress)

    def fetch(self, into: Path, progress: Progress | None = None) -> None:
        """Download the archives of the chosen channels (about 210 MB each) from Zenodo and unpack them into ``into``.

        The licence, CC BY-NC-SA 4.0, does not allow commercial use. Raises DownloadError, which says where to get
        RAVDESS by hand and where to put it.
        """
        into = Path(into)
        for archive in (ARCHIVES[channel] for channel in self.channels):
            done = into / archive.folder
            if done.exists():  # the download of the other archive was interrupted
                continue
            packed = into / f"{archive.folder}.zip"
            if not packed.exists():
                by_hand = (
                    f"get {packed.name} by hand at https://zenodo.org/records/1188976, unpack it, and pass its folder "
                    f"with --data or put it into {fetch.corpus_dir(self.cache_name)}."
                )
                fetch.download(
                    archive.url,
                    packed,
                    size=archive.size,
                    sha256=archive.sha256,
                    progress=progress,
                    by_hand=by_hand,
                    note="CC BY-NC-SA 4.0: no commercial use",
                )
            unpacked = fetch.unpack(packed, into / f"{archive.folder}.unpacking", progress=progress)
            unpacked.rename(done)
            packed.unlink()

    def _nothing(self, found: Recordings, films: list[str]) -> CorpusError:
        """The error for a folder in which nothing of the subset is."""
        root = found.root
        if found.files:
            there = {_channel(x) for x in found.files}
            channel = "both" if len(there) == 2 else there.pop()
            return CorpusError(
                f"{root} holds {len(found.files)} recordings of RAVDESS such as {next(iter(found.files))}, but none of "
                f"its subset {self.options.subset!r}; name another folder, or set the dataset option "
                f'subset = "{channel}".'
            )
        if films:
            return CorpusError(
                f"{root} holds only files of RAVDESS's video recordings (e.g. {films[0]}); get the audio-only files, "
                f"{ARCHIVES[self.channels[0]].folder}.zip of https://zenodo.org/records/1188976."
            )
        return wrong_folder("RAVDESS", root, _EXPECTED)


@cache
def published(*channels: str) -> dict[str, str]:
    """Id of each published audio-only file of ``channels`` (speech, song) to its actor."""
    table = {}
    for actor in (f"{i:02d}" for i in range(1, 25)):
        for code, channel in CHANNELS.items():
            if channel not in channels or (channel == "song" and actor == "18"):
                continue
            for emotion, intensity in ((e, i) for e in LABELS for i in INTENSITIES):
                unsung = channel == "song" and emotion in ("07", "08")
                if unsung or (emotion == "01" and intensity == "02"):
                    continue
                for statement, take in ((s, t) for s in TEXTS for t in ("01", "02")):
                    table[f"03-{code}-{emotion}-{intensity}-{statement}-{take}-{actor}"] = actor
    return table


def fills_gans(path: Path) -> bool:
    """Whether a file is long enough for the 510: from 0.5 s on, 3 s at 44.1 kHz give 259 frames of a spectrogram with a
    hop of 512 samples and centred windows. Only the header is read; raises AudioError if it cannot be."""
    header = audio.info(path)
    rate = header.sample_rate
    kept = min(header.frames - int(0.5 * rate), 3 * rate)
    return 1 + math.ceil(kept * 44100 / rate) // 512 >= 259


def _recordings(root: Path) -> tuple[Recordings, list[str]]:
    """The audio-only files below ``root``, and the paths below it of what belongs to the video recordings."""
    every = published(*CHANNELS.values())
    found = collect(root, lambda below: below.stem if below.stem in every else None)
    # sound that somebody took from the videos is the same takes again, so it is told apart from strangers
    films = [p for p in found.strangers if _filmed(p.stem)]
    films += [p for _, _, files in audio.walk(root) for p in files if p.suffix.lower() == ".mp4" and _filmed(p.stem)]
    strangers = tuple(p for p in found.strangers if not _filmed(p.stem))
    return replace(found, strangers=strangers), sorted(p.relative_to(root).as_posix() for p in films)


def _filmed(stem: str) -> bool:
    return bool(_NAME.fullmatch(stem)) and not stem.startswith("03")


def _label(stem: str) -> str:
    return LABELS[stem[6:8]]


def _channel(stem: str) -> str:
    return CHANNELS[stem[3:5]]


def _utterance(stem: str, path: Path) -> Utterance:
    _, channel, emotion, intensity, statement, take, actor = stem.split("-")
    return Utterance(
        id=stem,
        path=path,
        label=LABELS[emotion],
        speaker=actor,
        sex="m" if int(actor) % 2 else "f",
        text=TEXTS[statement],
        language="en",
        scenario="acted",
        take=str(int(take)),
        intensity=INTENSITIES[intensity],
        extra={"channel": CHANNELS[channel], "text_code": statement},
    )


@cache
def _checksums() -> dict[str, str]:
    """Id of each spoken file to the SHA-256 of the published one."""
    lines = Path(__file__).with_name("ravdess_speech.txt").read_text(encoding="ascii").splitlines()
    return dict(line.split() for line in lines if not line.startswith("#"))


def _verify(item: tuple[str, Path]) -> str | None:
    name, path = item
    known = _checksums().get(name) if path.suffix.lower() == ".wav" else None
    if known and intact.matches(path, known):
        return None
    damage = intact.problem(path)
    return damage or (known and f"{path} is not the published file {name}: its bytes differ; fetch or copy it again.")

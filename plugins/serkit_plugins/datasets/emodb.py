"""EMO-DB: file names, speakers, texts and checks of the Berlin Database of Emotional Speech (Burkhardt et al. 2005)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath
from typing import Any, Literal

from serkit import config
from serkit.data import audio, fetch, intact
from serkit.data.corpus import build, count_notes, few
from serkit.data.progress import Progress
from serkit.data.recognise import wrong_folder
from serkit.data.recordings import Recordings, collect, gap_notes
from serkit.errors import AudioError, CorpusError, DownloadError
from serkit.types import Corpus, Utterance

URL = "http://emodb.bilderbar.info/download/download.zip"

LABELS = {"W": "angry", "L": "boredom", "E": "disgust", "A": "fear", "F": "happy", "N": "neutral", "T": "sad"}
"""Letter in the file name (first letter of the German word) to class."""

# The first audformat release gave 09, 10, 12 and 13 the wrong sex; these are the corrected ones.
SPEAKERS: Mapping[str, tuple[Literal["f", "m"], int, int]] = {
    "03": ("m", 31, 49),
    "08": ("f", 34, 58),
    "09": ("f", 21, 43),
    "10": ("m", 32, 38),
    "11": ("m", 26, 55),
    "12": ("m", 30, 35),
    "13": ("f", 32, 61),
    "14": ("f", 35, 69),
    "15": ("m", 25, 56),
    "16": ("f", 31, 71),
}
"""Speaker to sex, age and number of utterances among the 535."""

TEXTS = {
    "a01": "Der Lappen liegt auf dem Eisschrank.",
    "a02": "Das will sie am Mittwoch abgeben.",
    "a04": "Heute abend könnte ich es ihm sagen.",
    "a05": "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück.",
    "a07": "In sieben Stunden wird es soweit sein.",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen?",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter.",
    "b03": "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht.",
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen.",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
}
"""Text code in the file name to the sentence; there is no transcript file."""

COUNTS = {"angry": 127, "boredom": 81, "disgust": 46, "fear": 69, "happy": 71, "neutral": 79, "sad": 62}

# Versions of the 535 are a to f; release 2.0 adds recordings, so any letter is read.
_NAME = re.compile(r"(03|08|09|1[0-6])(a0[12457]|b0[1239]|b10)([wleaftn])([a-z])", re.ASCII | re.IGNORECASE)
_ADDED = 281  # recordings that release 2.0 adds
_EXPECTED = "535 files named like 03a01Fa.wav (speaker, text, emotion letter, version)"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmoDbOptions:
    """``subset="535"`` is the published set; ``"816"`` takes what release 2.0 adds (recordings that listeners agreed
    on less)."""

    subset: Literal["535", "816"] = "535"


class EmoDb:
    """Reads EMO-DB from the folder that was unpacked, from its ``wav/`` or from the folder above; WAV or FLAC."""

    def __init__(self, **options: Any) -> None:
        self.options = config.load(EmoDbOptions, options, where="the options of dataset emodb", path="dataset")

    def load(self, root: Path) -> Corpus:
        """The corpus below ``root``; ids are file names without suffix (``03a01Fa``), wherever the files lie.

        What is missing or was left out is in ``notes``, and ``complete`` says whether the subset is whole. The 281
        recordings of ``"816"`` that are not among the 535 can only be counted: their names are not known. Raises
        CorpusError if no recording of EMO-DB is there, or if two of one id differ.
        """
        root = Path(root)
        found = _recordings(root)
        wanted = self.published()
        chosen = {x: p for x, p in found.files.items() if x in wanted}
        extra = sorted(found.files.keys() - chosen.keys())
        if not chosen:
            raise CorpusError(
                f"None of the {len(found.files)} recordings in {root} is one of EMO-DB's 535 (e.g. "
                f"{min(found.files)}); check the folder."
            )
        notes = gap_notes(chosen, wanted, "EMO-DB")
        if notes:
            speakers = {name: count for name, (_, _, count) in SPEAKERS.items()}
            notes += count_notes(map(_utterance, chosen, chosen.values()), labels=COUNTS, speakers=speakers)
        complete = True
        if self.options.subset == "816":
            chosen, complete = dict(found.files), len(extra) == _ADDED
            if not complete:
                notes.append(f"{len(extra)} recordings beyond the 535 were found where EMO-DB 2.0 has {_ADDED}.")
        elif len(extra) == _ADDED and not notes:
            notes.append(
                f"{len(found.files)} recordings were found (EMO-DB 2.0); the 535 of the published set are used "
                '(dataset option subset = "816" takes all).'
            )
        elif extra:
            notes.append(
                f"{len(extra)} recordings are named like EMO-DB but not among its 535, and were left out "
                f"({few(extra, 5)})."
            )
        return build(
            "emodb",
            root,
            [_utterance(x, p) for x, p in chosen.items()],
            sorted(COUNTS),
            subset=self.options.subset,
            complete=complete,
            missing=wanted.keys() - chosen.keys(),
            notes=notes + found.notes("EMO-DB"),
        )

    @staticmethod
    def published() -> dict[str, str]:
        """Id of each of the 535 to its speaker."""
        return {name: name[:2] for name in _checksums()}

    def identify(self, path: PurePath) -> Utterance | None:
        """What the name of one file says, without opening it; None if no recording of EMO-DB is named so."""
        name = _name_of(path)
        return None if name is None else _utterance(name, Path(path))

    def check(self, root: Path, progress: Progress | None = None) -> list[str]:
        """Sentences naming each recording under ``root`` that is damaged or altered; empty if all are whole.

        A file is whole if it is the published one to the byte or decodes to the same samples (a FLAC copy, a WAV
        with other header chunks). Recordings beyond the 535 are only decoded: their checksums are not known.
        """
        return intact.each(sorted(_recordings(Path(root)).files.items()), _verify, "emodb", progress)

    def fetch(self, into: Path, progress: Progress | None = None) -> None:
        """Download the official archive (about 40 MB), unpack it into ``into`` and verify every recording.

        Raises DownloadError, which says where to get EMO-DB by hand and where to put it.
        """
        into = Path(into)
        archive = into / "download.zip"
        by_hand = (
            f"get it by hand at http://emodb.bilderbar.info (download section), unpack it, and pass its folder with "
            f"--data or put it at {fetch.corpus_dir('emodb')}."
        )
        if not archive.exists():
            fetch.download(URL, archive, progress=progress, by_hand=by_hand)
        try:
            fetch.unpack(archive, into, progress=progress)
            complete = self.load(into).complete
        except (DownloadError, CorpusError) as error:
            archive.unlink()  # a damaged archive must not be tried again
            raise DownloadError(f"{URL} gave an archive that is not EMO-DB ({error}); {by_hand}") from None
        problems = self.check(into, progress)
        if problems or not complete:
            archive.unlink()
            what = problems[0] if problems else "recordings are missing"
            raise DownloadError(f"{URL} gave a damaged copy of EMO-DB ({what.rstrip('.')}); {by_hand}")
        archive.unlink()


@cache
def _checksums() -> dict[str, tuple[str, str]]:
    """Id of each of the 535 to the SHA-256 of its file and of its decoded samples."""
    lines = Path(__file__).with_name("emodb_535.txt").read_text(encoding="ascii").splitlines()
    rows = (line.split() for line in lines if not line.startswith("#"))
    return {name: (file, decoded) for name, file, decoded in rows}


def _recordings(root: Path) -> Recordings:
    """What is named as EMO-DB's below ``root``; CorpusError if nothing is."""
    found = collect(root, _name_of) if root.is_dir() else None
    if found is None or not found.files:
        raise wrong_folder("EMO-DB", root, _EXPECTED)
    return found


def _name_of(path: PurePath) -> str | None:
    """The id of a recording (``03a01Fa``) in the case of the published names; None for other files.

    Release 2.0 has laryngograms as well. Files in a folder that says so are none, whatever they are named: with the
    names of the recordings they would be copies that differ.
    """
    if any("laryng" in folder.lower() for folder in path.parts[:-1]):
        return None
    match = _NAME.fullmatch(path.stem)
    return match and f"{match[1]}{match[2].lower()}{match[3].upper()}{match[4].lower()}"


def _utterance(name: str, path: Path) -> Utterance:
    speaker, text, letter, version = name[:2], name[2:5], name[5], name[6]
    sex, age, _ = SPEAKERS[speaker]
    return Utterance(
        id=name,
        path=path,
        label=LABELS[letter],
        speaker=speaker,
        sex=sex,
        text=TEXTS[text],
        language="de",
        scenario="acted",
        take=version,
        extra={"text_code": text, "age": str(age)},
    )


def _verify(item: tuple[str, Path]) -> str | None:
    name, path = item
    known = _checksums().get(name)
    if known is None:
        return intact.problem(path)
    try:
        if intact.matches(path, known[0]) or audio.decoded_sha256(path) == known[1]:
            return None
    except AudioError as error:
        return str(error)
    return f"{path} does not hold the published recording {name}: its samples differ; fetch or copy it again."

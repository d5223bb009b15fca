"""Recordings known by their names: which of a corpus are there, which twice, which are none of it, what is missing."""

from __future__ import annotations

import filecmp
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from serkit.data import audio
from serkit.data.corpus import few, left_out_note, missing_note
from serkit.errors import AudioError, CorpusError


@dataclass(frozen=True, slots=True)
class Recordings:
    """What :func:`collect` found below ``root``: id to file, ids that are there more than once, and the other audio
    files."""

    root: Path
    files: Mapping[str, Path]
    doubled: tuple[str, ...]
    strangers: tuple[Path, ...]

    def notes(self, corpus: str) -> list[str]:
        """A sentence on copies and one on strangers, where there are any."""
        notes = []
        if self.doubled:
            first = self.files[self.doubled[0]].relative_to(self.root).as_posix()
            one = len(self.doubled) == 1
            notes.append(
                f"{len(self.doubled)} {'recording' if one else 'recordings'} of {corpus} {'is' if one else 'are'} "
                f"there more than once with the same samples, and one copy of each was taken (e.g. {first})."
            )
        left_out = left_out_note(self.strangers, self.root, corpus)
        return [*notes, left_out] if left_out else notes


def collect(
    root: Path, name: Callable[[PurePath], str | None], *, suffixes: Collection[str] = (".wav", ".flac")
) -> Recordings:
    """The audio files at any depth below the folder ``root``, keyed by the id that ``name`` reads from the path below
    ``root`` (None: not of this corpus). Hidden files and folders are left out.

    Files of other suffixes (lower case) are strangers. Of several files with one id the first suffix wins, then the
    file that lies least deep, then the first by path; they are compared, and no other file is opened. Raises
    CorpusError if two of them hold different samples: which one a result stands for could not be told from its ids.
    """
    order = list(suffixes)
    found: dict[str, list[tuple[int, int, Path]]] = {}
    strangers = []
    for path in audio.find(root):
        below = path.relative_to(root)
        suffix = path.suffix.lower()
        key = name(below) if suffix in order else None
        if key is None:
            strangers.append(path)
        else:
            found.setdefault(key, []).append((order.index(suffix), len(below.parts), path))
    files, doubled = {}, []
    for key, ranked in sorted(found.items()):
        taken, *copies = (path for _, _, path in sorted(ranked))
        for copy in copies:
            difference = _difference(taken, copy)
            if difference:
                raise CorpusError(
                    f"{taken} and {copy} are both named as the recording {key}, but {difference}; remove the one that "
                    "is wrong."
                )
        files[key] = taken
        doubled += [key] if copies else []
    return Recordings(root, files, tuple(doubled), tuple(strangers))


def gap_notes(
    found: Collection[str], expected: Mapping[str, str], corpus: str, speakers: str = "speakers"
) -> list[str]:
    """Sentences on what is missing; an empty list if nothing is.

    ``expected`` maps the id of every recording of ``corpus`` to its speaker. Speakers of whom nothing is there are
    named, thirty at most, and of the others the first five recordings: a copy of five speakers is told so, not by a
    thousand file names. ``speakers`` is the corpus's word for them.
    """
    everyone = set(expected.values())
    here = {expected[x] for x in found if x in expected}
    absent = sorted(everyone - here)
    notes = []
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        notes.append(f"{len(absent)} of the {len(everyone)} {speakers} of {corpus} {verb} missing: {few(absent, 30)}.")
    wanted = {x for x, s in expected.items() if s in here}
    missing = wanted - set(found)
    if missing:
        rest = f"the {len(here)} {speakers} that are there" if len(here) > 1 else "the only one that is there"
        notes.append(missing_note(missing, len(wanted), f"recordings of {rest if absent else corpus}"))
    return notes


def _difference(first: Path, second: Path) -> str:
    """How two files of one name differ, in words; nothing if they hold the same samples."""
    for path in (first, second):
        if not path.exists():
            return f"{path} is a link to nothing"
    if filecmp.cmp(first, second, shallow=False):
        return ""
    hashes = []
    for path in (first, second):
        try:
            hashes.append(audio.decoded_sha256(path))
        except AudioError:
            return f"{path} is damaged or no audio"
    return "" if hashes[0] == hashes[1] else "their samples differ"

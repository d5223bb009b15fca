"""What every dataset plugin needs to turn a folder into a checked ``Corpus``."""

from __future__ import annotations

import math
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from serkit.errors import CorpusError
from serkit.types import Corpus, Utterance

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def utterance_id(path: str | os.PathLike[str], root: str | os.PathLike[str]) -> str:
    """The id of a whole file: its POSIX path relative to ``root`` without suffix, in Unicode's composed form (NFC),
    so that macOS, which decomposes names, gives the ids that Linux gives.

    Raises CorpusError if ``path`` is not below ``root``.
    """
    try:
        relative = Path(path).relative_to(root)
    except ValueError:
        raise CorpusError(f"{path} is not below the corpus folder {root}; pass the folder that holds it.") from None
    return unicodedata.normalize("NFC", relative.with_suffix("").as_posix())


def build(
    name: str,
    root: str | os.PathLike[str],
    utterances: Iterable[Utterance],
    labels: Sequence[str],
    *,
    subset: str = "all",
    complete: bool = True,
    missing: Iterable[str] = (),
    notes: Sequence[str] = (),
    transcripts: bool = True,
) -> Corpus:
    """A ``Corpus`` of ``utterances`` sorted by id, after the checks that hold for every corpus.

    Where the names of all recordings are known, ``missing`` are the ids that this copy lacks; if there are any, it is
    not complete.

    Raises CorpusError if there is no utterance, an id occurs twice, a label is not in ``labels``, an id, label or
    speaker is no text, ``end`` does not lie after ``start``, a label or speaker holds a control character, or the
    folder, an id or any other text is no valid Unicode (Linux allows names in any encoding): results could not be
    written down.
    """
    place = os.path.abspath(root)
    if writable(place) != place:
        raise CorpusError(f"The name of the folder {writable(place)} is not valid UTF-8; rename it.")
    table = list(utterances)
    for u in table:
        for key in ("id", "label", "speaker"):
            if not isinstance(getattr(u, key), str):
                raise CorpusError(
                    f"The {key} of {u.path} of {name} is {getattr(u, key)!r}; text is expected, and an empty one for a "
                    "speaker who is not known."
                )
    table.sort(key=lambda u: u.id)
    if not table:
        raise CorpusError(f"No utterance of {name} was found in {root}; check the folder given with --data.")
    if len(set(labels)) != len(labels):
        raise CorpusError(f"The label set of {name} names a class twice ({', '.join(labels)}); each must occur once.")
    for before, after in pairwise(table):
        if before.id == after.id:
            raise CorpusError(
                f"The id {after.id} of {name} occurs twice ({before.path} and {after.path}); keep one of the files."
            )
    for u in table:
        if writable(u.id) != u.id:
            raise CorpusError(f"The name of {writable(str(u.path))} of {name} is not valid UTF-8; rename the file.")
        _check_text(u, name)
        if u.label not in labels:
            raise CorpusError(
                f"Utterance {u.id} of {name} has the label {u.label!r}, which is not one of {', '.join(labels)}."
            )
        if not 0 <= u.start < math.inf or (u.end is not None and not u.start < u.end < math.inf):
            raise CorpusError(
                f"Utterance {u.id} of {name} ends at {u.end} s but starts at {u.start} s; check its times."
            )
    lacking = tuple(sorted(set(missing)))
    return Corpus(
        name=name,
        root=Path(root),
        utterances=tuple(table),
        labels=tuple(labels),
        subset=subset,
        complete=complete and not lacking,
        missing=lacking,
        notes=tuple(map(writable, notes)),
        transcripts=transcripts,
    )


def _check_text(u: Utterance, name: str) -> None:
    for what, text in (("label", u.label), ("speaker", u.speaker)):
        if _CONTROL.search(text):
            raise CorpusError(
                f"The {what} {text!r} of utterance {u.id} of {name} holds a control character; correct it."
            )
    fields = (u.session, u.scenario, u.text, u.language, u.take, u.intensity, *u.extra, *u.extra.values())
    text = "\0".join(map(str, (u.label, u.speaker, *fields)))
    if writable(text) != text:
        raise CorpusError(f"What {name} says of utterance {u.id} is not valid Unicode; save its tables as UTF-8.")


def writable(text: str) -> str:
    """``text`` with ``\\udcfc`` and the like for bytes of file names that are not valid UTF-8, so that it can be
    written."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def count_notes(
    utterances: Iterable[Utterance], *, labels: Mapping[str, int], speakers: Mapping[str, int] | None = None
) -> list[str]:
    """Sentences on where the counts of utterances differ from those expected; an empty list if they agree.

    ``labels`` maps each class and ``speakers`` each speaker to the number that the whole corpus holds.
    """
    table = list(utterances)
    notes = []
    pairs = [("class", labels, Counter(u.label for u in table))]
    if speakers is not None:
        pairs.append(("speaker", speakers, Counter(u.speaker for u in table)))
    for kind, expected, found in pairs:
        wrong = [
            f"{key} {found[key]} of {expected.get(key, 0)}"
            for key in sorted({*expected, *found})
            if found[key] != expected.get(key, 0)
        ]
        if wrong:
            notes.append(f"Utterances per {kind} differ from the published corpus: {few(wrong, 10)}.")
    return notes


def missing_note(missing: Iterable[str], total: int, what: str = "recordings") -> str:
    """One sentence that says how many of ``total`` ids are missing and names the first five."""
    names = sorted(missing)
    return f"{len(names)} of the {total} {what} are missing: {few(names, 5)}."


def left_out_note(paths: Iterable[Path], root: Path, corpus: str) -> str:
    """One sentence that says how many audio files below ``root`` are not taken for recordings of ``corpus``, and names
    the first three; an empty string if there are none."""
    names = sorted(p.relative_to(root).as_posix() for p in paths)
    if not names:
        return ""
    one = len(names) == 1
    return (
        f"{len(names)} audio {'file' if one else 'files'} in {root} {'is' if one else 'are'} not named as {corpus}'s "
        f"and {'was' if one else 'were'} left out ({few(names, 3)})."
    )


def texts(corpus: Corpus) -> dict[str, str]:
    """What each utterance says, by id, where the corpus knows it. Texts that differ in case, spacing or the composition
    of accents alone are one, written as the first of them in sorted order: transcribers differ so, speakers do not."""
    forms: dict[str, str] = {}
    for text in sorted({u.text for u in corpus.utterances if u.text}):
        forms.setdefault(_words(text), text)
    return {u.id: forms[_words(u.text)] for u in corpus.utterances if u.text}


def _words(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def alike_note(speakers: Iterable[str]) -> str:
    """A sentence on speakers whose names differ in case, spacing or the composition of accents (NFC, NFD) alone: one
    person under two names is in training and in test unseen. An empty string if there are none."""
    names: dict[str, set[str]] = {}
    for speaker in speakers:
        names.setdefault(_words(speaker), set()).add(speaker)
    pairs = sorted(" and ".join(sorted(found)) for found in names.values() if len(found) > 1)
    if not pairs:
        return ""
    return f"Speakers who count as several, though their names differ in case or accents alone: {few(pairs, 3)}."


def few(names: Sequence[str], most: int = 12) -> str:
    """The first ``most`` of ``names``, and how many more there are: ``a, b and 3 more``; "none" if there are none."""
    rest = len(names) - most
    return (", ".join(names[:most]) or "none") + (f" and {rest} more" if rest > 0 else "")

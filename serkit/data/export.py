"""A corpus as a CSV manifest, which the dataset ``csv`` reads back."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from serkit.data.tables import VOTES
from serkit.errors import CorpusError
from serkit.types import Corpus, Utterance

FIELDS = ("speaker", "sex", "session", "scenario", "text", "language", "take", "intensity")
_FIRST = ("file", "emotion", "start", "end", *FIELDS)
_READ_AS_THEY_ARE = ("split", "fold", "corpus")


def write_manifest(corpus: Corpus, to: str | os.PathLike[str]) -> Path:
    """Write every utterance of ``corpus`` as a row of the CSV file ``to``, which must not exist, and return its path.

    Columns are ``file, emotion, start, end`` (seconds), the fields of an utterance that any of them has, a column for
    each class that has votes (``votes:happy``), and one for each key of ``extra``. Files below the folder of ``to`` are
    written relative to it, others absolute. Raises CorpusError if ``to`` exists or cannot be written, or a key of
    ``extra`` bears the name of another column.
    """
    to = Path(to)
    extras = sorted({key for u in corpus.utterances for key in u.extra})
    for key in extras:
        # the reader tells columns apart without regard to case: Take would come back as the field take
        known = key.casefold() in (*_FIRST, *_READ_AS_THEY_ARE) and key not in _READ_AS_THEY_ARE
        known = known or key.casefold().startswith(VOTES)
        if known or key != key.strip() or not key:
            raise CorpusError(
                f"The corpus {corpus.name} has metadata named {key!r}, which cannot be a column of its own in {to}; "
                "its dataset must name it otherwise."
            )
    used = [f for f in FIELDS if any(getattr(u, f) for u in corpus.utterances)]
    voted = sorted({name for u in corpus.utterances for name in u.votes})
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "emotion", "start", "end", *used, *(VOTES + name for name in voted), *extras])
    base = Path(os.path.abspath(to.parent))
    for u in corpus.utterances:
        fields = [getattr(u, f) or "" for f in used]
        votes = [repr(u.votes[name]) if name in u.votes else "" for name in voted]
        metadata = [u.extra.get(k, "") for k in extras]
        writer.writerow([_file(u, base), u.label, *_times(u), *fields, *votes, *metadata])
    try:
        with to.open("x", encoding="utf-8", newline="") as file:
            file.write(text.getvalue())
    except FileExistsError:
        raise CorpusError(f"{to} exists; name another file, or delete it.") from None
    except OSError as error:
        raise CorpusError(f"{to} cannot be written ({error.strerror or type(error).__name__}); name another.") from None
    return to


def _file(u: Utterance, base: Path) -> str:
    path = Path(os.path.abspath(u.path))
    text = (path.relative_to(base) if path.is_relative_to(base) else path).as_posix()
    return f"./{text}" if text[0].isspace() else text  # the reader cuts off spaces at the ends of cells


def _times(u: Utterance) -> tuple[str, str]:
    return (repr(u.start) if u.start else "", "" if u.end is None else repr(u.end))

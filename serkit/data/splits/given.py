"""Splits that the corpus itself brings, in the columns ``split`` and ``fold`` of its table."""

from __future__ import annotations

from collections.abc import Callable

from serkit.data.corpus import few
from serkit.data.splits.parts import fold, ids_by, where
from serkit.errors import ProtocolError
from serkit.types import Corpus, Fold, Utterance

PARTS = ("train", "dev", "test")


def given_split(corpus: Corpus) -> list[Fold]:
    """One fold, ``given``, from ``Utterance.extra["split"]``, which says train, dev or test of every utterance.

    Raises ProtocolError, naming the first row, where one says nothing or something else.
    """
    parts = ids_by(corpus, _column(corpus, "split", "given_split"))
    strange = [p for p in parts if p not in PARTS]
    if strange:
        raise ProtocolError(
            f"given_split reads the column 'split', which may say {', '.join(PARTS)}, but in {where(corpus)} it says "
            f"{strange[0]!r} of {parts[strange[0]][0]}."
        )
    return [fold(corpus, "given", parts.get("test", ()), parts.get("dev", ()))]


def given_folds(corpus: Corpus) -> list[Fold]:
    """The folds of ``Utterance.extra["fold"]``: each is tested once, and carries its name; development is the next one
    in the sorted cycle where there are three or more, else there is none.

    Names that are all whole numbers are sorted as numbers. Raises ProtocolError, naming the first row, where one has no
    fold, and for fewer than two folds.
    """
    parts = ids_by(corpus, _column(corpus, "fold", "given_folds"))
    if len(parts) < 2:
        raise ProtocolError(
            f"given_folds needs at least 2 folds in the column 'fold', but {where(corpus)} has {len(parts)} "
            f"({few(list(parts))})."
        )
    names = sorted(parts, key=int) if all(p.isdecimal() for p in parts) else list(parts)
    return [
        fold(corpus, name, parts[name], parts[names[(i + 1) % len(names)]] if len(names) > 2 else ())
        for i, name in enumerate(names)
    ]


def _column(corpus: Corpus, name: str, protocol: str) -> Callable[[Utterance], str]:
    """What reads the column of an utterance, after a look at whether each has it."""
    lacking = sorted(u.id for u in corpus.utterances if not u.extra.get(name))
    if lacking:
        raise ProtocolError(
            f"{protocol} needs the column {name!r} in every row, but {len(lacking)} of the {len(corpus.utterances)} "
            f"utterances of {where(corpus)} have nothing there (first {lacking[0]}); fill it, or choose another "
            "protocol."
        )
    return lambda u: u.extra[name]

"""Splits that leave out what is said: test sentences that no training utterance has."""

from __future__ import annotations

from collections import Counter

from serkit.data.corpus import few, texts
from serkit.data.splits.parts import dealt, fold, ids_by, where
from serkit.errors import ProtocolError
from serkit.types import Corpus, Fold


def text_open(corpus: Corpus, groups: int = 5) -> list[Fold]:
    """Leave texts out: a fold tests a group of texts, develops on the next group where there are three or more (else on
    none) and trains on the others; folds are named ``texts1`` and on.

    There are ``groups`` groups, or one a text where there are fewer texts; their numbers of texts differ by one at
    most, and their numbers of utterances are close. Speakers are shared. Raises ProtocolError for fewer than two texts.
    """
    ids = _texts(corpus, "text_open")
    hands = dealt(Counter({t: len(x) for t, x in ids.items()}), min(groups, len(ids)))
    parts = [[x for t in hand for x in ids[t]] for hand in hands]
    return [
        fold(corpus, f"texts{k + 1}", part, parts[(k + 1) % len(parts)] if len(parts) > 2 else ())
        for k, part in enumerate(parts)
    ]


def speaker_text_open(corpus: Corpus) -> list[Fold]:
    """Leave speaker and texts out: the texts are dealt into two halves of close numbers of utterances; a fold tests a
    speaker on one half, develops on the next speaker in the sorted cycle on the other half and trains on the other
    speakers on the other half. Folds are named ``<speaker>-texts<half>``.

    Each utterance is tested once. Where a speaker says nothing of a half, there is no fold. Raises ProtocolError for
    fewer than three speakers or two texts.
    """
    ids_of = _texts(corpus, "speaker_text_open")
    speakers = list(corpus.speakers)
    if len(speakers) < 3:
        raise ProtocolError(
            f"speaker_text_open needs at least 3 speakers (one to test, one to develop on, one to train on), but "
            f"{where(corpus)} has {len(speakers)} ({few(speakers)})."
        )
    weights = Counter({t: len(x) for t, x in ids_of.items()})
    halves = [{x for t in hand for x in ids_of[t]} for hand in dealt(weights, 2)]
    ids = {s: set(x) for s, x in ids_by(corpus, lambda u: u.speaker).items()}
    folds = []
    for i, speaker in enumerate(speakers):
        dev = ids[speakers[(i + 1) % len(speakers)]]
        for half, (own, other) in enumerate((halves, halves[::-1]), start=1):
            if ids[speaker] & own:
                among = other - ids[speaker]
                folds.append(fold(corpus, f"{speaker}-texts{half}", ids[speaker] & own, dev & other, among=among))
    return folds


def _texts(corpus: Corpus, protocol: str) -> dict[str, list[str]]:
    """Ids by text, if there are two."""
    said = texts(corpus)
    ids = ids_by(corpus, lambda u: said.get(u.id, ""))
    ids.pop("", None)
    if len(ids) < 2:
        raise ProtocolError(
            f"{protocol} needs at least 2 texts (one to test, one to train on), but {where(corpus)} has "
            f"{len(ids)} ({few([repr(t) for t in ids])})."
        )
    return ids

"""Splits by chance, which mix speakers, and the one without a test part."""

from __future__ import annotations

from serkit.data.splits.parts import fold, shuffled, where
from serkit.errors import ProtocolError
from serkit.types import Corpus, Fold


def random_folds(corpus: Corpus, folds: int = 5) -> list[Fold]:
    """One shuffle of all utterances, cut into ``folds`` blocks whose sizes differ by one at most: a fold tests a block
    and trains on the others, without development; folds are named ``fold1`` and on.

    Speakers are in training and in test alike. Raises ProtocolError for fewer utterances than folds.
    """
    order = shuffled((u.id for u in corpus.utterances), "random_folds")
    if len(order) < folds:
        raise ProtocolError(
            f"random_{folds}fold needs at least {folds} utterances (one for each fold), but {where(corpus)} has "
            f"{len(order)}."
        )
    cuts = [len(order) * k // folds for k in range(folds + 1)]
    return [fold(corpus, f"fold{k + 1}", order[cuts[k] : cuts[k + 1]]) for k in range(folds)]


def all_data(corpus: Corpus) -> list[Fold]:
    """One fold, ``all``, that trains on every utterance: for a final model, without development, test and score."""
    return [fold(corpus, "all", ())]

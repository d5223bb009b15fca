"""What splitters share: folds from sets of ids, tables of ids by a value, and an order that chance gave once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable

from serkit.types import Corpus, Fold, Utterance


def fold(
    corpus: Corpus, name: str, test: Collection[str], dev: Collection[str] = (), *, among: Collection[str] | None = None
) -> Fold:
    """The fold that tests ``test``, develops on ``dev`` and trains on everything else, or on the rest of ``among``."""
    taken = {*test, *dev}
    rest = {u.id for u in corpus.utterances} if among is None else set(among)
    return Fold(name=name, train=tuple(sorted(rest - taken)), dev=tuple(sorted(dev)), test=tuple(sorted(test)))


def ids_by(corpus: Corpus, value: Callable[[Utterance], str]) -> dict[str, list[str]]:
    """Ids of the utterances of each value, values sorted."""
    table: dict[str, list[str]] = {}
    for u in corpus.utterances:
        table.setdefault(value(u), []).append(u.id)
    return {key: table[key] for key in sorted(table)}


def shuffled(ids: Iterable[str], *key: str) -> list[str]:
    """The ids in a random order that depends on ``key`` and the ids alone.

    They are sorted by a hash, not dealt by a generator: the order is the same on every machine and under every version
    of NumPy, and leaving out an id leaves the others where they were.
    """
    start = "\n".join(("serkit", *key, "")).encode()
    return sorted(ids, key=lambda x: (hashlib.sha256(start + x.encode()).digest(), x))


def dealt(weights: Counter[str], groups: int) -> list[list[str]]:
    """Names in ``groups`` sorted groups whose sizes differ by one at most and whose sums of weights are close.

    The heaviest names are dealt first, one to each group a round, the heaviest of a round to the group that is lightest
    so far.
    """
    names = sorted(weights, key=lambda n: (-weights[n], n))
    hands: list[list[str]] = [[] for _ in range(groups)]
    for start in range(0, len(names), groups):
        order = sorted(range(groups), key=lambda g: (sum(weights[n] for n in hands[g]), g))
        for group, name in zip(order, names[start : start + groups], strict=False):
            hands[group].append(name)
    return [sorted(hand) for hand in hands]


def where(corpus: Corpus) -> str:
    """The corpus in words, for errors."""
    return f"{corpus.name} at {corpus.root}"

"""Splits of corpora that were pooled; ``extra["corpus"]`` says which corpus an utterance is of."""

from __future__ import annotations

from serkit.data.corpus import few
from serkit.data.splits.parts import fold, ids_by, where
from serkit.errors import ProtocolError
from serkit.types import Corpus, Fold, Utterance


def cross_corpus(corpus: Corpus) -> list[Fold]:
    """A fold a corpus, named after it: tested on all of that corpus, trained on the others.

    Development are, of each training corpus with two or more speakers, the last fifth of its sorted speakers (rounded
    down, at least one), women and men in turn as far as there are both. Raises ProtocolError for fewer than two
    corpora.
    """
    ids = _by_corpus(corpus, "cross_corpus")
    if len(ids) < 2:
        raise ProtocolError(
            f"cross_corpus needs at least 2 corpora (one to test, one to train on), but {where(corpus)} has {len(ids)} "
            f"({few(list(ids))}); pool corpora, e.g. --dataset emodb+ravdess."
        )
    chosen = {(name, s) for name, sexes in _speakers(corpus).items() for s in _last_fifth(sexes)}
    dev = {u.id for u in corpus.utterances if (u.extra["corpus"], u.speaker) in chosen}
    return [fold(corpus, name, test, dev - set(test)) for name, test in ids.items()]


def pooled_speakers(corpus: Corpus, groups: int = 5) -> list[Fold]:
    """Groups of speakers with a share of every corpus: a fold tests one group, develops on the next and trains on the
    others; folds are named ``group1`` and on.

    Corpus by corpus, sorted women, then men, then those of unknown sex are dealt round the groups without a break, so
    that the speakers of a corpus in any two groups differ by one at most, and those of all corpora as well. Raises
    ProtocolError for fewer speakers than ``groups``, or fewer than three groups.
    """
    _by_corpus(corpus, "pooled_speakers")
    order = [s for sexes in _speakers(corpus).values() for s in sorted(sexes, key=lambda s: (_RANK[sexes[s]], s))]
    order = list(dict.fromkeys(order))  # a manifest may say that a person is in two corpora
    if groups < 3 or len(order) < groups:
        raise ProtocolError(
            f"pooled_speakers needs at least {max(3, groups)} speakers (one for each of {groups} groups, and a group "
            f"each to test, develop and train on), but {where(corpus)} has {len(order)} ({few(order)}); choose "
            "cross_corpus."
        )
    ids = ids_by(corpus, lambda u: u.speaker)
    hands = [[x for s in order[g::groups] for x in ids[s]] for g in range(groups)]
    return [fold(corpus, f"group{g + 1}", hands[g], hands[(g + 1) % groups]) for g in range(groups)]


_RANK = {"f": 0, "m": 1, None: 2}


def _by_corpus(corpus: Corpus, protocol: str) -> dict[str, list[str]]:
    def name(u: Utterance) -> str:
        if not u.extra.get("corpus"):
            raise ProtocolError(
                f"{protocol} needs to know the corpus of every utterance, but {where(corpus)} does not say that of "
                f"{u.id}; pool corpora, e.g. --dataset emodb+ravdess, or fill the column 'corpus' of a manifest."
            )
        return u.extra["corpus"]

    return ids_by(corpus, name)


def _speakers(corpus: Corpus) -> dict[str, dict[str, str | None]]:
    """Corpus, speaker, sex; corpora and speakers sorted. Sex is None where the corpus says none, or both."""
    said: dict[str, dict[str, set[str]]] = {}
    for u in corpus.utterances:
        said.setdefault(u.extra["corpus"], {}).setdefault(u.speaker, set()).update({u.sex} if u.sex else ())
    return {
        name: {s: next(iter(sexes)) if len(sexes := said[name][s]) == 1 else None for s in sorted(said[name])}
        for name in sorted(said)
    }


def _last_fifth(speakers: dict[str, str | None]) -> list[str]:
    wanted = max(1, len(speakers) // 5) if len(speakers) > 1 else 0
    left = sorted(speakers, reverse=True)
    chosen: list[str] = []
    while len(chosen) < wanted:
        before = speakers[chosen[-1]] if chosen else None
        other = [s for s in left if speakers[s] != before] if before else left
        chosen.append((other or left)[0])
        left.remove(chosen[-1])
    return chosen

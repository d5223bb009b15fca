"""Splits that test a group of speakers at a time, ours or EmoBox's, and EmoBox's lists of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from serkit.data.corpus import few
from serkit.data.splits.parts import fold, ids_by, shuffled, where
from serkit.errors import ProtocolError
from serkit.types import Corpus, Fold


def actor_groups(corpus: Corpus, groups: int) -> list[Fold]:
    """Sex-balanced groups of speakers: a fold tests one group, develops on the next and trains on the others; folds are
    named ``group1`` and on.

    Sorted women, then sorted men, are dealt round the groups without a break, so that neither the number of women nor
    of men nor of both differs by more than one between groups. Raises ProtocolError for fewer speakers than ``groups``,
    or fewer than three groups, and for a speaker whose sex is not known or is said in two ways.
    """
    sexes: dict[str, set[str]] = {}
    for u in corpus.utterances:
        sexes.setdefault(u.speaker, set()).add(u.sex or "")
    sexes.pop("", None)
    for speaker in sorted(sexes):
        if sexes[speaker] not in ({"f"}, {"m"}):
            said = " and ".join(repr(s) for s in sorted(sexes[speaker]))
            raise ProtocolError(
                f"actor_groups needs the sex (f or m) of every speaker, but {where(corpus)} says {said} of speaker "
                f"{speaker}; correct it, or choose loso_next."
            )
    if groups < 3 or len(sexes) < groups:
        raise ProtocolError(
            f"actor_groups needs at least {max(3, groups)} speakers (one for each of {groups} groups, and a group each "
            f"to test, develop and train on), but {where(corpus)} has {len(sexes)} ({few(sorted(sexes))}); choose "
            "loso_next."
        )
    order = sorted(sexes, key=lambda s: (sexes[s] != {"f"}, s))
    ids = ids_by(corpus, lambda u: u.speaker)
    dealt = [[x for s in order[g::groups] for x in ids[s]] for g in range(groups)]
    return [fold(corpus, f"group{g + 1}", dealt[g], dealt[(g + 1) % groups]) for g in range(groups)]


def emobox_speakers(corpus: Corpus, groups: Sequence[Sequence[str]]) -> list[Fold]:
    """EmoBox's folds for a corpus whose test parts are groups of speakers; fold ``fold<k>`` is EmoBox's number k.

    Names of speakers are compared without regard to case. Development is a fifth of each class of the training part, by
    chance (EmoBox publishes none). Groups of which nobody is present are left out. Raises ProtocolError for a speaker
    in no group, and if only one group is present.
    """
    of = {speaker.casefold(): k for k, group in enumerate(groups) for speaker in group}
    strangers = [s for s in corpus.speakers if s.casefold() not in of]
    if strangers:
        raise ProtocolError(
            f"emobox has no test fold for speaker {few(strangers)} of {where(corpus)}; its speakers are "
            f"{few([s for group in groups for s in group], 30)}."
        )
    return _emobox(corpus, {u.id: f"fold{of[u.speaker.casefold()] + 1}" for u in corpus.utterances}, "speaker groups")


def emobox_sessions(corpus: Corpus) -> list[Fold]:
    """EmoBox's folds of IEMOCAP: a fold tests a session and is named after it; development is a fifth of each class of
    the training part, by chance. Raises ProtocolError for fewer than two sessions."""
    return _emobox(corpus, {u.id: u.session or "" for u in corpus.utterances}, "sessions")


def emobox_listed(corpus: Corpus, folds: Mapping[str, str]) -> list[Fold]:
    """EmoBox's folds for a corpus whose test parts it lists file by file: ``folds`` maps each id to a fold's name.

    Development is a fifth of each class of the training part, by chance. Folds of which no file is present are left
    out. Raises ProtocolError for an utterance that is not listed, and if only one fold is present.
    """
    strangers = sorted(u.id for u in corpus.utterances if u.id not in folds)
    if strangers:
        raise ProtocolError(
            f"emobox lists {len(folds)} files of {corpus.name}, and {len(strangers)} of those in {corpus.root} are not "
            f"among them ({few(strangers, 3)}); choose the subset that it lists, or another protocol."
        )
    return _emobox(corpus, {u.id: folds[u.id] for u in corpus.utterances}, "folds")


def _emobox(corpus: Corpus, place: Mapping[str, str], what: str) -> list[Fold]:
    tests = ids_by(corpus, lambda u: place[u.id])
    if len(tests) < 2:
        raise ProtocolError(
            f"emobox needs at least 2 of its {what} (one to test, one to train on), but {where(corpus)} has "
            f"{len(tests)} ({few(list(tests))})."
        )
    labels = {u.id: u.label for u in corpus.utterances}
    folds = []
    for name, test in tests.items():
        rest = sorted(set(labels) - set(test))
        dev = [
            x
            for label in sorted(set(labels.values()))
            for x in _fifth(shuffled([i for i in rest if labels[i] == label], "emobox", name))
        ]
        folds.append(fold(corpus, name, test, dev))
    return folds


def _fifth(ids: Sequence[str]) -> Sequence[str]:
    """The first fifth, rounded: nothing of fewer than three."""
    return ids[: (2 * len(ids) + 5) // 10]

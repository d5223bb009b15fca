"""Splits that test one speaker, or one session, at a time."""

from __future__ import annotations

from collections.abc import Sequence

from serkit.data.corpus import few
from serkit.data.splits.parts import fold, ids_by, where
from serkit.errors import ProtocolError
from serkit.types import Corpus, Fold


def loso(corpus: Corpus) -> list[Fold]:
    """Leave one speaker out: a fold tests speaker s and trains on all others, without development; it is named after s.

    Raises ProtocolError for fewer than two speakers.
    """
    speakers = _speakers(corpus, "loso", 2, "one to test and one to train on")
    return [fold(corpus, s, ids) for s, ids in speakers.items()]


def loso_next(corpus: Corpus, test_speakers: Sequence[str] = ()) -> list[Fold]:
    """Leave one speaker out: a fold tests speaker s, develops on the next speaker in the sorted cycle and trains on all
    others; the fold is named after s. ``test_speakers`` limits the folds to these (empty: every speaker).

    Raises ProtocolError for fewer than three speakers or a test speaker that the corpus lacks.
    """
    ids = _speakers(corpus, "loso_next", 3, "one to test, one to develop on, one to train on")
    speakers = list(ids)
    lacking = sorted(set(test_speakers) - set(speakers))
    if lacking:
        raise ProtocolError(
            f"loso_next is to test speaker {', '.join(lacking)}, but {where(corpus)} has only {', '.join(speakers)}."
        )
    return [
        fold(corpus, s, ids[s], ids[speakers[(i + 1) % len(speakers)]])
        for i, s in enumerate(speakers)
        if not test_speakers or s in test_speakers
    ]


def loso_partner(corpus: Corpus) -> list[Fold]:
    """Leave one session out: a fold tests one of its two speakers, develops on the other and trains on all other
    sessions; it is named after the tested speaker.

    Raises ProtocolError if there are fewer than two sessions, a session has other than two speakers, or a speaker is in
    two sessions.
    """
    return [found for _, found in _partners(corpus, "loso_partner")]


def session_swap(corpus: Corpus) -> list[Fold]:
    """The folds of ``loso_partner``, named session by session: ``<session>-<tested speaker>``."""
    return [
        Fold(name=f"{session}-{found.name}", train=found.train, dev=found.dev, test=found.test)
        for session, found in _partners(corpus, "session_swap")
    ]


def loso_session(corpus: Corpus) -> list[Fold]:
    """Leave one session out: a fold tests session k, develops on the first speaker (sorted) of the next session in the
    sorted cycle, and trains on all others, the partner of the development speaker among them; it is named after k.

    Raises ProtocolError if there are fewer than two sessions, a speaker is in two of them, or nobody is left to train
    on.
    """
    sessions = _sessions(corpus, "loso_session")
    by_session, ids = ids_by(corpus, lambda u: u.session or ""), ids_by(corpus, lambda u: u.speaker)
    names, folds = list(sessions), []
    for i, session in enumerate(names):
        dev = sessions[names[(i + 1) % len(names)]][0]
        found = fold(corpus, session, by_session[session], ids[dev])
        if not found.train:
            raise ProtocolError(
                f"loso_session tests session {session} and develops on speaker {dev}, but {where(corpus)} has nobody "
                "else to train on; it needs two speakers a session, or three sessions."
            )
        folds.append(found)
    return folds


def _speakers(corpus: Corpus, protocol: str, least: int, what_for: str) -> dict[str, list[str]]:
    """Ids by speaker, if there are ``least``."""
    ids = ids_by(corpus, lambda u: u.speaker)
    ids.pop("", None)
    if len(ids) < least:
        raise ProtocolError(
            f"{protocol} needs at least {least} speakers ({what_for}), "
            f"but {where(corpus)} has {len(ids)} ({few(list(ids))})."
        )
    return ids


def _sessions(corpus: Corpus, protocol: str) -> dict[str, list[str]]:
    """Sorted speakers of each session, sessions sorted; each speaker is in one session only."""
    pairs = sorted({(u.session or "", u.speaker) for u in corpus.utterances if u.speaker})
    of: dict[str, str] = {}
    sessions: dict[str, list[str]] = {}
    for session, speaker in pairs:
        if not session:
            raise ProtocolError(
                f"{protocol} needs the session of every utterance, but {where(corpus)} has some of speaker {speaker} "
                "without; say it of each, or choose a protocol that goes by speakers (loso, loso_next)."
            )
        if of.setdefault(speaker, session) != session:
            raise ProtocolError(
                f"{protocol} needs each speaker in one session only, but in {where(corpus)} speaker {speaker} is in "
                f"{of[speaker]} and in {session}; choose a protocol that goes by speakers (loso, loso_next)."
            )
        sessions.setdefault(session, []).append(speaker)
    if len(sessions) < 2:
        raise ProtocolError(
            f"{protocol} needs at least 2 sessions (one to test, one to train on), but {where(corpus)} has "
            f"{len(sessions)} ({few(list(sessions))})."
        )
    return sessions


def _partners(corpus: Corpus, protocol: str) -> list[tuple[str, Fold]]:
    """Each session twice, with the fold that tests one of its speakers and develops on the other."""
    sessions, ids = _sessions(corpus, protocol), ids_by(corpus, lambda u: u.speaker)
    folds = []
    for session, speakers in sessions.items():
        if len(speakers) != 2:
            raise ProtocolError(
                f"{protocol} needs two speakers in every session (one to test, the other to develop on), but session "
                f"{session} of {where(corpus)} has {len(speakers)} ({few(speakers)})."
            )
        for test, dev in (speakers, speakers[::-1]):
            folds.append((session, fold(corpus, test, ids[test], ids[dev])))
    return folds

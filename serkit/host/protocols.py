"""The protocols that any corpus may offer, as data: a dataset's spec lists those that apply to it.

A constant is a protocol that is the same for every corpus; a function makes the one of a corpus that needs a number.
"""

from __future__ import annotations

from serkit.host.specs import ProtocolSpec

_SPLITS = "serkit.data.splits"

LOSO = ProtocolSpec(
    name="loso",
    version=1,
    summary="A fold a speaker: tested on the speaker, trained on all others, no development part.",
    splitter=f"{_SPLITS}.speakers:loso",
)

LOSO_NEXT = ProtocolSpec(
    name="loso_next",
    version=1,
    summary="A fold a speaker: tested on the speaker, developed on the next one in the cycle, trained on the others.",
    splitter=f"{_SPLITS}.speakers:loso_next",
)

LOSO_PARTNER = ProtocolSpec(
    name="loso_partner",
    version=1,
    summary="A fold a speaker: tested on the speaker, developed on the other one of the session, trained on the other "
    "sessions (the published code of Chen 2018).",
    splitter=f"{_SPLITS}.speakers:loso_partner",
)

SESSION_SWAP = ProtocolSpec(
    name="session_swap",
    version=1,
    summary="Session by session, one speaker tested and the other developed on, then the other way round (Ho 2020): "
    "the folds of loso_partner.",
    splitter=f"{_SPLITS}.speakers:session_swap",
)

LOSO_SESSION = ProtocolSpec(
    name="loso_session",
    version=1,
    summary="A fold a session: tested on the session, developed on the first speaker of the next one, trained on the "
    "others.",
    splitter=f"{_SPLITS}.speakers:loso_session",
    guarantees=("speaker", "session"),
    dev_guarantees=("speaker",),
)

RANDOM_5FOLD = ProtocolSpec(
    name="random_5fold",
    version=1,
    summary="Speaker-dependent: all utterances shuffled once and cut into five test parts, no development part.",
    splitter=f"{_SPLITS}.chance:random_folds",
    options={"folds": 5},
    guarantees=(),
)

ALL_DATA = ProtocolSpec(
    name="all_data",
    version=1,
    summary="No score: a final model is trained on every utterance, for `serkit predict`.",
    splitter=f"{_SPLITS}.chance:all_data",
    guarantees=(),
    scored=False,
)

CROSS_CORPUS = ProtocolSpec(
    name="cross_corpus",
    version=1,
    summary="A fold a corpus of the pool: tested on all of it, trained on the others, developed on a fifth of their "
    "speakers.",
    splitter=f"{_SPLITS}.pooled:cross_corpus",
    guarantees=("speaker", "audio"),
)

POOLED_SPEAKERS = ProtocolSpec(
    name="pooled_speakers",
    version=1,
    summary="Five groups of speakers, each with its share of every corpus of the pool: one tested, the next developed "
    "on, the others trained on.",
    splitter=f"{_SPLITS}.pooled:pooled_speakers",
    options={"groups": 5},
    guarantees=("speaker", "audio"),
)

SPEAKER_TEXT_OPEN = ProtocolSpec(
    name="speaker_text_open",
    version=1,
    summary="Two folds a speaker: tested on the speaker saying half of the texts, developed on the next speaker and "
    "trained on the others saying the other half.",
    splitter=f"{_SPLITS}.texts:speaker_text_open",
    guarantees=("speaker", "text"),
    dev_guarantees=("speaker",),
)

GIVEN_SPLIT = ProtocolSpec(
    name="given_split",
    version=1,
    summary="The parts that the column 'split' gives (train, dev, test); what they share is measured, not promised.",
    splitter=f"{_SPLITS}.given:given_split",
    guarantees=(),
)

GIVEN_FOLDS = ProtocolSpec(
    name="given_folds",
    version=1,
    summary="The folds that the column 'fold' gives, each tested once and developed on the next (none of two folds); "
    "what they share is measured, not promised.",
    splitter=f"{_SPLITS}.given:given_folds",
    guarantees=(),
)

_EMOBOX_DEV = "developed on a random fifth of the training utterances of each class (speakers shared)"

EMOBOX_IEMOCAP = ProtocolSpec(
    name="emobox",
    version=1,
    summary=f"The folds of EmoBox (Ma et al. 2024): a session tested, {_EMOBOX_DEV}.",
    splitter=f"{_SPLITS}.groups:emobox_sessions",
    guarantees=("speaker", "session"),
    dev_guarantees=(),
)


def emobox_speakers(*groups: tuple[str, ...]) -> ProtocolSpec:
    """EmoBox's folds for a corpus whose test parts are ``groups`` of speakers, in EmoBox's order."""
    return ProtocolSpec(
        name="emobox",
        version=1,
        summary=f"The folds of EmoBox (Ma et al. 2024): {len(groups)} groups of speakers tested, {_EMOBOX_DEV}.",
        splitter=f"{_SPLITS}.groups:emobox_speakers",
        options={"groups": groups},
        dev_guarantees=(),
    )


EMOBOX_RAVDESS = emobox_speakers(
    ("01", "11", "20", "21"),
    ("04", "10", "12", "14"),
    ("08", "09", "19", "23"),
    ("03", "05", "07", "24"),
    ("02", "15", "16", "18"),
    ("06", "13", "17", "22"),
)
EMOBOX_CASIA = emobox_speakers(("wangzhe",), ("zhaozuoxiang",), ("liuchanhg",), ("zhaoquanyin",))
EMOBOX_SAVEE = emobox_speakers(("JE",), ("KL",), ("DC",), ("JK",))


def actor_groups(groups: int) -> ProtocolSpec:
    """Sex-balanced groups of speakers, three or more: each tested once, the next developed on."""
    return ProtocolSpec(
        name="actor_groups",
        version=1,
        summary=f"{groups} sex-balanced groups of speakers: one tested, the next developed on, the others trained on.",
        splitter=f"{_SPLITS}.groups:actor_groups",
        options={"groups": groups},
    )


def text_open(groups: int) -> ProtocolSpec:
    """Groups of texts, two or more: each tested once, the next developed on where there are three."""
    dev = "the next developed on, the others" if groups > 2 else "the other"
    return ProtocolSpec(
        name="text_open",
        version=1,
        summary=f"{groups} groups of texts: one tested, {dev} trained on; speakers are shared.",
        splitter=f"{_SPLITS}.texts:text_open",
        options={"groups": groups},
        guarantees=("text",),
    )

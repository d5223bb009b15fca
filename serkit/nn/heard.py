"""Which emotional corpora are known to be among the training data of published encoders.

Facts from model cards and papers, with their places in ``docs/ssl.md``. A model that is not here may have heard a
corpus all the same: its makers may not have said, or web data may hold it.
"""

from __future__ import annotations

EMOBOX = ("casia", "crema-d", "emodb", "iemocap", "meld", "mead", "msp-podcast", "ravdess", "savee", "tess")
EMO_262 = ("iemocap", "meld", "cmu-mosei", "mead", "msp-podcast")

HEARD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("emotion2vec_plus", (*EMOBOX, "cmu-mosei")),
    ("emotion2vec", EMO_262),
    ("ft-emotion-msp-dim", ("msp-podcast",)),
    ("superb-er", ("iemocap",)),
    ("emotion-recognition-wav2vec2-iemocap", ("iemocap",)),
    ("wav2vec2-lg-xlsr-en-speech-emotion-recognition", ("ravdess",)),
    ("wav2vec-english-speech-emotion-recognition", ("ravdess", "savee", "tess")),
)
"""Part of a model's name in lower case, and corpora by SerKit's names; the first part that is found counts."""


def heard(*names: str) -> tuple[str, ...]:
    """Corpora that a model which goes by any of ``names`` is known to have been trained on, pre-training included."""
    known = " ".join(names).lower()
    return next((corpora for part, corpora in HEARD if part in known), ())

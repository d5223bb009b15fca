"""A speech corpus without recordings: a source-filter synthesiser that knows the truth about what it says.

``utterance`` makes one utterance with its true F0, formants, voicing and timing; ``corpus_plan`` and ``write`` make
the corpus ``demo`` of it; ``bayes_accuracy`` says how well its emotions can be told apart at all. See
``docs/demo-corpus.md``.
"""

from serkit.data.synth.corpus import VERSION, Row, corpus_plan, write
from serkit.data.synth.phones import PHONES, SENTENCES, Phone, Segment
from serkit.data.synth.population import (
    BEST_ACCURACY,
    DIMENSIONS,
    EMOTIONS,
    LABELS,
    SPEAKERS,
    SPREAD,
    BestAccuracy,
    Emotion,
    Parameters,
    Speaker,
    bayes_accuracy,
    log_likelihood,
    means,
)
from serkit.data.synth.speech import FRAME_S, SAMPLE_RATE, SEED, Synthesised, is_voiced, utterance

__all__ = [
    "BEST_ACCURACY",
    "DIMENSIONS",
    "EMOTIONS",
    "FRAME_S",
    "LABELS",
    "PHONES",
    "SAMPLE_RATE",
    "SEED",
    "SENTENCES",
    "SPEAKERS",
    "SPREAD",
    "VERSION",
    "BestAccuracy",
    "Emotion",
    "Parameters",
    "Phone",
    "Row",
    "Segment",
    "Speaker",
    "Synthesised",
    "bayes_accuracy",
    "corpus_plan",
    "is_voiced",
    "log_likelihood",
    "means",
    "utterance",
    "write",
]

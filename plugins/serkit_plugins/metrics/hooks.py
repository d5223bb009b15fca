"""The metrics that SerKit ships, as data. The code is in ``classification.py``."""

from __future__ import annotations

from serkit.host import hookimpl
from serkit.host.specs import MetricSpec

_HERE = "serkit_plugins.metrics.classification"


@hookimpl
def serkit_metrics() -> list[MetricSpec]:
    """Recall and accuracy a fold and pooled; F1 only pooled, since a fold may lack a class."""
    return [
        MetricSpec(
            name="uar",
            summary="Unweighted average recall: the mean of the recalls of the classes present in the truth.",
            target=f"{_HERE}:uar",
            citation="Schuller, Steidl, Batliner: The INTERSPEECH 2009 Emotion Challenge. Interspeech 2009.",
            license="Apache-2.0",
        ),
        MetricSpec(
            name="war",
            summary="Weighted average recall: the share of utterances classified correctly (accuracy).",
            target=f"{_HERE}:war",
            citation="Schuller, Steidl, Batliner: The INTERSPEECH 2009 Emotion Challenge. Interspeech 2009.",
            license="Apache-2.0",
        ),
        MetricSpec(
            name="f1_macro",
            summary="Mean F1 of the classes that are true or predicted at least once; pooled only.",
            target=f"{_HERE}:f1_macro",
            license="Apache-2.0",
            per_fold=False,
        ),
        MetricSpec(
            name="f1_weighted",
            summary="Mean F1 of the classes weighted by their number of utterances; pooled only.",
            target=f"{_HERE}:f1_weighted",
            license="Apache-2.0",
            per_fold=False,
        ),
    ]

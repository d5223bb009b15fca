"""The metrics that SerKit ships, as data; a summary is the definition that reports print.

The literature swaps names: Gans 2020 calls accuracy "unweighted" and the mean of recalls "weighted". The aliases here
follow the majority (EmoBox, audmetric, the INTERSPEECH challenges): UA is UAR and WA is WAR.
"""

from __future__ import annotations

from serkit.host import hookimpl
from serkit.host.specs import MetricSpec

_CLASSES = "serkit_plugins.metrics.classification"
_POSTERIORS = "serkit_plugins.metrics.posteriors"
_REFERENCES = "serkit_plugins.metrics.references"
_CHALLENGE = "Schuller, Steidl, Batliner: The INTERSPEECH 2009 Emotion Challenge. Interspeech 2009."


@hookimpl
def serkit_metrics() -> list[MetricSpec]:
    """Recall and accuracy a fold and pooled; the rest only pooled, since a fold may lack a class or hold too little."""
    return [
        MetricSpec(
            name="uar",
            summary="Unweighted average recall: the mean of the recalls of the classes present in the truth.",
            target=f"{_CLASSES}:uar",
            reference=f"{_REFERENCES}:uar",
            citation=_CHALLENGE,
            license="Apache-2.0",
            aliases=("ua", "uac", "balanced_accuracy", "recall_macro", "macro_recall"),
        ),
        MetricSpec(
            name="war",
            summary="Weighted average recall: the share of utterances classified correctly (accuracy).",
            target=f"{_CLASSES}:war",
            reference=f"{_REFERENCES}:war",
            citation=_CHALLENGE,
            license="Apache-2.0",
            aliases=("wa", "accuracy", "recall_weighted", "weighted_recall", "f1_micro", "micro_f1"),
        ),
        _pooled("precision_macro", "Mean precision of the classes; one that is never predicted counts 0."),
        _pooled("precision_weighted", "Mean precision of the classes weighted by their number of utterances."),
        _pooled("f1_macro", "Mean F1 of the classes that are true or predicted at least once."),
        _pooled("f1_weighted", "Mean F1 of the classes weighted by their number of utterances."),
        _pooled("f05_macro", "Mean F0.5 (precision counts twice as much as recall) of the classes, as F1."),
        _pooled("f05_weighted", "Mean F0.5 of the classes weighted by their number of utterances."),
        MetricSpec(
            name="auc_macro",
            summary="Mean over classes of the area under the ROC curve of the class against the rest.",
            target=f"{_POSTERIORS}:auc_macro",
            reference=f"{_REFERENCES}:auc_macro",
            citation="Fawcett: An introduction to ROC analysis. Pattern Recognition Letters 27, 2006.",
            license="Apache-2.0",
            per_fold=False,
        ),
        MetricSpec(
            name="auc_micro",
            summary="Area under the one ROC curve of all decisions whether an utterance is of a class.",
            target=f"{_POSTERIORS}:auc_micro",
            reference=f"{_REFERENCES}:auc_micro",
            citation="Fawcett: An introduction to ROC analysis. Pattern Recognition Letters 27, 2006.",
            license="Apache-2.0",
            per_fold=False,
        ),
        MetricSpec(
            name="ece",
            summary="Expected calibration error: mean gap of confidence and accuracy in 15 equal bins; 0 is best.",
            target=f"{_POSTERIORS}:ece",
            reference=f"{_REFERENCES}:ece",
            citation="Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks. ICML 2017.",
            license="Apache-2.0",
            aliases=("expected_calibration_error",),
            per_fold=False,
            higher_is_better=False,
        ),
    ]


def _pooled(name: str, summary: str) -> MetricSpec:
    """A score of the confusion matrix that a fold without one of the classes would distort."""
    score, _, average = name.partition("_")
    return MetricSpec(
        name=name,
        summary=summary,
        target=f"{_CLASSES}:{name}",
        reference=f"{_REFERENCES}:{name}",
        license="Apache-2.0",
        aliases=(f"{average}_{score}",),
        per_fold=False,
    )

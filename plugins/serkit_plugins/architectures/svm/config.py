"""Settings of ``ser-svm``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt


@dataclass(frozen=True, kw_only=True)
class SvmConfig:
    """The support vector machine and what comes before it; ``serkit.nn.SupportVectorClassifier`` defines each setting.

    ``scaling`` is the z-score of every functional: over the training set, or over each speaker's own utterances without
    their labels, which needs a protocol of the information level ``speaker-unlabelled``. ``clip`` limits what comes out
    of it, in deviations (0: no limit). ``gamma`` is for the kernel ``rbf``.
    """

    kernel: Literal["linear", "rbf"] = "linear"
    c: Annotated[float, Gt(0)] = 10.0
    gamma: Annotated[float, Gt(0)] = 0.2
    clip: Annotated[float, Ge(0)] = 2.0
    vote: Literal["soft", "hard"] = "soft"
    scaling: Literal["training", "speaker"] = "training"


# Chosen by inner leave-one-speaker-out; docs/ser-svm.md lists what was tried.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "speaker": {"architecture": {"scaling": "speaker"}},
}

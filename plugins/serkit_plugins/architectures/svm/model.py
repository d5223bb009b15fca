"""Functionals of low-level descriptors, z-score, support vector machine."""

from __future__ import annotations

from typing import ClassVar

from serkit.nn import Architecture, SpeakerZScore, SupportVectorClassifier, ZScore
from serkit.types import FoldContext, Input, Training
from serkit_plugins.architectures.svm.config import SvmConfig


class SerSvm(Architecture):
    """The plugin: one row of ``speech-functionals`` an utterance, or of any feature that gives one row."""

    config: SvmConfig
    inputs: ClassVar = {"x": Input("speech-functionals")}
    # the one setting of the training loop that an estimator sees: classes count alike, as in UAR
    training = Training(class_weights="balanced")
    reads_training = ("class_weights", "oversample")
    deterministic = True

    def __init__(self, config: SvmConfig) -> None:
        super().__init__(config)
        self.transforms = {"x": SpeakerZScore if config.scaling == "speaker" else ZScore}

    def build(self, fold: FoldContext) -> SupportVectorClassifier:
        """A new machine for the fold's classes."""
        wanted = self.config
        return SupportVectorClassifier(
            fold.n_classes, kernel=wanted.kernel, c=wanted.c, gamma=wanted.gamma, clip=wanted.clip, vote=wanted.vote
        )

"""Experiment one of He, Ren and He: functionals of descriptors and an SVM."""

from __future__ import annotations

from collections.abc import Mapping

from serkit.nn import Architecture, SupportVectorClassifier
from serkit.types import FoldContext, Input
from serkit_plugins.architectures.he.config import HeSvmConfig


class HeSvm(Architecture):
    """The plugin: functionals, z-scored over training speech, and LIBSVM's C-SVC with an RBF kernel, one against one.

    The normalisation by neutral speech is left out: what it does to functionals the z-score takes out again.
    """

    config: HeSvmConfig
    after_transforms = ("c", "gamma")
    reads_training = ("class_weights", "oversample")
    deterministic = True
    inputs: Mapping[str, Input] = {"x": Input("he-functionals")}

    def build(self, fold: FoldContext) -> SupportVectorClassifier:
        """A new classifier for the fold's classes."""
        return SupportVectorClassifier(
            fold.n_classes, kernel="rbf", c=self.config.c, gamma=self.config.gamma, vote="hard"
        )

"""The architectures that SerKit ships."""

from __future__ import annotations

from serkit.host import ArchitectureSpec, hookimpl
from serkit_plugins.architectures.acrnn.config import PRESETS as ACRNN
from serkit_plugins.architectures.svm.config import PRESETS as SVM


@hookimpl
def serkit_architectures() -> list[ArchitectureSpec]:
    """Data only: nothing here imports torch."""
    return [
        ArchitectureSpec(
            name="acrnn",
            summary="3-D ACRNN: convolutions over log-Mel with deltas, BLSTM, attention pooling",
            target="serkit_plugins.architectures.acrnn.model:Acrnn",
            config="serkit_plugins.architectures.acrnn.config:AcrnnConfig",
            citation="Chen, He, Yang, Zhang, IEEE Signal Processing Letters 25(10), 2018",
            license="Apache-2.0",
            presets=ACRNN,
            default_preset="small",
            paper_preset="paper",
        ),
        ArchitectureSpec(
            name="ser-svm",
            summary="Classical baseline: 5,540 functionals of our own descriptors, linear support vector machine",
            target="serkit_plugins.architectures.svm.model:SerSvm",
            config="serkit_plugins.architectures.svm.config:SvmConfig",
            citation="SerKit's own; C. Cortes, V. Vapnik, Machine Learning 20, 1995 (the machine)",
            license="Apache-2.0",
            presets=SVM,
        ),
    ]

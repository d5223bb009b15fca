"""The architectures that SerKit ships."""

from __future__ import annotations

from serkit.host import ArchitectureSpec, hookimpl
from serkit_plugins.architectures.acrnn.config import PRESETS as ACRNN


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
    ]

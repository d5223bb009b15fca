"""Features this distribution computes."""

from __future__ import annotations

from serkit.host.hookspecs import hookimpl
from serkit.host.specs import FeatureSpec


@hookimpl
def serkit_features() -> list[FeatureSpec]:
    return [
        FeatureSpec(
            name="log-mel",
            summary="Log-Mel bands with delta and delta-delta, [frames, bands, channels]",
            target="serkit.features:LogMel",
            options="serkit.features:LogMelOptions",
            citation="M. Chen, X. He, J. Yang, H. Zhang, IEEE SPL 25(10), 2018 (the defaults)",
            license="Apache-2.0",
        )
    ]

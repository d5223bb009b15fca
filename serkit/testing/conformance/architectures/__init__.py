"""What every architecture must hold."""

from __future__ import annotations

from serkit.testing.conformance.architectures import (
    building,
    calls,
    devices,
    export,
    folds,
    masks,
    modes,
    output,
    seeds,
    settings,
    state,
    training,
)

CHECKS = (
    *settings.CHECKS,
    *building.CHECKS,
    *output.CHECKS,
    *modes.CHECKS,
    *calls.CHECKS,
    *masks.CHECKS,
    *seeds.CHECKS,
    *training.CHECKS,
    *state.CHECKS,
    *folds.CHECKS,
    *devices.CHECKS,
    *export.CHECKS,
)
"""In the order in which they are run: what others rest on comes first."""

"""What every architecture must hold."""

from __future__ import annotations

from serkit.testing.conformance.architectures import building, calls, devices, masks, modes, output

CHECKS = (
    *building.CHECKS,
    *output.CHECKS,
    *modes.CHECKS,
    *calls.CHECKS,
    *masks.CHECKS,
    *devices.CHECKS,
)
"""In the order in which they are run: what others rest on comes first."""

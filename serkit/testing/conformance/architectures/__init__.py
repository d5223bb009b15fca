"""What every architecture must hold."""

from __future__ import annotations

from serkit.testing.conformance.architectures import building, masks

CHECKS = (*building.CHECKS, *masks.CHECKS)
"""In the order in which they are run: what others rest on comes first."""

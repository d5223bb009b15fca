"""What every feature must hold."""

from __future__ import annotations

from serkit.testing.conformance.check import Check

CHECKS: tuple[Check, ...] = ()

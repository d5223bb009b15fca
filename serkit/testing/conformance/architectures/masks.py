"""Whether padding and other samples of the batch are kept out of a sample's result."""

from __future__ import annotations

from serkit.testing.conformance.check import Check

CHECKS: tuple[Check, ...] = ()

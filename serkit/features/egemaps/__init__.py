"""The 88 functionals of eGeMAPS, computed from our own descriptors; docs/egemaps.md has each with its unit."""

from __future__ import annotations

from serkit.features.egemaps.extractor import Egemaps, EgemapsOptions

__all__ = ["Egemaps", "EgemapsOptions"]

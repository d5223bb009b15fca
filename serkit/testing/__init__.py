"""What SerKit's tests use and plugin authors reuse: the conformance kit, its fixtures, made corpora and encoders."""

from __future__ import annotations

from serkit.testing.conformance import check_plugin, parametrize_with_checks

__all__ = ["check_plugin", "parametrize_with_checks"]

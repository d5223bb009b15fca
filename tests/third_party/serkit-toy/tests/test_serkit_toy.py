"""The tests that a plugin's authors need: the kit, on everything that the package brings."""

from __future__ import annotations

from serkit.testing import parametrize_with_checks


@parametrize_with_checks(["toy-mean", "toy-tones", "error-rate"])
def test_conforms(plugin, check):
    check(plugin)

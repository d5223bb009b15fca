"""The conformance kit: what every plugin must hold, each property one check that names what broke it.

``serkit plugin check NAME`` runs it on the command line; in pytest::

    from serkit.testing import parametrize_with_checks

    @parametrize_with_checks(["my-model"])
    def test_conforms(plugin, check):
        check(plugin)
"""

from __future__ import annotations

from serkit.testing.conformance.check import Check, Failure, NotApplicable
from serkit.testing.conformance.parametrize import parametrize_with_checks
from serkit.testing.conformance.report import Report, Result
from serkit.testing.conformance.runner import check_plugin, checks_of

__all__ = [
    "Check",
    "Failure",
    "NotApplicable",
    "Report",
    "Result",
    "check_plugin",
    "checks_of",
    "parametrize_with_checks",
]

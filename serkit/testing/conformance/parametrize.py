"""The kit in pytest, in the manner of scikit-learn's ``parametrize_with_checks``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serkit.errors import UnknownNameError, UserError
from serkit.host import Host, get_host
from serkit.testing.conformance.check import Check, Failure, NotApplicable
from serkit.testing.conformance.runner import CHECKED, checks_of, expected, pairs
from serkit.testing.conformance.subjects import Data, Subject, subjects
from serkit.testing.kinds import kind_among

if TYPE_CHECKING:
    import pytest

Reasons = Mapping[str, str]


def parametrize_with_checks(
    plugins: Sequence[str],
    *,
    kind: str = "",
    expected_failed_checks: Mapping[str, Reasons] | Callable[[str], Reasons] | None = None,
    sets: Mapping[str, Sequence[str]] | None = None,
    data: Mapping[str, str | Data] | None = None,
    host: Host | None = None,
) -> pytest.MarkDecorator:
    """Parametrise a test ``(plugin, check)``, whose body is ``check(plugin)``, with every check of each of ``plugins``.

    ``kind`` is needed only where plugins of several kinds share a name. ``expected_failed_checks`` maps a plugin's name
    (or is a function of it) to ``{"check_padding": reason}``, or of one preset ``{"check_padding[literal]": reason}``;
    they come on top of those that the plugin's spec declares. Such a test is a strict xfail: it fails when the check
    passes. ``sets`` are settings of a plugin (``{"ssl": ["features.x.folder='/models/wavlm'"]}``), ``data`` copies of
    corpora (``{"my-corpus": "/data/my-corpus"}``), or functions ``write(root)`` that make one in a folder. Raises
    SerkitError sentences for unknown names.
    """
    import pytest

    host, given_reasons = host or get_host(), expected_failed_checks
    if isinstance(plugins, str):  # it is a sequence, of letters
        raise UserError(f"parametrize_with_checks takes a list of names; write parametrize_with_checks([{plugins!r}]).")
    for what, mapping in (("expected_failed_checks", given_reasons), ("sets", sets), ("data", data)):
        for name in mapping if isinstance(mapping, Mapping) else ():
            if name not in plugins:  # what it says would be passed over
                raise UnknownNameError(f"plugin in this parametrize_with_checks (`{what}`)", name, plugins)
    params = []
    for name in plugins:
        found = kind_among(CHECKED, "checked", host, name, kind)
        checks = checks_of(found)
        given = given_reasons(name) if callable(given_reasons) else (given_reasons or {}).get(name)
        copy = (data or {}).get(name)
        chosen = subjects(
            host, found, name, sets=(sets or {}).get(name, ()), data=Path(copy) if isinstance(copy, str) else copy
        )
        reason = expected(chosen[0].spec, checks, given)
        for subject, check in pairs(chosen, checks):
            why = reason(subject, check)
            marks: list[Any] = [pytest.mark.xfail(strict=True, raises=Failure, reason=why)] if why else []
            params.append(pytest.param(subject, _skipping(check), id=f"{subject}-{check.name}", marks=marks))
    return pytest.mark.parametrize(("plugin", "check"), params)


def _skipping(check: Check) -> Callable[[Subject], None]:
    def run(plugin: Subject) -> None:
        import pytest

        __tracebackhide__ = True
        try:
            check(plugin)
        except NotApplicable as reason:
            pytest.skip(str(reason))

    run.__name__ = check.name  # for tests that treat one of them apart
    return run

"""Running checks: which there are for a kind, how each ends, and what a plugin declares about them."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from serkit.data.fetch import user_path
from serkit.data.progress import Progress, SilentProgress
from serkit.errors import CorpusError, PluginError, SerkitError, UnknownNameError, UserError, nearest
from serkit.host import ArchitectureSpec, Host, get_host
from serkit.host.discovery import describe
from serkit.host.specs import AnySpec, Kind
from serkit.testing.conformance.check import Check, Failure, NotApplicable
from serkit.testing.conformance.isolated import CHECKS as EVERY_KIND
from serkit.testing.conformance.report import Report, Result
from serkit.testing.conformance.subjects import Data, Subject, subjects
from serkit.testing.kinds import kind_among

CHECKED: tuple[Kind, ...] = ("architecture", "dataset", "feature", "metric")
"""Kinds that have checks; a recipe is checked when it is resolved."""


def checks_of(kind: Kind) -> tuple[Check, ...]:
    """The checks of a kind, in the order in which they are run."""
    from importlib import import_module

    family = {"architecture": "architectures", "dataset": "corpora", "feature": "features", "metric": "metrics"}
    checks: tuple[Check, ...] = import_module(f"serkit.testing.conformance.{family[kind]}").CHECKS
    return (*EVERY_KIND, *checks)


def pairs(chosen: Sequence[Subject], checks: Sequence[Check]) -> Iterator[tuple[Subject, Check]]:
    """Every check with every subject that it is asked of."""
    for number, subject in enumerate(chosen):  # the default preset is the first, or the first of those asked for
        yield from ((subject, c) for c in checks if not number or c.presets == "all")


def expected(
    spec: AnySpec, checks: Sequence[Check], more: Mapping[str, str] | None = None
) -> Callable[[Subject, Check], str]:
    """The reason why a check is expected to fail for a subject, by the spec and ``more``, or nothing.

    Raises UserError for a name that is no check or no preset of the plugin, and for a reason without words.
    """
    declared = {**spec.expected_failed_checks, **(more or {})}
    names = [c.name for c in checks]
    presets = list(spec.presets) if isinstance(spec, ArchitectureSpec) else []
    for key, why in declared.items():
        name, bracket, preset = key.partition("[")
        if name not in names:
            near = nearest(name, names)
            raise UserError(
                f"expected_failed_checks of the {spec.kind} {spec.name!r} names {key!r}, which is no check; "
                + (f"did you mean {near!r}?" if near else f"the checks are {', '.join(names)}.")
            )
        if bracket and preset not in [f"{p}]" for p in presets]:
            raise UserError(
                f"expected_failed_checks of the {spec.kind} {spec.name!r} has {key!r}, and there is no such preset."
            )
        if not isinstance(why, str) or not why.strip():
            raise UserError(
                f"expected_failed_checks of the {spec.kind} {spec.name!r} gives {why!r} as the reason for {key!r}; say "
                "in words why it fails."
            )
    return lambda subject, check: declared.get(f"{check.name}[{subject.preset}]") or declared.get(check.name, "")


def run_check(subject: Subject, check: Check, reason: str = "") -> Result:
    """How ``check`` ends for ``subject``; ``reason`` says why it is expected to fail, if it is.

    Any other exception than Failure and NotApplicable is a failure, expected or not.
    """
    started = time.perf_counter()
    found = {"check": check.name, "summary": check.summary, "preset": subject.preset}
    try:
        check(subject)
        status = "unexpected" if reason else "passed"
        found |= {"what": "It is declared to fail, and passed: take the declaration out."} if reason else {}
    except NotApplicable as skipped:
        status, reason = "skipped", str(skipped)
    except Failure as failure:
        status = "expected" if reason else "failed"
        found |= {"what": failure.what, "reproduce": failure.reproduce, "cause": failure.cause}
    except (Exception, SystemExit) as error:
        status = "failed"
        words = str(error) if isinstance(error, SerkitError) else describe(error)
        last = traceback.extract_tb(error.__traceback__)[-1]
        found |= {
            "what": f"The check could not end: {words.rstrip('.')}.",
            "reproduce": f"{last.filename}:{last.lineno} raised it.",
        }
    return Result(**found, status=status, reason=reason, seconds=time.perf_counter() - started)  # type: ignore[arg-type]


def check_plugin(
    name: str,
    *,
    kind: str = "",
    presets: Sequence[str] = (),
    sets: Sequence[str] = (),
    data: str | Data | None = None,
    only: Iterable[str] = (),
    host: Host | None = None,
    progress: Progress | None = None,
) -> Report:
    """Run every check (or ``only`` those named) of a plugin.

    ``presets`` are those of an architecture to be checked (all), ``sets`` settings over them, ``data`` a copy of the
    corpus of a dataset, or a function ``write(root)`` that makes one in a folder. Raises SerkitError where there is no
    such plugin, kind, preset, setting, check or copy.
    """
    host = host or get_host()
    found = kind_among(CHECKED, "checked", host, name, kind)
    checks = checks_of(found)
    names, wanted = [c.name for c in checks], list(only)
    for one in wanted:
        if one not in names:
            raise UnknownNameError(f"check of the kind {found}", one, names)
    chosen = subjects(host, found, name, presets=presets, sets=sets, data=_copy(data))
    for subject in chosen if sets else ():
        with suppress(PluginError):  # of the plugin, and found by checks
            subject.read_sets()
    registered = chosen[0].registered
    reason = expected(registered.spec, checks)
    asked = [(s, c) for s, c in pairs(chosen, checks) if not wanted or c.name in wanted]
    results = []
    progress = progress or SilentProgress()
    progress.start(len(asked), f"checking {name}")
    for subject, check in asked:
        results.append(run_check(subject, check, reason(subject, check)))
        progress.advance()
    return Report(
        kind=found,
        name=registered.spec.name,
        distribution=registered.distribution,
        version=registered.version,
        results=tuple(results),
    )


def _copy(data: str | Data | None) -> Data | None:
    if data is None or not isinstance(data, str | Path):
        return data
    path = user_path(data, "--data")
    if not path.exists():
        raise CorpusError(f"{path} given with --data does not exist; check the path.")
    return path

"""A plugin against a reference: contests of their work, and the rows that ``serkit plugin bench`` shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from serkit.data.progress import Progress, SilentProgress
from serkit.errors import PluginError, SerkitError, UnknownNameError, UserError
from serkit.host import ArchitectureSpec, Host, get_host
from serkit.host.specs import Kind
from serkit.testing.bench.contest import Contest, Entrant, hold, row
from serkit.testing.bench.measure import FULL, USUAL
from serkit.testing.kinds import kind_among

if TYPE_CHECKING:
    from serkit.testing.bench.works import FeatureWorks, Work

TIMED: tuple[Kind, ...] = ("architecture", "feature")
"""Kinds whose speed is the plugin's own: a dataset waits for its disk, a metric is over before a clock notices."""

REFERENCE: dict[Kind, str] = {"architecture": "acrnn", "feature": "log-mel"}
REFERENCE_PRESET = "small"
"""Taken of a reference that has one: it is there to be timed, not to be waited for."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The rows of a plugin by name (``"my-model[default] batch"``), and the work that it does not have, with the
    reason. A row is described in ``docs/plugins/benchmarks.md``."""

    kind: str
    name: str
    distribution: str
    version: str
    rows: dict[str, dict[str, Any]]
    skipped: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "schema": 1,
            "kind": self.kind,
            "name": self.name,
            "distribution": self.distribution,
            "version": self.version,
            "rows": self.rows,
            "skipped": self.skipped,
        }


def works_of(host: Host, name: str, kind: Kind, preset: str = "", sets: Sequence[str] = ()) -> FeatureWorks:
    """The work of a plugin; nothing of it is prepared yet. Raises UserError for an unknown preset."""
    from serkit.testing.bench.works import ArchitectureWorks, FeatureWorks

    if kind == "architecture":
        return ArchitectureWorks(host, name, preset, tuple(sets))
    if preset:
        raise UserError(f"The {kind} {name!r} has no presets; leave out the preset.")
    return FeatureWorks(host, name, tuple(sets))


def reference_of(host: Host, kind: Kind, name: str = "", preset: str = "") -> FeatureWorks:
    """The work of what a plugin of ``kind`` is compared with. Raises UserError for an unknown name or preset."""
    name = name or REFERENCE[kind]
    spec = host.get(kind, name).spec
    if not preset and isinstance(spec, ArchitectureSpec) and REFERENCE_PRESET in spec.presets:
        preset = REFERENCE_PRESET
    return works_of(host, name, kind, preset)


def make_contest(work: Work, mine: FeatureWorks, reference: FeatureWorks) -> Contest:
    """The contest of a plugin and its reference in a piece of work.

    A row has ``parameters``, ``trainable`` and ``multiply_adds`` besides (of a model), the peak memory of a call, and
    the reference's.
    """
    from serkit.testing.bench.memory import peak
    from serkit.testing.bench.works import work_of

    # a plugin may be compared with itself: the ratio then says what this machine's noise is
    other = reference.label if reference.label != mine.label else f"the same {reference.label}"
    works = {mine.label: mine, other: reference}
    calls: dict[str, Callable[[], Any]] = {}

    def make(name: str) -> Callable[[], Any]:
        calls[name] = works[name].prepare(work)
        return calls[name]

    def info(name: str, answer: Any) -> dict[str, Any]:
        cost = works[name].cost() if work != "features" else {}
        return {**cost, "peak_memory_bytes": peak(calls[name])[1]}

    return Contest(
        entrants={name: Entrant(partial(make, name)) for name in works},
        anchors=(other,),
        check=lambda name, answer: works[name].check(work, answer),
        work=work_of(work),
        info=info,
        own=mine.label,
    )


def checked_works(mine: FeatureWorks, chosen: Sequence[str]) -> list[Work]:
    """The pieces of work ``chosen`` of a plugin, or all that it has. Raises UserError for another."""
    for one in chosen:
        if one not in mine.works:
            raise UnknownNameError(f"work of the {mine.kind} {mine.name!r}", one, mine.works)
    return [w for w in mine.works if not chosen or w in chosen]


def bench_plugin(
    name: str,
    *,
    kind: str = "",
    preset: str = "",
    sets: Sequence[str] = (),
    compare: str = "",
    compare_preset: str = "",
    works: Sequence[str] = (),
    full: bool = False,
    host: Host | None = None,
    progress: Progress | None = None,
) -> Bench:
    """Time the work of a plugin (or only ``works``) in turns with a reference's, by default acrnn at preset small, or
    log-mel for a feature. ``full`` takes minutes and is for ratios to keep.

    Raises UserError for an unknown name, PluginError where the plugin or the reference fails or answers wrong.
    """
    host = host or get_host()
    found = kind_among(TIMED, "timed", host, name, kind)
    mine = works_of(host, name, found, preset, sets)
    reference = reference_of(host, found, compare, compare_preset)
    asked = checked_works(mine, works)
    rows: dict[str, dict[str, Any]] = {}
    skipped: dict[str, str] = {}
    progress = progress or SilentProgress()
    progress.start(len(asked), f"timing {mine.label}")
    for work in asked:
        outcome = hold(make_contest(work, mine, reference), [mine.label], plan=FULL if full else USUAL)
        for who, error in outcome.wrong.items():
            raise _sentence(mine, reference, who, error) from error
        absent = outcome.skipped.get(mine.label) or next(iter(outcome.skipped.values()), "")
        if absent:
            skipped[work] = absent
        else:
            made = row(outcome, mine.label, full)
            rows[f"{mine.label} {work}"] = {"group": work, **made, "reference": outcome.more[outcome.anchor]}
        progress.advance()
    registered = host.get(found, name)
    return Bench(
        kind=found,
        name=mine.name,
        distribution=registered.distribution,
        version=registered.version,
        rows=rows,
        skipped=skipped,
    )


def _sentence(mine: FeatureWorks, reference: FeatureWorks, who: str, error: BaseException) -> SerkitError:
    words = str(error) if isinstance(error, SerkitError) else f"{type(error).__name__}: {error}."
    if who != mine.label:
        return PluginError(f"The reference {reference.label} cannot be timed; choose another with --compare. {words}")
    return error if isinstance(error, SerkitError) else PluginError(f"The {mine.who} cannot be timed. {words}")

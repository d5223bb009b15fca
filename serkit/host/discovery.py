"""Loads one entry point at a time into a plugin of its own, and says in words why one could not be.

pluggy's own entry-point loader stops at the first failing import and silently skips a second distribution with the
same entry-point name; one implementation that raises kills the call for everyone. So every entry point gets its own
plugin manager: whatever one plugin does, the others never notice.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from serkit.host import hookspecs
from serkit.host.checks import SPEC_HOOKS, SPEC_TYPES, answer_fault, hook_fault, names, spec_fault
from serkit.host.specs import AnySpec, Kind

GROUP = "serkit"
OWN = "serkit"
"""Name of our distribution, whose plugins are always loaded and always win a name."""


@dataclass(slots=True)
class Plugin:
    """One loaded entry point: what it offers, or the ``reason`` why it is not used."""

    distribution: str
    version: str
    source: str
    reason: str = ""
    specs: list[AnySpec] = field(default_factory=list)
    manager: pluggy.PluginManager | None = None

    @property
    def own(self) -> bool:
        """Whether the plugin is ours."""
        return canonical(self.distribution) == OWN

    @property
    def label(self) -> str:
        """``distribution:entry``, the name pluggy knows the plugin by."""
        return f"{self.distribution}:{self.source}"


def canonical(distribution: str) -> str:
    """A distribution's name as package indexes compare it: ``My_Plugin`` is ``my-plugin``."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def installed() -> list[EntryPoint]:
    """The entry points of the group ``serkit`` of everything installed here."""
    return list(entry_points(group=GROUP))


def selection() -> set[str] | None:
    """Distributions that ``SERKIT_PLUGINS`` admits beside ours (empty: none), or None when it is unset: all."""
    value = os.environ.get("SERKIT_PLUGINS")
    return None if value is None else {canonical(n.strip()) for n in value.split(",") if n.strip()}


def load(point: EntryPoint) -> Plugin:
    """Import one entry point, check its hooks and collect its specs; a failure ends in ``Plugin.reason``.

    KeyboardInterrupt passes: it is the user's, not the plugin's.
    """
    distribution, version = whose(point)
    plugin = Plugin(distribution=distribution, version=version, source=point.name)
    try:
        code = point.load()
    except (Exception, SystemExit) as error:
        plugin.reason = f"importing {point.value} failed with {describe(error)}"
        return plugin
    try:
        plugin.manager, plugin.reason = _register(code, plugin.label)
    except (Exception, SystemExit) as error:  # attribute access on a stranger's object runs a stranger's code
        plugin.reason = f"its hooks cannot be registered: {describe(error)}"
    if not plugin.reason:
        _collect(plugin)
    return plugin


def whose(point: EntryPoint) -> tuple[str, str]:
    """Name and version of the distribution an entry point belongs to."""
    return (point.dist.name, point.dist.version) if point.dist is not None else ("unknown", "unknown")


def describe(error: BaseException) -> str:
    """``Type: text`` on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def hook_names() -> list[str]:
    """Names of all hooks, sorted."""
    return sorted(n for n in vars(hookspecs) if n.startswith("serkit_"))


def _register(code: Any, label: str) -> tuple[pluggy.PluginManager, str]:
    manager = pluggy.PluginManager("serkit")
    manager.add_hookspecs(hookspecs)
    known = hook_names()
    manager.register(code, name=label)
    callers = manager.get_hookcallers(code) or []
    for caller in callers:
        if not caller.has_spec():
            if all(i.optionalhook for i in caller.get_hookimpls()):
                continue  # the author says that the host may lack it
            return manager, hook_fault(caller.name, known)
        if any(i.wrapper or i.hookwrapper for i in caller.get_hookimpls()):
            return manager, f"{caller.name} is a wrapper, but the host calls each plugin alone; use a plain function"
    hooked = {c.name for c in callers}
    for name in dir(code):
        if name.startswith("serkit_") and name not in hooked and callable(getattr(code, name, None)):
            if name in known:
                return manager, f"{name} is not marked as a hook; put @serkit.host.hookimpl above it"
            return manager, hook_fault(name, known)
    if not callers:
        return manager, f"it implements none of the hooks {', '.join(known)}"
    return manager, ""


def _collect(plugin: Plugin) -> None:
    # All hooks are asked even after a fault, so that names of the broken plugin are known when a user asks for one.
    assert plugin.manager is not None
    for hook in SPEC_HOOKS:
        caller = getattr(plugin.manager.hook, hook)
        implementations = caller.get_hookimpls()
        if not implementations:
            continue
        try:
            answers = caller()
        except (Exception, SystemExit) as error:
            plugin.reason = plugin.reason or f"{hook} raised {describe(error)}"
            continue
        if len(answers) < len(implementations):  # pluggy drops None
            answers.append(None)
        for answer in answers:
            try:
                fault = answer_fault(hook, answer)
            except Exception as error:  # a spec may be a subclass with code of its own
                fault = f"{hook} returned a spec that cannot be checked: {describe(error)}"
            plugin.reason = plugin.reason or fault or ""
            plugin.specs += _sound(hook, answer) if fault else answer


def _sound(hook: str, answer: object) -> list[AnySpec]:
    """The specs of a refused answer that are refused for their host_api or for their neighbours alone."""
    found: list[AnySpec] = []
    for spec in answer if isinstance(answer, list) else ():
        with suppress(Exception):  # a spec may be a subclass with code of its own
            if isinstance(spec, SPEC_TYPES[SPEC_HOOKS[hook]]) and not spec_fault(spec):
                found.append(spec)
    return found


def quarantine_clashes(plugins: Iterable[Plugin]) -> None:
    """Give a reason to every plugin whose names another has: ours keep theirs, of strangers both go.

    Strangers are first compared with ours, then those that are left with one another, so that a plugin is never
    blamed for a clash with one that is out anyway.
    """
    plugins = list(plugins)
    ours: dict[tuple[Kind, str], Plugin] = {}
    for plugin in plugins:
        if plugin.own and not plugin.reason:
            _claim(plugin, ours)
    for plugin in plugins:
        if not plugin.own and not plugin.reason:
            _compare(plugin, ours)
    owners: dict[tuple[Kind, str], list[Plugin]] = {}
    for plugin in plugins:
        if not plugin.own and not plugin.reason:
            for key in _keys(plugin):
                owners.setdefault(key, []).append(plugin)
    for key, claimants in owners.items():
        for plugin in claimants:
            others = [p for p in claimants if p is not plugin]
            if others:
                plugin.reason = plugin.reason or _clash(key, others[0], plugin)


def keys_of(spec: AnySpec) -> list[tuple[Kind, str]]:
    """Kind and name, for the name of a spec and each of its aliases: what must be unique."""
    return [(spec.kind, name) for name in names(spec)]  # type: ignore[misc]  # the class variable is a plain str


def _keys(plugin: Plugin) -> list[tuple[Kind, str]]:
    return [key for spec in plugin.specs for key in keys_of(spec)]


def _claim(plugin: Plugin, taken: dict[tuple[Kind, str], Plugin]) -> None:
    _compare(plugin, taken)
    if not plugin.reason:
        taken |= dict.fromkeys(_keys(plugin), plugin)


def _compare(plugin: Plugin, taken: dict[tuple[Kind, str], Plugin]) -> None:
    for key in _keys(plugin):
        other = taken.get(key)
        if other is not None:
            plugin.reason = _clash(key, other, plugin)
            return


def _clash(key: tuple[Kind, str], other: Plugin, plugin: Plugin) -> str:
    kind, name = key
    return (
        f"its {kind} {name!r} (distribution {plugin.distribution} {plugin.version}) has the name of the {kind} of "
        f"distribution {other.distribution} {other.version}; rename it or uninstall one of the two"
    )

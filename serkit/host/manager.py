"""The plugin host: which plugins there are, which are broken, and the one place that imports their code.

``get_host()`` is the host of this process. A host is made of data only; a plugin's heavy parts are imported by
``Host.load`` when that one thing is asked for.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module, resources
from importlib.metadata import EntryPoint
from typing import Any

from serkit.errors import PluginError, SerkitError, UnknownNameError
from serkit.host import discovery
from serkit.host.checks import KINDS, SPEC_HOOKS, references
from serkit.host.discovery import OWN, Plugin, canonical, describe, hook_names, keys_of, whose
from serkit.host.specs import AnySpec, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A usable spec and where it comes from. ``source`` is the name of the entry point."""

    spec: AnySpec
    distribution: str
    version: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A plugin that is not used, and why. ``names`` are the (kind, name) pairs it would offer, as far as known."""

    distribution: str
    version: str
    source: str
    reason: str
    names: tuple[tuple[Kind, str], ...] = ()

    def __str__(self) -> str:
        return f"plugin {self.source!r} of distribution {self.distribution} {self.version} is broken: {self.reason}"


class Host:
    """All plugins of this machine, ours and strangers', found through the entry points of the group ``serkit``.

    ``entry_points`` replaces those of the machine (for tests). ``SERKIT_PLUGINS`` chooses distributions: unset, all;
    empty, only ours; else those named, separated by commas. Ours are always loaded. No plugin can make this raise:
    one that fails is in ``broken``.
    """

    def __init__(self, entry_points: Iterable[EntryPoint] | None = None) -> None:
        points = discovery.installed() if entry_points is None else list(entry_points)
        chosen = discovery.selection()
        names = {canonical(whose(p)[0]) for p in points}
        admitted = [p for p in points if chosen is None or canonical(whose(p)[0]) in {OWN, *chosen}]
        self._plugins = [discovery.load(p) for p in admitted]
        discovery.quarantine_clashes(self._plugins)
        self._registered: dict[tuple[Kind, str], Registered] = {}
        for plugin in self._plugins:
            if not plugin.reason:
                for spec in plugin.specs:
                    self._registered |= dict.fromkeys(keys_of(spec), _registered(spec, plugin))
        self.broken: tuple[Broken, ...] = tuple(_broken(p) for p in self._plugins if p.reason)
        """Plugins that are not used, with the reason."""
        self.left_out: tuple[str, ...] = tuple(sorted(names - {OWN} - chosen)) if chosen is not None else ()
        """Installed distributions with plugins that ``SERKIT_PLUGINS`` does not name."""
        self.not_installed: tuple[str, ...] = tuple(sorted((chosen or set()) - names - {OWN}))
        """Distributions that ``SERKIT_PLUGINS`` names and that have no plugin here."""
        self.distributions: tuple[tuple[str, str], ...] = tuple(
            sorted({(p.distribution, p.version) for p in self._plugins})
        )
        """Name and version of every distribution that brings a plugin, broken ones included."""

    def specs(self, kind: Kind) -> list[Registered]:
        """All usable plugins of a kind, sorted by name; aliases add none."""
        found = (r for (k, name), r in self._registered.items() if k == kind and name == r.spec.name)
        return sorted(found, key=lambda r: r.spec.name)

    def find(self, name: str) -> list[Registered]:
        """The usable plugins called ``name`` or an alias of it, whatever their kind, in the order of the kinds.

        Raises as ``get`` does if there is none.
        """
        found = [self._registered[kind, name] for kind in KINDS if (kind, name) in self._registered]
        if not found:
            raise self._missing(KINDS, "plugin", name)
        return found

    def get(self, kind: Kind, name: str) -> Registered:
        """The plugin ``name`` of a kind; a metric also by one of its aliases.

        Raises PluginError if it belongs to a broken plugin, UnknownNameError (with the nearest name) if there is none.
        """
        if kind not in KINDS:
            raise UnknownNameError("kind of plugin", kind, KINDS)
        try:
            return self._registered[kind, name]
        except KeyError:
            raise self._missing((kind,), kind, name) from None

    def load(self, kind: Kind, name: str) -> Any:
        """Import and return what the spec of ``name`` targets: a class or function, for a recipe its text.

        Raises PluginError naming plugin, distribution, target and the original error; other plugins go on working. What
        our own code says of this machine (no compiled core, a wrong ``SERKIT_ISA``) passes as it is.
        """
        registered = self.get(kind, name)
        if kind == "recipe":
            return self.recipe_text(name)
        return _load(registered.spec.target, registered)

    def load_target(self, reference: str) -> Any:
        """Import ``"module:attribute"``; a failure is a PluginError, which names the plugin whose spec holds it."""
        return _load(reference, next((r for r in self._registered.values() if _holds(r.spec, reference)), None))

    def recipe_text(self, name: str) -> str:
        """The TOML text of a recipe; PluginError if its file is missing or not UTF-8."""
        registered = self.get("recipe", name)
        package, _, file = registered.spec.target.partition(":")
        try:
            return resources.files(package).joinpath(file).read_text(encoding="utf-8")
        except (Exception, SystemExit) as error:
            raise PluginError(_failure(registered.spec.target, registered, error)) from error

    def notify(self, hook: str, **arguments: Any) -> None:
        """Tell every observer of ``hook``, each alone; one that raises is named in a warning and stops nothing."""
        if hook not in hook_names() or hook in SPEC_HOOKS:
            raise ValueError(f"{hook!r} is not an observer hook.")
        for plugin in self._plugins:
            if plugin.reason or plugin.manager is None:
                continue
            try:
                getattr(plugin.manager.hook, hook)(**arguments)
            except (Exception, SystemExit) as error:
                warnings.warn(
                    f"The observer {hook} of plugin {plugin.source!r} of distribution {plugin.distribution} "
                    f"{plugin.version} failed with {describe(error)}; the run goes on.",
                    RuntimeWarning,
                    stacklevel=2,
                )

    def _missing(self, kinds: tuple[Kind, ...], what: str, name: str) -> PluginError | UnknownNameError:
        for broken in self.broken:
            if any((kind, name) in broken.names for kind in kinds):
                return PluginError(_ended(f"There is a {what} named {name!r}, but {broken}"))
        for broken in self.broken:
            # A plugin that never got as far as its specs may still be known by the name of its entry point or package.
            own_name = canonical(broken.distribution)
            if canonical(name) in {canonical(broken.source), own_name, own_name.removeprefix("serkit-")}:
                return PluginError(_ended(f"There is no usable {what} named {name!r}, and {broken}"))
        remedies = []
        if self.broken:
            remedies.append(
                f"Broken plugins may offer it: {_names(b.source for b in self.broken)} (see `serkit doctor`)."
            )
        if self.left_out:
            remedies.append(f"SERKIT_PLUGINS leaves out {_names(self.left_out)}.")
        allowed = {n for k, n in self._registered if k in kinds}
        look = "`serkit list` shows what there is." if len(kinds) > 1 else ""  # of all kinds they are some 150
        return UnknownNameError(what, name, allowed, " ".join(remedies), look=look)


@functools.cache
def get_host() -> Host:
    """The host of this process, made at the first call."""
    return Host()


def _registered(spec: AnySpec, plugin: Plugin) -> Registered:
    return Registered(spec=spec, distribution=plugin.distribution, version=plugin.version, source=plugin.source)


def _broken(plugin: Plugin) -> Broken:
    return Broken(
        distribution=plugin.distribution,
        version=plugin.version,
        source=plugin.source,
        reason=plugin.reason,
        names=tuple(key for s in plugin.specs for key in keys_of(s)),
    )


def _holds(spec: AnySpec, reference: str) -> bool:
    return reference in references(spec).values()


def _load(reference: str, registered: Registered | None) -> Any:
    module, _, attribute = reference.partition(":")
    try:
        if not attribute:
            raise ValueError("a target is 'module:attribute'")
        return functools.reduce(getattr, attribute.split("."), import_module(module))
    except (Exception, SystemExit) as error:
        if isinstance(error, SerkitError) and registered is not None and canonical(registered.distribution) == OWN:
            raise  # our own sentence about this machine (no compiled core, a wrong SERKIT_ISA), not the plugin's fault
        raise PluginError(_failure(reference, registered, error)) from error


def _failure(reference: str, registered: Registered | None, error: BaseException) -> str:
    if registered is None:
        return f"The target {reference!r} cannot be imported: {describe(error).removesuffix('.')}."
    r = registered
    return (
        f"The {r.spec.kind} {r.spec.name!r} of plugin {r.source!r} (distribution {r.distribution} {r.version}) cannot "
        f"be used, because its target {reference!r} failed with {describe(error).removesuffix('.')}."
    )


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names)))

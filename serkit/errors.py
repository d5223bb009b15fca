"""Errors that a user sees: one sentence that names the thing, what is allowed and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class SerkitError(Exception):
    """Base of every error SerKit raises on purpose; its text is shown as it is, without a traceback."""

    exit_code = 1


class UserError(SerkitError):
    """A mistake in what the user asked for; the command line ends with exit code 2."""

    exit_code = 2


class UnknownNameError(UserError):
    """A name (plugin, preset, protocol, fold, ...) that does not exist."""

    def __init__(self, kind: str, name: str, allowed: Iterable[str], remedy: str = "") -> None:
        names = sorted(allowed)
        near = nearest(name, names)
        hint = f"did you mean {near!r}?" if near else f"there is {', '.join(names) or 'none'}."
        super().__init__(f"There is no {kind} named {name!r}; {hint}" + (f" {remedy}" if remedy else ""))
        self.kind, self.name, self.nearest = kind, name, near


class ConfigError(UserError):
    """An unknown key or a value out of range in a recipe, a preset, ``--set`` or options."""


class AudioError(UserError):
    """Audio that is missing, empty, unreadable or not finite; the message names the file."""


class CorpusError(UserError):
    """A folder that does not hold the corpus it is said to hold."""


class ProtocolError(UserError):
    """A protocol that cannot split the given corpus."""


class RunFolderError(UserError):
    """A run folder that is not empty, not writable, damaged or of another recipe."""


class DownloadError(SerkitError):
    """A corpus that could not be fetched; the message says where to get it and where to put it."""


class LeakageError(SerkitError):
    """Test speakers, texts, sessions or audio that a protocol guarantees unseen were found in training."""


class PluginError(SerkitError):
    """A plugin that fails to import or breaks its contract; the message names it and its distribution."""


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """The allowed name most like ``name``, or None if none is near."""
    pool = {a.lower(): a for a in allowed}
    found = get_close_matches(name.lower(), list(pool), n=1, cutoff=0.6)
    return pool[found[0]] if found else None

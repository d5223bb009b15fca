"""Errors that a user sees: one sentence that names the thing, what is allowed and the remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches


class SerkitError(Exception):
    """Base of every error SerKit raises on purpose; its text is shown as it is, without a traceback."""

    exit_code = 1


class UserError(SerkitError):
    """A mistake in what the user asked for; the command line ends with exit code 2."""

    exit_code = 2


class UnknownNameError(UserError):
    """A name (plugin, preset, protocol, fold, ...) that does not exist. The message has the nearest of the ``allowed``
    names, or where none is near all of them, or ``look``: where a long list is to be found. ``every``: all anyway."""

    def __init__(
        self, kind: str, name: str, allowed: Iterable[str], remedy: str = "", *, every: bool = False, look: str = ""
    ) -> None:
        names = sorted(allowed)
        near = nearest(name, names)
        known = look or f"there is {', '.join(names) or 'none'}."
        hint = f"did you mean {near!r}?{f' T{known[1:]}' if every else ''}" if near else known
        super().__init__(f"There is no {kind} named {name!r}; {hint}" + (f" {remedy}" if remedy else ""))
        self.kind, self.name, self.nearest, self.remedy, self.look = kind, name, near, remedy, look


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


class StoppedError(SerkitError):
    """Ctrl-C in long work that can be continued; the message says how."""

    exit_code = 130  # 128 + SIGINT, as shells report it


@contextmanager
def blame(plugin: str, doing: str = "") -> Iterator[None]:
    """Turn whatever a plugin's own code raises into a PluginError: ``plugin`` are the words that name it and its
    distribution, ``doing`` what it was asked to do. SerKit's own errors and Ctrl-C pass."""
    try:
        yield
    except SerkitError:
        raise
    except (Exception, SystemExit) as error:  # SystemExit would end the process without a word
        where = f" in {doing}" if doing else ""
        if isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__:
            raise SerkitError(
                f"Memory ran out in {plugin}{where}; lower training.batch, or use a smaller model or a larger machine."
            ) from error
        text = " ".join(str(error).split())
        raise PluginError(
            f"The {plugin} failed{where} with {type(error).__name__}{': ' * bool(text)}{text.rstrip('.')}; repeat with "
            "--debug to see where, and tell its authors."
        ) from error


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """The allowed name most like ``name``, or None if none is near."""
    pool = {a.lower(): a for a in allowed}
    found = get_close_matches(name.lower(), list(pool), n=1, cutoff=0.6)
    return pool[found[0]] if found else None

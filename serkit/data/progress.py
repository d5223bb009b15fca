"""How long work tells a person how far it is: a bar with the time left on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Protocol, Self


class Progress(Protocol):
    """What long work reports to; safe to call from several threads.

    ``start`` begins a stage of ``total`` steps (0: unknown) and ends the one before; ``advance`` counts steps.
    Used as a context manager, it takes its bar away at the end.
    """

    def start(self, total: int, description: str) -> None:
        """Begin a stage of ``total`` steps (0: unknown), described in a few words."""

    def advance(self, n: int = 1) -> None:
        """Count ``n`` more steps as done."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class SilentProgress:
    """Shows nothing; the default of every library call."""

    def start(self, total: int, description: str) -> None:
        """Show nothing."""

    def advance(self, n: int = 1) -> None:
        """Show nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class RichProgress:
    """A bar on stderr with the share done and the time left; draws only when stderr is a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self._bars = Progress(
            *columns,
            console=console,
            transient=True,
            disable=not console.is_terminal,
            redirect_stdout=sys.stdout.isatty(),  # what goes to a file must not be drawn above the bar instead
        )
        self._task: Any = None

    def start(self, total: int, description: str) -> None:
        """Replace the bar by one for ``total`` steps (0: unknown)."""
        self._bars.start()
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(description, total=total or None)

    def advance(self, n: int = 1) -> None:
        """Move the bar by ``n`` steps; nothing before the first ``start``."""
        if self._task is not None:
            self._bars.advance(self._task, n)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()


def make_progress() -> Progress:
    """A bar if stderr is a terminal, else one that shows nothing (and does not import rich)."""
    return RichProgress() if sys.stderr.isatty() else SilentProgress()

"""Progress draws on a terminal and nowhere else."""

from __future__ import annotations

import io
import sys

import pytest

from serkit.data.progress import RichProgress, SilentProgress, make_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def work(progress: RichProgress | SilentProgress) -> None:
    with progress:
        progress.advance()  # before the first stage: nothing to count
        progress.start(3, "first stage")
        progress.advance(2)
        progress.start(0, "second stage")
        progress.advance()


def test_a_terminal_sees_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    progress = make_progress()
    assert isinstance(progress, RichProgress)
    work(progress)
    assert "second stage" in stderr.getvalue()


def test_nothing_is_drawn_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert isinstance(make_progress(), SilentProgress)
    work(RichProgress())
    work(SilentProgress())
    assert stderr.getvalue() == ""

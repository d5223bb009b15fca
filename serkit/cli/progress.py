"""What a person sees while a run is under way."""

from __future__ import annotations

import sys
import time
from itertools import pairwise
from statistics import median
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from serkit.data import progress as data_progress
from serkit.run.events import Events, about
from serkit.run.report.facts import count

ESTIMATE_AFTER = 12
"""Batches before the estimate of the whole run. The median of their times is taken: the first ones also pay for
choosing kernels and for fresh memory."""


class TerminalEvents(Events):
    """Lines on standard output (standard error where that is for JSON), a bar on standard error if it is a terminal."""

    def __init__(self, quiet_stdout: bool = False) -> None:
        # file names and plugins' words are text: no markup, no emoji codes
        self.lines = Console(stderr=quiet_stdout, highlight=False, soft_wrap=True, emoji=False)
        self.folds = self.epochs = self.folds_done = 0
        self.searching = False  # then `folds` counts trainings, several a fold
        self.bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
            transient=True,
            # what goes to a file or a pipe must not be caught and drawn above the bar instead
            redirect_stdout=sys.stdout.isatty(),
        )
        self.task: TaskID | None = None
        self.marks: list[float] = []
        """When each of the first batches was done."""

    def __enter__(self) -> TerminalEvents:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def note(self, text: str) -> None:
        self.lines.print(text, markup=False)

    def progress(self) -> data_progress.Progress:
        return data_progress.make_progress()

    def training_started(self, folds: int, epochs: int, candidates: int = 1) -> None:
        self.folds, self.epochs, self.searching = folds * candidates, epochs, candidates > 1
        self.folds_done, self.marks = 0, []
        if self.task is not None:  # a sweep makes several runs
            self.bar.remove_task(self.task)
        self.bar.start()
        self.task = self.bar.add_task("training", total=self.folds * epochs)

    def batch_done(self, fold: str, epoch: int, step: int, steps: int, loss: float) -> None:
        if len(self.marks) < ESTIMATE_AFTER:
            self.marks.append(time.perf_counter())
            if len(self.marks) == ESTIMATE_AFTER:
                self._estimate(steps)
        self._advance(fold, epoch, step / steps)

    def _estimate(self, steps: int) -> None:
        whole = median(b - a for a, b in pairwise(self.marks)) * steps * self.epochs * self.folds
        what = count(self.folds, "training" if self.searching else "fold")
        self.note(
            f"About {about(whole)} for {what} of at most {count(self.epochs, 'epoch')} of "
            f"{count(steps, 'batch', 'batches')}, by the first batches."
        )

    def _advance(self, fold: str, epoch: int, share: float) -> None:
        if self.task is not None:
            done = self.folds_done * self.epochs + epoch - 1 + share
            self.bar.update(self.task, completed=done, description=f"fold {fold}, epoch {epoch}/{self.epochs}")

    def candidate_done(self, fold: str, seed: int, words: str) -> None:
        self.searching = True
        self._trained(words)

    def fold_done(self, fold: str, seed: int, words: str) -> None:
        if self.searching:  # its candidates are counted
            self.note(words)
        else:
            self._trained(words)

    def _trained(self, words: str) -> None:
        self.folds_done += 1
        if self.task is not None:
            self.bar.update(self.task, completed=self.folds_done * self.epochs)
        self.note(words)

"""What a run tells whoever watches it. The library is silent; the command line draws."""

from __future__ import annotations

from serkit.data.progress import Progress, SilentProgress


class Events:
    """Every method does nothing; override what you want to see."""

    def note(self, text: str) -> None:
        """One sentence about the run (preset, leakage, an estimate of the time)."""

    def progress(self) -> Progress:
        """A progress bar for work that is counted (files read, audio hashed)."""
        return SilentProgress()

    def training_started(self, folds: int, epochs: int, candidates: int = 1) -> None:
        """``folds`` folds (over all seeds) of at most ``epochs`` epochs are about to be trained, each of them
        ``candidates`` times where a search chooses among so many."""

    def batch_done(self, fold: str, epoch: int, step: int, steps: int, loss: float) -> None:
        """Step ``step`` of ``steps`` in this epoch is done."""

    def epoch_done(self, fold: str, epoch: int, loss: float, dev_uar: float | None) -> None:
        """An epoch (counted from 1) is done."""

    def candidate_done(self, fold: str, seed: int, words: str) -> None:
        """A candidate of a search is trained and scored on development; ``words`` is its line."""

    def fold_done(self, fold: str, seed: int, words: str) -> None:
        """A fold is done; ``words`` is its line."""


def about(seconds: float) -> str:
    """An estimate in words: ``40 s``, ``12 min``, ``3.5 h``, ``9 days``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"

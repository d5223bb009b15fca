"""What a check is, and the two ways in which it ends early."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal


class Failure(AssertionError):
    """A plugin does not hold what a check asks.

    ``what`` was found, in one sentence with figures; ``reproduce`` is the smallest input that shows it; ``cause`` is
    what usually leads to it, with the remedy.
    """

    def __init__(self, what: str, *, reproduce: str, cause: str) -> None:
        reproduce = reproduce.removesuffix(".")  # a line of code is to be pasted
        super().__init__(f"{what}\nTo reproduce: {reproduce}\nLikely cause: {cause}")
        self.what, self.reproduce, self.cause = what, reproduce, cause


class NotApplicable(Exception):
    """A check has nothing to ask of this plugin, or cannot ask it here; the sentence says why."""


@dataclass(frozen=True)
class Check:
    """One property of a plugin. ``run`` takes a subject (``serkit.testing.conformance.subjects``), returns nothing, and
    raises Failure or NotApplicable; its first line of documentation says what must hold.

    ``presets="default"``: asked of an architecture's default preset only, since it is slow or says the same of all.
    """

    run: Callable[[Any], None]
    presets: Literal["all", "default"] = "all"

    @property
    def name(self) -> str:
        """Name of the function, e.g. ``check_padding``."""
        return self.run.__name__

    @property
    def summary(self) -> str:
        """What must hold."""
        return (self.run.__doc__ or "").strip().splitlines()[0]

    def __call__(self, subject: Any) -> None:
        self.run(subject)

"""What a check is, and the two ways in which it ends early."""

from __future__ import annotations

import sys
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
        """Run it. What a plugin changes of torch is put back, so that no other plugin is blamed for it."""
        before = torch_settings()
        try:
            self.run(subject)
        finally:
            _restore(before)


def torch_settings() -> dict[str, Any]:
    """What holds for all code of the process, where torch is loaded."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return {}
    return {
        "default dtype": torch.get_default_dtype(),
        "number of threads": torch.get_num_threads(),
        "gradient mode": torch.is_grad_enabled(),
        "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
    }


def _restore(before: dict[str, Any]) -> None:
    if before and torch_settings() != before:
        torch: Any = sys.modules["torch"]
        dtype, threads, gradients, deterministic = before.values()
        torch.set_default_dtype(dtype)
        torch.set_num_threads(threads)
        torch.set_grad_enabled(gradients)
        torch.use_deterministic_algorithms(deterministic)

"""The global generators of random numbers, which a plugin may neither draw from nor seed: others draw from them too."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from serkit.testing.conformance.check import Failure


def generators() -> dict[str, Any]:
    """Where the global generators of NumPy, Python and torch (if it is loaded) are, by name; equal where none was drawn
    from."""
    numpy: Any = np.random.get_state()  # noqa: NPY002  # the generator that a plugin must leave alone
    found = {"NumPy": (numpy[1].tobytes(), *numpy[2:]), "Python": random.getstate()}
    torch = sys.modules.get("torch")
    return found if torch is None else {"torch": torch.get_rng_state().numpy().tobytes(), **found}


def moved(before: Mapping[str, Any]) -> list[str]:
    """Names of the global generators that are not where ``generators()`` found them."""
    now = generators()
    return [name for name, state in before.items() if state != now[name]]


@contextmanager
def kept_generators() -> Iterator[None]:
    """The global generators are afterwards where they were, and each is a draw on inside: what sets the same seed at
    every call would else find them where it left them."""
    numpy, python = np.random.get_state(), random.getstate()  # noqa: NPY002
    torch = sys.modules.get("torch")
    state = None if torch is None else torch.get_rng_state()
    try:
        np.random.random_sample()  # noqa: NPY002
        random.random()
        if torch is not None:
            torch.rand(1)
        yield
    finally:
        np.random.set_state(numpy)  # noqa: NPY002
        random.setstate(python)
        if torch is not None:
            torch.set_rng_state(state)


@contextmanager
def untouched(what: str, *, reproduce: str, cause: str, but: str = "") -> Iterator[None]:
    """Raise Failure if ``what`` is done inside moves a global generator, other than ``but``; all are put back."""
    with kept_generators():
        before = generators()
        yield
        drawn = [name for name in moved(before) if name != but]
    if drawn:
        raise Failure(
            f"{what} moves the global generator of {' and '.join(drawn)}.",
            reproduce=f"{reproduce}, the generator's state before and after.",
            cause=cause,
        )

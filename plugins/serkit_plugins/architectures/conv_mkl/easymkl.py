"""EasyMKL: weights of many kernels for one problem of two classes, and the classifier on their sum.

F. Aiolli, M. Donini, "EasyMKL: a scalable multiple kernel learning algorithm", Neurocomputing 169, 2015. Written from
the paper's equations.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from serkit.errors import UserError

Doubles = NDArray[np.float64]

TOLERANCE = 1e-6
"""Of the duality gap, relative to the objective: six digits of a margin are more than a decision needs."""
MOST_STEPS = 20_000


def nearest_hulls(kernel: Doubles, signs: Doubles, trade: float) -> Doubles:
    """The distribution ``[N]`` over the samples of either class that minimises

        (1 - trade) g' Y K Y g + trade g' g,    g >= 0, sum of g over each class = 1

    (the paper's problem for a fixed kernel): the nearest points of the two convex hulls for ``trade`` near 0, the means
    of the classes at 1. ``kernel`` is positive semi-definite ``[N, N]``, ``signs`` +1 or -1 ``[N]``, both present.

    Accelerated projected gradients with restarts; ends when the Frank-Wolfe gap proves that the objective is within
    ``TOLERANCE`` of its minimum. Raises UserError if that takes more than ``MOST_STEPS`` steps.
    """
    sides = [np.flatnonzero(signs > 0), np.flatnonzero(signs < 0)]
    g = np.zeros(len(signs))
    for side in sides:
        g[side] = 1.0 / len(side)

    def gradient(x: Doubles) -> Doubles:
        return np.asarray(2.0 * ((1.0 - trade) * signs * (kernel @ (signs * x)) + trade * x))

    # the steepest direction, a little overestimated: power iteration comes from below
    steep = 2.2 * ((1.0 - trade) * _largest_eigenvalue(kernel) + trade)
    ahead, momentum = g.copy(), 1.0
    for step in range(MOST_STEPS):
        slope = gradient(ahead)
        new = ahead - slope / steep
        for side in sides:
            new[side] = _onto_simplex(new[side])
        if (ahead - new) @ (new - g) > 0:  # the momentum points uphill (O'Donoghue and Candes 2015)
            momentum = 1.0
        following = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * momentum * momentum))
        ahead = new + (momentum - 1.0) / following * (new - g)
        g, momentum = new, following
        if step % 10 == 0:  # a look costs as much as a step
            here = gradient(g)
            gap = here @ g - sum(here[side].min() for side in sides)
            if gap <= TOLERANCE * max(0.5 * (here @ g), 1e-12):  # half of the slope along g is the objective
                return g
    raise UserError(
        f"EasyMKL did not converge in {MOST_STEPS} steps at architecture.trade={trade:g}; raise it (0.1 is usual)."
    )


def easy_weights(kernels: Sequence[Doubles], signs: Doubles, trade: float) -> Doubles:
    """Weights ``[R]`` of the kernels, each ``[N, N]``, at least 0, of sum 1: how far apart each one holds the two
    classes, ``g' Y K_r Y g`` at the solution g for the sum of all (the paper's closed form). Kernels should be of one
    scale."""
    total = np.zeros_like(kernels[0])
    for kernel in kernels:
        total += kernel
    g = signs * nearest_hulls(total, signs, trade)
    distances = np.array([max(g @ k @ g, 0.0) for k in kernels])
    if not distances.any():  # no kernel tells the classes apart
        return np.full(len(kernels), 1.0 / len(kernels))
    return np.asarray(distances / distances.sum())


def _onto_simplex(x: Doubles) -> Doubles:
    """The nearest point of ``{p >= 0, sum p = 1}``."""
    falling = np.sort(x)[::-1]
    above = np.cumsum(falling) - 1.0
    count = np.arange(1, len(x) + 1)
    last = np.flatnonzero(falling - above / count > 0)[-1]
    return np.maximum(x - above[last] / count[last], 0.0)


def _largest_eigenvalue(kernel: Doubles) -> float:
    """By power iteration from a vector of ones and a little of everything else."""
    x = 1.0 + 1e-3 * np.cos(np.arange(len(kernel)))
    value = 0.0
    for _ in range(50):
        x = kernel @ x
        value = float(np.linalg.norm(x))
        if value == 0:
            return 0.0
        x /= value
    return value

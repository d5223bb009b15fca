"""Rising and falling parts of a contour in NumPy float64.

GeMAPS (Eyben et al., IEEE Trans. Affective Computing 7(2), 2016, section 3) takes mean and deviation of the slopes of
rising and falling parts, and counts peaks, without saying how small a turn counts. Here a turn counts when the contour
moves away from it by more than a share of its range, the usual rule for turning points of noisy series.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SHARE = 0.1
"""Share of the contour's range that it must move away from a turn; with it peaks and slopes follow eGeMAPSv02's."""


def turns(contour: Array) -> list[tuple[int, int]]:
    """Turning points ``(frame, kind)`` of a contour ``[n]``, kind 1 for a peak and -1 for a valley, which alternate.

    The first frame is none: nothing came before it. Of equal values the first counts.
    """
    if not len(contour):
        return []
    least = SHARE * float(contour.max() - contour.min())
    found: list[tuple[int, int]] = []
    top = bottom = 0  # where the contour was highest and lowest since the last turn
    heading = 0
    for i in range(1, len(contour)):
        top = i if contour[i] > contour[top] else top
        bottom = i if contour[i] < contour[bottom] else bottom
        if heading >= 0 and contour[top] - contour[i] > least:
            if top > 0:
                found.append((top, 1))
            heading, top, bottom = -1, i, i
        elif heading <= 0 and contour[i] - contour[bottom] > least:
            if bottom > 0:
                found.append((bottom, -1))
            heading, top, bottom = 1, i, i
    return found


def turn_functionals(contour: npt.NDArray[np.floating]) -> Array:
    """Mean and population deviation of the slopes of rising parts, of falling parts, and number of peaks, ``[5]``.

    Parts lie between turns, before the first and after the last. A slope is the difference of a part's ends over its
    frames; falling ones count as positive. 0 where there is no such part.
    """
    x = np.asarray(contour, dtype=np.float64)
    found = turns(x)
    ends = [0, *(i for i, _ in found), len(x) - 1]
    slopes = np.array([(x[b] - x[a]) / (b - a) for a, b in pairwise(ends) if b > a])
    out = np.zeros(5)
    for k, part in enumerate((slopes[slopes > 0.0], -slopes[slopes < 0.0])):
        if len(part):
            out[2 * k : 2 * k + 2] = part.mean(), part.std()
    out[4] = sum(kind == 1 for _, kind in found)
    return out

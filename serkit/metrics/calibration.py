"""Whether a system is right as often as it says it is: reliability by bins of confidence, and its expected error.

The confidence of an utterance is the posterior of the class it was given.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 15
"""Equal bins of confidence, as Guo et al. 2017 take them."""


class Reliability(NamedTuple):
    """Sums over the utterances of a bin, float64 ``[..., bins]``: how many, their confidence, how many were right."""

    n: Floats
    confidence: Floats
    right: Floats


def reliability(
    confidence: Floats, right: NDArray[np.bool_], bins: int = BINS, *, group: NDArray[np.integer] | None = None
) -> Reliability | None:
    """Sort utterances into ``bins`` equal bins of confidence; bin m of M holds (m/M, (m+1)/M], the first also 0.

    ``confidence`` float ``[N]``, ``right`` bool ``[N]``. With ``group`` (int ``[N]``, 0 to G - 1) the sums are
    ``[G, bins]``. None where a confidence is outside [0, 1], since it is then no probability (a rounding error of 1e-9
    is let pass).
    """
    if len(confidence) and not (confidence.min() >= -_ROUNDING and confidence.max() <= 1 + _ROUNDING):
        return None
    edges = np.arange(1, bins) / bins
    at = np.searchsorted(edges, confidence, side="left")
    shape: tuple[int, ...] = (bins,)
    if group is not None:
        shape = (int(group.max(initial=-1)) + 1, bins)
        at = group * bins + at
    size = int(np.prod(shape))
    n, total, hits = (
        np.bincount(at, weights=w, minlength=size).astype(np.float64).reshape(shape)
        for w in (None, confidence, right.astype(np.float64))
    )
    return Reliability(n, total, hits)


def expected_calibration_error(sums: Reliability) -> Floats:
    """Mean over utterances of |accuracy - confidence| of their bin, in [0, 1]; ``[...]`` from ``[..., bins]``, NaN
    without utterances.

    Guo, Pleiss, Sun, Weinberger: "On Calibration of Modern Neural Networks", ICML 2017, equation 3. It grows with few
    utterances: in a bin of five, chance alone keeps accuracy and confidence apart.
    """
    n = sums.n.sum(-1)
    gaps = np.abs(sums.right - sums.confidence).sum(-1)  # n_bin / N * |right / n_bin - confidence / n_bin|
    return np.asarray(np.divide(gaps, n, out=np.full(np.shape(n), np.nan), where=n > 0))


_ROUNDING = 1e-9

"""The best way through the candidates of frames, the first of which is being unvoiced (Viterbi)."""

from __future__ import annotations

from typing import Any

import numpy as np

from serkit.kernels.jit.compiled import jit


@jit
def extend(
    score: Any, log_f0: Any, count: int, before: Any, log_before: Any, count_before: int, jump_cost: float,
    voicing_cost: float, came: Any, frame: int,
) -> None:  # fmt: skip
    """Make of the strengths ``score`` ``[count]`` of a frame's candidates the scores of the best ways to them.

    ``before`` ``[count_before]`` are those of the frame before, ``log_f0`` and ``log_before`` log2 of F0 in Hz of
    either (that of candidate 0 is never read). A way costs ``jump_cost`` an octave, or ``voicing_cost`` where voicing
    begins or ends. Row ``frame`` of ``came`` ``[F, candidates]`` is filled with the candidate before that each best way
    has, the first of several. (A view of the row would take longer than filling it.)
    """
    for k in range(count):
        best = -np.inf
        for j in range(count_before):
            jump = jump_cost * abs(log_before[j] - log_f0[k])
            way = before[j] - (voicing_cost if (j == 0) != (k == 0) else jump)
            if way > best:
                best = way
                came[frame, k] = j
        score[k] += best


@jit
def trace(score: Any, count: int, f0: Any, came: Any, out: Any) -> None:
    """Write F0 of the best way, NaN where unvoiced, to ``out`` ``[F]``: ``score`` ``[count]`` are those of the last
    frame, ``f0`` and ``came`` ``[F, candidates]`` those of all frames."""
    k = 0
    for j in range(1, count):
        if score[j] > score[k]:
            k = j
    for i in range(out.shape[0] - 1, -1, -1):
        out[i] = f0[i, k] if k > 0 else np.nan
        k = int(came[i, k])

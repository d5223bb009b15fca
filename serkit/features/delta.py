"""Regression deltas of any frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from serkit.config import dump, load
from serkit.features.base import Floats, options_of
from serkit.features.rows import check_frames, check_offsets
from serkit.kernels.native.spectral import Offsets


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaOptions:
    """Options of ``Delta``. ``delta_window``: N of the regression, frames on either side."""

    delta_window: Annotated[int, Ge(1), Le(100)] = 2


class Delta:
    """Deltas of frames by regression over 2 N + 1 of them, ``[F, ...] -> [F, ...]``, float32, of any unit a frame.

    ``d_t = sum_n n (m_{t+n} - m_{t-n}) / (2 sum_n n^2)``, n = 1..N, edge frames repeated beyond the edges (Chen et al.
    2018, section II-A). Applied twice it gives deltas of deltas. ``LogMel`` and the like have deltas as channels, which
    is faster. Raises ConfigError for options out of range.
    """

    def __init__(self, options: DeltaOptions | None = None) -> None:
        self.options = load(DeltaOptions, dump(options_of(options, DeltaOptions, "Delta")), where="the delta options")

    def __repr__(self) -> str:
        return f"Delta({self.options!r})"

    def __call__(self, frames: Floats) -> Floats:
        """Deltas of one utterance, float32 ``[F, ...]``. Raises AudioError for frames that are not finite float32."""
        rows = check_frames(frames)
        return self._deltas(rows, np.array([0, len(rows)]))

    def packed(self, frames: Floats, offsets: Offsets) -> Floats:
        """Deltas of utterances end to end, ``[sum F, ...]``; utterance i is frames ``[offsets[i], offsets[i + 1])``.

        Equal to the bit to a call for each. Raises AudioError for bad frames or offsets.
        """
        rows = check_frames(frames)
        return self._deltas(rows, check_offsets(rows, offsets))

    def _deltas(self, rows: Floats, offsets: Offsets) -> Floats:
        half = self.options.delta_window
        at, lengths = np.arange(len(rows)), np.diff(offsets)
        first, last = np.repeat(offsets[:-1], lengths), np.repeat(offsets[1:] - 1, lengths)
        total = np.zeros(rows.shape, dtype=np.float32)
        for n in range(1, half + 1):
            difference = rows[np.minimum(at + n, last)]
            difference -= rows[np.maximum(at - n, first)]
            difference *= np.float32(n)
            total += difference
        total *= np.float32(1.0 / (2 * sum(n * n for n in range(1, half + 1))))
        return total

"""Logarithm of the energy, frame by frame."""

from __future__ import annotations

import math
from typing import Any

from serkit.features.descriptors import frame_descriptor

_FLOOR = 1e-10  # the mean square of LogMel's silence; 16-bit rounding alone has 8e-11


@frame_descriptor()
def log_energy(frame: Any, sample_rate: float) -> float:
    """``ln(max(mean of x^2, 1e-10))`` of a frame of 25 ms, in nepers of power re full scale: about -23 to 0."""
    total = 0.0
    for t in range(frame.shape[0]):
        total += float(frame[t]) * float(frame[t])
    return math.log(max(total / frame.shape[0], _FLOOR))

"""Zero-crossing rate, frame by frame."""

from __future__ import annotations

from typing import Any

from serkit.features.descriptors import frame_descriptor


@frame_descriptor()
def zero_crossing_rate(frame: Any, sample_rate: float) -> float:
    """Changes of sign a sample of a frame of 25 ms, in [0, 1]; 0 counts as positive.

    Source: L. Rabiner and R. Schafer, "Digital Processing of Speech Signals", 1978, section 4.3. A sine of F Hz has
    2 F / sample_rate.
    """
    changes = 0
    for t in range(1, frame.shape[0]):
        changes += (frame[t] < 0.0) != (frame[t - 1] < 0.0)
    return changes / float(max(1, frame.shape[0] - 1))

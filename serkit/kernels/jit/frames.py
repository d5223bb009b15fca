"""Frames of the descriptors: centred on multiples of the hop, the waveform reflected at both ends."""

from __future__ import annotations

from typing import Any

from serkit.kernels.jit.compiled import jit


@jit
def take_frame(samples: Any, centre: int, frame: Any) -> None:
    """Write ``samples[centre - N // 2 : ... + N]`` to ``frame`` ``[N]``, reflected without repeating end samples.

    ``samples`` is ``[T]``, T >= 1; reflections go back and forth if the frame is longer than the waveform.
    """
    n = samples.shape[0]
    start = centre - frame.shape[0] // 2
    if start >= 0 and start + frame.shape[0] <= n:
        for k in range(frame.shape[0]):
            frame[k] = samples[start + k]
        return
    period = max(1, 2 * (n - 1))
    for k in range(frame.shape[0]):
        t = abs(start + k) % period
        frame[k] = samples[t if t < n else period - t]

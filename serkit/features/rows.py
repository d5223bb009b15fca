"""Checks of frames that are taken as input: by deltas and by normalisation."""

from __future__ import annotations

import numpy as np

from serkit.errors import AudioError
from serkit.features.base import Floats
from serkit.kernels.native.spectral import Offsets


def check_frames(frames: object, name: str = "The frames") -> Floats:
    """``frames`` if they are a finite float32 array ``[F, ...]``, F >= 1, any strides.

    Raises AudioError, in a sentence that begins with ``name``, for anything else.
    """
    if not isinstance(frames, np.ndarray):
        raise AudioError(f"{name} are a {type(frames).__name__}; a NumPy array of float32 frames is needed.")
    if frames.dtype != np.float32:
        raise AudioError(f"{name} hold {frames.dtype}; convert them with .astype(numpy.float32).")
    if frames.ndim == 0 or frames.size == 0:
        raise AudioError(f"{name} have shape {frames.shape}; at least one frame is needed, shape [frames, ...].")
    bad = ~np.isfinite(frames)
    if bad.any():
        first = np.unravel_index(int(bad.argmax()), frames.shape)
        raise AudioError(f"{name} hold {frames[first]} in frame {first[0]}; all values must be finite.")
    return frames


def check_offsets(frames: Floats, offsets: object) -> Offsets:
    """``offsets`` if they are int64 ``[n + 1]``, n >= 1, and cut ``frames`` into utterances of a frame or more."""
    if not isinstance(offsets, np.ndarray) or offsets.ndim != 1 or offsets.dtype.kind not in "iu":
        raise AudioError("Offsets must be a one-dimensional NumPy array of integers, as packed() returns them.")
    if len(offsets) < 2 or offsets[0] != 0 or offsets[-1] != len(frames) or not np.all(np.diff(offsets) > 0):
        raise AudioError(f"Offsets must rise from 0 to {len(frames)}, the number of frames.")
    return offsets.astype(np.int64, copy=False)

"""Checks of frames that are taken as input: by deltas, normalisation and functionals."""

from __future__ import annotations

import numpy as np

from serkit.errors import AudioError
from serkit.features.base import Floats
from serkit.kernels.native.spectral import Offsets


def check_dtype(frames: object, name: str = "The frames") -> Floats:
    """``frames`` if they are a float32 array; else AudioError, in a sentence that begins with ``name``."""
    if not isinstance(frames, np.ndarray):
        raise AudioError(f"{name} are a {type(frames).__name__}; a NumPy array of float32 frames is needed.")
    if frames.dtype != np.float32:
        raise AudioError(f"{name} hold {frames.dtype}; convert them with .astype(numpy.float32).")
    return frames


def check_frames(frames: object, name: str = "The frames") -> Floats:
    """``frames`` if they are a finite float32 array ``[F, ...]``, F >= 1, any strides; else AudioError likewise."""
    frames = check_dtype(frames, name)
    if frames.ndim == 0 or frames.size == 0:
        raise AudioError(f"{name} have shape {frames.shape}; at least one frame is needed, shape [frames, ...].")
    bad = ~np.isfinite(frames)
    if bad.any():
        first = np.unravel_index(int(bad.argmax()), frames.shape)
        raise AudioError(f"{name} hold {frames[first]} in frame {first[0]}; all values must be finite.")
    return frames


def check_offsets(frames: Floats, offsets: object, empty: bool = False) -> Offsets:
    """``offsets`` as int64 ``[n + 1]`` if they cut ``frames`` into utterances, n >= 1, of a frame or more each.

    ``empty``: none, and ones without frames, are taken too. Raises AudioError for anything else.
    """
    if not isinstance(offsets, np.ndarray) or offsets.ndim != 1 or offsets.dtype.kind not in "iu":
        raise AudioError("Offsets must be a one-dimensional NumPy array of integers, as packed() returns them.")
    edges = np.ascontiguousarray(offsets, dtype=np.int64)  # differences of unsigned ones would wrap
    enough, shortest = (1, 0) if empty else (2, 1)
    if len(edges) < enough or edges[0] != 0 or edges[-1] != len(frames) or (np.diff(edges) < shortest).any():
        raise AudioError(f"Offsets must rise from 0 to {len(frames)}, the number of frames.")
    return edges

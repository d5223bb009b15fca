"""Triton kernels for CUDA devices. Nothing here imports triton until a kernel is wanted."""

from __future__ import annotations

import functools
import importlib.util


@functools.cache
def available() -> bool:
    """Whether triton can be imported; without it CUDA tensors take the plain torch paths."""
    return importlib.util.find_spec("triton") is not None

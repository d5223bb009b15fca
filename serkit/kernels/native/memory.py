"""Memory for large arrays that come and go with every call, such as gradients: kept for the next one when freed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from serkit.kernels.native import _core

LARGE = 2 << 20
"""Bytes from which ``reused_empty`` is worth calling."""


def reused_empty(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """An array with whatever was in its memory before, C-contiguous, from the beginning of a page of 2 MiB.

    When the last array that shares its memory is gone, the memory is kept for later calls, up to 256 MiB in all: fresh
    memory is cleared by the system, which costs more than a pass of arithmetic over it. Any thread may call this.
    """
    dtype = np.dtype(dtype)
    return np.asarray(_core.reused_bytes(math.prod(shape) * dtype.itemsize)).view(dtype).reshape(shape)

"""How Numba compiles our kernels."""

from __future__ import annotations

from typing import Any

from numba import njit


def jit(function: Any) -> Any:
    """Compile at first call and keep the machine code on disk; callers on several threads run at the same time.

    No fastmath: sums keep the order in which they are written, so a result is the same whatever the vector width.
    """
    return njit(cache=True, nogil=True, error_model="numpy")(function)

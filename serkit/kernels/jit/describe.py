"""Turns a function of one frame into a compiled kernel over all frames of a waveform."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba.core import types

from serkit.errors import PluginError
from serkit.kernels.jit.frames import take_frame

Floats = npt.NDArray[np.float32]
Kernel = Callable[[Floats, int, float, Floats, Floats], int]

_SIGNATURE = (types.float32[::1], types.float64)


@cache
def frame_kernel(function: Callable[..., Any], name: str, width: int) -> Kernel:
    """Compile ``function(frame, sample_rate)`` and the loop that calls it for every frame.

    ``kernel(samples, hop, rate, frame, out)`` fills ``out`` float32 ``[F, width]``, with ``frame`` float32 ``[N]`` for
    its own use, and returns -1, or the length of the first array that is not ``width`` long. Compiled once a process;
    the function's own machine code is kept on disk where its source is a file. Raises PluginError, in a sentence that
    names the descriptor ``name``, if it does not compile or returns something else than ``width`` numbers.
    """
    compiled = _compile(function, name)
    result = compiled.nopython_signatures[0].return_type
    returned = _width(result)
    if returned == 0:
        raise PluginError(
            f"The frame descriptor {name!r} returns {result}; it must return a number, a tuple of numbers or an array "
            "[columns] of them."
        )
    if returned not in (-1, width):
        raise PluginError(
            f"The frame descriptor {name!r} returns {returned} number(s) a frame but names {width} column(s); "
            "give columns= one name for each."
        )
    loops = {types.Array: _array_loop, types.BaseTuple: _tuple_loop}
    loop = next((make for kind, make in loops.items() if isinstance(result, kind)), _number_loop)
    kernel: Kernel = loop(compiled)
    return kernel


def _compile(function: Callable[..., Any], name: str) -> Any:
    try:
        compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:
        # no file to keep machine code beside: typed at a prompt, or nowhere to write
        compiled = numba.njit(nogil=True, error_model="numpy")(function)
    try:
        compiled.compile(_SIGNATURE)
    except Exception as error:  # of a stranger's code the compiler raises more than its own errors
        raise PluginError(
            f"The frame descriptor {name!r} does not compile: {_reason(error)}; write it in what Numba compiles, as "
            "function(frame, sample_rate) of a float32 array [N] and a float."
        ) from error
    return compiled


def _reason(error: Exception) -> str:
    """The line of Numba's long message that says what is wrong."""
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines()]
    said = [line for line in lines if line and not line.startswith(("Failed in nopython", "Internal error at"))]
    return (said[0] if said else type(error).__name__).rstrip(".:")


def _width(result: Any) -> int:
    """Numbers that a return type holds; -1: known only when it runs, 0: it is something else."""
    if isinstance(result, types.Number | types.Boolean) and not isinstance(result, types.Complex):
        return 1
    if isinstance(result, types.BaseTuple):
        parts = tuple(getattr(result, "types", ()))
        return len(parts) if all(_width(t) == 1 for t in parts) else 0
    if isinstance(result, types.Array) and result.ndim == 1 and _width(result.dtype) == 1:
        return -1
    return 0


# One loop for each kind of result; in each the function is inlined or called directly, never through a pointer.


def _number_loop(function: Any) -> Any:
    @numba.njit(nogil=True, error_model="numpy")
    def loop(samples: Any, hop: int, rate: float, frame: Any, out: Any) -> int:
        for i in range(out.shape[0]):
            take_frame(samples, i * hop, frame)
            out[i, 0] = function(frame, rate)
        return -1

    return loop


def _tuple_loop(function: Any) -> Any:
    unroll = numba.literal_unroll

    @numba.njit(nogil=True, error_model="numpy")
    def loop(samples: Any, hop: int, rate: float, frame: Any, out: Any) -> int:
        for i in range(out.shape[0]):
            take_frame(samples, i * hop, frame)
            k = 0
            for value in unroll(function(frame, rate)):
                out[i, k] = value
                k += 1  # noqa: SIM113  # Numba unrolls no enumerate
        return -1

    return loop


def _array_loop(function: Any) -> Any:
    @numba.njit(nogil=True, error_model="numpy")
    def loop(samples: Any, hop: int, rate: float, frame: Any, out: Any) -> int:
        for i in range(out.shape[0]):
            take_frame(samples, i * hop, frame)
            values = function(frame, rate)
            if values.shape[0] != out.shape[1]:
                return int(values.shape[0])
            for k in range(out.shape[1]):
                out[i, k] = values[k]
        return -1

    return loop

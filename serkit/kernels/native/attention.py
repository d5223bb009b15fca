"""Checked wrappers over the compiled attention pooling. Every check of its arguments is here, in words.

The compiled code never reads frames at or after a sample's length (they may hold NaN), gives the same bits for any
number of threads, and gives a sample the same bits whatever batch it is in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.errors import UserError
from serkit.kernels.native import _core

Array = NDArray[Any]


def forward(
    x: Array,
    lengths: NDArray[np.int64],
    query: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    scale: float | Sequence[float] = 1.0,
    *,
    pooled: Array,
    weights: Array,
    hidden: Array | None = None,
    threads: int = 1,
) -> None:
    """Fill ``pooled`` [B, D] and ``weights`` [B, T] for ``x`` [B, T, D]; ``lengths`` int64 [B] in 1..T.

    ``query`` is theta [D] (linear form), or u [A] with ``weight`` W [A, D] and ``bias`` b [A] (additive form). With H
    heads ``query``, ``weight``, ``bias``, ``pooled`` [B, H, D] and ``weights`` [B, H, T] have H in front of their last
    axes, and ``scale`` is one number for all or one a head. All floating arrays are C-contiguous and of one dtype,
    float32 or float64. ``hidden`` [B * T, H * A], additive form only, takes what ``backward`` needs: the valid frames'
    tanh(W x + b), packed, then zeros. Weights are 0 in padding. Raises UserError for a wrong dtype, shape, length or
    scale.
    """
    scales = check_shapes(x, lengths, query, weight, bias, scale)
    check_lengths(lengths, x.shape[1])
    _core.attention_forward(
        x, lengths, query, weight, bias, np.array(scales, x.dtype), pooled, weights, hidden, threads
    )


def backward(
    x: Array,
    lengths: NDArray[np.int64],
    query: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    scale: float | Sequence[float] = 1.0,
    *,
    weights: Array,
    hidden: Array | None = None,
    grad_pooled: Array | None = None,
    grad_weights: Array | None = None,
    dx: Array,
    dquery: Array,
    dweight: Array | None = None,
    dbias: Array | None = None,
    threads: int = 1,
) -> None:
    """Fill the gradients ``dx`` [B, T, D] (0 in padding), ``dquery``, and ``dweight``, ``dbias`` in the additive form.

    ``weights`` and ``hidden`` are what ``forward`` wrote; ``grad_pooled`` and ``grad_weights`` are the gradients of its
    outputs, None for zero. Sums over samples run in their order. Raises UserError as ``forward``.
    """
    scales = check_shapes(x, lengths, query, weight, bias, scale)
    check_lengths(lengths, x.shape[1])
    _core.attention_backward(
        x, lengths, query, weight, bias, np.array(scales, x.dtype), weights, hidden, grad_pooled, grad_weights,
        dx, dquery, dweight, dbias, threads,
    )  # fmt: skip


def check_lengths(lengths: NDArray[np.int64], frames: int) -> None:
    """Raise UserError unless every length is in 1..``frames``."""
    if lengths.min() >= 1 and lengths.max() <= frames:
        return
    i = int(np.flatnonzero((lengths < 1) | (lengths > frames))[0])
    raise UserError(
        f"lengths[{i}] is {int(lengths[i])}, but a sample has 1 to T = {frames} valid frames; "
        "leave empty samples out of the batch."
    )


def check_shapes(
    x: Any, lengths: Any, query: Any, weight: Any, bias: Any, scale: float | Sequence[float]
) -> tuple[float, ...]:
    """The scale of each head. Raises UserError unless shapes and dtypes (of NumPy arrays or torch tensors) fit."""
    if len(x.shape) != 3 or 0 in x.shape:
        raise UserError(f"x has shape {list(x.shape)}, but attention pools [B, T, D] with B, T and D at least 1.")
    batch, _, dim = x.shape
    if len(lengths.shape) != 1 or lengths.shape[0] != batch or _dtype(lengths) != "int64":
        raise UserError(
            f"lengths is {_dtype(lengths)} {list(lengths.shape)}, but must be int64 [{batch}]: one length a sample."
        )
    if (weight is None) != (bias is None):
        raise UserError("W and b come together (additive form) or not at all (linear form); give both or neither.")
    heads = list(query.shape[:-1])[:1]  # [] where the axis of heads is left out
    if weight is None:
        named, wanted = {"theta": query}, {"theta": [*heads, dim]}
    else:
        units = weight.shape[-2] if len(weight.shape) > 1 else 0
        named = {"W": weight, "b": bias, "u": query}
        wanted = {"W": [*heads, units, dim], "b": [*heads, units], "u": [*heads, units]}
        if units == 0:
            raise UserError("W has no rows, but the additive form needs hidden units; use theta for the linear form.")
    if 0 in heads:
        raise UserError("The parameters have no heads, but attention needs at least one; leave the axis out for one.")
    for name, array in named.items():
        if list(array.shape) != wanted[name]:
            raise UserError(f"{name} has shape {list(array.shape)}, but must be {wanted[name]} for x {list(x.shape)}.")
    dtype = _dtype(x)
    for name, array in {"x": x, **named}.items():
        if _dtype(array) not in ("float32", "float64") or _dtype(array) != dtype:
            which = f"x is {dtype}" if name == "x" else f"{name} is {_dtype(array)} and x is {dtype}"
            raise UserError(
                f"{which}, but x and the parameters must all be float32 or all float64; "
                "convert them, or use autocast for lower precision."
            )
    count = heads[0] if heads else 1
    scales = tuple(scale) if isinstance(scale, Sequence) else (scale,)
    if len(scales) == 1:
        scales *= count
    if len(scales) != count:
        raise UserError(f"scale has {len(scales)} numbers, but there are {count} heads; give one, or one a head.")
    for number in scales:
        if not math.isfinite(number):
            raise UserError(f"scale is {number}, but the softmax needs a finite number.")
    return scales


def _dtype(array: Any) -> str:
    return _name(array.dtype)


@cache
def _name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")  # NumPy takes five microseconds over each

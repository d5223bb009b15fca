"""Counts the multiply-adds of a forward pass, by watching the operations it is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


@dataclass(frozen=True, slots=True)
class Count:
    """``multiply_adds`` of matrix products, convolutions, recurrent layers and attention. ``not_counted`` names each
    operation that was met and that this counter knows nothing of; what works element by element (activations, norms,
    pooling, sums) is by convention neither counted nor named."""

    multiply_adds: int
    not_counted: tuple[str, ...]


def count_multiply_adds(call: Callable[[], Any]) -> Count:
    """What ``call`` computes with torch on the CPU, once. Padding counts like everything else that is computed.

    Gradients are off while it runs, and so is the fused path of transformer layers, which hides its products.
    """
    counter = _Counter()
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), counter:
            call()
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
    return Count(counter.total, tuple(sorted(counter.unknown)))


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0
        self.unknown: set[str] = set()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        name = str(func._schema.name)
        formula = _FORMULAS.get(name)
        if formula is None and not _free(func, name):
            # in inference mode torch shows composite operations (lstm, linear, einsum) whole; their parts are known
            with self:
                made = func.decompose(*args, **kwargs)
            if made is not NotImplemented:
                return made
            self.unknown.add(name)
        out = func(*args, **kwargs)
        if formula is not None:
            self.total += formula(out, *args)
        return out


def _free(func: Any, name: str) -> bool:
    if func.is_view or torch.Tag.pointwise in func.tags or torch.Tag.inplace_view in func.tags:
        return True
    namespace, _, plain = name.partition("::")
    return namespace in ("aten", "prims") and (plain.rstrip("_") in _FREE or plain.startswith(_FREE_BEGINNINGS))


def _product(out: Tensor, a: Tensor, *_: Any) -> int:
    """Every element of the output is a sum over the last axis of ``a``."""
    return out.numel() * a.shape[-1]


def _added_product(out: Tensor, _: Any, a: Tensor, *__: Any) -> int:
    return out.numel() * a.shape[-1]


def _dot(_: Tensor, a: Tensor, *__: Any) -> int:
    return a.numel()


def _convolution(out: Tensor, x: Tensor, weight: Tensor, *rest: Any) -> int:
    transposed = bool(rest[4])  # after bias, stride, padding, dilation
    # weight is [out, in / groups, ...], transposed [in, out / groups, ...]: either way a slice meets each position once
    return (x if transposed else out).numel() * math.prod(weight.shape[1:])


def _recurrent(_: Any, x: Tensor, weight_input: Tensor, weight_hidden: Tensor, *__: Any) -> int:
    """One direction of one layer: every step of every row multiplies by both matrices."""
    return x.shape[0] * x.shape[1] * (weight_input.numel() + weight_hidden.numel())


def _scaled_dot_product(_: Any, query: Tensor, key: Tensor, value: Tensor, *__: Any) -> int:
    rows = math.prod(query.shape[:-1])
    return rows * key.shape[-2] * (query.shape[-1] + value.shape[-1])


def _linear_pool(_: Any, x: Tensor, __: Tensor, theta: Tensor, *___: Any) -> int:
    """Per head a score and a weighted sum of every frame."""
    return 2 * x.shape[0] * x.shape[1] * theta.numel()


def _additive_pool(_: Any, x: Tensor, __: Tensor, query: Tensor, weight: Tensor, *___: Any) -> int:
    """Per head W x and u . tanh of every frame, and the weighted sum."""
    heads = query.numel() // query.shape[-1]
    return x.shape[0] * x.shape[1] * (weight.numel() + query.numel() + heads * x.shape[2])


_FORMULAS: Mapping[str, Callable[..., int]] = {
    "aten::mm": _product,
    "aten::bmm": _product,
    "aten::mv": _product,
    "aten::addmm": _added_product,
    "aten::baddbmm": _added_product,
    "aten::addmv": _added_product,
    "aten::dot": _dot,
    "aten::vdot": _dot,
    "aten::convolution": _convolution,
    "aten::mkldnn_rnn_layer": _recurrent,
    "aten::_scaled_dot_product_flash_attention_for_cpu": _scaled_dot_product,
    "serkit::linear_attention_pool": _linear_pool,
    "serkit::attention_pool": _additive_pool,
}

_MOVES_AND_SUMS = """
    zeros ones full empty empty_like zeros_like ones_like full_like new_empty new_zeros new_ones new_full arange
    linspace eye scalar_tensor lift_fresh empty_strided new_empty_strided rand randn rand_like randn_like
    bernoulli normal uniform clone copy _to_copy _unsafe_view _reshape_alias cat stack unsafe_split unsafe_chunk
    unsafe_split_with_sizes gather index index_select index_put _index_put_impl _unsafe_index scatter
    scatter_add masked_select masked_scatter select_scatter slice_scatter nonzero flip roll repeat
    repeat_interleave constant_pad_nd reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d tril
    triu take sort topk cumsum cumprod fill zero embedding one_hot unique_dim bincount set resize sum mean amax
    amin max min argmax argmin aminmax prod var std var_mean std_mean median norm linalg_vector_norm all any
    logsumexp count_nonzero equal _local_scalar_dense _assert_async _softmax _log_softmax native_dropout im2col
    col2im glu
"""
_FREE = frozenset(_MOVES_AND_SUMS.split())
"""Moves, sums and the like: no products to count."""

_FREE_BEGINNINGS = (
    "max_pool", "avg_pool", "adaptive_", "_adaptive_", "mkldnn_max_pool", "mkldnn_adaptive", "native_batch_norm",
    "_native_batch_norm", "_batch_norm", "native_layer_norm", "_fused_rms_norm", "native_group_norm", "upsample_",
)  # fmt: skip

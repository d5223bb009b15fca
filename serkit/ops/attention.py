"""Attention pooling as torch custom ops over the compiled kernels, with a plain torch path where they do not apply.

``attention_pool`` and ``linear_attention_pool`` are what to call. On the CPU they run one compiled op a batch, on CUDA
devices in float32 the Triton kernels; on other devices, and while a graph is exported, they run
``serkit.ops.attention_torch``, which any backend understands.
Second derivatives exist on the plain path only. Under autocast everything is computed in float32.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from serkit.errors import UserError
from serkit.kernels.native import _core
from serkit.kernels.native import attention as native
from serkit.kernels.native.memory import LARGE, reused_empty
from serkit.ops import attention_torch
from serkit.ops.devices import exporting, has_triton


def attention_pool(
    x: Tensor, lengths: Tensor, weight: Tensor, bias: Tensor, query: Tensor, scale: float | Sequence[float] = 1.0
) -> tuple[Tensor, Tensor]:
    """Additive attention: e_t = u . tanh(W x_t + b), weights = softmax over t < lengths[b] of scale * e.

    ``x`` [B, T, D], ``lengths`` int64 [B] in 1..T on the same device, ``weight`` W [A, D], ``bias`` b [A], ``query``
    u [A]; float32 or float64, all alike. Returns pooled [B, D] = sum_t weights_t x_t and weights [B, T], exactly 0 in
    padding, both differentiable. Padding is never read. Source: M. Chen, attention with scale (there lambda).

    H heads: ``weight`` [H, A, D], ``bias`` [H, A], ``query`` [H, A], and ``scale`` one number for all or one a head;
    returns pooled [B, H, D] and weights [B, H, T]. Every head pools all of x; one head equals the form without H to
    the bit. Raises UserError for wrong shapes, dtypes, devices or lengths (values of lengths are checked on the CPU
    only: on another device the check would wait for it).
    """
    return _pool(x, lengths, query, weight, bias, scale)


def linear_attention_pool(
    x: Tensor, lengths: Tensor, theta: Tensor, scale: float | Sequence[float] = 1.0
) -> tuple[Tensor, Tensor]:
    """Attention without hidden layer: e_t = theta . x_t with ``theta`` [D], or [H, D]; otherwise as ``attention_pool``.

    Source: Chen et al. 2018, equation of the attention layer.
    """
    return _pool(x, lengths, theta, None, None, scale)


def _pool(
    x: Tensor, lengths: Tensor, query: Tensor, weight: Tensor | None, bias: Tensor | None,
    scale: float | Sequence[float],
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The one place where a device chooses its implementation."""
    given = [t for t in (query, weight, bias, lengths) if t is not None]
    for t in (x, *given):
        if not isinstance(t, Tensor):
            raise UserError(f"Attention was given a {type(t).__name__}; x, lengths and parameters are torch tensors.")
    if any(t.device != x.device for t in given):
        others = ", ".join(sorted({str(t.device) for t in given}))
        raise UserError(f"x is on {x.device}, but lengths and parameters are on {others}; move all to one device.")
    if has_triton(x) and not exporting():
        from serkit.ops.triton import attention as fused  # imports triton, which may be absent where there is no GPU

        if fused.fits(x, query):
            return fused.attention_pool(x, lengths, query, weight, bias, scale)
    if x.device.type != "cpu" or exporting():
        return attention_torch.attention_pool(x, lengths, query, weight, bias, scale)
    keep = torch.is_grad_enabled() and any(t.requires_grad for t in (x, query, weight, bias) if t is not None)
    scales = list(scale) if isinstance(scale, Sequence) else [scale]
    if keep and not _watched(x, *given):
        pooled, weights = _Direct.apply(x, lengths, query, weight, bias, scales)  # type: ignore[no-untyped-call]
    elif weight is None or bias is None:
        pooled, weights = _linear(x, lengths, query, scales)
    else:
        pooled, weights, _ = _additive(x, lengths, query, weight, bias, scales, keep)
    return pooled, weights


def _watched(*tensors: Tensor) -> bool:
    """Does anything but autograd look on, which knows the registered ops and not ``_Direct``?"""
    return (
        torch.compiler.is_compiling()
        or torch.is_autocast_enabled("cpu")
        or torch._C._are_functorch_transforms_active()
        or torch._C._len_torch_dispatch_stack() > 0
        or any(type(t) is not Tensor and type(t) is not torch.nn.Parameter for t in tensors)
    )


class _Direct(torch.autograd.Function):
    """The ops below without torch's dispatcher, whose layers cost a small batch as much as its arithmetic."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, lengths: Tensor, query: Tensor, weight: Tensor | None, bias: Tensor | None,
        scale: Sequence[float],
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        pooled, weights, hidden = _forward(x, lengths, query, weight, bias, scale, weight is not None)
        ctx.scale = scale
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, lengths, query, weight, bias, weights, None if weight is None else hidden)
        return pooled, weights

    @staticmethod
    def backward(ctx: Any, grad_pooled: Tensor | None, grad_weights: Tensor | None) -> tuple[Any, ...]:
        if grad_pooled is None and grad_weights is None:
            return (None,) * 6
        x, lengths, query, weight, bias, weights, hidden = ctx.saved_tensors
        given = (weights, grad_pooled, grad_weights)
        grads: tuple[Tensor, ...]
        if not torch.is_grad_enabled():
            rest = () if weight is None else (weight, bias)
            grads = (_large(tuple(x.shape), x.dtype), *map(_like, (query, *rest)))
            _backward(x, lengths, query, weight, bias, ctx.scale, weights, hidden, *given[1:], grads)
        elif weight is None:  # the registered ops refuse a second derivative
            grads = _linear_backward(x, lengths, query, ctx.scale, *given)
        else:
            grads = _additive_backward(x, lengths, query, weight, bias, ctx.scale, weights, hidden, *given[1:])
        dx, dquery, dweight, dbias = (*grads, None, None)[:4]
        return dx, None, dquery, dweight, dbias, None


# ---- forward ops ----


def _additive_outputs(
    x: Tensor, lengths: Tensor, query: Tensor, weight: Tensor, bias: Tensor, scale: Sequence[float], keep_hidden: bool
) -> tuple[Tensor, Tensor, Tensor]:
    rows = x.shape[0] * x.shape[1] if keep_hidden else 0
    return *_linear_outputs(x, lengths, query, scale), x.new_empty(rows, bias.numel())


@torch.library.custom_op("serkit::attention_pool", mutates_args=(), device_types="cpu")
def _additive(
    x: Tensor, lengths: Tensor, query: Tensor, weight: Tensor, bias: Tensor, scale: Sequence[float], keep_hidden: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Pooled, weights, and hidden [B * T, H * A] for the backward op ([0, H * A] unless ``keep_hidden``)."""
    return _forward(x, lengths, query, weight, bias, scale, keep_hidden)


_additive.register_fake(_additive_outputs)


def _linear_outputs(x: Tensor, lengths: Tensor, theta: Tensor, scale: Sequence[float]) -> tuple[Tensor, Tensor]:
    batch, frames, dim = x.shape
    heads = theta.shape[:-1]
    return x.new_empty(batch, *heads, dim), x.new_empty(batch, *heads, frames)


@torch.library.custom_op("serkit::linear_attention_pool", mutates_args=(), device_types="cpu")
def _linear(x: Tensor, lengths: Tensor, theta: Tensor, scale: Sequence[float]) -> tuple[Tensor, Tensor]:
    return _forward(x, lengths, theta, None, None, scale, False)[:2]


_linear.register_fake(_linear_outputs)


def _forward(
    x: Tensor, lengths: Tensor, query: Tensor, weight: Tensor | None, bias: Tensor | None, scale: Sequence[float],
    keep_hidden: bool,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    scales = native.check_shapes(x, lengths, query, weight, bias, scale)
    sizes = _view(lengths)
    native.check_lengths(sizes, x.shape[1])
    pooled, weights = _linear_outputs(x, lengths, query, scale)
    hidden = _large((x.shape[0] * x.shape[1] if keep_hidden and bias is not None else 0, query.numel()), x.dtype)
    frames = _view(x)
    _core.attention_forward(
        frames, sizes, _view(query), _view_or_none(weight), _view_or_none(bias), np.array(scales, frames.dtype),
        pooled.numpy(), weights.numpy(), hidden.numpy() if weight is not None and keep_hidden else None,
        torch.get_num_threads(),
    )  # fmt: skip
    return pooled, weights, hidden


# ---- backward ops ----


def _additive_backward_outputs(
    x: Tensor, lengths: Tensor, query: Tensor, weight: Tensor, bias: Tensor, scale: Sequence[float], weights: Tensor,
    hidden: Tensor, grad_pooled: Tensor | None, grad_weights: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    return _like(x), _like(query), _like(weight), _like(bias)


@torch.library.custom_op("serkit::attention_pool_backward", mutates_args=(), device_types="cpu")
def _additive_backward(
    x: Tensor, lengths: Tensor, query: Tensor, weight: Tensor, bias: Tensor, scale: Sequence[float], weights: Tensor,
    hidden: Tensor, grad_pooled: Tensor | None, grad_weights: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    """Gradients of x, query, weight, bias."""
    grads = _large(tuple(x.shape), x.dtype), _like(query), _like(weight), _like(bias)
    _backward(x, lengths, query, weight, bias, scale, weights, hidden, grad_pooled, grad_weights, grads)
    return grads


_additive_backward.register_fake(_additive_backward_outputs)


def _linear_backward_outputs(
    x: Tensor, lengths: Tensor, theta: Tensor, scale: Sequence[float], weights: Tensor,
    grad_pooled: Tensor | None, grad_weights: Tensor | None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    return _like(x), _like(theta)


@torch.library.custom_op("serkit::linear_attention_pool_backward", mutates_args=(), device_types="cpu")
def _linear_backward(
    x: Tensor, lengths: Tensor, theta: Tensor, scale: Sequence[float], weights: Tensor,
    grad_pooled: Tensor | None, grad_weights: Tensor | None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Gradients of x, theta."""
    grads = _large(tuple(x.shape), x.dtype), _like(theta)
    _backward(x, lengths, theta, None, None, scale, weights, None, grad_pooled, grad_weights, grads)
    return grads


_linear_backward.register_fake(_linear_backward_outputs)


def _backward(
    x: Tensor, lengths: Tensor, query: Tensor, weight: Tensor | None, bias: Tensor | None, scale: Sequence[float],
    weights: Tensor, hidden: Tensor | None, grad_pooled: Tensor | None, grad_weights: Tensor | None,
    grads: tuple[Tensor, ...],
) -> None:  # fmt: skip
    """Fill ``grads``, of x, query and the rest. The forward op has checked what is in words; sizes the core checks."""
    frames = _view(x)
    scales = np.full(math.prod(query.shape[:-1]), scale, frames.dtype)
    dx, dquery, *rest = (grad.numpy() for grad in grads)
    dweight, dbias = rest or (None, None)
    _core.attention_backward(
        frames, _view(lengths), _view(query), _view_or_none(weight), _view_or_none(bias), scales,
        _view(weights), _view_or_none(hidden), _view_or_none(grad_pooled), _view_or_none(grad_weights),
        dx, dquery, dweight, dbias, torch.get_num_threads(),
    )  # fmt: skip


def _view(tensor: Tensor) -> Any:
    return tensor.detach().contiguous().numpy()


def _view_or_none(tensor: Tensor | None) -> Any:
    return None if tensor is None else _view(tensor)


def _like(tensor: Tensor) -> Tensor:
    return tensor.new_empty(tensor.shape)  # contiguous, whatever the strides of `tensor`


def _large(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Memory as large as x: torch's would be new, and cleared by the system, in every step."""
    if math.prod(shape) * dtype.itemsize < LARGE:
        return torch.empty(shape, dtype=dtype)
    return torch.from_numpy(reused_empty(shape, _NUMPY[dtype]))


_NUMPY = {torch.float32: np.float32, torch.float64: np.float64}


# ---- autograd and autocast ----


def _additive_setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor, Tensor]) -> None:
    x, lengths, query, weight, bias, ctx.scale, ctx.kept = inputs
    _, weights, hidden = output
    ctx.mark_non_differentiable(hidden)
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(x, lengths, query, weight, bias, weights, hidden)


def _additive_autograd(ctx: Any, grad_pooled: Tensor | None, grad_weights: Tensor | None, _: Any) -> tuple[Any, ...]:
    x, lengths, query, weight, bias, weights, hidden = ctx.saved_tensors
    if grad_pooled is None and grad_weights is None:
        return (None,) * 7
    dx, dquery, dweight, dbias = _additive_backward(
        x, lengths, query, weight, bias, ctx.scale, weights, hidden, grad_pooled, grad_weights
    )
    return dx, None, dquery, dweight, dbias, None, None


def _linear_setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    x, lengths, theta, ctx.scale = inputs
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(x, lengths, theta, output[1])


def _linear_autograd(ctx: Any, grad_pooled: Tensor | None, grad_weights: Tensor | None) -> tuple[Any, ...]:
    x, lengths, theta, weights = ctx.saved_tensors
    if grad_pooled is None and grad_weights is None:
        return (None,) * 4
    dx, dtheta = _linear_backward(x, lengths, theta, ctx.scale, weights, grad_pooled, grad_weights)
    return dx, None, dtheta, None


def _keep_nothing(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    """The backward ops have no derivative to save for."""


def _refuse(ctx: Any, *grads: Any) -> Any:
    raise UserError(
        "Attention pooling has no second derivative in the compiled op; "
        "call serkit.ops.attention_torch.attention_pool for one."
    )


torch.library.register_autograd("serkit::attention_pool", _additive_autograd, setup_context=_additive_setup)
torch.library.register_autograd("serkit::linear_attention_pool", _linear_autograd, setup_context=_linear_setup)
for _op in ("attention_pool", "linear_attention_pool"):
    torch.library.register_autograd(f"serkit::{_op}_backward", _refuse, setup_context=_keep_nothing)
    for _device in ("cpu", "cuda"):
        # NumPy has no bfloat16, and a softmax over hundreds of frames wants float32 anyway
        torch.library.register_autocast(f"serkit::{_op}", _device, torch.float32)

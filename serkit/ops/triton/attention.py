"""Attention pooling on a CUDA device, forward and backward, with every frame read once a pass and padding not at all.

Forward, a program takes one head and one run of a sample's frames: scores (of x, or of tanh of the projection, which it
keeps for the backward pass), a running maximum and sum of exponentials, and the weighted sum; a second kernel joins
the runs and makes the weights. Backward needs one pass, because the sum of weights times their gradients over a sample
is what pooled already holds: sum_t w_t (x_t . g) = pooled . g. The projections of the additive form are torch's own
matrix products over the padded batch: packing valid frames would make the host wait for the lengths.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from serkit.errors import UserError
from serkit.kernels.native.attention import check_shapes
from serkit.ops.devices import at_least_float32

LARGEST_ROW = 4096
"""Features, or hidden units of a head, that a program can hold of one frame."""
TILE = 4096
"""Numbers of x that a program holds at a time."""


def fits(x: Tensor, query: Tensor) -> bool:
    """Whether these kernels take ``x`` [B, T, D] and ``query`` [D] or [A], with heads or without; otherwise the plain
    path is the one to take."""
    return torch.float64 not in (x.dtype, query.dtype) and max(*x.shape[-1:], *query.shape[-1:]) <= LARGEST_ROW


def attention_pool(
    x: Tensor, lengths: Tensor, query: Tensor, weight: Tensor | None = None, bias: Tensor | None = None,
    scale: float | Sequence[float] = 1.0,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Pooled and weights, differentiable once; arguments and results as ``serkit.ops.attention_torch`` has them."""
    x, query = at_least_float32(x), at_least_float32(query)
    weight = None if weight is None else at_least_float32(weight)
    bias = None if bias is None else at_least_float32(bias)
    scales = [float(s) for s in check_shapes(x, lengths, query, weight, bias, scale)]
    flat = query.reshape(len(scales), -1)
    if weight is None or bias is None:
        pooled, weights, _ = _pool(x, lengths, flat, None, None, scales)
    else:
        rows = weight.reshape(-1, x.shape[2])
        pooled, weights, _ = _pool(x, lengths, flat, rows, bias.reshape(-1), scales)
    return (pooled, weights) if query.dim() == 2 else (pooled.squeeze(1), weights.squeeze(1))


# ---- ops: query [H, A] (A = D in the linear form), weight [H A, D], bias [H A], one scale a head ----


def _outputs(
    x: Tensor, lengths: Tensor, query: Tensor, weight: Tensor | None, bias: Tensor | None, scales: Sequence[float]
) -> tuple[Tensor, Tensor, Tensor]:
    batch, frames, dim = x.shape
    heads, units = query.shape
    hidden = x.new_empty((0,) if weight is None else (batch, frames, heads * units))
    return x.new_empty(batch, heads, dim), x.new_empty(batch, heads, frames), hidden


def forward(
    x: Tensor, lengths: Tensor, query: Tensor, weight: Tensor | None, bias: Tensor | None, scales: Sequence[float]
) -> tuple[Tensor, Tensor, Tensor]:
    """Pooled [B, H, D], weights [B, H, T], and tanh of the projection [B, T, H A] (valid frames; empty if linear)."""
    x, lengths, query = x.detach().contiguous(), lengths.contiguous(), query.detach().contiguous()
    batch, frames, dim = x.shape
    heads, units = query.shape
    projected = hidden = x.new_empty(0)
    if weight is not None and bias is not None:
        # a row of padding spoils that row only, and nobody reads it
        projected = torch.addmm(bias.detach(), x.view(-1, dim), weight.detach().t())
        hidden = x.new_empty(batch, frames, heads * units)
    block, runs = _cut(frames, max(dim, units))
    factors = _factors(scales, x.device)
    scores, weights = x.new_empty(batch, heads, frames), x.new_empty(batch, heads, frames)
    partial, extremes = x.new_empty(batch, heads, runs, dim), x.new_empty(batch, heads, runs, 2)
    sizes = _sizes(dim, units, block)
    pooled = x.new_empty(batch, heads, dim)
    with torch.cuda.device_of(x):  # triton starts kernels on the current device
        _score[(batch, heads, runs)](
            x, projected, hidden, lengths, query, factors, scores, partial, extremes, frames, dim, units, heads,
            ADDITIVE=weight is not None, **sizes,
        )  # fmt: skip
        _join[(batch, heads)](
            lengths, scores, partial, extremes, pooled, weights, frames, dim, runs, heads,
            DIM=sizes["DIM"], RUNS=triton.next_power_of_2(runs), BLOCK=1024,
        )  # fmt: skip
    return pooled, weights, hidden


def backward(
    x: Tensor, lengths: Tensor, query: Tensor, weight: Tensor | None, scales: Sequence[float], pooled: Tensor,
    weights: Tensor, hidden: Tensor, grad_pooled: Tensor | None, grad_weights: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    """Gradients of x, query, weight and bias (the last two empty in the linear form)."""
    x, lengths, query = x.detach().contiguous(), lengths.contiguous(), query.detach().contiguous()
    batch, frames, dim = x.shape
    heads, units = query.shape
    block, runs = _cut(frames, max(dim, units))
    g = torch.zeros_like(pooled) if grad_pooled is None else grad_pooled.contiguous()
    # sum over a sample of weights times their gradients, [B, H]
    mean = (g * pooled).sum(dim=2)
    gw = weights if grad_weights is None else grad_weights.contiguous()
    if grad_weights is not None:
        valid = torch.arange(frames, device=x.device) < lengths[:, None, None]
        mean = mean + torch.where(valid, gw * weights, 0.0).sum(dim=2)
    dx, dquery = torch.empty_like(x), x.new_empty(batch, runs, heads, units)
    dz = torch.empty_like(hidden)
    factors = _factors(scales, x.device)
    with torch.cuda.device_of(x):
        _spread[(batch, runs)](
            x, hidden, lengths, query, factors, weights, g, gw, mean, dx, dz, dquery,
            frames, dim, units, heads, ADDITIVE=weight is not None, WEIGHTS=grad_weights is not None,
            **_sizes(dim, units, block),
        )  # fmt: skip
    query_gradient = dquery.sum(dim=(0, 1))
    if weight is None:
        return dx, query_gradient, x.new_empty(0), x.new_empty(0)
    rows = dz.view(-1, heads * units)
    dx.view(-1, dim).addmm_(rows, weight.detach())
    # zero times what padding may hold is not always zero
    inside = torch.arange(frames, device=x.device) < lengths[:, None]
    valid_x = torch.where(inside[..., None], x, 0.0).view(-1, dim)
    return dx, query_gradient, rows.t() @ valid_x, rows.sum(dim=0)


_pool = torch.library.custom_op("serkit::attention_pool_triton", forward, mutates_args=())
_pool.register_fake(_outputs)
_pool_backward = torch.library.custom_op("serkit::attention_pool_triton_backward", backward, mutates_args=())


@_pool_backward.register_fake
def _backward_outputs(
    x: Tensor, lengths: Tensor, query: Tensor, weight: Tensor | None, scales: Sequence[float], pooled: Tensor,
    weights: Tensor, hidden: Tensor, grad_pooled: Tensor | None, grad_weights: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    empty = x.new_empty(0)
    if weight is None:
        return x.new_empty(x.shape), query.new_empty(query.shape), empty, x.new_empty(0)
    return (
        x.new_empty(x.shape),
        query.new_empty(query.shape),
        weight.new_empty(weight.shape),
        x.new_empty(query.numel()),
    )


def _setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor, Tensor]) -> None:
    x, lengths, query, weight, _, ctx.scales = inputs
    ctx.mark_non_differentiable(output[2])
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(x, lengths, query, weight, *output)


def _autograd(ctx: Any, grad_pooled: Tensor | None, grad_weights: Tensor | None, _: Any) -> tuple[Any, ...]:
    if grad_pooled is None and grad_weights is None:
        return (None,) * 6
    x, lengths, query, weight, pooled, weights, hidden = ctx.saved_tensors
    dx, dquery, dweight, dbias = _pool_backward(
        x, lengths, query, weight, ctx.scales, pooled, weights, hidden, grad_pooled, grad_weights
    )
    return (dx, None, dquery, *((None, None) if weight is None else (dweight, dbias)), None)


def _keep_nothing(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    """The backward op has no derivative to save for."""


def _refuse(ctx: Any, *grads: Any) -> Any:
    raise UserError(
        "Attention pooling has no second derivative in the Triton kernels; "
        "call serkit.ops.attention_torch.attention_pool for one."
    )


torch.library.register_autograd(_pool, _autograd, setup_context=_setup)
torch.library.register_autograd(_pool_backward, _refuse, setup_context=_keep_nothing)
for _op in (_pool, _pool_backward):
    torch.library.register_autocast(_op, "cuda", torch.float32)


def _factors(scales: Sequence[float], device: torch.device) -> Tensor:
    return torch.tensor(scales, dtype=torch.float32, device=device)


def _cut(frames: int, widest: int) -> tuple[int, int]:
    """Frames that a program holds at a time, and runs of frames a sample is cut into: enough programs to fill a GPU."""
    block = max(1, min(32, TILE // triton.next_power_of_2(widest)))
    return block, min(16, triton.cdiv(frames, 2 * block))


def _sizes(dim: int, units: int, block: int) -> dict[str, int]:
    return {"DIM": triton.next_power_of_2(dim), "UNITS": triton.next_power_of_2(units), "BLOCK": block}


# ---- kernels ----


@triton.jit
def _run(frames, BLOCK: tl.constexpr, runs):
    """Frames of a run: whole blocks."""
    return tl.cdiv(tl.cdiv(frames, BLOCK), runs) * BLOCK


@triton.jit
def _score(
    x, projected, hidden, lengths, query, scales, scores, partial, extremes, frames, dim, units, heads,
    ADDITIVE: tl.constexpr, DIM: tl.constexpr, UNITS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Scores of one run of frames under one head, their largest, and the sum of what is weighed by exp(score - it)."""
    row = tl.program_id(0).to(tl.int64)
    head = tl.program_id(1)
    run = tl.program_id(2)
    runs = tl.num_programs(2)
    n = tl.minimum(tl.load(lengths + row), frames).to(tl.int32)
    size = _run(frames, BLOCK, runs)
    d = tl.arange(0, DIM)
    a = tl.arange(0, UNITS)
    scale = tl.load(scales + head)
    u = tl.load(query + head * units + a, mask=a < units, other=0.0)
    largest = -float("inf")
    total = 0.0
    pooled = tl.zeros((DIM,), tl.float32)
    for begin in range(run * size, tl.minimum(run * size + size, n), BLOCK):
        t = begin + tl.arange(0, BLOCK)
        valid = t < n
        cells = valid[:, None] & (d[None, :] < dim)
        value = tl.load(x + (row * frames + t[:, None]) * dim + d[None, :], mask=cells, other=0.0)
        if ADDITIVE:
            units_at = ((row * frames + t[:, None]) * heads + head) * units + a[None, :]
            inside = valid[:, None] & (a[None, :] < units)
            z = tl.load(projected + units_at, mask=inside, other=0.0)
            # tanh through an exponential that cannot overflow
            small = tl.exp(-2.0 * tl.abs(z))
            h = (1.0 - small) / (1.0 + small)
            h = tl.where(z < 0.0, -h, h)
            tl.store(hidden + units_at, h, mask=inside)
            score = scale * tl.sum(h * u[None, :], axis=1)
        else:
            score = scale * tl.sum(value * u[None, :], axis=1)
        score = tl.where(valid, score, -float("inf"))
        tl.store(scores + (row * heads + head) * frames + t, score, mask=valid)
        above = tl.maximum(largest, tl.max(score, axis=0))
        shrink = tl.exp(largest - above)
        grown = tl.exp(score - above)
        total = total * shrink + tl.sum(grown, axis=0)
        pooled = pooled * shrink + tl.sum(value * grown[:, None], axis=0)
        largest = above
    at = (row * heads + head) * runs + run
    tl.store(partial + at * dim + d, pooled, mask=d < dim)
    tl.store(extremes + 2 * at, largest)
    tl.store(extremes + 2 * at + 1, total)


@triton.jit
def _join(
    lengths, scores, partial, extremes, pooled, weights, frames, dim, runs, heads,
    DIM: tl.constexpr, RUNS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Pooled and weights of one sample and head from its runs."""
    row = tl.program_id(0).to(tl.int64) * heads + tl.program_id(1)
    n = tl.minimum(tl.load(lengths + tl.program_id(0)), frames).to(tl.int32)
    d = tl.arange(0, DIM)
    r = tl.arange(0, RUNS)
    # runs without a valid frame have -inf and 0
    each = tl.load(extremes + 2 * (row * runs + r), mask=r < runs, other=-float("inf"))
    largest = tl.max(each, axis=0)
    sums = tl.load(extremes + 2 * (row * runs + r) + 1, mask=r < runs, other=0.0)
    total = tl.sum(sums * tl.exp(each - largest), axis=0)
    out = tl.zeros((DIM,), tl.float32)
    for i in range(0, runs):
        part = tl.load(partial + (row * runs + i) * dim + d, mask=d < dim, other=0.0)
        out += part * tl.exp(tl.load(extremes + 2 * (row * runs + i)) - largest)
    tl.store(pooled + row * dim + d, out / total, mask=d < dim)
    for begin in range(0, frames, BLOCK):
        t = begin + tl.arange(0, BLOCK)
        score = tl.load(scores + row * frames + t, mask=t < n, other=-float("inf"))
        tl.store(weights + row * frames + t, tl.exp(score - largest) / total, mask=t < frames)


@triton.jit
def _spread(
    x, hidden, lengths, query, scales, weights, grad, grad_weights, mean, dx, dz, dquery,
    frames, dim, units, heads, ADDITIVE: tl.constexpr, WEIGHTS: tl.constexpr,
    DIM: tl.constexpr, UNITS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Gradients of one run of frames from all heads: of x (without the projection's part), of the projection, and this
    run's share of the query's."""
    row = tl.program_id(0).to(tl.int64)
    run = tl.program_id(1)
    runs = tl.num_programs(1)
    n = tl.minimum(tl.load(lengths + row), frames).to(tl.int32)
    size = _run(frames, BLOCK, runs)
    d = tl.arange(0, DIM)
    a = tl.arange(0, UNITS)
    for head in range(0, heads):
        tl.debug_barrier()  # dx is read again under the next head, perhaps by other threads
        at = row * heads + head
        scale = tl.load(scales + head)
        u = tl.load(query + head * units + a, mask=a < units, other=0.0)
        g = tl.load(grad + at * dim + d, mask=d < dim, other=0.0)
        centre = tl.load(mean + at)
        share = tl.zeros((UNITS,), tl.float32)
        for begin in range(run * size, tl.minimum(run * size + size, frames), BLOCK):
            t = begin + tl.arange(0, BLOCK)
            valid = t < n
            cells = (t[:, None] < frames) & (d[None, :] < dim)
            places = (row * frames + t[:, None]) * dim + d[None, :]
            value = tl.load(x + places, mask=cells & valid[:, None], other=0.0)
            alpha = tl.load(weights + at * frames + t, mask=valid, other=0.0)
            slope = tl.sum(value * g[None, :], axis=1) - centre
            if WEIGHTS:
                slope += tl.load(grad_weights + at * frames + t, mask=valid, other=0.0)
            de = tl.where(valid, scale * alpha * slope, 0.0)
            change = alpha[:, None] * g[None, :]
            if ADDITIVE:
                units_at = ((row * frames + t[:, None]) * heads + head) * units + a[None, :]
                inside = (t[:, None] < frames) & (a[None, :] < units)
                h = tl.load(hidden + units_at, mask=inside & valid[:, None], other=0.0)
                tl.store(dz + units_at, de[:, None] * u[None, :] * (1.0 - h * h), mask=inside)
                share += tl.sum(de[:, None] * h, axis=0)
            else:
                change += de[:, None] * u[None, :]
                share += tl.sum(de[:, None] * value, axis=0)
            if head > 0:
                change += tl.load(dx + places, mask=cells, other=0.0)
            tl.store(dx + places, change, mask=cells)
        tl.store(dquery + ((row * runs + run) * heads + head) * units + a, share, mask=a < units)

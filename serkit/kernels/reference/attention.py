"""Attention pooling in NumPy float64, straight from its definition: the truth that kernels and ops are tested against.

linear: e_t = theta . x_t (Chen et al. 2018, section II.D); additive: e_t = u . tanh(W x_t + b) (M. Chen, section on
attention); weights = softmax over valid frames of scale * e, pooled = sum over t of weights_t x_t. H heads are H such
poolings of the same frames, each with its own parameters and scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AttentionGradients:
    """Float64 gradients, shaped like the inputs; ``weight`` and ``bias`` in the additive form only."""

    x: Float64
    query: Float64
    weight: Float64 | None = None
    bias: Float64 | None = None


def attention_pool(
    x: ArrayLike,
    lengths: ArrayLike,
    query: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    scale: float | Sequence[float] = 1.0,
) -> tuple[Float64, Float64]:
    """Pooled vectors [B, D] and weights [B, T] of ``x`` [B, T, D] with ``lengths`` [B], in float64.

    ``query`` is theta [D], or u [A] together with ``weight`` W [A, D] and ``bias`` b [A]. Heads: an axis H in front of
    each of these gives [B, H, D] and [B, H, T]; ``scale`` is then one number or H of them.
    """
    if np.ndim(query) == 2:
        heads = [attention_pool(x, lengths, *head) for head in _heads(query, weight, bias, scale)]
        return np.stack([c for c, _ in heads], axis=1), np.stack([alpha for _, alpha in heads], axis=1)
    assert not isinstance(scale, Sequence)
    frames = np.asarray(x, np.float64)
    pooled = np.zeros((frames.shape[0], frames.shape[2]))
    weights = np.zeros(frames.shape[:2])
    for i, n in enumerate(np.asarray(lengths)):
        valid = frames[i, :n]
        weights[i, :n] = _softmax(scale * _scores(valid, query, weight, bias))
        pooled[i] = weights[i, :n] @ valid
    return pooled, weights


def attention_pool_backward(
    x: ArrayLike,
    lengths: ArrayLike,
    query: ArrayLike,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    scale: float | Sequence[float] = 1.0,
    *,
    grad_pooled: ArrayLike | None = None,
    grad_weights: ArrayLike | None = None,
) -> AttentionGradients:
    """Gradients of ``sum(grad_pooled * pooled) + sum(grad_weights * weights)``; None is zero.

    ``grad_pooled`` and ``grad_weights`` (its padding is not used) are shaped like the outputs; the rest as in
    ``attention_pool``.
    """
    if np.ndim(query) == 2:
        dc, da = (None if g is None else np.asarray(g, np.float64) for g in (grad_pooled, grad_weights))
        parts = [
            attention_pool_backward(
                x, lengths, *head,
                grad_pooled=None if dc is None else dc[:, i], grad_weights=None if da is None else da[:, i],
            )
            for i, head in enumerate(_heads(query, weight, bias, scale))
        ]  # fmt: skip
        return AttentionGradients(
            np.sum([g.x for g in parts], axis=0),
            np.stack([g.query for g in parts]),
            None if weight is None else np.stack([g.weight for g in parts if g.weight is not None]),
            None if bias is None else np.stack([g.bias for g in parts if g.bias is not None]),
        )
    assert not isinstance(scale, Sequence)
    frames, q = np.asarray(x, np.float64), np.asarray(query, np.float64)
    w = None if weight is None else np.asarray(weight, np.float64)
    b = None if bias is None else np.asarray(bias, np.float64)
    dx, dq = np.zeros_like(frames), np.zeros_like(q)
    dw = None if w is None else np.zeros_like(w)
    db = None if b is None else np.zeros_like(b)
    for i, n in enumerate(np.asarray(lengths)):
        valid = frames[i, :n]
        alpha = _softmax(scale * _scores(valid, q, w, b))
        dc = np.zeros(frames.shape[2]) if grad_pooled is None else np.asarray(grad_pooled, np.float64)[i]
        d_alpha = valid @ dc
        if grad_weights is not None:
            d_alpha = d_alpha + np.asarray(grad_weights, np.float64)[i, :n]
        jacobian = scale * (np.diag(alpha) - np.outer(alpha, alpha))  # of the softmax, symmetric
        de = jacobian @ d_alpha
        dx[i, :n] = np.outer(alpha, dc)
        if w is None or b is None or dw is None or db is None:
            dq += de @ valid
            dx[i, :n] += np.outer(de, q)
        else:
            hidden = np.tanh(valid @ w.T + b)
            dz = de[:, None] * q * (1.0 - hidden**2)
            dq += de @ hidden
            dw += dz.T @ valid
            db += dz.sum(axis=0)
            dx[i, :n] += dz @ w
    return AttentionGradients(dx, dq, dw, db)


def _heads(
    query: ArrayLike, weight: ArrayLike | None, bias: ArrayLike | None, scale: float | Sequence[float]
) -> list[tuple[Float64, Float64 | None, Float64 | None, float]]:
    """The arguments of each head: query, weight, bias, scale."""
    q = np.asarray(query, np.float64)
    w, b = (None if p is None else np.asarray(p, np.float64) for p in (weight, bias))
    scales = scale if isinstance(scale, Sequence) else [scale] * len(q)
    return [(q[i], None if w is None else w[i], None if b is None else b[i], scales[i]) for i in range(len(q))]


def _scores(valid: Float64, query: ArrayLike, weight: ArrayLike | None, bias: ArrayLike | None) -> Float64:
    q = np.asarray(query, np.float64)
    if weight is None or bias is None:
        return np.asarray(valid @ q)
    return np.asarray(np.tanh(valid @ np.asarray(weight, np.float64).T + np.asarray(bias, np.float64)) @ q)


def _softmax(scores: Float64) -> Float64:
    grown = np.exp(scores - scores.max())
    return np.asarray(grown / grown.sum())

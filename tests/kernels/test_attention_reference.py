"""Do the compiled kernels compute what the NumPy float64 definition says?"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from serkit.errors import UserError
from serkit.kernels.native import attention as native
from serkit.kernels.reference import attention as reference

# Rounding relative to the largest entry of each array. float64: sums of up to 61 terms of order one, two in a row, give
# about 1e-14. float32: the same count times eps = 6e-8 is about 4e-6; gradients multiply three such results.
TOLERANCE = {"float64": 1e-12, "float32": 2e-5}

SHAPES = [
    (1, 1, 1, 1),
    (2, 5, 3, 2),
    (3, 61, 17, 5),
    (4, 33, 48, 33),
    (2, 9, 130, 16),
]  # B, T, D, A: odd ones for tails


def problem(
    shape: tuple[int, int, int, int], dtype: str, form: str, seed: int = 0, heads: int | None = None
) -> SimpleNamespace:
    """A random batch with NaN in its padding, and gradients of both outputs; ``heads`` None is without their axis."""
    batch, frames, dim, units = shape
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, frames + 1, batch)
    lengths[0] = frames
    x = rng.standard_normal((batch, frames, dim)).astype(dtype)
    for i, n in enumerate(lengths):
        x[i, n:] = np.nan
    additive = form == "additive"

    def scaled(*size: int) -> np.ndarray:
        return (rng.standard_normal(size) / np.sqrt(size[-1])).astype(dtype)

    h = () if heads is None else (heads,)
    parameters = (scaled(*h, units), scaled(*h, units, dim), scaled(*h, units)) if additive else (scaled(*h, dim),)
    return SimpleNamespace(
        x=x, lengths=lengths, parameters=parameters, units=parameters[0].size if additive else 0, heads=h,
        scale=1.5 if heads is None else list(np.linspace(0.3, 1.5, heads)),
        grad_pooled=rng.standard_normal((batch, *h, dim)).astype(dtype),
        grad_weights=rng.standard_normal((batch, *h, frames)).astype(dtype),
    )  # fmt: skip


def forward(p: SimpleNamespace, threads: int = 1) -> dict[str, np.ndarray]:
    """Outputs in buffers full of NaN, so that an entry never written shows."""
    batch, frames, dim = p.x.shape
    shapes = {"pooled": (batch, *p.heads, dim), "weights": (batch, *p.heads, frames)}
    if p.units:
        shapes["hidden"] = (batch * frames, p.units)
    out = {name: np.full(shape, np.nan, p.x.dtype) for name, shape in shapes.items()}
    native.forward(p.x, p.lengths, *p.parameters, scale=p.scale, threads=threads, **out)
    return out


def backward(p: SimpleNamespace, threads: int = 1, **grads: np.ndarray | None) -> dict[str, np.ndarray]:
    kept = forward(p)
    names = ("dquery", "dweight", "dbias")[: len(p.parameters)]
    out = {name: np.full_like(q, np.nan) for name, q in zip(names, p.parameters, strict=True)}
    out["dx"] = np.full_like(p.x, np.nan)
    native.backward(
        p.x, p.lengths, *p.parameters, scale=p.scale, threads=threads, weights=kept["weights"],
        hidden=kept.get("hidden"), **(grads or {"grad_pooled": p.grad_pooled, "grad_weights": p.grad_weights}), **out,
    )  # fmt: skip
    return out


def assert_near(ours: np.ndarray, truth: Any, dtype: str) -> None:
    np.testing.assert_allclose(ours, truth, rtol=0, atol=TOLERANCE[dtype] * max(1.0, np.abs(truth).max()))


@pytest.mark.parametrize("form", ["linear", "additive"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_forward(shape: tuple[int, int, int, int], dtype: str, form: str) -> None:
    p = problem(shape, dtype, form)
    out = forward(p)
    pooled, weights = reference.attention_pool(p.x, p.lengths, *p.parameters, scale=p.scale)
    assert_near(out["pooled"], pooled, dtype)
    assert_near(out["weights"], weights, dtype)
    padding = np.arange(shape[1]) >= p.lengths[:, None]
    assert (out["weights"][padding] == 0).all()
    if form == "additive":
        assert (out["hidden"][p.lengths.sum() :] == 0).all()


@pytest.mark.parametrize("form", ["linear", "additive"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("given", ["both", "grad_pooled", "grad_weights"])
def test_backward(shape: tuple[int, int, int, int], dtype: str, form: str, given: str) -> None:
    p = problem(shape, dtype, form)
    grads = {
        "grad_pooled": None if given == "grad_weights" else p.grad_pooled,
        "grad_weights": None if given == "grad_pooled" else p.grad_weights,
    }
    out = backward(p, **grads)
    truth = reference.attention_pool_backward(p.x, p.lengths, *p.parameters, scale=p.scale, **grads)
    assert_near(out["dx"], truth.x, dtype)
    assert_near(out["dquery"], truth.query, dtype)
    if form == "additive":
        assert_near(out["dweight"], truth.weight, dtype)
        assert_near(out["dbias"], truth.bias, dtype)
    padding = np.arange(shape[1]) >= p.lengths[:, None]
    assert (out["dx"][padding] == 0).all()


@pytest.mark.parametrize("form", ["linear", "additive"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("heads", [1, 2, 5])
def test_heads(heads: int, dtype: str, form: str) -> None:
    p = problem((3, 31, 37, 19), dtype, form, heads=heads)
    out, slopes = forward(p), backward(p)
    pooled, weights = reference.attention_pool(p.x, p.lengths, *p.parameters, scale=p.scale)
    truth = reference.attention_pool_backward(
        p.x, p.lengths, *p.parameters, scale=p.scale, grad_pooled=p.grad_pooled, grad_weights=p.grad_weights
    )
    pairs = [(out["pooled"], pooled), (out["weights"], weights), (slopes["dx"], truth.x)]
    pairs += [(slopes[f"d{name}"], getattr(truth, name)) for name in ("query", "weight", "bias")[: len(p.parameters)]]
    for ours, wanted in pairs:
        assert ours.shape == wanted.shape
        assert_near(ours, wanted, dtype)


@pytest.mark.parametrize("form", ["linear", "additive"])
def test_one_head_equals_no_heads_to_the_bit(form: str) -> None:
    p = problem((3, 31, 37, 19), "float32", form, heads=1)
    plain = SimpleNamespace(**vars(p))
    plain.heads, plain.scale, plain.parameters = (), p.scale[0], tuple(q[0] for q in p.parameters)
    plain.grad_pooled, plain.grad_weights = p.grad_pooled[:, 0], p.grad_weights[:, 0]
    for run in (forward, backward):
        got, want = run(p), run(plain)
        for name in want:
            np.testing.assert_array_equal(got[name].ravel(), want[name].ravel(), err_msg=name)


def test_reference_gradient_is_the_derivative() -> None:
    p = problem((2, 4, 3, 2), "float64", "additive")
    truth = reference.attention_pool_backward(
        p.x, p.lengths, *p.parameters, scale=p.scale, grad_pooled=p.grad_pooled, grad_weights=p.grad_weights
    )

    def objective(*parameters: np.ndarray) -> float:
        pooled, weights = reference.attention_pool(p.x, p.lengths, *parameters, scale=p.scale)
        return float((p.grad_pooled * pooled).sum() + (p.grad_weights * weights).sum())

    step = 1e-6
    for which, gradient in enumerate((truth.query, truth.weight, truth.bias)):
        for index in np.ndindex(gradient.shape):
            moved = [[q.copy() for q in p.parameters] for _ in range(2)]
            moved[0][which][index] += step
            moved[1][which][index] -= step
            slope = (objective(*moved[0]) - objective(*moved[1])) / (2 * step)
            # central difference: error h^2 f''' ~ 1e-12, rounding eps / h ~ 1e-10; a factor 100 above both
            assert slope == pytest.approx(gradient[index], abs=1e-8)


@pytest.mark.parametrize("offset", [1e4, -1e4])
def test_large_scores_do_not_overflow(offset: float) -> None:
    x = np.full((1, 3, 1), 1.0)
    x[0, 1] += 1e-4
    out = {"pooled": np.empty((1, 1)), "weights": np.empty((1, 3))}
    native.forward(x, np.array([3]), np.array([offset]), scale=1.0, **out)
    _, truth = reference.attention_pool(x, [3], [offset])
    # scores near 1e4 carry an absolute error of 1e4 eps = 2e-12, which the softmax passes on
    np.testing.assert_allclose(out["weights"], truth, rtol=1e-11)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1e8, 1e9, 1e10, 1e30, -1e9, 0.0])
def test_any_finite_scale_gives_weights_that_sum_to_one(scale: float, dtype: str) -> None:
    rng = np.random.default_rng(0)
    x, theta = rng.standard_normal((2, 20, 8)).astype(dtype), rng.standard_normal(8).astype(dtype)
    out = {"pooled": np.empty((2, 8), dtype), "weights": np.empty((2, 20), dtype)}
    native.forward(x, np.array([20, 7]), theta, scale=scale, **out)
    _, truth = reference.attention_pool(x, [20, 7], theta, scale=scale)
    # scores differ by hundredths at the least: huge scales leave one frame, 0 leaves all alike
    np.testing.assert_allclose(out["weights"], truth, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.lengths.__setitem__(1, 0), r"lengths\[1\] is 0, but a sample has 1 to T = 5"),
        (lambda p: p.lengths.__setitem__(0, 6), r"lengths\[0\] is 6"),
        (lambda p: setattr(p, "lengths", p.lengths.astype(np.int32)), "must be int64"),
        (lambda p: setattr(p, "lengths", p.lengths[:1]), "one length a sample"),
        (lambda p: setattr(p, "x", p.x.astype(np.float16)), "float16"),
        (lambda p: setattr(p, "x", p.x[:0]), r"B, T and D at least 1"),
        (lambda p: setattr(p, "parameters", (p.parameters[0][:-1],)), "theta has shape"),
        (lambda p: setattr(p, "scale", float("nan")), "finite"),
        (lambda p: setattr(p, "scale", [1.0, 2.0]), "scale has 2 numbers, but there are 1 heads"),
        (lambda p: setattr(p, "parameters", (np.zeros((0, 3)),)), "at least one"),
    ],
)
def test_refused_in_words(change: Callable[[SimpleNamespace], None], message: str) -> None:
    p = problem((2, 5, 3, 2), "float64", "linear")
    change(p)
    with pytest.raises(UserError, match=message):
        forward(p)

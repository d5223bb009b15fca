"""Does a result depend on the number of threads or on the rest of the batch? Compared to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from serkit.kernels.native import attention as native

FORMS = pytest.mark.parametrize("form", ["linear", "additive"])
DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])


def run(
    x: np.ndarray, lengths: np.ndarray, parameters: tuple[np.ndarray, ...], grads: tuple[np.ndarray, ...], threads: int
) -> dict[str, np.ndarray]:
    """Outputs and gradients."""
    batch, frames, dim = x.shape
    out = {"pooled": np.empty((batch, dim), x.dtype), "weights": np.empty((batch, frames), x.dtype)}
    hidden = np.empty((batch * frames, len(parameters[0])), x.dtype) if len(parameters) == 3 else None
    native.forward(x, lengths, *parameters, scale=0.7, hidden=hidden, threads=threads, **out)
    slopes = dict(zip(("dquery", "dweight", "dbias"), map(np.empty_like, parameters), strict=False))
    slopes["dx"] = np.empty_like(x)
    native.backward(
        x, lengths, *parameters, scale=0.7, weights=out["weights"], hidden=hidden, grad_pooled=grads[0],
        grad_weights=grads[1], threads=threads, **slopes,
    )  # fmt: skip
    return out | slopes


def make(form: str, dtype: str, shape: tuple[int, int, int, int]) -> tuple:
    batch, frames, dim, units = shape
    rng = np.random.default_rng(1)

    def draw(*size: int) -> np.ndarray:
        return (rng.standard_normal(size) / np.sqrt(size[-1])).astype(dtype)

    parameters = (draw(units), draw(units, dim), draw(units)) if form == "additive" else (draw(dim),)
    x = rng.standard_normal((batch, frames, dim)).astype(dtype)
    grads = (rng.standard_normal((batch, dim)).astype(dtype), rng.standard_normal((batch, frames)).astype(dtype))
    return x, rng.integers(1, frames + 1, batch), parameters, grads


@FORMS
@DTYPES
def test_threads(form: str, dtype: str) -> None:
    # large enough that the core gives every thread work (eight million multiplications each)
    x, lengths, parameters, grads = make(form, dtype, (24, 200, 320, 40) if form == "additive" else (48, 300, 768, 0))
    one = run(x, lengths, parameters, grads, 1)
    for threads in (2, 5):
        many = run(x, lengths, parameters, grads, threads)
        for name in one:
            np.testing.assert_array_equal(many[name], one[name], err_msg=name)


@FORMS
@DTYPES
def test_batch_equals_single(form: str, dtype: str) -> None:
    x, lengths, parameters, grads = make(form, dtype, (5, 23, 37, 19))
    together = run(x, lengths, parameters, grads, 1)
    sums = {name: np.zeros_like(together[name]) for name in together if name in ("dquery", "dweight", "dbias")}
    for i, n in enumerate(lengths):
        one = slice(i, i + 1)
        alone = run(
            np.ascontiguousarray(x[one, :n]), lengths[one], parameters,
            (grads[0][one], np.ascontiguousarray(grads[1][one, :n])), 1,
        )  # fmt: skip
        np.testing.assert_array_equal(alone["pooled"][0], together["pooled"][i])
        np.testing.assert_array_equal(alone["weights"][0], together["weights"][i, :n])
        np.testing.assert_array_equal(alone["dx"][0], together["dx"][i, :n])
        for name in sums:
            sums[name] += alone[name]
    for name, total in sums.items():  # in the order of the batch, as documented
        np.testing.assert_array_equal(total, together[name], err_msg=name)

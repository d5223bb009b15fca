"""The sparse auto-encoder whose encoder becomes convolution kernels (He, Ren and He, experiments three and four)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from serkit_plugins.architectures.he.config import AutoEncoder

Array = NDArray[np.float32]

_CLIP = 3.0  # deviations of a whitened component
_LOW, _HIGH = 0.1, 0.9  # where a sigmoid can still go
_TINY = 1e-6  # mean activations are kept so far from 0 and 1, where the divergence has no end


def squash(x: Tensor, settings: AutoEncoder) -> Tensor:
    """Whitened values into what the decoder can return: for a sigmoid, clipped to three deviations and mapped to
    [0.1, 0.9]; for a linear one as they are."""
    if settings.decoder == "linear":
        return x
    return (x.clamp(-_CLIP, _CLIP) + _CLIP) * ((_HIGH - _LOW) / (2 * _CLIP)) + _LOW


@dataclass(frozen=True)
class Weights:
    """Encoder ``w`` [n, m], ``b`` [n] and decoder ``w_out`` [m, n], ``b_out`` [m]; not tied."""

    w: Tensor
    b: Tensor
    w_out: Tensor
    b_out: Tensor

    def all(self) -> list[Tensor]:
        """The four tensors."""
        return [self.w, self.b, self.w_out, self.b_out]


def objective(x: Tensor, weights: Weights, settings: AutoEncoder) -> Tensor:
    """J of patches ``x`` [k, m]: half the mean over patches of ||x - x'||^2, plus mu times the sum over hidden units of
    the divergence between rho and the unit's mean activation, plus the weight decay; a scalar.

    Source: He, Ren and He, equation of the auto-encoder; the halving and averaging are ours (``docs/he.md``).
    """
    hidden = torch.sigmoid(x @ weights.w.T + weights.b)
    out = hidden @ weights.w_out.T + weights.b_out
    if settings.decoder == "sigmoid":
        out = torch.sigmoid(out)
    loss = 0.5 * (x - out).square().sum(dim=1).mean()
    rho, mean = settings.sparsity, hidden.mean(dim=0).clamp(_TINY, 1 - _TINY)
    divergence = rho * (math.log(rho) - mean.log()) + (1 - rho) * (math.log(1 - rho) - (1 - mean).log())
    loss = loss + settings.sparsity_weight * divergence.sum()
    if settings.weight_decay:
        loss = loss + 0.5 * settings.weight_decay * (weights.w.square().sum() + weights.w_out.square().sum())
    return loss


def fit_encoder(
    utterances: Sequence[Array], length: int, units: int, settings: AutoEncoder, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Weights ``[units, length, D]`` and biases ``[units]`` of the encoder of patches of ``length`` frames, learned
    from whitened ``utterances`` ``[T, D]``, all as long as a patch at least.

    Patches are drawn without replacement from all positions. Deterministic under ``rng`` and one number of threads.
    """
    patches = _patches(utterances, length, settings.patches, rng)
    x = squash(torch.from_numpy(patches.reshape(len(patches), -1)), settings)
    weights = _start(x.shape[1], units, rng)
    (_adam if settings.optimizer == "adam" else _lbfgs)(x, weights, settings, rng)
    w = weights.w.detach().numpy().reshape(units, length, -1)
    return np.ascontiguousarray(w), weights.b.detach().numpy()


def _patches(utterances: Sequence[Array], length: int, most: int, rng: np.random.Generator) -> Array:
    """At most ``most`` patches ``[k, length, D]``."""
    counts = np.array([len(x) - length + 1 for x in utterances])
    ends = np.cumsum(counts)
    chosen = np.sort(rng.permutation(int(ends[-1]))[:most])
    which = np.searchsorted(ends, chosen, side="right")
    starts = chosen - (ends - counts)[which]
    return np.stack([utterances[i][s : s + length] for i, s in zip(which, starts, strict=True)])


def _start(m: int, n: int, rng: np.random.Generator) -> Weights:
    """Uniform weights whose products neither grow nor vanish (Glorot and Bengio 2010), biases 0."""
    edge = math.sqrt(6.0 / (m + n))
    w, w_out = (rng.uniform(-edge, edge, shape).astype(np.float32) for shape in ((n, m), (m, n)))
    weights = Weights(torch.from_numpy(w), torch.zeros(n), torch.from_numpy(w_out), torch.zeros(m))
    for tensor in weights.all():
        tensor.requires_grad_(True)
    return weights


def _adam(x: Tensor, weights: Weights, settings: AutoEncoder, rng: np.random.Generator) -> None:
    optimizer = torch.optim.Adam(weights.all(), settings.lr)
    for _ in range(settings.epochs):
        order = torch.from_numpy(rng.permutation(len(x)))
        for index in order.split(settings.batch):
            optimizer.zero_grad(set_to_none=True)
            objective(x[index], weights, settings).backward()
            optimizer.step()


def _lbfgs(x: Tensor, weights: Weights, settings: AutoEncoder, rng: np.random.Generator) -> None:
    optimizer = torch.optim.LBFGS(weights.all(), max_iter=settings.iterations, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad(set_to_none=True)
        value = objective(x, weights, settings)
        value.backward()
        return value

    closure: Callable[[], float] = loss  # type: ignore[assignment]  # torch's stub wants a float, its code a tensor
    optimizer.step(closure)

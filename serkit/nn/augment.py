"""Augmentation of training batches; off unless ``[training.augment]`` asks for it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from serkit.types import Augment


def augment(
    inputs: dict[str, Tensor],
    settings: Augment,
    rng: np.random.Generator,
    *,
    whole: Collection[str] = (),
    words: Collection[str] = (),
) -> dict[str, Tensor]:
    """A batch with input noise, shifted and offset bands and masks, each unit with its own.

    The given tensors are not changed. Inputs made of ``words`` are left alone; those that are ``whole``, such as
    functionals, get input noise only, since their columns are no bands and their rows no time.

    Masks (SpecAugment, Park et al. 2019) set bands and frames to 0, which is the training mean after a z-score.
    """
    out = dict(inputs)
    for name, x in inputs.items():
        if name.endswith("_lengths") or name in words:
            continue
        lengths = inputs[f"{name}_lengths"]
        if settings.input_noise:
            noise = rng.standard_normal(tuple(x.shape), np.float32) * np.float32(settings.input_noise)
            x = x + _like(noise, x)
        if name not in whole and x.dim() > 2:
            x = _bands_and_masks(x, lengths, settings, rng)
        out[name] = x
    return out


def _bands_and_masks(x: Tensor, lengths: Tensor, settings: Augment, rng: np.random.Generator) -> Tensor:
    if settings.band_shift:
        shift = rng.uniform(-settings.band_shift, settings.band_shift, len(x)).astype(np.float32)
        x = shift_bands(x, _like(shift, x))
    if settings.band_offset:
        x = offset_bands(x, lengths, _like(_curves(len(x), x.shape[2], rng) * settings.band_offset, x))
    if settings.freq_masks or settings.time_masks:
        x = x * _like(_masks(tuple(x.shape), lengths.cpu().numpy(), settings, rng), x)
    return x


def mixup(
    inputs: dict[str, Tensor], targets: Tensor, alpha: float, rng: np.random.Generator
) -> tuple[dict[str, Tensor], Tensor]:
    """Each unit of a batch blended with another one of it, and their targets ``[B, K]`` likewise (Zhang et al. 2018,
    mixup: Beyond empirical risk minimization, equation 1): ``share * mine + (1 - share) * other`` with a share from
    Beta(alpha, alpha) for each unit, and the others by a random permutation.

    Frames past the shorter one's end are blended with zeros, and the longer length counts.
    """
    n = len(targets)
    share, other = rng.beta(alpha, alpha, n).astype(np.float32), torch.from_numpy(rng.permutation(n))
    out = {}
    for name, x in inputs.items():
        theirs = x[other.to(x.device)]
        if name.endswith("_lengths"):
            out[name] = torch.maximum(x, theirs)
        else:
            out[name] = theirs + _like(share.reshape(n, *(1 for _ in x.shape[1:])), x) * (x - theirs)
    theirs = targets[other.to(targets.device)]
    return out, theirs + _like(share[:, None], targets) * (targets - theirs)


def shift_bands(x: Tensor, shift: Tensor) -> Tensor:
    """``x`` [B, T, F, ...] with its bands moved by ``shift`` [B] bands (linear interpolation, the edge bands repeated):
    on a Mel axis about what another length of vocal tract does (Jaitly and Hinton 2013, VTLP)."""
    bands = x.shape[2]
    place = (torch.arange(bands, device=x.device) + shift[:, None]).clamp(0, bands - 1)  # [B, F]
    low = place.floor().long().clamp(max=max(0, bands - 2))
    share = (place - low).reshape(len(x), 1, bands, *(1 for _ in x.shape[3:]))
    index = low.reshape(len(x), 1, bands, *(1 for _ in x.shape[3:])).expand_as(x)
    return x.gather(2, index) * (1 - share) + x.gather(2, (index + 1).clamp(max=bands - 1)) * share


def offset_bands(x: Tensor, lengths: Tensor, offset: Tensor) -> Tensor:
    """``offset`` [B, F] added to every valid frame of the first channel of ``x`` [B, T, F] or [B, T, F, C]: another
    microphone, room or voice timbre, which deltas do not see."""
    valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]  # [B, T]
    added = offset[:, None, :] * valid[:, :, None]
    if x.dim() == 3:
        return x + added
    return torch.cat([x[..., :1] + added[..., None], x[..., 1:]], dim=3)


CURVE_KNOTS = 5


def _curves(n: int, bands: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Random curves ``[n, bands]``: straight lines between ``CURVE_KNOTS`` standard normal values."""
    knots = rng.standard_normal((n, CURVE_KNOTS))
    place, at = np.linspace(0, CURVE_KNOTS - 1, bands), np.arange(CURVE_KNOTS)
    return np.stack([np.interp(place, at, row) for row in knots]).astype(np.float32)


def _masks(
    shape: tuple[int, ...], lengths: NDArray[Any], settings: Augment, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Zeros where masked: ``[B, T, F, 1...]`` of 0 and 1 for ``x`` [B, T, F, ...]."""
    b, t, f = shape[:3]
    keep = np.ones((b, t, f), np.float32)
    for row in range(b):
        for _ in range(settings.freq_masks):
            width = int(rng.integers(0, min(settings.freq_mask_width, f) + 1))
            start = int(rng.integers(0, f - width + 1))
            keep[row, :, start : start + width] = 0
        for _ in range(settings.time_masks):
            width = int(rng.integers(0, min(settings.time_mask_width, int(lengths[row])) + 1))
            start = int(rng.integers(0, int(lengths[row]) - width + 1))
            keep[row, start : start + width] = 0
    return keep.reshape(b, t, f, *(1 for _ in shape[3:]))


def _like(a: NDArray[np.float32], x: Tensor) -> Tensor:
    return torch.from_numpy(np.asarray(a, np.float32)).to(x.device)

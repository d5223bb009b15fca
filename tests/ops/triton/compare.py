"""Run by tests in a process of its own: the Triton kernels on small inputs against the plain torch path in float64.

Whether kernels are interpreted is settled when triton is imported, which is why this is no test module. Prints JSON
``{case: {"error": largest absolute difference, "scale": largest value}}``. ``python compare.py cpu|cuda``
"""

from __future__ import annotations

import json
import sys
from typing import Any

import torch
from torch import Tensor

from serkit.kernels.parameters import SpectralParameters
from serkit.ops import attention_torch, log_mel_torch
from serkit.ops.log_mel import _log_mel_cuda
from serkit.ops.log_mel_torch import encode
from serkit.ops.triton import attention, log_mel

LM3: dict[str, Any] = {
    "stage": "mel", "sample_rate": 16_000, "standardize": True, "frame_samples": 400, "hop_samples": 160,
    "framing": "tail", "window": "hamming", "n_fft": 512, "n_mels": 40, "f_max": 8000.0, "log": "natural",
    "channels": ("static", "delta", "delta2"),
}  # fmt: skip
SMALL = {"sample_rate": 800, "f_max": 400.0, "frame_samples": 30, "hop_samples": 11, "n_fft": 45, "n_mels": 4}
VARIANTS: dict[str, dict[str, Any]] = {
    "LM3": {},
    "tail, one channel": {"channels": ("static",), "preemphasis": 0.97},
    "snip, psf": {"framing": "snip", "mel_scale": "psf-bins", "log": "psf", "preemphasis": 0.97, "standardize": False,
                  "scale": 32768.0},
    "center": {"framing": "center", "mel_scale": "slaney", "mel_norm": "slaney", "f_min": 300.0, "n_mels": 20},
    "center-zero, odd": {**SMALL, "framing": "center-zero", "delta_window": 3, "channels": ("static", "delta2")},
    "mirror, kaldi": {"framing": "mirror", "window": "povey", "mel_scale": "htk-warped", "remove_dc": True,
                      "preemphasis": 0.97, "preemphasis_scope": "frame", "standardize": False, "f_min": 20.0},
    "center, odd, powers": {**SMALL, "framing": "center", "log": "none", "channels": ("delta",)},
    "decibel": {"log": "decibel", "power_gain": 1 / 512, "hop_samples": 500, "channels": ("delta2",)},
}  # fmt: skip


def record(found: dict[str, dict[str, float]], case: str, got: Tensor, want: Tensor) -> None:
    error = float((got.double() - want).abs().max()) if got.isfinite().all() else float("inf")
    found[case] = {"error": error, "scale": float(want.abs().max())}


def compare_log_mel(device: str, found: dict[str, dict[str, float]]) -> None:
    lengths = torch.tensor([1300, 901, 433])
    clean = torch.randn(3, 1300, generator=torch.Generator().manual_seed(0)) * 0.1
    dirty = torch.where(torch.arange(1300) < lengths[:, None], clean, torch.nan)
    for name, changes in VARIANTS.items():
        p = SpectralParameters(**{**LM3, **changes})
        want, counts = log_mel_torch.log_mel(clean.double(), lengths, p)
        got, also = log_mel.log_mel(dirty.to(device), lengths.to(device), p)
        assert torch.equal(also.cpu(), counts)
        record(found, f"log_mel {name}", got.cpu(), want)
        padding = torch.arange(got.shape[1]) >= counts[:, None]
        assert (got.cpu()[padding] == 0).all()
    # over the largest matrix, the op itself turns to the plain path
    p = SpectralParameters(**{**LM3, "n_fft": 16384})
    want, _ = log_mel_torch.log_mel(clean[:1].double(), lengths[:1], p)
    record(
        found, "log_mel too large", _log_mel_cuda(clean[:1].to(device), lengths[:1].to(device), encode(p)).cpu(), want
    )
    silence = torch.full((1, 800), 0.3, device=device)
    got, _ = log_mel.log_mel(silence, torch.tensor([800], device=device), SpectralParameters(**LM3))
    record(found, "log_mel silence", got[..., 0].cpu(), torch.full((1, 4, 40), 1e-10, dtype=torch.float64).log())


def compare_attention(device: str, found: dict[str, dict[str, float]]) -> None:
    g = torch.Generator().manual_seed(1)
    lengths = torch.tensor([40, 1, 21])
    valid = torch.arange(40) < lengths[:, None]
    # 33 and 5 fill no block of features, the widest leaves room for few frames in one
    for dim, units, heads in ((33, 5, 1), (20, 8, 3), (1000, 3, 1), (1, 1, 2)):
        clean = torch.randn(3, 40, dim, generator=g)
        dirty = torch.where(valid[..., None], clean, torch.nan)
        scales = [0.3, 1.0, 2.0][:heads]
        inputs = {
            "linear": (torch.randn(heads, dim, generator=g) / dim**0.5, None, None),
            "additive": (torch.randn(heads, units, generator=g), torch.randn(heads, units, dim, generator=g) / dim**0.5,
                         torch.randn(heads, units, generator=g)),
        }  # fmt: skip
        grads = torch.randn(3, heads, dim, generator=g), torch.randn(3, heads, 40, generator=g)
        for form, parameters in inputs.items():
            for used in ("both", "pooled", "weights") if heads == 3 else ("both",):
                results = []
                for path, x, to in (
                    (attention.attention_pool, dirty, {"device": device}),
                    (attention_torch.attention_pool, clean, {"dtype": torch.float64}),
                ):
                    wanted = [t.to(**to).requires_grad_() for t in (x, *parameters) if t is not None]
                    outputs = path(wanted[0], lengths.to(wanted[0].device), *wanted[1:], scale=scales)
                    pairs = [(o, w.to(o)) for o, w in zip(outputs, grads, strict=True)]
                    pairs = pairs if used == "both" else [pairs[used == "weights"]]
                    slopes = torch.autograd.grad(sum((o * w).sum() for o, w in pairs), wanted)
                    results.append([t.detach().cpu() for t in (*outputs, *slopes)])
                names = ("pooled", "weights", "dx", "dquery", "dweight", "dbias")
                for name, got, want in zip(names, *results, strict=False):
                    record(found, f"attention {form} {dim} {units} {heads} {used} {name}", got, want)
                assert (results[0][2][~valid] == 0).all()
                assert (results[0][1].transpose(1, 2)[~valid] == 0).all()


if __name__ == "__main__":
    torch.set_num_threads(1)
    found: dict[str, dict[str, float]] = {}
    compare_log_mel(sys.argv[1], found)
    compare_attention(sys.argv[1], found)
    print(json.dumps(found))

"""Everything about SerKit on a GPU in one call: are the answers right, how fast are they, and how near to the memory.

``python benches/gpu.py [--json FILE]`` needs a CUDA device and triton. It compares the ops on the GPU with the
compiled core on the CPU and with float64, then times, in turns: LM3 against torchaudio's formula in plain torch (the
STFT, power, Mel and regression by convolution that torchaudio calls), eager and compiled; and attention pooling,
forward and backward, against the plain torch path, eager and compiled. GB/s are bytes that must move at least (inputs
read, results written, padding left out for us and for them) over the median time, beside the bandwidth of copying 1 GiB
on the same card.

``--dry-run`` goes through the script on the CPU with small inputs: its figures mean nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from serkit.kernels.parameters import SpectralParameters
from serkit.ops import attention_torch, log_mel_torch, triton
from serkit.ops.attention import attention_pool, linear_attention_pool
from serkit.ops.log_mel import log_mel

LM3 = SpectralParameters(
    stage="mel", sample_rate=16_000, frame_samples=400, hop_samples=160, framing="tail", window="hamming", n_fft=512,
    n_mels=40, f_max=8000.0, log="natural", channels=("static", "delta", "delta2"),
)  # fmt: skip
VARIANTS: dict[str, dict[str, Any]] = {
    "LM3": {},
    "standardised": {"standardize": True},
    "snip, psf": {"framing": "snip", "mel_scale": "psf-bins", "log": "psf", "preemphasis": 0.97, "scale": 32768.0},
    "center, slaney, 2048 points": {"framing": "center", "mel_scale": "slaney", "mel_norm": "slaney", "n_mels": 128,
                                    "n_fft": 2048, "frame_samples": 2048, "hop_samples": 512},
    "center-zero, decibel": {"framing": "center-zero", "log": "decibel", "channels": ("static",)},
    "mirror, kaldi": {"framing": "mirror", "window": "povey", "mel_scale": "htk-warped", "remove_dc": True,
                      "preemphasis": 0.97, "preemphasis_scope": "frame", "f_min": 20.0},
}  # fmt: skip
ATTENTION = [(40, 150, 256, 256), (64, 300, 768, 1), (16, 1000, 512, 128), (1, 150, 256, 256)]
REPETITIONS = 31


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--dry-run", action="store_true", help="go through the script on the CPU with small inputs")
    asked = parser.parse_args()
    if not asked.dry_run:
        if not torch.cuda.is_available():
            sys.exit("There is no CUDA device here; run this on a machine with one (--dry-run only tries the script).")
        if not triton.available():
            sys.exit("triton cannot be imported, so that the ops would take the plain torch path; install triton.")
    device = torch.device("cpu" if asked.dry_run else "cuda")
    torch.backends.cuda.matmul.allow_tf32 = False
    report: dict[str, Any] = {
        "device": "dry run" if asked.dry_run else torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "copy_gb_per_s": copy_bandwidth(device, 1 << (20 if asked.dry_run else 28)),
        "answers": [],
        "times": [],
    }
    print(f"{report['device']}, torch {report['torch']}, copies at {report['copy_gb_per_s']:.0f} GB/s\n")
    check_features(device, report["answers"])
    time_features(device, 8 if asked.dry_run else 535, report)
    for shape in [(2, 6, 8, 4), (2, 6, 8, 1)] if asked.dry_run else ATTENTION:
        time_attention(device, shape, report)
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1) + "\n")
    bad = [row["what"] for row in report["answers"] if not row["right"]]
    if bad:
        sys.exit(f"These answers are wrong: {'; '.join(bad)}.")


# ---- answers ----


def answer(found: list[dict[str, Any]], what: str, got: Tensor, want: Tensor, bound: float) -> None:
    """Note the largest difference as a share of the largest value, which ``bound`` limits."""
    got, want = got.detach().double(), want.detach().double()
    error = float((got - want).abs().max() / want.abs().max())
    found.append({"what": what, "error": error, "bound": bound, "right": error <= bound})
    print(f"{'right' if error <= bound else 'WRONG':6}{what:64}{error:10.1e} of at most {bound:.0e}")


def check_features(device: torch.device, found: list[dict[str, Any]]) -> None:
    """Features on the GPU against the core on the CPU, and their gradient against the plain path in float64."""
    waveforms, lengths = speechlike(6, 48_000)
    for name, changes in VARIANTS.items():
        p = dataclasses.replace(LM3, **changes)
        want, _ = log_mel(waveforms, lengths, p)
        x = waveforms.to(device).requires_grad_()
        got, _ = log_mel(x, lengths.to(device), p)
        # two roundings to float32 of bands down to 1e-5 of their frame's largest, beside logarithms of some 10
        answer(found, f"log-Mel, {name}", got.detach().cpu(), want, 1e-4)
        grad = torch.randn(want.shape, generator=torch.Generator().manual_seed(1)) * (want != 0)
        (slope,) = torch.autograd.grad(got, x, grad.to(device))
        exact = waveforms.double().requires_grad_()
        (truth,) = torch.autograd.grad(log_mel_torch.log_mel(exact, lengths, p)[0], exact, grad.double())
        # slopes are 1 / power, so that the digits of the smallest bands, 1e-4 of them, are the gradient's
        answer(found, f"log-Mel gradient, {name}", slope.cpu(), truth, 1e-3)


def speechlike(count: int, longest: int) -> tuple[Tensor, Tensor]:
    """Noise that falls by 6 dB an octave, float32 [count, longest], and lengths from an eighth to all of it."""
    g = torch.Generator().manual_seed(0)
    x = torch.randn(count, longest, generator=g).cumsum(dim=1)
    x = F.avg_pool1d(x, 3, 1, 1) - F.avg_pool1d(x, 401, 1, 200)
    lengths = torch.randint(longest // 8, longest + 1, (count,), generator=g)
    lengths[0] = longest
    return torch.where(torch.arange(longest) < lengths[:, None], 0.1 * x / x.abs().amax(), 0.0), lengths


# ---- times ----


def copy_bandwidth(device: torch.device, numbers: int) -> float:
    """GB/s read plus GB/s written of a copy of ``numbers`` float32."""
    source = torch.zeros(numbers, device=device)
    target = torch.empty_like(source)
    seconds = in_turns({"copy": lambda: target.copy_(source)}, device)["copy"]
    return 8e-9 * numbers / seconds


def in_turns(calls: Mapping[str, Callable[[], Any]], device: torch.device) -> dict[str, float]:
    """Median seconds of a call, contestants taking turns; each sample is at least some milliseconds of calls."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    repeats = {}
    for name, call in calls.items():
        for _ in range(3):  # compilers, plans, caches
            call()
        repeats[name] = max(1, min(50, int(0.005 / max(elapsed(call, 1, device), 1e-6))))
    for _ in range(3 if device.type == "cpu" else REPETITIONS):
        for name, call in calls.items():
            times[name].append(elapsed(call, repeats[name], device))
    return {name: statistics.median(t) for name, t in times.items()}


def elapsed(call: Callable[[], Any], repeats: int, device: torch.device) -> float:
    """Seconds a call, until the device has finished."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    begin = time.perf_counter()
    for _ in range(repeats):
        call()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - begin) / repeats


def note(
    report: dict[str, Any], work: str, seconds: Mapping[str, float], anchor: str, least_bytes: int, audio_s: float = 0.0
) -> None:
    """Print and keep the times of one work, each beside its anchor and the card's bandwidth."""
    print(f"\n{work}")
    for name, value in seconds.items():
        row = {
            "work": work,
            "name": name,
            "seconds": value,
            "ratio": seconds[anchor] / value,
            "gb_per_s": least_bytes / value * 1e-9,
            "of_copy": least_bytes / value * 1e-9 / report["copy_gb_per_s"],
        }
        if audio_s:
            row["times_real_time"] = audio_s / value
        report["times"].append(row)
        print(
            f"  {name:36}{value * 1e6:10.1f} us{row['ratio']:8.2f} x {anchor}{row['gb_per_s']:8.0f} GB/s "
            f"({row['of_copy']:.0%} of a copy)" + (f"{audio_s / value:14,.0f} x real time" if audio_s else "")
        )


class TorchaudioFormula:
    """LM3 as torchaudio computes it: STFT, power, Mel by matrix product, logarithm, regression by convolution."""

    def __init__(self, device: torch.device) -> None:
        self.window, self.filters = log_mel_torch.tables(log_mel_torch.encode(LM3), device, torch.float32)
        half = LM3.delta_window
        taps = torch.arange(-half, half + 1, dtype=torch.float32, device=device)
        self.taps = (taps / taps.square().sum()).expand(LM3.n_mels, 1, -1)

    def __call__(self, x: Tensor) -> Tensor:
        before = (LM3.n_fft - LM3.frame_samples) // 2  # the STFT puts a short window in the middle
        frames = log_mel_torch.n_frames(x.shape[1], LM3)
        padded = F.pad(x, (before, LM3.hop_samples * (frames - 1) + LM3.n_fft - before - x.shape[1]))
        spectrum = torch.stft(
            padded, LM3.n_fft, LM3.hop_samples, LM3.frame_samples, self.window, center=False, return_complex=True
        )
        rows = (self.filters @ spectrum.abs().square()).clamp(min=LM3.floor).log()
        first = self.delta(rows)
        return torch.stack([rows, first, self.delta(first)], dim=-1).transpose(1, 2)

    def delta(self, rows: Tensor) -> Tensor:
        longer = F.pad(rows, (LM3.delta_window, LM3.delta_window), mode="replicate")
        return F.conv1d(longer, self.taps, groups=LM3.n_mels)


def time_features(device: torch.device, count: int, report: dict[str, Any]) -> None:
    """LM3 of a padded batch of the shape of EMO-DB, forward, then forward and backward."""
    waveforms, lengths = speechlike(count, 16_000 if device.type == "cpu" else 80_000)
    x, lengths = waveforms.to(device), lengths.to(device)
    formula = TorchaudioFormula(device)
    compiled = torch.compile(formula, backend="aot_eager" if device.type == "cpu" else "inductor")
    ours, counts = log_mel(x, lengths, LM3)
    # the formula knows no lengths: its deltas run on into padding
    alike = torch.arange(ours.shape[1], device=device) < counts[:, None] - 2 * LM3.delta_window
    theirs = formula(x)
    answer(report["answers"], "LM3 beside torchaudio's formula", ours[alike], theirs[alike], 1e-4)
    least = 4 * int(lengths.sum()) + 4 * int(counts.sum()) * LM3.n_mels * 3
    calls: dict[str, Callable[[], Any]] = {
        "serkit": lambda: log_mel(x, lengths, LM3),
        "serkit, plain torch path": lambda: log_mel_torch.log_mel(x, lengths, LM3),
        "torchaudio's formula": lambda: formula(x),
        "torchaudio's formula, torch.compile": lambda: compiled(x),
    }
    seconds_of_audio = int(lengths.sum()) / LM3.sample_rate
    work = f"LM3, {count} waveforms, {seconds_of_audio:.0f} s"
    with torch.no_grad():
        note(report, work, in_turns(calls, device), "torchaudio's formula", least, seconds_of_audio)
    wanted = x.clone().requires_grad_()
    grad = torch.randn_like(ours)
    with_grad: dict[str, Callable[[], Any]] = {
        "serkit": lambda: torch.autograd.grad(log_mel(wanted, lengths, LM3)[0], wanted, grad),
        "torchaudio's formula": lambda: torch.autograd.grad(formula(wanted), wanted, grad),
    }
    least = 2 * least + 4 * int(lengths.sum())
    note(report, f"{work}, and backward", in_turns(with_grad, device), "torchaudio's formula", least, seconds_of_audio)


def time_attention(device: torch.device, shape: tuple[int, int, int, int], report: dict[str, Any]) -> None:
    """Forward and backward of one shape [batch, frames, features, hidden]; one hidden unit is the linear form."""
    batch, frames, dim, hidden = shape
    g = torch.Generator().manual_seed(0)
    x = torch.randn(batch, frames, dim, generator=g)
    lengths = torch.randint(max(1, frames // 3), frames + 1, (batch,), generator=g).to(device)
    parameters = [torch.randn(dim, generator=g) / dim**0.5]
    if hidden > 1:
        parameters = [torch.randn(hidden, generator=g), torch.randn(hidden, dim, generator=g) / dim**0.5,
                      torch.randn(hidden, generator=g)]  # fmt: skip
    wanted = [t.to(device).requires_grad_() for t in (x, *parameters)]
    plain = torch.compile(attention_torch.attention_pool, backend="aot_eager" if device.type == "cpu" else "inductor")

    def ours(x: Tensor, lengths: Tensor, query: Tensor, *projection: Tensor) -> tuple[Tensor, Tensor]:
        if projection:
            return attention_pool(x, lengths, *projection, query)
        return linear_attention_pool(x, lengths, query)

    def step(pool: Callable[..., tuple[Tensor, Tensor]], values: list[Tensor]) -> tuple[Tensor, ...]:
        pooled, _ = pool(values[0], lengths, *values[1:])
        return (pooled, *torch.autograd.grad(pooled.square().sum(), values))

    exact = [t.detach().double().requires_grad_() for t in wanted]
    for name, got, want in zip(("pooled", "dx", "dquery", "dW", "db"), step(ours, wanted),
                               step(attention_torch.attention_pool, exact), strict=False):  # fmt: skip
        # sums of some hundred to some ten thousand float32 terms
        answer(report["answers"], f"attention {shape}, {name}", got, want, 1e-4)
    calls = {
        "serkit": lambda: step(ours, wanted),
        "plain torch": lambda: step(attention_torch.attention_pool, wanted),
        "plain torch, torch.compile": lambda: step(plain, wanted),
    }
    least = 4 * dim * (2 * int(lengths.sum()) + batch * frames)  # x twice, and its gradient with the zeros of padding
    note(
        report, f"attention {shape}, forward and backward", in_turns(calls, device), "plain torch, torch.compile", least
    )


if __name__ == "__main__":
    main()

"""The checks of modules, by planted faults: each is caught by the check that names it, and by none before it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import pytest

from serkit.host import Host
from serkit.testing.conformance.architectures import CHECKS, calls, devices, export, masks, modes, output
from serkit.testing.conformance.check import Check
from serkit.testing.conformance.report import Result
from serkit.testing.conformance.runner import run_check
from serkit.testing.conformance.subjects import subjects

pytestmark = pytest.mark.usefixtures("one_thread")

HOOKS = """
from serkit.host import ArchitectureSpec, FeatureSpec, hookimpl

@hookimpl
def serkit_architectures():
    model, config = "planted_model:Planted", "planted_model:Config"
    return [ArchitectureSpec(name="planted", summary="P.", target=model, config=config)]

@hookimpl
def serkit_features():
    return [
        FeatureSpec(name="tokens", summary="T.", target="planted_model:Tokens", options="planted_model:Config"),
        FeatureSpec(name="moments", summary="M.", target="planted_model:Moments", options="planted_model:Config"),
    ]
"""

MODEL = """
from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from serkit.nn import Architecture, mask_frames, masked_mean, valid_mask
from serkit.types import Input, Unit


@dataclass(frozen=True, kw_only=True)
class Config:
    pass


class Good(nn.Module):
    def __init__(self, dim, classes):
        super().__init__()
        self.inner, self.norm, self.drop = nn.Linear(dim, 8), nn.BatchNorm1d(8), nn.Dropout(0.5)
        self.score, self.out = nn.Linear(8, 1), nn.Linear(8, classes)
        nn.init.zeros_(self.score.weight)

    def frames(self, x, n):
        return torch.tanh(self.inner(x.flatten(2).float()))

    def weights(self, frames, n):
        scores = self.score(frames)[:, :, 0].masked_fill(~valid_mask(n, frames.shape[1]), float("-inf"))
        return torch.softmax(scores, dim=1)

    def pool(self, frames, n):
        return (self.weights(frames, n)[:, :, None] * mask_frames(frames, n)).sum(1)

    def head(self, pooled):
        return self.out(self.drop(self.norm(pooled)))

    def forward(self, x, x_lengths):
        return self.head(self.pool(self.frames(x, x_lengths), x_lengths))


class Tokens:
    sample_rate, shape = 16000, ()

    def __init__(self, options=None):
        self.options = options

    def __call__(self, waveform):
        return (np.arange(len(waveform) // 160) % 50).astype(np.float32)


class Moments(Tokens):
    shape = (2,)

    def __call__(self, waveform):
        return np.array([[waveform.mean(), waveform.std()]], np.float32)


class Base(Architecture):
    def build(self, fold):
        return Net(prod(fold.input_shapes["x"]), fold.n_classes)

    def attention(self, module, batch):
        return module.weights(module.frames(batch["x"], batch["x_lengths"]), batch["x_lengths"])


Planted, Net = Base, Good
"""

MINE = (*output.CHECKS, *modes.CHECKS, *calls.CHECKS, *masks.CHECKS, *devices.CHECKS)

Run = Callable[..., list[Result]]


@pytest.fixture
def run(distribution: Callable[..., object]) -> Run:
    """``run(source)``: results of the checks of the planted model with ``source`` after it, up to the first that does
    not pass."""

    def run(source: str = "", checks: tuple[Check, ...] = MINE) -> list[Result]:
        distribution("planted", {"p": "planted_hooks"}, {"planted_hooks": HOOKS, "planted_model": MODEL + source})
        (subject,) = subjects(Host(), "architecture", "planted")
        results: list[Result] = []
        for check in checks:
            results.append(run_check(subject, check))
            if not results[-1].good:
                break
        return results

    return run


def net(body: str, init: str = "pass") -> str:
    return f"""
class Net(Good):
    def __init__(self, dim, classes):
        super().__init__(dim, classes)
        {init}

{body}
"""


FAULTS = {
    "a number of classes that is written down": (
        net("", "self.out = nn.Linear(8, 4)"),
        "check_output",
        r"\[2, 4\] where \[B, K\] = \[2, 2\]",
    ),
    "frames that are not pooled": (net("    def pool(self, frames, n): return frames[:, 0, None]"), "check_output", ""),
    "NaN for one frame": (
        net(
            "    def pool(self, frames, n):\n"
            "        centred = mask_frames(frames - masked_mean(frames, n)[:, None], n)\n"
            "        return (centred.square().sum(1) / (n - 1)[:, None]).sqrt()"
        ),
        "check_output",
        "8 of 8 logits are not finite",
    ),
    "more frames needed than declared": (
        net(
            "    def frames(self, x, n): return self.conv(super().frames(x, n).transpose(1, 2)).transpose(1, 2)",
            "self.conv = nn.Conv1d(8, 8, 5)",
        ),
        "check_output",
        r"forward\(\) raised RuntimeError",
    ),
    "the best class instead of logits": (
        net("    def head(self, pooled): return super().head(pooled).long()"),
        "check_output",
        "int64",
    ),
    "a softmax at the end": (
        net("    def head(self, pooled): return super().head(pooled).softmax(1)"),
        "check_output",
        "gives posteriors",
    ),
    "a buffer that is updated in evaluation": (
        net(
            "    def head(self, pooled):\n        self.seen += len(pooled)\n        return super().head(pooled)",
            "self.register_buffer('seen', torch.zeros(()))",
        ),
        "check_evaluation",
        "seen the first",
    ),
    "state between two batches": (
        net(
            "    def head(self, pooled):\n"
            "        before, self.last = self.last, pooled.mean()\n        return super().head(pooled) + before",
            "self.last = 0.0",
        ),
        "check_evaluation",
        "other logits after another batch",
    ),
    "functional dropout without training=": (
        net("    def head(self, pooled): return super().head(F.dropout(pooled, 0.1))"),
        "check_dropout_off",
        "1 random masks",
    ),
    "noise from torch's generator in evaluation": (
        net("    def head(self, pooled): return super().head(pooled + 1e-3 * torch.randn_like(pooled))"),
        "check_generators",
        "of torch",
    ),
    "noise from NumPy's generator in evaluation": (
        net("    def head(self, pooled): return super().head(pooled) + 0 * np.random.rand()"),
        "check_generators",
        "of NumPy",
    ),
    "batch statistics at test time": (
        net("", "self.norm = nn.BatchNorm1d(8, track_running_stats=False)"),
        "check_batch_statistics",
        r"batch_norm of \[2, 8\]",
    ),
    "a layer that evaluation leaves out": (
        net("    def head(self, pooled): return super().head(pooled.relu() if self.training else pooled)"),
        "check_modes",
        "Training mode gives other logits",
    ),
    "an input that is changed in place": (
        net(
            "    def frames(self, x, n):\n        x -= x.mean(2, keepdim=True)\n        return super().frames(x, n)",
        ),
        "check_inputs_unchanged",
        "numbers of x in place",
    ),
    "strides that are taken for granted": (
        net("    def frames(self, x, n): return super().frames(x.view(len(x), x.shape[1], -1), n)"),
        "check_calls",
        "view size is not compatible",
    ),
    "a mask that is ignored": (
        net("    def pool(self, frames, n): return frames.mean(1)"),
        "check_padding",
        "Zeros in more padding",
    ),
    "padding that is attended to": (
        net("    def weights(self, frames, n): return torch.softmax(self.score(frames)[:, :, 0], dim=1)"),
        "check_padding",
        "Zeros in more padding",
    ),
    "padding that is read where it is not zero": (
        net(
            "    def pool(self, frames, n):\n"
            "        return super().pool(frames, n) + frames[:, -1] - torch.tanh(self.inner.bias)"
        ),
        "check_padding",
        "",
    ),
    "a mask that is ignored, behind a last layer of zeros": (
        net("    def pool(self, frames, n): return frames.mean(1)", "nn.init.zeros_(self.out.weight)"),
        "check_padding",
        "Zeros in more padding",
    ),
    "a sorted batch that is not restored": (
        net(
            "    def forward(self, x, x_lengths):\n"
            "        order = torch.argsort(x_lengths, stable=True, descending=True)\n"
            "        return super().forward(x[order], x_lengths[order])"
        ),
        "check_batch_order",
        r"Samples in the order \[1, 0\]",
    ),
    "the mean of the batch, taken off": (
        net("    def head(self, pooled): return super().head(pooled - pooled.mean(0))"),
        "check_batch_mates",
        "Sample 0 has other logits among 2 than alone",
    ),
    "attention that is not normalised": (
        "class Planted(Base):\n    def attention(self, module, batch): return 2 * super().attention(module, batch)",
        "check_attention",
        "sum to 1 only within 1",
    ),
    "attention drawn on padding": (
        "class Planted(Base):\n"
        "    def attention(self, module, batch):\n"
        "        longest = torch.full((len(batch['x']),), batch['x'].shape[1])\n"
        "        return super().attention(module, {**batch, 'x_lengths': longest})",
        "check_attention",
        "of its attention on padding",
    ),
    "weights of the wrong sign": (
        "class Planted(Base):\n    def attention(self, module, batch): return -super().attention(module, batch)",
        "check_attention",
        "negative or not finite",
    ),
}


@pytest.mark.parametrize(("source", "check", "words"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_caught_by_the_check_that_names_it(run: Run, source: str, check: str, words: str) -> None:
    results = run(source)
    last = results[-1]
    assert (last.check, last.status) == (check, "failed"), last.what
    assert re.search(words, last.what), last.what
    assert not last.what.startswith("The check could not end")
    assert last.reproduce
    assert last.cause.endswith(".")


GOOD = {
    "the model as it is": "",
    "a last layer of zeros": net("", "nn.init.zeros_(self.out.weight)"),
    "double precision": net(
        "    def forward(self, x, x_lengths): return super().forward(x, x_lengths)\n"
        "    def frames(self, x, n): return torch.tanh(self.inner(x.flatten(2).double()))",
        "self.double()",
    ),
    "more frames needed, and declared": net(
        "    def frames(self, x, n):\n"
        "        return self.conv(mask_frames(super().frames(x, n), n).transpose(1, 2)).transpose(1, 2)\n"
        "    def forward(self, x, x_lengths):\n"
        "        return self.head(self.pool(self.frames(x, x_lengths), (x_lengths - 4).clamp(min=1)))",
        "self.conv = nn.Conv1d(8, 8, 5)",
    )
    + "class Planted(Base):\n    min_frames = 5\n    attention = Architecture.attention",
    "a unit of so many frames, flattened": "class Net(nn.Module):\n"
    "    def __init__(self, dim, classes):\n"
    "        super().__init__()\n"
    "        self.out = nn.Linear(20 * dim, classes)\n"
    "    def forward(self, x, x_lengths): return self.out(mask_frames(x, x_lengths).flatten(1))\n"
    "class Planted(Base):\n    unit = Unit(frames=20)\n    attention = Architecture.attention",
    "padding before the transforms, as signal": "class Net(nn.Module):\n"
    "    def __init__(self, dim, classes):\n"
    "        super().__init__()\n"
    "        self.out = nn.Linear(20 * dim, classes)\n"
    "    def forward(self, x, x_lengths): return self.out(x.flatten(1))\n"
    "class Planted(Base):\n    unit = Unit(frames=20, pad='before')\n    attention = Architecture.attention",
    "short utterances refused": "class Net(Good):\n"
    "    def forward(self, x, x_lengths):\n"
    "        assert int(x_lengths.min()) >= 9\n"
    "        return super().forward(x, x_lengths)\n"
    "class Planted(Base):\n    min_frames, short = 9, 'refuse'",
    "functionals of an utterance, one row": "class Net(nn.Module):\n"
    "    def __init__(self, dim, classes):\n"
    "        super().__init__()\n"
    "        self.out = nn.Linear(dim, classes)\n"
    "    def forward(self, x, x_lengths): return self.out(x.squeeze(1))\n"
    "class Planted(Base):\n    inputs = {'x': Input('moments')}\n    attention = Architecture.attention",
    "whole numbers, one a frame": "class Net(Good):\n"
    "    def __init__(self, dim, classes):\n"
    "        super().__init__(8, classes)\n"
    "        self.table = nn.Embedding(50, 8)\n"
    "    def frames(self, x, n): return super().frames(self.table(x.long()), n)\n"
    "class Planted(Base):\n    inputs, transforms = {'x': Input('tokens')}, {}",
    "sound and words": "class Net(nn.Module):\n"
    "    def __init__(self, dim, classes):\n"
    "        super().__init__()\n"
    "        self.sound, self.words = Good(dim, classes), Good(768, classes)\n"
    "    def forward(self, audio, audio_lengths, text, text_lengths):\n"
    "        return self.sound(audio, audio_lengths) + self.words(text, text_lengths)\n"
    "class Planted(Base):\n"
    "    inputs = {'audio': Input('log-mel'), 'text': Input('text-hash', whole=True)}\n"
    "    attention = Architecture.attention\n"
    "    def build(self, fold): return Net(prod(fold.input_shapes['audio']), fold.n_classes)",
}


@pytest.mark.parametrize("source", GOOD.values(), ids=GOOD)
def test_a_sound_model_of_any_shape_passes(run: Run, source: str) -> None:
    results = run(source)
    assert [(r.check, r.what) for r in results if not r.good] == []
    assert len(results) == len(MINE)
    skipped = {r.check for r in results if r.status == "skipped"}
    assert skipped <= {"check_attention", "check_cpu_equals_gpu", "check_padding"}


def test_an_estimator_is_asked_nothing_of_modules(run: Run) -> None:
    source = """
class Net:
    def __init__(self, dim, classes): pass
    def fit(self, inputs, labels, rng, weights): pass
    def predict_proba(self, inputs): pass
    def state(self): return {}
    def load_state(self, state): pass
"""
    results = run(source)
    assert {r.status for r in results} == {"skipped"}
    assert all("estimator" in r.reason for r in results)


def test_a_sound_model_is_exported(run: Run) -> None:
    (result,) = run("", export.CHECKS)
    assert result.status == "passed", result.what


def test_a_model_that_branches_on_values_is_not(run: Run) -> None:
    body = "    def head(self, pooled): return super().head(pooled.abs() if float(pooled.mean()) > 0 else pooled)"
    (result,) = run(net(body), export.CHECKS)
    assert result.status == "failed"
    assert result.what.startswith("torch.onnx.export cannot export the module")


def test_without_an_engine_the_export_is_not_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (result,) = run("", export.CHECKS)
    assert (result.status, "pip install 'serkit[onnx]'" in result.reason) == ("skipped", True)


def test_these_checks_are_those_of_the_kit() -> None:
    names = [c.name for c in CHECKS]
    mine = [c.name for c in MINE]
    assert [n for n in names if n in mine] == mine

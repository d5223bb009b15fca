"""Do the Triton kernels compute what the plain torch path does? Interpreted on the CPU, and on a GPU if there is one.

The interpreter runs a kernel's statements in NumPy: it shows arithmetic, masks and addresses, not what a compiler or a
GPU makes of them.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytest.importorskip("triton", reason="triton is not installed, and its kernels cannot be interpreted without it")

DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")),
]


@pytest.mark.parametrize("device", DEVICES)
def test_kernels_equal_the_plain_path(device: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    if device == "cpu":
        environment["TRITON_INTERPRET"] = "1"
    script = Path(__file__).with_name("compare.py")
    child = subprocess.run([sys.executable, script, device], env=environment, capture_output=True, text=True)
    assert child.returncode == 0, child.stderr
    found = json.loads(child.stdout)
    assert len(found) > 60
    # float32, eps = 1.2e-7. Features: bands of white noise lie within a factor of 1e3 of their frame's largest power,
    # so that sums of 400 products leave 1e-5 of a logarithm, and 1e-5 of a power. Attention: sums of at most 40 terms,
    # and of at most 1000 whose weights have norm 1.
    wrong = {case: v for case, v in found.items() if not v["error"] <= 2e-5 * max(1.0, v["scale"])}
    assert wrong == {}


SIZES = {"N_MELS": 40, "MELS": 64, "K": 416, "BINS": 256, "STANDARDIZE": True, "EMPHASIS": True, "FRAMING": "center",
         "LOG": "natural", "PRECISION": "tf32x3", "BLOCK_FRAMES": 32, "BLOCK_K": 32, "BLOCK_BINS": 64}  # fmt: skip
KERNELS = [
    ("log_mel", "_statistics", {"BLOCK": 1024}),
    ("log_mel", "_bands", SIZES),
    ("log_mel", "_deltas", {"N_MELS": 40, "CHANNELS": 3, "STATIC": True, "DELTA": True, "DELTA2": True, "BLOCK": 256}),
    ("attention", "_score", {"ADDITIVE": True, "DIM": 64, "UNITS": 64, "BLOCK": 4}),
    ("attention", "_spread", {"ADDITIVE": True, "WEIGHTS": True, "DIM": 64, "UNITS": 64, "BLOCK": 4}),
    ("attention", "_join", {"DIM": 64, "RUNS": 4, "BLOCK": 1024}),
]


@pytest.mark.parametrize(("module", "name", "constants"), KERNELS)
@pytest.mark.filterwarnings("ignore:TRITON_DEFAULT_FP_FUSION is unset:UserWarning")  # triton 3.9: a default will change
def test_kernels_compile_for_a_gpu(
    module: str, name: str, constants: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Down to machine code of an H100 (sm_90), which needs the compiler only."""
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))  # not the user's, and nothing compiled before
    triton = pytest.importorskip("triton", reason="triton is not installed")
    compiler = pytest.importorskip("triton.compiler", reason="triton is not installed")
    backends = pytest.importorskip("triton.backends.compiler", reason="triton is not installed")
    kernel = getattr(importlib.import_module(f"serkit.ops.triton.{module}"), name)
    whole = {"samples", "total", "frame", "hop", "first", "half", "frames", "dim", "units", "heads", "runs"}
    real = {"scale", "emphasis", "floor", "inverse"}
    signature = {
        n: "constexpr" if n in constants else "*i64" if n in ("lengths", "counts")
        else "i32" if n in whole else "fp32" if n in real else "*fp32"
        for n in kernel.arg_names
    }  # fmt: skip
    if "constexprs" not in inspect.signature(compiler.ASTSource.__init__).parameters:
        pytest.skip(f"triton {triton.__version__} describes a kernel to its compiler in another way")
    source = compiler.ASTSource(fn=kernel, signature=signature, constexprs=constants)
    made = triton.compile(source, target=backends.GPUTarget("cuda", 90, 32), options={"num_warps": 8})
    assert made.metadata.shared <= 227 * 1024  # bytes that a block may have on sm_90
    assert len(made.asm["cubin"]) > 0

"""The worked example of CONTRIBUTING.md is code that runs, and the files it sends a reader to exist."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import torch

from serkit.host import Host
from serkit.types import FoldContext

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_the_example_architecture_works(distribution: Any) -> None:
    model, spec = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    spec = spec.replace("serkit_plugins.architectures.mean_pool", "example_model")
    hooks = "from serkit.host import ArchitectureSpec, hookimpl\n@hookimpl\ndef serkit_architectures():\n    return "
    made = distribution(
        "example", {"example": "example_hooks"}, {"example_model": model, "example_hooks": f"{hooks}[{spec}]"}
    )
    host = Host(made)
    assert host.broken == ()
    architecture = host.load("architecture", "mean-pool")(importlib.import_module("example_model").MeanPoolConfig())
    fold = FoldContext(labels=("happy", "sad"), input_shapes={"x": (40, 3)}, seed=0, fold="0")
    net = architecture.build(fold).double()
    x = torch.randn(2, 9, 40, 3, dtype=torch.float64)
    lengths = torch.tensor([9, 4])
    logits = net(x, lengths)
    assert logits.shape == (2, 2)
    x[1, 4:] = 7.0  # padding may hold anything
    # exact up to the order of a sum over frames, hence a few float64 roundings
    torch.testing.assert_close(net(x, lengths), logits, rtol=1e-12, atol=1e-12)


def test_the_files_to_read_exist() -> None:
    listed = PAGE.partition("## Where to begin reading")[2].partition("## Layers")[0]
    paths = [p for p in re.findall(r"`([\w./-]+)`", listed) if "/" in p]
    assert len(paths) >= 7
    assert [p for p in paths if not (ROOT / p).exists()] == []

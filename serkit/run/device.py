"""Resolves ``auto`` to one device and one precision, and records what a run ran on."""

from __future__ import annotations

import platform
import sys
from typing import Any

from serkit import __version__
from serkit.errors import UserError
from serkit.host import ArchitectureSpec, Host
from serkit.run import origin
from serkit.run.recipe import Recipe, RunTable


def resolve_device(wanted: str) -> str:
    """``auto`` is a CUDA device where there is one, else the CPU."""
    import torch

    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise UserError("There is no CUDA device here; use --device cpu, or install a CUDA build of torch.")
    return "cuda" if wanted != "cpu" and there else "cpu"


def has_bf16(device: str) -> bool:
    """Whether the hardware multiplies bfloat16 natively."""
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    probe = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(probe and probe())


def resolve_precision(table: RunTable, device: str, spec: ArchitectureSpec) -> str:
    """``auto`` is bf16 only where the hardware has it and the preset has been shown equivalent; else fp32."""
    if table.precision != "auto":
        return table.precision
    return "bf16" if table.preset in spec.bf16_proven and has_bf16(device) else "fp32"


def environment(recipe: Recipe, host: Host) -> dict[str, Any]:
    """What ``environment.json`` holds."""
    import numpy
    import torch

    from serkit.kernels import native
    from serkit.run.prepare import fingerprints  # loads the core, without which `serkit doctor` must know devices

    kinds = [("architecture", recipe.run.plugin), *(("dataset", part.name) for part in recipe.corpus.parts)]
    kinds += [("feature", c.feature) for c in recipe.features.values()]
    kinds += [("metric", r.spec.name) for r in host.specs("metric")]
    plugins = [host.get(kind, name) for kind, name in kinds]  # type: ignore[arg-type]
    return {
        "serkit": __version__,
        "commit": origin.commit(),
        "python": sys.version.split()[0],
        "platform": f"{platform.system()} {platform.machine()}",
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "isa": native.isa(),
        "device": recipe.run.device,
        "device_name": torch.cuda.get_device_name() if recipe.run.device == "cuda" else origin.processor(),
        "cores": origin.cores(),
        "precision": recipe.run.precision,
        "threads": torch.get_num_threads(),
        "fingerprints": fingerprints(recipe, host),
        "plugins": [
            {"kind": p.spec.kind, "name": p.spec.name, "distribution": p.distribution, "version": p.version}
            for p in plugins
        ],
    }

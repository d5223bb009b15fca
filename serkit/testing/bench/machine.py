"""The machine a row was measured on, and pinning to one of its cores."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

# BLAS and OpenMP read these when they are loaded; contestants get more threads by their own settings only
ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def limit_libraries() -> None:
    """Keep libraries that make threads of their own accord on one; call it before NumPy is imported."""
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")


def cores() -> list[int]:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def can_pin() -> bool:
    """Whether this system lets a process choose its core."""
    return hasattr(os, "sched_setaffinity")


@contextmanager
def pinned(threads: int) -> Iterator[None]:
    """The calling thread on one core while ``threads`` is 1: the last, since interrupts prefer the first."""
    if threads != 1 or not can_pin():
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def use_threads(count: int) -> None:
    """torch, if anyone has loaded it, on ``count`` threads; other libraries are told by their own arguments."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != count:
        torch.set_num_threads(count)


@contextmanager
def threads_kept() -> Iterator[None]:
    """torch, where it is loaded already, has the same number of threads after as before."""
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch is not None else None
    try:
        yield
    finally:
        if before is not None:
            use_threads(before)


@cache
def description() -> dict[str, object]:
    """What a stored row says of its machine: processor, cores, instruction set of the core, Python."""
    from serkit.kernels.native import isa

    return {
        "cpu": _cpu(),
        "cores": len(cores()),
        "isa": isa(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _cpu() -> str:
    facts = Path("/proc/cpuinfo")
    wanted = {"model name": "", "cpu family": "", "model": ""}
    if facts.exists():
        for line in facts.read_text("utf-8", "replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() in wanted:
                wanted[key.strip()] = value.strip()
        if wanted["model name"]:
            # hypervisors hide the model's name; family and number still tell it
            return f"{wanted['model name']} (family {wanted['cpu family']}, model {wanted['model']})"
    return platform.processor() or platform.machine()

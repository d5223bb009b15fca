"""How much a call raises this process's peak of resident memory; Linux only."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SELF = Path("/proc/self")


def peak(call: Callable[[], Any]) -> tuple[Any, int | None]:
    """What ``call`` returns, and the bytes by which the peak of resident memory rose while it ran; None where the
    system does not tell. Call it once before: modules, plans and pools are not the work's."""
    gc.collect()
    try:
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's; other C libraries hold less back
        if trim is not None:
            trim(0)  # or freed memory that the process still holds hides what is taken
        (_SELF / "clear_refs").write_text("5")  # the peak starts anew
        before = _status("VmRSS")
    except OSError:  # no Linux, or a container that hides it
        return call(), None
    answer = call()
    return answer, max(0, _status("VmHWM") - before)


def _status(name: str) -> int:
    """A size from the kernel's account of this process, in bytes."""
    for line in (_SELF / "status").read_text("ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {name}")

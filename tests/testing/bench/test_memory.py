"""The peak of memory of a call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serkit.testing.bench import memory

MIB = 1 << 20


def test_the_peak_is_what_a_call_takes_and_not_what_it_returns_or_what_there_was() -> None:
    held = np.ones(64 * MIB, np.uint8)

    def work() -> int:
        return len(np.ones(96 * MIB, np.uint8)) + len(held)

    answer, grown = memory.peak(work)
    assert answer == 160 * MIB
    if grown is None:
        pytest.skip("this system does not tell the peak of resident memory")
    assert 95 * MIB < grown < 112 * MIB  # pages that another thread of the process touches meanwhile are a few MiB
    assert memory.peak(lambda: None)[1] < 8 * MIB  # type: ignore[operator]


def test_the_work_is_done_once_where_the_system_does_not_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(memory, "_SELF", tmp_path / "nowhere")
    assert memory.peak(lambda: calls.append(1)) == (None, None)
    assert calls == [1]

"""Memory that is kept for the next array."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from serkit.kernels.native.memory import LARGE, reused_empty


def test_memory_is_reused_when_freed_and_never_before() -> None:
    first, second = (reused_empty((3, LARGE), np.float32) for _ in range(2))
    assert first.ctypes.data % LARGE == 0
    assert first.shape == (3, LARGE)
    assert first.dtype == np.float32
    first[:], second[:] = 1.0, 2.0
    assert (first == 1.0).all()
    where, part = first.ctypes.data, first[1]
    del first
    third = reused_empty((3, LARGE), np.float32)
    assert third.ctypes.data != where  # `part` still lives in it
    third[:] = 3.0
    assert (part == 1.0).all()
    del part
    assert reused_empty((3, LARGE), np.float32).ctypes.data == where


def test_a_block_much_too_large_is_not_taken() -> None:
    large = reused_empty((40 * LARGE,), np.uint8)
    where = large.ctypes.data
    del large
    assert reused_empty((LARGE,), np.uint8).ctypes.data != where
    assert reused_empty((30 * LARGE,), np.uint8).ctypes.data == where


def test_threads_get_memory_of_their_own() -> None:
    wrong: list[int] = []

    def work(i: int) -> None:
        for _ in range(20):
            mine = reused_empty((LARGE,), np.uint8)
            mine[:] = i
            if not (mine == i).all():
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_too_much_is_a_memory_error() -> None:
    with pytest.raises(MemoryError):
        reused_empty((2**62,), np.uint8)


def test_an_array_too_large_to_keep_pushes_no_other_out() -> None:
    kept = reused_empty((5 * LARGE,), np.uint8)
    where = kept.ctypes.data
    huge = reused_empty((300 << 20,), np.uint8)  # never written to: no memory behind it
    del kept
    del huge
    assert reused_empty((5 * LARGE,), np.uint8).ctypes.data == where

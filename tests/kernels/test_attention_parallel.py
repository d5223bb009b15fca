"""The thread pool behind the kernels: after a fork, from many threads at once, at the end of the process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from serkit.kernels.native import attention as native

# Large enough for four threads: the core wants half a million values of x for each.
BATCH, FRAMES, DIM = 24, 200, 512


def pool(x: np.ndarray, theta: np.ndarray, threads: int) -> np.ndarray:
    pooled, weights = np.empty((len(x), DIM), np.float32), np.empty(x.shape[:2], np.float32)
    native.forward(x, np.full(len(x), FRAMES), theta, pooled=pooled, weights=weights, threads=threads)
    return pooled


def inputs(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((BATCH, FRAMES, DIM), np.float32), rng.standard_normal(DIM, np.float32) / 32


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")  # which is what is tested
def test_a_child_of_a_fork_makes_its_own_threads() -> None:
    x, theta = inputs()
    want = pool(x, theta, 4)  # the parent's threads exist now, and do not in the child
    child = os.fork()
    if child == 0:
        ok = all(np.array_equal(pool(x, theta, 4), want) for _ in range(3))
        os._exit(0 if ok else 1)
    deadline = threading.Timer(30.0, os.kill, (child, 9))  # a child that waits for threads it does not have
    deadline.start()
    _, status = os.waitpid(child, 0)
    deadline.cancel()
    assert os.waitstatus_to_exitcode(status) == 0
    np.testing.assert_array_equal(pool(x, theta, 4), want)


def test_many_python_threads_at_once() -> None:
    problems = [inputs(seed) for seed in range(6)]
    wanted = [pool(*problem, threads=1) for problem in problems]
    wrong: list[int] = []
    start = threading.Barrier(len(problems))

    def work(i: int) -> None:
        start.wait()
        for threads in (2, 3, 8, 1, 2):
            if not np.array_equal(pool(*problems[i], threads=threads), wanted[i]):
                wrong.append(i)

    callers = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(len(problems))]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(timeout=60)
        assert not caller.is_alive(), "callers wait for each other"
    assert not wrong


def test_the_process_ends_while_threads_sleep() -> None:
    code = """
import numpy as np
from serkit.kernels.native import attention as native
x, theta = np.ones((24, 200, 512), np.float32), np.ones(512, np.float32)
out = dict(pooled=np.empty((24, 512), np.float32), weights=np.empty((24, 200), np.float32))
native.forward(x, np.full(24, 200), theta, threads=3, **out)
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0, answer.stderr
    assert not answer.stderr

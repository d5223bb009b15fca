"""How many threads there are and what each gets."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from serkit.errors import ConfigError
from serkit.kernels.threads import spread, thread_count


def test_the_argument_comes_first_then_the_environment_then_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERKIT_THREADS", "3")
    assert thread_count(2) == 2
    assert thread_count(0) == 3
    for unset in ("", "0"):
        monkeypatch.setenv("SERKIT_THREADS", unset)
        assert thread_count(0) >= 1


@pytest.mark.parametrize("value", ["-1", "two", "1.5", "1025", "9" * 5000])
def test_a_bad_environment_is_named(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERKIT_THREADS", value)
    with pytest.raises(ConfigError, match=f"SERKIT_THREADS is '{value}'; allowed are 0"):
        thread_count(0)


@pytest.mark.parametrize("threads", [-1, 1025])
def test_numbers_out_of_range_are_refused(threads: int) -> None:
    with pytest.raises(ConfigError, match=f"threads is {threads}; allowed are 0"):
        thread_count(threads)


@pytest.mark.parametrize("threads", [1.5, "2", None])
def test_what_is_no_integer_is_refused(threads: Any) -> None:
    with pytest.raises(ConfigError, match="give an integer"):
        thread_count(threads)


@pytest.mark.parametrize("sizes", [[], [5], [1] * 100, [1000, 1, 1, 1], [0, 0, 0], [1, 1, 1, 1000]])
@pytest.mark.parametrize("threads", [1, 2, 7])
def test_everything_is_done_once(sizes: list[int], threads: int) -> None:
    done: list[int] = []
    lock = threading.Lock()

    def work(first: int, last: int) -> None:
        with lock:
            done.extend(range(first, last))

    spread(work, sizes, threads)
    assert sorted(done) == list(range(len(sizes)))


def test_what_a_thread_raises_is_raised() -> None:
    def work(first: int, last: int) -> None:
        if first <= 50 < last:
            raise ValueError("fifty")

    with pytest.raises(ValueError, match="fifty"):
        spread(work, [1] * 100, 2)

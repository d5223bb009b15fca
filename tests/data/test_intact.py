"""Recordings are decoded to the end, and what is wrong with one is said in a sentence."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import soundfile as sf

from serkit.data.corpus import build
from serkit.data.intact import each, matches, problem, unreadable
from serkit.data.progress import SilentProgress
from serkit.testing.audio import write_noise
from serkit.types import Utterance


class Counting(SilentProgress):
    """Remembers how much work was announced and done."""

    def __init__(self) -> None:
        self.total = self.done = 0

    def start(self, total: int, title: str) -> None:
        self.total = total

    def advance(self, n: int = 1) -> None:
        self.done += n


def test_every_kind_of_damage_is_said_and_each_file_is_read_once(tmp_path: Path) -> None:
    good, empty, cut, nan, gone = (tmp_path / f"{x}.wav" for x in ("good", "empty", "cut", "nan", "gone"))
    write_noise(good)
    empty.write_bytes(b"")
    cut.write_bytes(write_noise(cut).read_bytes()[:-10])
    sf.write(nan, np.array([0.1, np.nan], np.float32), 16000, subtype="FLOAT")
    files = (good, good, empty, cut, nan, gone)
    table = [Utterance(id=f"{k}", path=p, label="a", speaker="s", end=0.01) for k, p in enumerate(files)]
    bar = Counting()
    said = unreadable(build("toy", tmp_path, table, ["a"]), progress=bar)
    assert (bar.total, bar.done) == (5, 5)
    words = {cut: "truncated", empty: "empty file", gone: "does not exist", nan: "NaN"}
    assert len(said) == 4
    for line, (path, word) in zip(said, words.items(), strict=True):
        assert line.startswith(str(path))
        assert word in line
    assert problem(good) is None


def test_what_is_said_keeps_the_order_of_the_items() -> None:
    assert each(range(40), lambda k: f"{k}" if k % 3 == 0 else None, "toy", None) == [f"{k}" for k in range(0, 40, 3)]


def test_bytes_are_compared_and_a_file_that_is_not_there_matches_nothing(tmp_path: Path) -> None:
    path = write_noise(tmp_path / "a.wav")
    assert matches(path, hashlib.sha256(path.read_bytes()).hexdigest())
    assert not matches(path, hashlib.sha256(b"").hexdigest())
    assert not matches(tmp_path / "b.wav", hashlib.sha256(b"").hexdigest())

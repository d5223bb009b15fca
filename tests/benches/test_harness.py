"""What only benches/ need: signals shaped like speech where EMO-DB is absent."""

from __future__ import annotations

from pathlib import Path

from harness.speech import made_up, read


def test_made_up_speech_is_readable_and_reproducible(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = (made_up(tmp_path / folder, 2) for folder in "ab")
    for a, b in zip(one, two, strict=True):
        assert a.read_bytes() == b.read_bytes()
        signal = read(a)
        assert 0.5 < abs(signal).max() < 1.0
        assert 1.4 * 16000 <= len(signal) <= 5 * 16000

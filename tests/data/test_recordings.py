"""Recordings by name: copies are compared, strangers said, gaps named by speaker."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest
import soundfile as sf

from serkit.data.recordings import collect, gap_notes
from serkit.errors import CorpusError
from serkit.testing.audio import write_noise


def stem(path: PurePath) -> str | None:
    return path.stem if len(path.stem) == 1 else None


def test_the_wav_that_lies_highest_is_taken_and_the_rest_is_said(tmp_path: Path) -> None:
    top = write_noise(tmp_path / "a.wav", seed="a")
    for copy in ("z/a.wav", "b/c/a.WAV"):
        write_noise(tmp_path / copy, seed="a")
    sf.write(tmp_path / "a.flac", sf.read(top, dtype="int16")[0], 16000)
    below = write_noise(tmp_path / "s" / "b.wav")
    for stranger in ("a.mp3", "cc.wav", "s/dd.wav", "ee.wav"):
        write_noise(tmp_path / stranger)
    write_noise(tmp_path / "._a.wav")
    (tmp_path / "notes.txt").write_text("no audio")
    found = collect(tmp_path, stem)
    assert found.files == {"a": top, "b": below}
    assert found.doubled == ("a",)
    assert found.notes("TOY") == [
        "1 recording of TOY is there more than once with the same samples, and one copy of each was taken "
        "(e.g. a.wav).",
        f"4 audio files in {tmp_path} are not named as TOY's and were left out (a.mp3, cc.wav, ee.wav and 1 more).",
    ]


def test_one_of_each_and_nothing_else_needs_no_note(tmp_path: Path) -> None:
    write_noise(tmp_path / "a.wav")
    assert collect(tmp_path, stem).notes("TOY") == []


@pytest.mark.parametrize("second", [None, b"", b"no audio", "link"])
def test_files_of_one_id_that_differ_are_refused(tmp_path: Path, second: bytes | str | None) -> None:
    """What is wrong is said: of a damaged copy and of a link to nothing it was that the samples differ."""
    first, copy = write_noise(tmp_path / "a.wav"), write_noise(tmp_path / "b" / "a.wav", seed="other")
    words = "their samples differ"
    if second == "link":
        copy.unlink()
        copy.symlink_to(tmp_path / "gone.wav")
        words = f"{copy} is a link to nothing"
    elif isinstance(second, bytes):
        copy.write_bytes(second)
        words = f"{copy} is damaged or no audio"
    with pytest.raises(CorpusError) as caught:
        collect(tmp_path, stem)
    assert str(caught.value) == (
        f"{first} and {copy} are both named as the recording a, but {words}; remove the one that is wrong."
    )


def test_gaps_are_whole_speakers_and_five_recordings_of_the_others() -> None:
    expected = {f"{s}{k}": s for s in "abc" for k in range(8)}
    assert gap_notes(list(expected), expected, "TOY") == []
    assert gap_notes([x for x in expected if x not in ("a0", "b7")], expected, "TOY") == [
        "2 of the 24 recordings of TOY are missing: a0, b7."
    ]
    assert gap_notes(["a0", "a1", "x"], expected, "TOY", "actors") == [
        "2 of the 3 actors of TOY are missing: b, c.",
        "6 of the 8 recordings of the only one that is there are missing: a2, a3, a4, a5, a6 and 1 more.",
    ]
    assert gap_notes([x for x in expected if x[0] != "c" and x != "a0"], expected, "TOY") == [
        "1 of the 3 speakers of TOY is missing: c.",
        "1 of the 16 recordings of the 2 speakers that are there are missing: a0.",
    ]

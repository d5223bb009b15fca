"""Packs of files: the samples of ``audio.read``, end to end, whichever decoder each file needed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from serkit.data import audio
from serkit.data.packs import packs, read_pack
from serkit.errors import AudioError, UserError

KINDS = [
    ("a.wav", 16000, 1, "PCM_16"),
    ("b.flac", 16000, 1, "PCM_16"),
    ("c.wav", 44100, 2, "PCM_24"),
    ("d.wav", 16000, 3, "FLOAT"),
    ("e.wav", 16000, 2, "DOUBLE"),
    ("f.aiff", 16000, 1, "PCM_16"),
    ("g.wav", 16000, 6, "PCM_U8"),
    ("h.wav", 16000, 1, "ULAW"),
    ("i.wav", 16000, 1, "PCM_16"),
    ("j.wav", 16000, 1, "FLOAT"),
]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Half a second to a second and a half each, of every kind that takes another way."""
    for seed, (name, rate, channels, subtype) in enumerate(KINDS):
        rng = np.random.default_rng(seed)
        x = rng.uniform(-0.9, 0.9, (int(rng.uniform(0.5, 1.5) * rate), channels))
        sf.write(tmp_path / name, x, rate, subtype=subtype)
    return [tmp_path / name for name, *_ in KINDS]


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_one_pack_is_every_file_as_read_gives_it(files: list[Path], threads: int) -> None:
    pack = read_pack(files, threads=threads)
    assert (pack.first, pack.samples.dtype, pack.offsets.dtype) == (0, np.float32, np.int64)
    assert pack.offsets[0] == 0
    assert pack.offsets[-1] == len(pack.samples)
    for i, path in enumerate(files):
        np.testing.assert_array_equal(pack.samples[pack.offsets[i] : pack.offsets[i + 1]], audio.read(path))
        np.testing.assert_array_equal(pack.waveforms[i], audio.read(path))
        assert pack.waveforms[i].base is pack.samples.base  # a view of the same memory


@pytest.mark.parametrize("seconds", [0.001, 1.0, 2.5, 4.0, 1e9])
def test_packs_are_the_files_in_order_and_stay_as_they_are(files: list[Path], seconds: float) -> None:
    """The list holds all packs at once, so none may share its memory with a later one."""
    got = list(packs(files * 3, seconds=seconds, threads=1))
    whole = read_pack(files * 3)
    assert [p.first for p in got] == np.cumsum([0, *(len(p.offsets) - 1 for p in got)])[:-1].tolist()
    np.testing.assert_array_equal(np.concatenate([p.samples for p in got]), whole.samples)
    np.testing.assert_array_equal(np.concatenate([np.diff(p.offsets) for p in got]), np.diff(whole.offsets))
    for pack in got:
        assert len(pack.samples) <= seconds * 16000 or len(pack.offsets) == 2
    for pack, after in pairwise(got):
        # a pack is full: the next file would not have fitted
        assert len(pack.samples) + after.offsets[1] > seconds * 16000


def test_memory_is_used_again_once_nothing_refers_to_it(files: list[Path]) -> None:
    same = [files[0]] * 12
    places = {p.samples.ctypes.data for p in packs(same, seconds=1.6, threads=1)}
    assert len(places) == 2
    kept, want = [], audio.read(files[0])[:100]
    for pack in packs(same, seconds=1.6, threads=1):
        kept.append(pack.samples[:100][:50].reshape(1, -1))  # a view of a view refers to the memory as well
    assert len({view.ctypes.data for view in kept}) == len(kept) > 4
    for view in kept:
        np.testing.assert_array_equal(view[0], want[:50])


def test_no_files_are_an_empty_pack_and_no_packs() -> None:
    pack = read_pack([])
    assert (len(pack.samples), pack.offsets.tolist()) == (0, [0])
    assert list(packs([])) == []


def test_another_rate_resamples_as_read_does(files: list[Path]) -> None:
    pack = read_pack(files[:3], sample_rate=44100)
    for i in range(3):
        want = audio.read(files[i], sample_rate=44100)
        np.testing.assert_array_equal(pack.samples[pack.offsets[i] : pack.offsets[i + 1]], want)


@pytest.mark.parametrize(
    "wrong", [{"sample_rate": 0}, {"sample_rate": -16000}, {"threads": -1}, {"seconds": 0.0}, {"seconds": float("nan")}]
)
def test_settings_out_of_range_are_refused_before_a_file_is_opened(wrong: dict[str, float]) -> None:
    with pytest.raises(UserError, match=r"positive|longer than 0 s|allowed are"):
        packs(["nowhere.wav"], **wrong)


def _spoil(path: Path, how: str) -> None:
    if how == "missing":
        path.unlink()
    elif how == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        x = np.zeros(1000)
        x[400] = np.nan
        sf.write(path, x, 16000, subtype="FLOAT")


@pytest.mark.parametrize(
    ("how", "words"),
    [("missing", "does not exist"), ("truncated", "is truncated"), ("nan", r"NaN or .*first at 0\.025 s")],
)
@pytest.mark.parametrize("index", [0, 4, 8])
def test_a_bad_file_is_refused_in_the_words_of_read(files: list[Path], index: int, how: str, words: str) -> None:
    _spoil(files[index], how)
    with pytest.raises(AudioError, match=words) as alone:
        audio.read(files[index])
    with pytest.raises(AudioError) as together:
        read_pack(files)
    assert str(together.value) == str(alone.value)


def test_packs_before_that_of_a_bad_file_are_given(files: list[Path]) -> None:
    _spoil(files[8], "nan")
    coming = packs(files, seconds=0.001)
    assert [next(coming).first for _ in range(8)] == list(range(8))
    with pytest.raises(AudioError, match=r"i\.wav"):
        next(coming)


@pytest.mark.real_data
def test_packs_of_real_speech_are_what_read_gives(real_data: Path) -> None:
    paths = audio.find(real_data / "emodb")[:60]
    assert len(paths) == 60
    for pack in packs(paths, seconds=30.0):
        for i in range(len(pack.offsets) - 1):
            got = pack.samples[pack.offsets[i] : pack.offsets[i + 1]]
            np.testing.assert_array_equal(got, audio.read(paths[pack.first + i]))

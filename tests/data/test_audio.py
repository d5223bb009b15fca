"""Audio reading: what must work reads the same by every route, what must be refused is refused in one sentence."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr

from serkit.data import audio
from serkit.errors import AudioError


def tone(frames: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    x = np.random.default_rng(seed).uniform(-0.9, 0.9, (frames, channels)).astype(np.float32)
    return x[:, 0] if channels == 1 else x


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    path = tmp_path / "a.wav"
    sf.write(path, tone(16000), 16000, subtype="PCM_16")
    return path


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_every_wav_encoding_equals_soundfile_averaged_over_channels(
    tmp_path: Path, subtype: str, channels: int
) -> None:
    path = tmp_path / "x.wav"
    sf.write(path, tone(700, channels), 16000, subtype=subtype)
    want = sf.read(path, dtype="float32", always_2d=True)[0].mean(axis=1, dtype=np.float64).astype(np.float32)
    got = audio.read(path)
    assert got.dtype == np.float32
    assert got.ndim == 1
    np.testing.assert_array_equal(got, want)


def test_plain_wav_files_are_read_without_libsndfile(wav: Path) -> None:
    code = (
        "import sys; from serkit.data import audio\n"
        "print(len(audio.read(sys.argv[1])), audio.info(sys.argv[1]).frames, 'soundfile' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(wav)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["16000", "16000", "False"]


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("seconds", [0.02, 3.7])
def test_read_blocks_and_soxr_agree_to_the_bit_at_every_rate(tmp_path: Path, rate: int, seconds: float) -> None:
    path = tmp_path / "x.flac"
    sf.write(path, tone(round(rate * seconds)), rate, subtype="PCM_16")
    got = audio.read(path)
    raw = sf.read(path, dtype="float32")[0]
    want = raw if rate == 16000 else soxr.resample(raw, rate, 16000, quality="HQ")
    np.testing.assert_array_equal(got, want)
    pieces = list(audio.blocks(path, seconds=0.5))
    np.testing.assert_array_equal(np.concatenate(pieces), got)
    assert all(len(p) == 8000 for p in pieces[:-1])
    np.testing.assert_array_equal(audio.read(path, sample_rate=0), raw)


def test_flac_and_wav_of_the_same_samples_read_alike_and_hash_alike(tmp_path: Path) -> None:
    samples = (tone(5000, 2) * 32767).astype(np.int16)  # libsndfile rounds float differently for WAV and FLAC
    for name, subtype in (("x.wav", "PCM_16"), ("x.flac", "PCM_16"), ("wide.wav", "PCM_24")):
        sf.write(tmp_path / name, samples, 44100, subtype=subtype)
    sf.write(tmp_path / "other.wav", tone(5000, 2, seed=1), 44100, subtype="PCM_16")
    sf.write(tmp_path / "slower.wav", samples, 22050, subtype="PCM_16")
    np.testing.assert_array_equal(audio.read(tmp_path / "x.wav"), audio.read(tmp_path / "x.flac"))
    same = {audio.decoded_sha256(tmp_path / n) for n in ("x.wav", "x.flac", "wide.wav")}
    assert len(same) == 1
    assert audio.decoded_sha256(tmp_path / "other.wav") not in same
    assert audio.decoded_sha256(tmp_path / "slower.wav") not in same


def test_float_files_hash_by_their_values_not_as_silence(tmp_path: Path) -> None:
    """libsndfile casts float to int unscaled, which would make every float file hash as zeros."""
    for name, seed in (("a.wav", 0), ("b.wav", 1)):
        sf.write(tmp_path / name, tone(1000, seed=seed), 16000, subtype="FLOAT")
    assert audio.decoded_sha256(tmp_path / "a.wav") != audio.decoded_sha256(tmp_path / "b.wav")


def test_part_of_a_file_is_that_part(wav: Path) -> None:
    whole = audio.read(wav)
    np.testing.assert_array_equal(audio.read(wav, start=0.25, end=0.5), whole[4000:8000])
    np.testing.assert_array_equal(audio.read(wav, start=0.25), whole[4000:])
    # annotations round times up; 5 ms past the end is the end
    np.testing.assert_array_equal(audio.read(wav, end=1.005), whole)


@pytest.mark.parametrize(("start", "end"), [(0.5, 0.5), (0.6, 0.5), (-0.1, None), (1.0, None), (0.0, 1.1)])
def test_a_part_outside_the_file_is_refused(wav: Path, start: float, end: float | None) -> None:
    with pytest.raises(AudioError, match=r"a\.wav"):
        audio.read(wav, start=start, end=end)


@pytest.mark.parametrize("name", ["mit Leerzeichen.wav", "grün/häßlich 語音.wav", "emoji 🎙.WAV"])
def test_paths_with_spaces_and_other_scripts(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    sf.write(path, tone(320), 16000, format="WAV", subtype="PCM_16")
    assert len(audio.read(path)) == 320
    assert audio.find(tmp_path) == [path]
    assert audio.info(path) == audio.AudioInfo(16000, 1, 320)
    assert audio.info(path).seconds == 0.02


@pytest.mark.skipif(os.name == "nt", reason="Windows has no names that are not Unicode")
def test_a_name_that_is_not_utf8_is_read(tmp_path: Path, wav: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/gr\xfcn.wav"))
    path.write_bytes(wav.read_bytes())
    assert len(audio.read(path)) == 16000


def test_find_leaves_out_hidden_files_and_sorts(tmp_path: Path) -> None:
    for name in ("b.WAV", "a.flac", "sub/c.Aiff", "._b.wav", ".git/d.wav", "readme.txt", "e.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [p.relative_to(tmp_path).as_posix() for p in audio.find(tmp_path)] == [
        "a.flac",
        "b.WAV",
        "e.mp3",
        "sub/c.Aiff",
    ]
    with pytest.raises(AudioError, match="does not exist"):
        audio.find(tmp_path / "nowhere")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_find_enters_linked_folders_once_and_survives_circles(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.wav").touch()
    corpus = tmp_path / "corpus"
    (corpus / "z").mkdir(parents=True)
    (corpus / "z" / "b.wav").touch()
    (corpus / "wav").symlink_to(tmp_path / "elsewhere")
    (corpus / "a").symlink_to(corpus / "z")
    (corpus / "z" / "up").symlink_to(corpus)
    assert [p.relative_to(corpus).as_posix() for p in audio.find(corpus)] == ["wav/a.wav", "z/b.wav"]
    assert [p.name for p in audio.find(corpus / "wav")] == ["a.wav"]


def test_find_says_which_folder_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "locked").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> object:  # permissions mean nothing to root, who may run the tests
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(AudioError, match=r"locked cannot be read \(Permission denied\); check its permissions\."):
        audio.find(tmp_path)


def _bad(case: str, path: Path, good: bytes) -> None:
    if case == "folder":
        path.mkdir()
    elif case == "nan":
        x = tone(1000)
        x[400] = np.nan
        sf.write(path, x, 16000, subtype="FLOAT")
    elif case == "inf":
        x = tone(1000, 2)
        x[400, 1] = np.inf
        sf.write(path, x, 16000, subtype="FLOAT")
    elif case == "header only":
        sf.write(path, np.zeros(0, np.float32), 16000, subtype="PCM_16")
    elif case == "cut flac":
        sf.write(path, tone(50000), 16000, format="FLAC", subtype="PCM_16")
        path.write_bytes(path.read_bytes()[:-9000])
    elif case != "missing":
        content = {
            "empty": b"",
            "text": b"this is not audio\n" * 20,
            "lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n",
            "truncated": good[:-200],
            "cut by one byte": good[:-1],
            "cut in the header": good[:30],
            "random": np.random.default_rng(0).bytes(500),
        }[case]
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("missing", "does not exist"),
        ("folder", "is a folder"),
        ("empty", "empty file"),
        ("header only", "no samples"),
        ("text", "not audio"),
        ("random", "not audio"),
        ("lfs", "git lfs pull"),
        ("truncated", "truncated"),
        ("cut by one byte", "truncated"),
        ("cut in the header", "not audio|no samples|truncated"),
        ("cut flac", "truncated|damaged"),
        ("nan", r"NaN or infinite samples \(first at 0\.025 s\)"),
        ("inf", r"NaN or infinite samples \(first at 0\.025 s\)"),
    ],
)
def test_bad_audio_is_refused_in_one_sentence_that_names_it(tmp_path: Path, wav: Path, case: str, words: str) -> None:
    path = tmp_path / "schlecht 1.wav"
    _bad(case, path, wav.read_bytes())
    for route in (audio.read, lambda p: list(audio.blocks(p))):
        with pytest.raises(AudioError, match=words) as caught:
            route(path)
        text = str(caught.value)
        assert str(path) in text
        assert "\n" not in text
        assert text.endswith(".")


def test_a_streamed_wav_of_unknown_size_is_read(tmp_path: Path, wav: Path) -> None:
    """Encoders that write to a pipe leave 0xFFFFFFFF where the size belongs; that is no truncation."""
    content = bytearray(wav.read_bytes())
    struct.pack_into("<I", content, 4, 0xFFFFFFFF)
    struct.pack_into("<I", content, 40, 0xFFFFFFFF)
    path = tmp_path / "pipe.wav"
    path.write_bytes(content)
    np.testing.assert_array_equal(audio.read(path), audio.read(wav))


def test_a_long_file_needs_little_more_memory_than_its_result(tmp_path: Path) -> None:
    """A minute of 192 kHz in 8 channels (369 MB as float32) becomes 3.8 MB of 16 kHz mono."""
    path = tmp_path / "long.wav"
    frames, channels = 60 * 192000, 8
    with path.open("wb") as file:  # a sparse file: the header, then a hole that reads as silence
        size = frames * channels * 2
        file.write(b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt ")
        file.write(struct.pack("<IHHIIHH", 16, 1, channels, 192000, 192000 * channels * 2, channels * 2, 16))
        file.write(b"data" + struct.pack("<I", size))
        file.truncate(44 + size)
    code = (
        "import sys, resource; from serkit.data import audio; import soundfile, soxr\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "n = len(audio.read(sys.argv[1]))\n"
        "print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    samples, grown = map(int, done.stdout.split())
    assert samples == 60 * 16000
    # ru_maxrss counts KiB on Linux and bytes on macOS; 32 MiB cover decoder, resampler and allocator
    unit = 1024 if sys.platform != "darwin" else 1
    assert grown * unit < samples * 4 + (32 << 20)

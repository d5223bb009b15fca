"""The core's WAV reader: equal to libsndfile to the bit, on every encoding and around every chunk."""

from __future__ import annotations

import struct
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from serkit.errors import AudioError
from serkit.kernels.native import riff
from serkit.kernels.native.riff import RiffFile

SUBTYPES = ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"]


def bits(x: np.ndarray) -> np.ndarray:
    """Bit patterns: they tell -0.0 from 0.0, and one NaN from another."""
    return np.ascontiguousarray(x).view(np.int32)


def noise(frames: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    """float64 ``[frames, channels]`` in [-1, 1), full scale and zeros of both signs among it."""
    x = np.random.default_rng(seed).uniform(-1, 1, (frames, channels))
    x[: min(frames, 4)] = np.array([-1.0, 0.0, -0.0, 1 - 2**-31])[: min(frames, 4), None]
    return x


def by_libsndfile(path: Path) -> np.ndarray:
    return sf.read(path, dtype="float32", always_2d=True)[0]


def chunk(name: bytes, body: bytes, *, size: int | None = None, pad: bytes = b"\0") -> bytes:
    return name + struct.pack("<I", len(body) if size is None else size) + body + pad * (len(body) % 2)


def fmt(channels: int = 1, tag: int = 1, bits: int = 16, rate: int = 16000, block: int | None = None) -> bytes:
    block = channels * bits // 8 if block is None else block
    return struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits)


def wav(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


SAMPLES = np.arange(-300, 700, dtype="<i2").tobytes()


@pytest.fixture
def write(tmp_path: Path):
    def write(content: bytes, name: str = "x.wav") -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write


@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
@pytest.mark.parametrize("subtype", SUBTYPES)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_encoding_equals_libsndfile_to_the_bit(
    tmp_path: Path, container: str, subtype: str, channels: int
) -> None:
    path = tmp_path / "x.wav"
    frames = 70001  # several pieces of 64 KiB and an odd rest
    sf.write(path, noise(frames, channels), 22050, format=container, subtype=subtype)
    with RiffFile(path) as file:
        assert (file.sample_rate, file.channels, file.frames) == (22050, channels, frames)
        assert file.encoding == subtype
        assert file.exact_mean == (channels <= 2 or subtype.startswith("PCM"))
        got = file.read(0, frames)
        mono = np.empty(frames, dtype=np.float32)
        assert file.read_mono(0, mono) == -1
        for first, count in [(0, 1), (1, 3), (69999, 2), (12345, 40000), (70001, 0)]:
            np.testing.assert_array_equal(bits(file.read(first, count)), bits(got[first : first + count]))
            part = np.empty(count, dtype=np.float32)
            file.read_mono(first, part)
            np.testing.assert_array_equal(bits(part), bits(mono[first : first + count]))
    want = by_libsndfile(path)
    assert got.shape == want.shape
    np.testing.assert_array_equal(bits(got), bits(want))
    average = want[:, 0] if channels == 1 else want.mean(axis=1, dtype=np.float64).astype(np.float32)
    if file.exact_mean:
        np.testing.assert_array_equal(bits(mono), bits(average))
    else:
        # summed in another order: half a unit of float32 from the same real number, so a whole one apart at most
        np.testing.assert_array_max_ulp(mono, average, maxulp=1)


@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
def test_floats_of_every_kind_are_read_as_libsndfile_reads_them(write, dtype: str) -> None:
    """Infinities, NaN with a payload, subnormals, values beyond float32 and beyond 1 are bits like any others."""
    values = np.array(
        [0, -0.0, 1e-45, -1e-40, 1e-310, 3.4e38, 3.41e38, -1e300, np.inf, -np.inf, np.nan, 1.5, -32768], dtype="<f8"
    )
    with np.errstate(over="ignore"):
        data = values.astype(dtype).tobytes()
    if dtype == "<f4":
        data += struct.pack("<I", 0x7FC12345)
    path = write(wav(chunk(b"fmt ", fmt(tag=3, bits=int(dtype[2]) * 8)), chunk(b"data", data)))
    with RiffFile(path) as file:
        got = file.read(0, file.frames)
        assert file.read_mono(0, np.empty(file.frames, dtype=np.float32)) == 6  # 3.41e38 is beyond float32
        assert file.read_mono(9, np.empty(2, dtype=np.float32)) == 0
        assert file.read_mono(11, np.empty(2, dtype=np.float32)) == -1
    np.testing.assert_array_equal(bits(got), bits(by_libsndfile(path)))


def test_the_place_of_a_value_that_is_not_finite_is_counted_across_pieces(write) -> None:
    data = np.zeros((50000, 2), dtype="<f4")
    data[33333, 1] = np.inf
    data[44444, 0] = np.nan
    path = write(wav(chunk(b"fmt ", fmt(2, tag=3, bits=32)), chunk(b"data", data.tobytes())))
    with RiffFile(path) as file:
        assert file.read_mono(0, np.empty(50000, dtype=np.float32)) == 33333
        assert file.read_mono(33334, np.empty(10000, dtype=np.float32)) == -1


ODD = chunk(b"FLLR", b"\0" * 4047)  # so long that the data chunk's name is no longer in the first 4096 bytes
AROUND = {
    "xmp and list after the samples": [fmt(), SAMPLES, chunk(b"_PMX", b"<xmp/>1"), chunk(b"LIST", b"INFOIART")],
    "odd chunks before": [chunk(b"JUNK", b"abc"), fmt(), chunk(b"bext", b"12345"), SAMPLES],
    "filler as in RAVDESS": [fmt(), ODD, SAMPLES],
    "a long first chunk": [chunk(b"JUNK", b"\0" * 9001), fmt(), SAMPLES],
    "fact": [fmt() + b"\0\0", chunk(b"fact", struct.pack("<I", 1000)), SAMPLES],
    "no pad byte at the end": [fmt(), SAMPLES + b"\7"],
    "a fmt chunk across the first 4096 bytes": [chunk(b"JUNK", b"\0" * 4060), fmt(), SAMPLES],
    "bytes that are no chunk after the samples": [fmt(), SAMPLES, b"\0\1\2\3\4\5\6\7\n"],
}


@pytest.mark.parametrize("case", AROUND)
def test_chunks_around_the_samples_change_nothing(write, case: str) -> None:
    parts = []
    for part in AROUND[case]:
        if part.startswith(SAMPLES):
            parts.append(chunk(b"data", part, pad=b"" if part != SAMPLES else b"\0"))
        else:
            parts.append(chunk(b"fmt ", part) if part.startswith(fmt()) else part)
    path = write(wav(*parts))
    with RiffFile(path) as file:
        got = file.read(0, file.frames)
    assert file.frames == 1000
    np.testing.assert_array_equal(got[:, 0] * 32768, np.arange(-300, 700))
    np.testing.assert_array_equal(bits(got), bits(by_libsndfile(path)))


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_stream_of_unknown_size_lasts_to_the_end_of_the_file(write, size: int) -> None:
    path = write(wav(chunk(b"fmt ", fmt()), chunk(b"data", SAMPLES + b"\1", size=size, pad=b"")))
    with RiffFile(path) as file:
        assert file.frames == 1000
        np.testing.assert_array_equal(bits(file.read(0, 1000)), bits(by_libsndfile(path)))


def test_a_file_that_shrinks_while_it_is_open_is_an_error_not_a_crash(write) -> None:
    """A mapped file would end the process with SIGBUS here."""
    path = write(wav(chunk(b"fmt ", fmt()), chunk(b"data", bytes(1 << 20))))
    file = RiffFile(path)
    with path.open("r+b") as other:
        other.truncate(300000)
    assert file.read(0, 149000).any() == np.False_
    with pytest.raises(AudioError, match=r"x\.wav .* become shorter .*\(byte 300000\)"):
        file.read(149000, 20000)
    with pytest.raises(AudioError, match="become shorter"):
        file.read_mono(0, np.empty(file.frames, dtype=np.float32))


def test_the_core_refuses_frames_and_buffers_that_do_not_fit(write) -> None:
    file = RiffFile(write(wav(chunk(b"fmt ", fmt(2)), chunk(b"data", SAMPLES))))
    assert file.frames == 500
    frozen = np.empty(3, dtype=np.float32)
    frozen.flags.writeable = False
    for first, out in [(-1, 1), (500, 1), (501, 0), (0, 501), (2**62, 3), (-(2**62), 3)]:
        with pytest.raises(ValueError, match="no such frames"):
            file.read_mono(first, np.empty(out, dtype=np.float32))
    for wrong in [np.empty((3, 2), dtype=np.float32), frozen]:
        with pytest.raises(ValueError, match="out must be writeable"):
            file.read_mono(0, wrong)
    for wrong in [np.empty(3), np.empty(6, dtype=np.float32)[::2]]:
        with pytest.raises(TypeError):
            file.read_mono(0, wrong)


@pytest.fixture
def many(tmp_path: Path) -> list[Path]:
    paths = []
    for i in range(23):
        paths.append(tmp_path / f"{i}.wav")
        x = noise(int(np.random.default_rng(i).integers(1, 40000)), 1 + i % 3, seed=i)
        sf.write(paths[-1], x, 16000, subtype=SUBTYPES[i % 6])
    return paths


@pytest.mark.parametrize("threads", [1, 3, 64])
def test_many_files_equal_each_alone_on_any_number_of_threads(many: list[Path], threads: int) -> None:
    found = riff.headers(many, threads)
    offsets = np.concatenate([[0], np.cumsum(found.frames)])
    out = np.full(offsets[-1] + 5, np.float32(7))
    assert riff.read_mono(many, offsets, out, threads) is None
    for i, path in enumerate(many):
        with RiffFile(path) as file:
            assert (file.frames, file.sample_rate, file.exact_mean) == tuple(column[i] for column in found)
            alone = np.empty(file.frames, dtype=np.float32)
            file.read_mono(0, alone)
        np.testing.assert_array_equal(bits(out[offsets[i] : offsets[i + 1]]), bits(alone))
    np.testing.assert_array_equal(out[offsets[-1] :], np.float32(7))


def test_headers_of_files_that_are_refused_have_no_frames(many: list[Path], tmp_path: Path) -> None:
    many[3].unlink()
    many[7].write_bytes(b"RIFF")
    many[11] = tmp_path
    frames = riff.headers(many, 2).frames
    assert np.flatnonzero(frames == 0).tolist() == [3, 7, 11]
    assert riff.headers([]).frames.shape == (0,)


def test_a_batch_names_the_first_file_that_changed_or_is_not_finite(many: list[Path]) -> None:
    frames = riff.headers(many).frames
    offsets = np.concatenate([[0], np.cumsum(frames)])
    out = np.empty(offsets[-1], dtype=np.float32)
    x = noise(int(frames[9]))
    x[-1] = np.nan
    sf.write(many[9], x, 16000, subtype="FLOAT")
    assert riff.read_mono(many, offsets, out, 2) == (9, frames[9] - 1)
    sf.write(many[5], noise(int(frames[5]) + 1), 16000)
    with pytest.raises(AudioError, match=r"5\.wav .* has changed while it was read"):
        riff.read_mono(many, offsets, out, 2)
    many[2].unlink()
    with pytest.raises(AudioError, match=r"2\.wav .* cannot be opened"):
        riff.read_mono(many, offsets, out, 2)


@pytest.mark.parametrize("offsets", [[0], [0, 5, 3], [-1, 4, 8], [0, 4, 9], [0, 1, 2, 3]])
def test_a_batch_refuses_offsets_that_do_not_fit(many: list[Path], offsets: list[int]) -> None:
    with pytest.raises(ValueError, match=r"[Oo]ffsets"):
        riff.read_mono(many[:2], np.array(offsets), np.empty(8, dtype=np.float32))


def test_threads_may_read_one_file_at_the_same_time(write) -> None:
    x = np.random.default_rng(0).integers(-32768, 32767, 200000).astype("<i2")
    file = RiffFile(write(wav(chunk(b"fmt ", fmt()), chunk(b"data", x.tobytes()))))
    wrong: list[int] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(50):
            first = int(rng.integers(0, 150000))
            got = file.read(first, 50000)[:, 0] * 32768
            if not np.array_equal(got, x[first : first + 50000]):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.real_data
@pytest.mark.parametrize(("corpus", "count"), [("emodb", 535), ("ravdess", 300)])
def test_every_fifth_real_recording_equals_libsndfile(real_data: Path, corpus: str, count: int) -> None:
    paths = sorted((real_data / corpus).rglob("*.wav"))
    assert len(paths) >= count
    for path in paths[::5]:
        with RiffFile(path) as file:
            got = file.read(0, file.frames)
        np.testing.assert_array_equal(bits(got), bits(by_libsndfile(path)), err_msg=str(path))

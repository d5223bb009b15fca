"""What the core's WAV reader does not read: each fault has its sentence, and no bytes whatever make it crash."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from serkit.errors import AudioError
from serkit.kernels.native.riff import RiffFile

GUID_TAIL = bytes.fromhex("00000000100080000 0aa00389b71".replace(" ", ""))


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(body) if size is None else size) + body + b"\0" * (len(body) % 2)


def fmt(
    tag: int = 1, channels: int = 1, rate: int = 16000, bits: int = 16, block: int | None = None, more: bytes = b""
) -> bytes:
    block = channels * bits // 8 if block is None else block
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, 32000, block, bits) + more)


def wav(*chunks: bytes, head: bytes = b"RIFF", form: bytes = b"WAVE") -> bytes:
    body = form + b"".join(chunks)
    return head + struct.pack("<I", len(body)) + body


def extensible(tag: int = 1, tail: bytes = GUID_TAIL) -> bytes:
    return fmt(0xFFFE, more=struct.pack("<HHIH", 22, 16, 4, tag) + tail)


DATA = chunk(b"data", bytes(range(100)))
GOOD = wav(fmt(), DATA)
REFUSED = {
    "empty": (b"", r"does not begin as a RIFF/WAVE file \(byte 0\)"),
    "eleven bytes": (GOOD[:11], "does not begin"),
    "another form": (wav(fmt(), DATA, form=b"AVI "), "does not begin"),
    "big-endian": (wav(fmt(), DATA, head=b"RIFX"), "big-endian RIFX"),
    "64 bits of size": (wav(fmt(), DATA, head=b"RF64"), "RF64 file"),
    "nothing but a head": (wav(), r"without a data chunk \(byte 12\)"),
    "no data": (wav(fmt()), r"without a data chunk \(byte 36\)"),
    "data first": (wav(DATA, fmt()), r"data chunk comes before its fmt chunk \(byte 12\)"),
    "two formats": (wav(fmt(), fmt(), DATA), r"two fmt chunks \(byte 36\)"),
    "two formats, one behind": (wav(fmt(), DATA, fmt()), r"two fmt chunks \(byte 144\)"),
    "two data chunks": (wav(fmt(), DATA, DATA), r"two data chunks \(byte 144\)"),
    "no samples": (wav(fmt(), chunk(b"data", b"")), r"holds no sample \(byte 36\)"),
    "half a sample": (wav(fmt(), chunk(b"data", b"1")), "holds no sample"),
    "a short format": (wav(chunk(b"fmt ", b"\1\0\1\0"), DATA), r"has 4 bytes, less than 16 \(byte 12\)"),
    "an endless format": (wav(chunk(b"fmt ", b"\1\0\1\0", 0xFFFFFFF0)), "ends within its fmt chunk"),
    "an endless chunk": (wav(fmt(), chunk(b"LIST", b"", 0xFFFFFFFF), DATA), "without a data chunk"),
    "no chunk name": (wav(fmt(), b"\0\0" + DATA), r"where a chunk should begin \(byte 36\)"),
    "one byte short": (GOOD[:-1], r"promises 100 bytes and 99 are there \(byte 36\)"),
    "a-law": (wav(fmt(6, bits=8), DATA), "format 6 with 8 bits"),
    "12 bits": (wav(fmt(bits=12, block=2), DATA), "format 1 with 12 bits"),
    "float of 16 bits": (wav(fmt(3), DATA), "format 3 with 16 bits"),
    "extensible a-law": (wav(extensible(6), DATA), "format 6 with 16 bits"),
    "extensible of another family": (wav(extensible(tail=b"\1" * 14), DATA), "none of the common ones"),
    "a short extensible format": (wav(fmt(0xFFFE, more=b"\0\0"), DATA), "has 18 bytes, less than 40"),
    "no channel": (wav(fmt(channels=0), DATA), "has 0 channels"),
    "too many channels": (wav(fmt(channels=1025), DATA), "has 1025 channels"),
    "no rate": (wav(fmt(rate=0), DATA), "sample rate of 0 Hz"),
    "a rate beyond int": (wav(fmt(rate=1 << 31), DATA), "sample rate of 2147483648 Hz"),
    "padded frames": (wav(fmt(block=4), DATA), r"frames of 4 bytes do not hold 1 channel\(s\) of 16 bits"),
    "a thousand chunks": (wav(fmt(), *[chunk(b"JUNK", b"")] * 1000, DATA), "more than 1000 chunks"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_each_fault_is_a_sentence_that_names_file_fault_and_byte(tmp_path: Path, case: str) -> None:
    content, words = REFUSED[case]
    path = tmp_path / "schlecht 1.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=words) as caught:
        RiffFile(path)
    text = str(caught.value)
    assert text.startswith(str(path))
    assert "(byte " in text
    assert text.endswith(".")
    assert "\n" not in text


def test_what_is_refused_above_is_read_without_its_fault(tmp_path: Path) -> None:
    # else a mistake in the helpers would be what the sentences find
    path = tmp_path / "x.wav"
    for content in (GOOD, wav(extensible(), DATA), wav(fmt(), *[chunk(b"JUNK", b"")] * 900, DATA)):
        path.write_bytes(content)
        np.testing.assert_array_equal(
            RiffFile(path).read(0, 50)[:, 0] * 32768, np.frombuffer(bytes(range(100)), dtype="<i2")
        )


def test_missing_files_folders_and_names_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(GOOD)
    for path, words in [
        (tmp_path / "none.wav", "cannot be opened"),
        (tmp_path, "no regular file|cannot be opened"),  # Windows does not open folders
        (f"{tmp_path}/x.wav\0.txt", "zero byte"),  # the system would open x.wav
    ]:
        with pytest.raises(AudioError, match=words):
            RiffFile(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_pipe_is_refused_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match="no regular file"):
        RiffFile(tmp_path / "pipe.wav")


def test_every_cut_and_every_changed_byte_is_read_or_refused(tmp_path: Path) -> None:
    """Whatever is read lies inside the file: as many frames as its bytes have room for, at most."""
    path = tmp_path / "x.wav"
    whole = wav(extensible(), chunk(b"LIST", b"INFO1"), DATA, chunk(b"LIST", b"x"))
    changed = [whole[:end] for end in range(len(whole))]
    for place in range(90):
        for value in (0, 1, 0x7F, 0x80, 0xFF):
            changed.append(whole[:place] + bytes([value]) + whole[place + 1 :])
    read = 0
    for content in changed:
        path.write_bytes(content)
        try:
            file = RiffFile(path)
        except AudioError:
            continue
        assert 0 < file.frames * file.channels <= len(content)
        assert file.read(0, file.frames).shape == (file.frames, file.channels)
        read += 1
    assert read > 50  # bytes of the size in the head, of the channel mask and of the LIST chunks mean nothing


def test_a_header_that_lies_about_its_size_takes_no_memory(tmp_path: Path) -> None:
    """4 GiB are promised by each of these headers; what a reader may take is its piece of 64 KiB."""
    paths = []
    for i, bad in enumerate(
        [
            wav(fmt(), chunk(b"data", b"12", 0xFFFFFFFE)),
            wav(fmt(), chunk(b"data", b"12", 0xFFFFFFFF)),
            wav(chunk(b"fmt ", b"", 0xFFFFFFFE)),
            wav(fmt(channels=1024, bits=32), chunk(b"data", b"12", 0xFFFFFFFE)),
        ]
    ):
        paths.append(str(tmp_path / f"{i}.wav"))
        Path(paths[-1]).write_bytes(bad)
    code = (
        "import resource, sys\n"
        "from serkit.errors import AudioError\n"
        "from serkit.kernels.native.riff import RiffFile\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "frames = []\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n"
        "        file = RiffFile(path)\n"
        "        frames.append(len(file.read(0, file.frames)))\n"
        "    except AudioError:\n"
        "        frames.append(0)\n"
        "print(*frames, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True)
    *frames, grown = map(int, done.stdout.split())
    assert frames == [0, 1, 0, 0]
    # ru_maxrss counts KiB on Linux and bytes on macOS; 8 MiB are noise of the allocator and of Python
    assert grown * (1024 if sys.platform != "darwin" else 1) < 8 << 20

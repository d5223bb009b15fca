"""Throws random input at the compiled core: WAV bytes, spectral options and lengths, attention shapes, waveforms.

``python tests/fuzz/fuzz_core.py --minutes 3`` takes the targets in turn; CONTRIBUTING.md says how to run it on a core
built with sanitizers, which is where most of its worth lies. A case is a target and a number and nothing else, so what
fails or crashes can be repeated: ``--target riff --first 1234 --cases 1``.
"""

from __future__ import annotations

import argparse
import itertools
import os
import struct
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from serkit.errors import AudioError, ConfigError, SerkitError
from serkit.kernels.native import _core, attention, riff
from serkit.kernels.native.spectral import MomentCounter, SpectralKernel, check_waveform
from serkit.kernels.parameters import SpectralParameters

Rng = np.random.Generator
MOST_VALUES = 1 << 21  # of all frames, transformed or kept: a case is to take milliseconds


def sentence(error: SerkitError, named: str = "") -> None:
    """What is refused is refused in one sentence, which names it."""
    text = str(error)
    assert named in text, text
    assert text.endswith("."), text
    assert "\n" not in text, text


def bits(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(x).view(np.int32)


# --- WAV files -------------------------------------------------------------------------------------------------------

GUID_TAIL = bytes.fromhex("0000000010008000 00aa00389b71")
SIZES = [0, 1, 0x7FFFFFFE, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF]
NAMES = [b"LIST", b"JUNK", b"FLLR", b"fact", b"PEAK", b"bext", b"id3 ", b"_PMX", b"cue ", b"data", b"fmt ", b"\0\1\2\3"]


def some(rng: Rng, values: list[Any], usual: float = 0.8) -> Any:
    """Mostly the first value."""
    return values[0] if rng.random() < usual else values[int(rng.integers(len(values)))]


def chunk(rng: Rng, name: bytes, body: bytes) -> bytes:
    size = some(rng, [len(body), len(body) + 1, max(0, len(body) - 1), *SIZES], 0.9)
    return name + struct.pack("<I", size) + body + some(rng, [b"\0" * (len(body) % 2), b""], 0.9)


def wav(rng: Rng) -> bytes:
    """A WAV file of up to a few hundred frames in which anything may be wrong, but rarely everything."""
    tag, width = [(1, 16), (1, 8), (1, 24), (1, 32), (3, 32), (3, 64), (1, 12), (6, 8), (3, 16)][rng.integers(9)]
    channels = some(rng, [int(rng.integers(1, 9)), 0, 1024, 1025, 65535], 0.95)
    rate = some(rng, [16000, 0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF], 0.9)
    block = some(rng, [channels * width // 8, int(rng.integers(40))], 0.95) & 0xFFFF
    extensible = rng.random() < 0.25
    fmt = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, channels, rate, rate * block & 0xFFFFFFFF, block, width)
    if extensible:
        valid = some(rng, [width, width - 1, 0])
        fmt += struct.pack("<HHIH", 22, valid, int(rng.integers(64)), tag) + some(rng, [GUID_TAIL, b"\1" * 14], 0.95)
    else:
        fmt += some(rng, [b"", b"\0\0", rng.bytes(int(rng.integers(90)))])
    frames = int(rng.integers(300))
    if tag == 3 and width in (32, 64):
        data = rng.standard_normal(frames * channels).astype(f"<f{width // 8}").tobytes()[: 1 << 17]
    else:
        data = rng.bytes(min(frames * block, 1 << 17))
    data += rng.bytes(some(rng, [0, 1, 2, 3]))
    parts = [(NAMES[rng.integers(9)], rng.bytes(int(rng.integers(60)))) for _ in range(rng.integers(4))]
    parts.insert(int(rng.integers(len(parts) + 1)), (b"fmt ", fmt))
    where = [name for name, _ in parts].index(b"fmt ")
    parts.insert(int(rng.integers(where + 1, len(parts) + 1)), (b"data", data))
    if rng.random() < 0.1:
        parts.append((NAMES[rng.integers(len(NAMES))], rng.bytes(int(rng.integers(60)))))
    if rng.random() < 0.05:
        rng.shuffle(parts)
    if rng.random() < 0.02:
        parts[:0] = [(b"JUNK", bytes(int(rng.integers(4000, 4200))))]
    body = b"WAVE" + b"".join(chunk(rng, name, part) for name, part in parts)
    content = bytearray(some(rng, [b"RIFF", b"RIFX", b"RF64"], 0.97) + struct.pack("<I", len(body)) + body)
    if rng.random() < 0.3:
        for _ in range(rng.integers(1, 4)):
            content[int(rng.integers(min(len(content), 120)))] = int(rng.integers(256))
    return bytes(content[: some(rng, [len(content), int(rng.integers(len(content)))], 0.93)])


def fuzz_riff(rng: Rng, folder: Path) -> None:
    """What the core reads lies in the file and is what libsndfile reads, if that reads it too."""
    import soundfile

    path = folder / "x.wav"
    path.write_bytes(wav(rng))
    headers = riff.headers([path])
    try:
        file = riff.RiffFile(path)
    except AudioError as error:
        sentence(error, str(path))
        assert headers.frames[0] == 0
        return
    assert 0 < file.frames * file.channels <= path.stat().st_size
    got = file.read(0, file.frames)
    try:
        want = soundfile.read(path, dtype="float32", always_2d=True)[0]
    except soundfile.SoundFileError:
        want = got  # libsndfile does not get past some chunks that mean nothing to us
    assert np.array_equal(bits(got), bits(want))
    alone = np.empty(file.frames, dtype=np.float32)
    bad = file.read_mono(0, alone)
    assert bad == (-1 if np.isfinite(alone).all() else int(np.argmin(np.isfinite(alone))))
    offsets = np.array([0, file.frames, 2 * file.frames])
    out = np.empty(2 * file.frames, dtype=np.float32)
    found = riff.read_mono([path, path], offsets, out, int(rng.integers(1, 4)))
    assert found == (None if bad < 0 else (0, bad))
    assert np.array_equal(bits(out), bits(np.concatenate([alone, alone])))
    first = int(rng.integers(file.frames))
    part = file.read(first, int(rng.integers(file.frames - first + 1)))
    assert np.array_equal(bits(part), bits(got[first : first + len(part)]))


# --- spectral features -----------------------------------------------------------------------------------------------


def wild(rng: Rng, usual: int, most: int) -> int:
    """A number that makes sense, or one at an edge, or one that makes none."""
    edges = [usual, 0, 1, 2, most, most + 1, -1, 2**31 - 1, int(rng.integers(1, most + 1))]
    return int(some(rng, edges, 0.9))


def spectral_parameters(rng: Rng) -> SpectralParameters:
    n_fft = int(2 ** rng.integers(0, 8) * 3 ** rng.integers(0, 4) * 5 ** rng.integers(0, 3))
    bins = n_fft // 2 + 1
    first_bin = int(rng.integers(0, bins))
    n_mels = int(rng.integers(1, max(2, n_fft // 8)))
    first = int(rng.integers(0, n_mels))
    stage = str(rng.choice(["stft", "spectrum", "mel", "cepstra"]))
    channels = [c for c in ("static", "delta", "delta2") if rng.random() < 0.6] or ["static"]
    rate = wild(rng, 16000, 192000)
    return SpectralParameters(
        stage=stage,  # type: ignore[arg-type]
        sample_rate=rate,
        standardize=bool(rng.random() < 0.3),
        scale=some(rng, [1.0, 32768.0, 0.0, -1.0, 1e30, np.inf, np.nan]),
        preemphasis=some(rng, [0.0, 0.97, 1.0, -5.0, np.nan], 0.5),
        preemphasis_scope=some(rng, ["signal", "frame"], 0.5),
        frame_samples=wild(rng, int(rng.integers(1, n_fft + 1)), n_fft),
        hop_samples=wild(rng, int(rng.integers(1, 2 * n_fft + 1)), 100000),
        framing=str(rng.choice(["tail", "snip", "center", "center-zero", "mirror"])),  # type: ignore[arg-type]
        remove_dc=bool(rng.random() < 0.5),
        window=str(rng.choice(["hamming", "hann-periodic", "blackman", "povey", "rectangular"])),  # type: ignore[arg-type]
        n_fft=wild(rng, n_fft, 65536),
        first_bin=wild(rng, first_bin, bins),
        n_bins=wild(rng, int(rng.integers(1, bins - first_bin + 1)), bins),
        spectrum=some(rng, ["power", "magnitude"], 0.5),
        power_gain=some(rng, [1.0, 1e-3, 0.0, np.inf]),
        energy=some(rng, ["none", "frame", "spectrum"], 0.5 if stage == "cepstra" else 0.98),
        n_mels=wild(rng, n_mels, 4096),
        f_min=some(rng, [0.0, 100.0, -1.0, 1e9, np.nan]),
        f_max=some(rng, [rate / 2, rate / 3, 0.0, 1e9, np.inf], 0.7),
        mel_scale=str(rng.choice(["psf-bins", "psf-bins", "htk", "slaney", "htk-warped"])),  # type: ignore[arg-type]
        mel_norm=some(rng, ["none", "slaney"], 0.5),
        log="none" if stage == "stft" else str(rng.choice(["natural", "decibel", "psf", "none"])),  # type: ignore[arg-type]
        floor=some(rng, [1e-10, 1e-30, 1.0, 0.0, -1.0, np.nan]),
        first_cepstrum=wild(rng, first, n_mels),
        n_cepstra=wild(rng, int(rng.integers(1, n_mels - first + 1)), n_mels),
        dct=some(rng, ["ortho", "htk"], 0.5),
        lifter=some(rng, [0.0, 22.0, 1e-30, np.nan], 0.5),
        delta_window=wild(rng, int(rng.integers(1, 10)), 4096),
        channels=("static",) if stage == "stft" else tuple(channels),  # type: ignore[arg-type]
    )


def fuzz_spectral(rng: Rng, folder: Path) -> None:
    """Options are refused in words, or compute the same bits in batches, in parts and on any number of threads."""
    p = spectral_parameters(rng)
    try:
        kernel = SpectralKernel(p)
    except ConfigError as error:
        return sentence(error)
    lengths = [int(some(rng, [int(rng.integers(1, 4 * max(p.n_fft, 50))), 1, 2, p.n_fft + 1])) for _ in range(4)]
    width = max(p.n_fft, kernel.empty(0).shape[1] * kernel.empty(0).shape[2])
    waveforms = [(0.1 * rng.standard_normal(n + 3)).astype(np.float32)[int(rng.integers(4)) :][:n] for n in lengths]
    if sum(map(kernel.n_frames, lengths)) * width > MOST_VALUES:
        return None
    offsets = kernel.offsets(waveforms)
    whole = kernel.batch(waveforms, offsets, 1)
    assert np.array_equal(bits(kernel.batch(waveforms, offsets, int(rng.integers(2, 6)))), bits(whole))
    if p.standardize:
        counter = MomentCounter()
        counter.add(waveforms[0])
        statistics = counter.statistics()
    else:
        statistics = replace_statistics(lengths[0])
    frames = int(offsets[1])
    if frames:
        first = int(rng.integers(frames))
        count = int(rng.integers(1, frames - first + 1))
        begin, end = kernel.samples_needed(first, count, lengths[0])
        part = kernel.part(waveforms[0][begin:end].copy(), begin, statistics, first, count, 2)
        assert np.array_equal(bits(part), bits(whole[first : first + count]))
    spoiled = [w.copy() for w in waveforms]
    which = int(rng.integers(4))
    spoiled[which][int(rng.integers(lengths[which]))] = some(rng, [np.nan, np.inf, -np.inf, 1e30], 0.4)
    try:
        kernel.batch(spoiled, offsets, 2)
    except AudioError as error:
        sentence(error)
    for n in (0, 1, 2**31, 2**40, 2**62 // max(1, p.hop_samples)):
        assert kernel.n_frames(n) >= kernel.n_complete_frames(n) >= 0
    return None


# --- attention and waveforms -----------------------------------------------------------------------------------------


def fuzz_attention(rng: Rng, folder: Path) -> None:
    """Padding is never read, gradients are finite, and threads change no bit."""
    dtype = np.dtype(some(rng, ["float32", "float64"], 0.6))
    batch, frames, dim, units = (int(some(rng, [int(rng.integers(1, top)), 1], 0.9)) for top in (6, 70, 90, 50))
    x = rng.standard_normal((batch, frames, dim)).astype(dtype)
    lengths = rng.integers(1, frames + 1, batch)
    for i, n in enumerate(lengths):
        x[i, n:] = np.nan
    x *= dtype.type(some(rng, [1.0, 1e4, 1e-20, 0.0]))
    additive = rng.random() < 0.7
    weight = rng.standard_normal((units, dim)).astype(dtype) if additive else None
    bias = rng.standard_normal(units).astype(dtype) if additive else None
    query = rng.standard_normal(units if additive else dim).astype(dtype)
    scale = float(some(rng, [1.0, 0.3, 0.0, -2.0, 1e3]))
    answers = []
    for threads in (1, int(rng.integers(2, 5))):
        made = {"pooled": np.empty((batch, dim), dtype), "weights": np.empty((batch, frames), dtype)}
        hidden = np.empty((batch * frames, units), dtype) if additive else None
        attention.forward(x, lengths, query, weight, bias, scale, **made, hidden=hidden, threads=threads)
        grads = {"dx": np.empty_like(x), "dquery": np.empty_like(query)}
        if additive:
            grads |= {"dweight": np.empty_like(weight), "dbias": np.empty_like(bias)}
        attention.backward(
            x, lengths, query, weight, bias, scale, weights=made["weights"], hidden=hidden,
            grad_pooled=np.ones((batch, dim), dtype), grad_weights=None, **grads, threads=threads,
        )  # fmt: skip
        answers.append([*made.values(), *grads.values()])
    for one, other in zip(*answers, strict=True):
        assert np.isfinite(one).all()
        assert one.tobytes() == other.tobytes()


def fuzz_waveform(rng: Rng, folder: Path) -> None:
    """Moments do not depend on how a waveform is cut; a sample out of range is found wherever it lies."""
    n = int(rng.integers(1, 9000))
    x = rng.standard_normal(n + 8).astype(np.float32)[int(rng.integers(8)) :][:n]
    whole, cut = MomentCounter(), MomentCounter()
    whole.add(x)
    ends = [0, *sorted(rng.integers(0, n + 1, int(rng.integers(5)))), n]
    for begin, end in itertools.pairwise(ends):
        cut.add(x[begin:end])
    assert cut.statistics() == whole.statistics()
    assert _core.all_within(x, 65536.0)
    x[int(rng.integers(n))] = some(rng, [np.nan, np.inf, -np.inf, 1e30, -65537.0], 0.2)
    try:
        check_waveform(x)
    except AudioError as error:
        sentence(error)
    else:
        raise AssertionError("a sample out of range was let pass")


def replace_statistics(n: int) -> Any:
    """Statistics that leave a waveform of n samples as it is."""
    counter = MomentCounter()
    counter.add(np.ones(1, dtype=np.float32))
    return replace(counter.statistics(), n_samples=n, mean=0.0, deviation=1.0)


# --- the run ---------------------------------------------------------------------------------------------------------

TARGETS: dict[str, Callable[[Rng, Path], None]] = {
    "riff": fuzz_riff,
    "spectral": fuzz_spectral,
    "attention": fuzz_attention,
    "waveform": fuzz_waveform,
}
TURN = 200  # cases of a target before the next one has its turn


def run_case(target: str, case: int, folder: Path) -> None:
    """One case; raises whatever is wrong with it."""
    rng = np.random.default_rng([zlib.crc32(target.encode()), case])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's, about values that are meant to be out of range
        TARGETS[target](rng, folder)


def turns(targets: list[str], first: int, cases: int) -> Iterator[tuple[str, int]]:
    """Targets and case numbers in turn: ``cases`` of each, without end if that is 0."""
    for begin in itertools.count(first, TURN):
        end = min(begin + TURN, first + cases) if cases else begin + TURN
        if begin >= end:
            return
        for target in targets:
            for case in range(begin, end):
                yield target, case


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=0.0, help="how long; 0: until --cases are done")
    parser.add_argument("--target", choices=sorted(TARGETS), action="append", help="one kind of input; all without it")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--cases", type=int, default=0, help="cases a target; 0: until --minutes are over")
    options = parser.parse_args(arguments)
    if not (options.minutes > 0 or options.cases > 0):
        parser.error("say how long: --minutes 3 or --cases 1000")
    end = time.monotonic() + options.minutes * 60 if options.minutes > 0 else float("inf")
    done = dict.fromkeys(options.target or TARGETS, 0)
    with tempfile.TemporaryDirectory(prefix="serkit-fuzz-") as name:
        # a sanitizer ends the process without a word of Python: the case that ran is then the last line of this file
        log = Path(tempfile.gettempdir()) / f"serkit-fuzz-{os.getpid()}.log"
        print(f"A crash leaves its case in {log}.", flush=True)
        with log.open("wb", buffering=0) as running:
            for target, case in turns(list(done), options.first, options.cases):
                if time.monotonic() > end:
                    break
                os.pwrite(running.fileno(), f"--target {target} --first {case:<12} --cases 1\n".ljust(64).encode(), 0)
                try:
                    run_case(target, case, Path(name))
                except Exception:
                    traceback.print_exc()
                    print(f"Repeat it: python {sys.argv[0]} --target {target} --first {case} --cases 1")
                    return 1
                done[target] += 1
        log.unlink()
    print(", ".join(f"{count} {target}" for target, count in done.items()) + " cases, no fault")
    return 0


if __name__ == "__main__":
    sys.exit(main())

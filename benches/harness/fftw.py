"""The anchor: ``benches/fftw_lm3.c``, compiled for this machine with the system's compiler, called through ctypes."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from harness import lm3

Floats = npt.NDArray[np.float32]
SOURCE = Path(__file__).parents[1] / "fftw_lm3.c"
FLAGS = ("-O3", "-march=native", "-ffast-math", "-fPIC", "-shared")


@cache
def library(fft: str = "FFTW") -> ctypes.CDLL:
    """The compiled program with FFTW's transforms, or with MKL's through its interface for FFTW's callers.

    Skips the test where there is no C compiler, no FFTW in single precision, or no MKL.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler (cc) for the plain C program")
    folder = Path(tempfile.mkdtemp(prefix="serkit-bench-"))
    target = folder / "lm3.so"
    try:
        link = ["-lfftw3f"] if fft == "FFTW" else _mkl()
        done = subprocess.run(
            [compiler, *FLAGS, str(SOURCE), "-o", str(target), *link, "-lm"], capture_output=True, text=True
        )
        if done.returncode:
            if "fftw3" in done.stderr:
                pytest.skip("FFTW in single precision (fftw3.h, libfftw3f) is not installed")
            raise RuntimeError(f"{SOURCE.name} does not compile: {done.stderr}")
        # deep binding: MKL in the same process exports functions of FFTW's names to everyone
        loaded = ctypes.CDLL(str(target), mode=os.RTLD_NOW | getattr(os, "RTLD_DEEPBIND", 0))
    finally:
        shutil.rmtree(folder)  # a loaded library needs its file no more
    loaded.lm3_new.restype = ctypes.c_void_p
    loaded.lm3_new.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_float]
    loaded.lm3_free.argtypes = [ctypes.c_void_p]
    for entry in (loaded.lm3_batch, loaded.lm3_power_batch):
        entry.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long, ctypes.c_void_p]
        entry.restype = None
    return loaded


def _mkl() -> list[str]:
    """Linker arguments for the MKL that mkl_fft brought."""
    try:
        found = [Path(f.locate()).resolve() for f in files("mkl") or [] if "libmkl_rt" in f.name]
    except PackageNotFoundError:
        found = []
    if not found:
        pytest.skip("mkl is not installed (extra `bench`)")
    return [str(found[0]), f"-Wl,-rpath,{found[0].parent}"]


class Fftw:
    """One thread's plan and buffers."""

    def __init__(self, fft: str = "FFTW") -> None:
        self._library = library(fft)
        window = lm3.window().astype(np.float32)
        filters = np.ascontiguousarray(lm3.filters(), dtype=np.float32)
        self._state = self._library.lm3_new(window.ctypes.data, filters.ctypes.data, lm3.FLOOR)
        weakref.finalize(self, self._library.lm3_free, self._state)

    def lm3(self, batch: Batch, out: Floats | None = None) -> Floats:
        """LM3 of a batch, flat; ``Batch.split`` cuts it."""
        return self._run(self._library.lm3_batch, batch, 3 * lm3.BANDS, out)

    def power(self, batch: Batch, out: Floats | None = None) -> Floats:
        """Power spectra of a batch, flat."""
        return self._run(self._library.lm3_power_batch, batch, lm3.BINS, out)

    def _run(self, entry: ctypes._NamedFuncPointer, batch: Batch, per_frame: int, out: Floats | None) -> Floats:
        out = batch.empty(per_frame) if out is None else out
        entry(self._state, batch.pointers, batch.lengths.ctypes.data, len(batch.signals), out.ctypes.data)
        return out


class Batch:
    """Signals as a C program holds them: pointers and lengths, made outside the clock."""

    def __init__(self, signals: Sequence[Floats]) -> None:
        self.signals = [np.ascontiguousarray(s, dtype=np.float32) for s in signals]
        self.pointers = (ctypes.c_void_p * len(self.signals))(*(s.ctypes.data for s in self.signals))
        self.lengths = np.array([len(s) for s in self.signals], dtype=np.int64)
        self.frames = 1 + self.lengths // lm3.HOP

    def empty(self, per_frame: int) -> Floats:
        """Room for ``per_frame`` numbers of every frame."""
        return np.empty(int(self.frames.sum()) * per_frame, dtype=np.float32)

    def split(self, flat: Floats) -> list[Floats]:
        """LM3 as everyone else has it, ``[frames, bands, 3]`` of each signal."""
        parts = np.split(flat, np.cumsum(self.frames * 3 * lm3.BANDS)[:-1])
        return [p.reshape(3, -1, lm3.BANDS).transpose(1, 2, 0) for p in parts]

"""The fuzz script runs, reaches what it is for, and says how a fault is repeated."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from serkit.errors import AudioError, ConfigError
from serkit.kernels.native.riff import RiffFile
from serkit.kernels.native.spectral import SpectralKernel

SCRIPT = Path(__file__).with_name("fuzz_core.py")


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_core", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("target", ["riff", "spectral", "attention", "waveform"])
def test_the_first_cases_find_no_fault(
    fuzz: ModuleType, target: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fuzz.tempfile, "tempdir", str(tmp_path))
    assert fuzz.main(["--target", target, "--cases", "60"]) == 0
    assert f"60 {target} cases, no fault" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_cases_are_neither_all_refused_nor_all_fine(fuzz: ModuleType, tmp_path: Path) -> None:
    """A mutation that always breaks the input, or never, would leave one half of the code untried."""
    read = computed = 0
    for case in range(200):
        (tmp_path / "x.wav").write_bytes(fuzz.wav(np.random.default_rng(case)))
        try:
            RiffFile(tmp_path / "x.wav")
            read += 1
        except AudioError:
            pass
        try:
            SpectralKernel(fuzz.spectral_parameters(np.random.default_rng(case)))
            computed += 1
        except ConfigError:
            pass
    assert 20 < read < 180
    assert 20 < computed < 180


def test_a_fault_ends_the_run_and_says_how_to_repeat_it(
    fuzz: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails_at_seven(rng: np.random.Generator, folder: Path) -> None:
        assert rng.random() != seventh

    key = [fuzz.zlib.crc32(b"riff"), 7]
    seventh = np.random.default_rng(key).random()
    monkeypatch.setitem(fuzz.TARGETS, "riff", fails_at_seven)
    monkeypatch.setattr(fuzz.tempfile, "tempdir", str(tmp_path))
    assert fuzz.main(["--target", "riff", "--minutes", "1"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[-1].endswith("--target riff --first 7 --cases 1")
    assert "AssertionError" in said.err
    assert (tmp_path / f"serkit-fuzz-{os.getpid()}.log").read_text().split() == [
        "--target",
        "riff",
        "--first",
        "7",
        "--cases",
        "1",
    ]
    assert fuzz.main(["--target", "riff", "--first", "8", "--cases", "3"]) == 0

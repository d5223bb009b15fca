"""Dispatch: which instruction set runs, that it can be forced, and that its code cannot leak into another's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from serkit.kernels.native import isa, supported_isas

ROOT = Path(__file__).resolve().parents[2]

POWERS = """
import dataclasses, sys
import numpy as np
from serkit.features import LogMel, LogMelOptions
from serkit.kernels.native import isa
x = np.random.default_rng(1).standard_normal(30000).astype(np.float32) * 0.1
presets = {"defaults": LogMelOptions(), **{n: LogMelOptions.preset(n) for n in ("chen_reference", "librosa")}}
for name, options in presets.items():
    presets[name] = LogMel(dataclasses.replace(options, log="none", channels=("static",)))(x)
np.savez(sys.argv[1], **presets)
print(isa())
"""

REFUSAL = """
from serkit.errors import ConfigError
try:
    import serkit.kernels.native
except ConfigError as error:
    print(error)
"""


def under(name: str, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "SERKIT_ISA": name},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_fastest_instruction_set_is_taken_unless_one_is_named() -> None:
    assert isa() == (os.environ.get("SERKIT_ISA") or supported_isas()[-1])
    assert supported_isas()[0] == "baseline"


def test_instruction_sets_agree_within_twice_the_bound_of_each(tmp_path: Path) -> None:
    """Fused multiply-adds round once where baseline rounds twice. Each set is within 1e-5 p + 4 eps max p of the truth
    (tests/kernels/test_spectral.py), so two are within twice that of each other."""
    powers = {}
    for name in supported_isas():
        answer = under(name, POWERS, str(tmp_path / f"{name}.npz"))
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout.strip() == name
        with np.load(tmp_path / f"{name}.npz") as arrays:
            powers[name] = {key: arrays[key][:, :, 0].astype(np.float64) for key in arrays}
    for wide in powers.values():
        for key, truth in powers["baseline"].items():
            bound = 1e-5 * truth + 4 * np.finfo(np.float32).eps * truth.max(axis=1, keepdims=True)
            assert np.all(np.abs(wide[key] - truth) <= 2 * bound)


@pytest.mark.parametrize("name", ["avx9000", "AVX2", "none"])
def test_an_unknown_instruction_set_is_refused_at_import(name: str) -> None:
    answer = under(name, REFUSAL)
    assert answer.returncode == 0, answer.stderr
    assert f"SERKIT_ISA is '{name}'" in answer.stdout
    for allowed in supported_isas():
        assert allowed in answer.stdout


def test_kernel_objects_have_no_weak_symbols() -> None:
    """A weak symbol of a file compiled for AVX2 could replace baseline's, and crash machines without it."""
    objects = [
        p for p in ROOT.glob("build/*/csrc/CMakeFiles/serkit_kernels_*.dir/kernels/*") if p.suffix in (".o", ".obj")
    ]
    nm = shutil.which("nm")
    if not objects or nm is None:
        pytest.skip("needs nm and the object files of a build in this tree")
    assert any("serkit_kernels_baseline.dir" in p.parts for p in objects)
    for path in objects:
        table = subprocess.run([nm, path], capture_output=True, text=True, check=True).stdout
        kinds = [line.split()[-2] for line in table.splitlines() if len(line.split()) >= 2]
        assert "R" in kinds or "D" in kinds, f"{path.name} defines no kernel table"
        weak = [line for line in table.splitlines() if line.split()[-2] in "VWuvw"]
        assert not weak, f"{path}: {weak}"


def test_kernel_files_include_only_c_headers_and_their_own() -> None:
    """C++ headers bring templates, and with them weak symbols on a compiler or at a setting that we did not try."""
    allowed = {"emmintrin.h", "immintrin.h", "float.h", "math.h", "stddef.h", "stdint.h", "string.h"}
    files = sorted((ROOT / "csrc" / "kernels").iterdir())
    assert files
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("#include"):
                name = line.split()[1].strip('<>"')
                assert name in allowed or name.startswith("kernels/"), f"{path.name}: {line}"


def test_the_core_does_not_convert_silently() -> None:
    from serkit.kernels.native import _core

    with pytest.raises(TypeError):
        _core.all_within(np.zeros(4), 1.0)

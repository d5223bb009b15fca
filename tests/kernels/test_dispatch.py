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

FEATURES = """
import hashlib, sys
import numpy as np
from serkit.features import LogMel, LogMelOptions
from serkit.kernels.native import isa
digest = hashlib.sha256()
x = np.random.default_rng(1).standard_normal(30000).astype(np.float32) * 0.1
for options in (LogMelOptions(), LogMelOptions.preset("chen_reference"), LogMelOptions.preset("librosa")):
    digest.update(LogMel(options)(x).tobytes())
print(isa(), digest.hexdigest())
"""

REFUSAL = """
from serkit.errors import ConfigError
try:
    import serkit.kernels.native
except ConfigError as error:
    print(error)
"""


def under(name: str, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "SERKIT_ISA": name}, capture_output=True, text=True, timeout=60
    )


def test_the_widest_instruction_set_is_taken_unless_one_is_named() -> None:
    assert isa() == (os.environ.get("SERKIT_ISA") or supported_isas()[-1])
    assert supported_isas()[0] == "baseline"


def test_features_are_the_same_to_the_bit_under_every_instruction_set() -> None:
    """The bound is zero: the kernel is compiled without fused multiply-adds, so all ISAs round alike."""
    digests = set()
    for name in supported_isas():
        answer = under(name, FEATURES)
        assert answer.returncode == 0, answer.stderr
        used, digest = answer.stdout.split()
        assert used == name
        digests.add(digest)
    assert len(digests) == 1


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
    allowed = {"float.h", "math.h", "stddef.h", "stdint.h", "string.h"}
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

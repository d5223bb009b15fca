from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from serkit.errors import RunFolderError
from serkit.run.files import read_arrays, read_json, write_arrays, write_bytes, write_json


def test_arrays_round_trip_with_their_record(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    arrays = {"w": np.arange(6, dtype=np.float32).reshape(2, 3).T, "n": np.array(3)}
    write_arrays(path, arrays, {"epoch": 3, "uar": None})
    back, record = read_arrays(path)
    assert record == {"epoch": 3, "uar": None}
    for name, value in arrays.items():
        np.testing.assert_array_equal(back[name], value, strict=True)


@pytest.mark.parametrize("damage", [b"", b"not safetensors", b"\x08\0\0\0\0\0\0\0{}"])
def test_damaged_arrays_are_named_with_a_remedy(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(damage)
    if damage.startswith(b"\x08"):
        path.write_bytes(damage[:9])
    with pytest.raises(RunFolderError, match=r"model\.safetensors is damaged .*delete it"):
        read_arrays(path)


def test_truncated_arrays_are_damaged(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    write_arrays(path, {"w": np.ones(1000)}, {})
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(RunFolderError, match="damaged"):
        read_arrays(path)


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    write_bytes(path, b"old")

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises((OSError, RunFolderError)):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_json_is_strict_and_missing_json_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "m.json", {"uar": float("nan")})
    with pytest.raises(RunFolderError, match="name a run folder of `serkit run`"):
        read_json(tmp_path / "none.json")

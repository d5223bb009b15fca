"""Files of a run folder: written whole or not at all, read with a sentence when damaged. No pickle anywhere."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.errors import RunFolderError


def write_bytes(path: Path, data: bytes) -> None:
    """Replace ``path`` so that a crash leaves the old file or the new one, never a part of it.

    Raises RunFolderError if the folder cannot be written.
    """
    # in the same folder, since os.replace is atomic only within a file system
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("wb") as f:
                f.write(data)
                f.flush()
                os.fsync(f.fileno())
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise RunFolderError(
            f"{path} cannot be written ({error.strerror}); free space or name another --out."
        ) from None


def write_text(path: Path, text: str) -> None:
    """UTF-8 text, atomically."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Strict JSON (no NaN), atomically."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Raises RunFolderError if the file is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise RunFolderError(
            f"{path} is missing or damaged ({why}); name a run folder of `serkit run`, or restore the file."
        ) from None


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, Any]) -> None:
    """Arrays and a small JSON-able record as safetensors, atomically."""
    from safetensors.numpy import save

    whole = {k: np.asarray(v, order="C") for k, v in arrays.items()}  # ascontiguousarray would make scalars 1-D
    write_bytes(path, save(whole, metadata={"serkit": json.dumps(dict(metadata))}))


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The inverse of ``write_arrays``; RunFolderError names a damaged file and the remedy."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="numpy") as f:
            record = json.loads((f.metadata() or {}).get("serkit", "{}"))
            return {k: f.get_tensor(k) for k in f.keys()}, record  # noqa: SIM118 (a safetensors handle is no dict)
    except FileNotFoundError:
        raise RunFolderError(f"{path} is missing; run `serkit run --resume --out` on its folder.") from None
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise RunFolderError(
            f"{path} is damaged ({error}); delete it and `serkit run --resume` makes it again."
        ) from None

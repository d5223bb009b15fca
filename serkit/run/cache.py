"""Features that are slow to compute, kept on disk under a key of everything that decides their values.

Used for feature plugins whose spec says ``cached=True``; ``docs/text.md`` describes it for users. A damaged entry is
computed again, and a cache that cannot be written costs time only: no run fails for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache as remembered
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from serkit import config
from serkit.data.fetch import cache_dir
from serkit.errors import UserError, blame

Array = NDArray[np.float32]

SWITCH = "SERKIT_FEATURE_CACHE"
"""Environment variable: ``off`` neither reads nor writes entries."""

SCHEMA = 1
COMPUTES = ("numpy", "numba", "torch", "transformers")
"""Libraries whose next version may round differently."""


def features_dir() -> Path:
    """The folder of all entries."""
    return cache_dir() / "features"


def switched_on() -> bool:
    """Whether entries may be read and written. Raises UserError for a value of the variable that means nothing."""
    value = os.environ.get(SWITCH, "on").strip().lower()
    if value not in ("", "on", "1", "off", "0"):
        raise UserError(f"{SWITCH} is {value!r}; set it to on or off, or leave it out.")
    return value not in ("off", "0")


def size() -> tuple[int, int]:
    """Number of entries and their bytes; entries that vanish meanwhile are not counted."""
    count = total = 0
    for folder, _, names in os.walk(features_dir()):
        for name in names:
            try:
                total += os.stat(os.path.join(folder, name)).st_size
                count += 1
            except OSError:
                continue
    return count, total


class FeatureCache:
    """Values of one extractor with its options, by what they were computed from.

    The key is a SHA-256 over the feature's name, the distribution and version it comes from, the source code beside it,
    of the feature core and of ``serkit.nn``, the instruction set, the options (fields with ``metadata={"place": True}``
    left out, which only say where something lies), the extractor's ``fingerprint()`` if it has one (weights), and the
    samples or the words themselves.
    ``note`` is told, once each, of damaged entries and of a folder that cannot be written.
    """

    def __init__(
        self, feature: str, distribution: str, version: str, extractor: Any, options: Any, note: Callable[[str], None]
    ) -> None:
        self.feature, self.note = feature, note
        self._told: set[str] = set()
        self._lock = Lock()
        fingerprint = getattr(extractor, "fingerprint", None)
        with blame(f"feature {feature!r} (distribution {distribution} {version})", "fingerprint()"):
            own = "" if fingerprint is None else str(fingerprint())
        places = {f.name for f in getattr(options, "__dataclass_fields__", {}).values() if f.metadata.get("place")}
        self._base = json.dumps(
            {
                "schema": SCHEMA,
                "feature": feature,
                "distribution": distribution,
                "version": version,
                "code": code_hash(type(extractor).__module__),
                "machine": _machine(),
                "options": {k: v for k, v in config.dump(options).items() if k not in places},
                "fingerprint": own,
            },
            sort_keys=True,
            default=str,
        ).encode()

    def path(self, given: Array | str) -> Path:
        """Where the value of ``given`` (samples or words) is kept."""
        digest = hashlib.sha256(self._base)
        if isinstance(given, str):
            digest.update(b"\0text\0" + given.encode("utf-8", "surrogatepass"))
        else:
            digest.update(f"\0samples {given.dtype} {given.shape}\0".encode())
            digest.update(np.ascontiguousarray(given).data)
        key = digest.hexdigest()
        return features_dir() / self.feature / key[:2] / f"{key}.safetensors"

    def get(self, given: Array | str, compute: Callable[[], Any]) -> Any:
        """The kept value, or that of ``compute``, which is then kept if it is an array."""
        path = self.path(given)
        kept = self._read(path)
        if kept is not None:
            return kept
        value = compute()
        if isinstance(value, np.ndarray) and value.dtype == np.float32:
            self._write(path, value)
        return value

    def _read(self, path: Path) -> Array | None:
        from safetensors import SafetensorError, safe_open

        if not os.path.isfile(path):  # Path.is_file raises for a name too long and for a folder that is not ours
            return None
        try:
            with safe_open(str(path), framework="numpy") as f:
                said, value = (f.metadata() or {}).get("sha256"), f.get_tensor("value")
        except (SafetensorError, OSError, ValueError, KeyError):
            said, value = None, np.zeros(0, np.float32)
        if said == _digest(value):
            return np.asarray(value, np.float32)
        self._tell(
            "damaged", f"A kept value of the feature {self.feature!r} is damaged ({path}); it is computed again."
        )
        return None

    def _write(self, path: Path, value: Array) -> None:
        from safetensors.numpy import save

        data = save({"value": np.ascontiguousarray(value)}, metadata={"sha256": _digest(value)})
        # a name of its own: two threads, or two runs, may write one entry at the same time; and an ordinary file, not a
        # temporary one, which nobody else might read where several people share the folder
        part = path.with_name(f"{uuid4().hex}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            os.replace(part, path)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            self._tell(
                "unwritable",
                f"Values of the feature {self.feature!r} cannot be kept in {features_dir()} ({error.strerror}) and "
                "will be computed again by the next run; set SERKIT_CACHE to a folder you may write to.",
            )

    def _tell(self, what: str, sentence: str) -> None:
        with self._lock:
            new = what not in self._told
            self._told.add(what)
        if new:
            self.note(sentence)


@remembered
def code_hash(module: str) -> str:
    """SHA-256 over the source files beside the module of an extractor (of a module outside any package, itself alone),
    of the feature core and of ``serkit.nn``, so that a change of code in a checkout, whose version stays the same,
    never meets old values."""
    digest = hashlib.sha256()
    for path in (*_own_sources(module), *_sources("serkit.features"), *_sources("serkit.kernels"), *_networks()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    core = find_spec("serkit._core")
    if core is not None and core.origin:
        digest.update(Path(core.origin).read_bytes())
    return digest.hexdigest()


def _own_sources(module: str) -> list[Path]:
    found = sys.modules.get(module)
    file = getattr(found, "__file__", None)
    if file is None:
        return []
    # beside a module without a package lies everything that is installed
    return sorted(Path(file).parent.rglob("*.py")) if getattr(found, "__package__", "") else [Path(file)]


def _sources(package: str) -> list[Path]:
    return sorted(_folder(package).rglob("*.py"))


def _networks() -> list[Path]:
    # what opens encoders and prepares their inputs; by its path, since to look the package up would import torch
    return sorted((_folder("serkit") / "nn").glob("*.py"))


@remembered
def _machine() -> list[str]:
    """The instruction set of the core, and the versions of what computes."""
    from serkit.kernels import native

    installed = {d.name: d.version for name in COMPUTES for d in metadata.distributions(name=name)}
    return [native.isa(), *(f"{name} {version}" for name, version in sorted(installed.items()))]


def _folder(package: str) -> Path:
    found = find_spec(package)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def _digest(value: NDArray[Any]) -> str:
    head = f"{value.dtype} {value.shape}\0".encode()
    return hashlib.sha256(head + np.ascontiguousarray(value).tobytes()).hexdigest()

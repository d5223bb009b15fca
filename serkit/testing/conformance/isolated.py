"""What an import alone brings into memory, seen from a new interpreter, and the check of what listing imports."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint, distributions

from serkit.host import Registered
from serkit.host.discovery import GROUP, canonical
from serkit.testing.conformance.check import Check, Failure, NotApplicable
from serkit.testing.conformance.subjects import Subject

HEAVY = (
    "torch", "torchaudio", "numpy", "scipy", "sklearn", "pandas", "numba", "matplotlib", "transformers", "tensorflow",
    "jax", "librosa", "soundfile", "soxr", "opensmile", "onnx", "onnxruntime", "lightning", "xgboost", "lightgbm",
)  # fmt: skip
"""Packages that take from a tenth of a second to ten to import; the name of a plugin must not wait for them."""

# The first frame outside the import system and outside heavy packages is the line to blame.
_WATCH = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
heavy, seen = set(json.loads(sys.argv[2])), {}

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in heavy and name not in seen:
            frame = sys._getframe(1)
            while frame and "importlib" in frame.f_code.co_filename:
                frame = frame.f_back
            seen[name] = f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "?"

sys.meta_path.insert(0, Watch())
"""
_REPORT = """
print()
print(json.dumps([[n for n in seen if n in sys.modules], next((w for n, w in seen.items() if n in sys.modules), "")]))
"""


@dataclass(frozen=True)
class Imported:
    """Heavy packages in memory, in the order of their import, ``file:line`` of the first import, what was printed."""

    heavy: tuple[str, ...]
    where: str
    printed: str


def imports(code: str) -> Imported:
    """Run ``code`` in a new interpreter with this one's path, once. Raises Failure if it fails there."""
    return _imports(code, tuple(p for p in sys.path if p))


@functools.cache  # a distribution's plugins share a module of hooks
def _imports(code: str, path: tuple[str, ...]) -> Imported:
    arguments = [json.dumps(path), json.dumps(HEAVY)]
    done = subprocess.run(
        [sys.executable, "-c", f"{_WATCH}\n{code}\n{_REPORT}", *arguments], capture_output=True, text=True, timeout=300
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise Failure(
            f"In a new interpreter it fails with {last.rstrip('.')}.",
            reproduce=f"python -c {code.strip().splitlines()[-1]!r}.",
            cause="something that only this process has: a module that is not installed, a changed path.",
        )
    printed, _, report = done.stdout.rstrip("\n").rpartition("\n")
    heavy, where = json.loads(report)
    return Imported(tuple(heavy), where, printed.strip())


def entry_point(registered: Registered) -> EntryPoint | None:
    """The entry point that a plugin came in by, if its distribution is on the path."""
    return next(
        (
            e
            for d in distributions()
            if canonical(d.name) == canonical(registered.distribution)
            for e in d.entry_points
            if (e.group, e.name) == (GROUP, registered.source)
        ),
        None,
    )


def check_listing(subject: Subject) -> None:
    """Listing the plugin imports nothing heavy: its hooks are data, and its code waits until it is asked for."""
    point = entry_point(subject.registered)
    if point is None:
        raise NotApplicable("its distribution is not installed on this path, so its entry point cannot be read")
    found = imports(
        "from importlib.metadata import EntryPoint\nfrom serkit.host import Host\n"
        f"Host([EntryPoint({point.name!r}, {point.value!r}, {GROUP!r})])"
    )
    if found.printed:
        raise Failure(
            f"Importing {point.module} prints {found.printed[:80]!r}, which spoils `serkit list --json`.",
            reproduce=f'python -c "import {point.module}".',
            cause="code that runs at import; leave only the hooks in the module.",
        )
    if found.heavy:
        raise Failure(
            f"Listing it loads {', '.join(found.heavy)}.",
            reproduce=f'python -c "import {point.module}"; {found.where} imports {found.heavy[0]}.',
            cause='an import at the head of the hooks module; name code as "module:attribute" in the spec, and the '
            "host imports it when it is asked for.",
        )


CHECKS = (Check(check_listing, presets="default"),)

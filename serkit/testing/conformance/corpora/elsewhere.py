"""A dataset's table and folds as another process sees them, whose sets are in another order."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from dataclasses import asdict, fields
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serkit.data.loading import load_corpus, make_dataset
from serkit.data.protocols import make_protocol
from serkit.errors import SerkitError
from serkit.host import DatasetSpec, Registered
from serkit.host.specs import ProtocolSpec

if TYPE_CHECKING:
    from serkit.testing.conformance.corpora.subject import DatasetSubject

_SEEDS = ("0", "1")
_PROGRAM = (
    "import ast, sys; sys.path[:] = ast.literal_eval(sys.stdin.readline()); "
    "from serkit.testing.conformance.corpora.elsewhere import main; main()"
)


def of(dataset: Any, registered: Registered, root: Path) -> dict[str, Any]:
    """The rows that ``load`` returns and the folds of each protocol that this copy does for, as plain data."""
    rows = [[u.id, u.label, u.speaker] for u in dataset.load(root).utterances]
    corpus = load_corpus(registered, dataset, root)
    folds: dict[str, Any] = {}
    for p in registered.spec.protocols:  # type: ignore[union-attr]
        try:
            folds[p.name] = [[f.name, f.train, f.dev, f.test] for f in make_protocol(corpus, p).folds]
        except SerkitError as error:
            folds[p.name] = str(error)
    return {"rows": rows, "folds": folds}


def in_another_process(subject: DatasetSubject) -> list[dict[str, Any]]:
    """What ``of`` returns under other seeds of ``hash``. Raises RuntimeError with what such a process said last."""
    r = subject.registered
    spec = {f.name: asdict(subject.spec)[f.name] for f in fields(DatasetSpec)}
    task = (spec, r.distribution, r.version, r.source, dict(subject.options), str(subject.root))
    given = f"{sys.path!r}\n{task!r}\n"  # literals: specs and options are plain data
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        for seed in _SEEDS
    ]
    found = []
    for process in running:
        out, err = process.communicate(given.encode())
        if process.returncode:
            raise RuntimeError(err.decode(errors="replace").strip().rpartition("\n")[2])
        found.append(json.loads(out.decode().rpartition("\n")[2]))
    return found


def main() -> None:
    """Answer the task on standard input, in one line of JSON, which is the last."""
    spec, distribution, version, source, options, root = ast.literal_eval(sys.stdin.readline())
    protocols = tuple(ProtocolSpec(**p) for p in spec["protocols"])
    registered = Registered(
        spec=DatasetSpec(**spec | {"protocols": protocols}), distribution=distribution, version=version, source=source
    )
    module, _, attribute = registered.spec.target.partition(":")
    cls = reduce(getattr, attribute.split("."), import_module(module))
    answer = json.dumps(of(make_dataset(registered, cls, options), registered, Path(root)))
    sys.stdout.write(f"\n{answer}")

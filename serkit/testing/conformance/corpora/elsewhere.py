"""A dataset's table and folds as another process sees them, whose sets are in another order."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serkit.data.loading import load_corpus, make_dataset
from serkit.data.protocols import make_protocol
from serkit.errors import SerkitError
from serkit.host import Registered

if TYPE_CHECKING:
    from serkit.testing.conformance.corpora.subject import DatasetSubject

_SEEDS = ("0", "1")
_PROGRAM = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
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
    task = (subject.registered, subject.spec.target, dict(subject.options), subject.root)
    given = pickle.dumps(sys.path) + pickle.dumps(task)
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
        out, err = process.communicate(given)
        if process.returncode:
            raise RuntimeError(err.decode(errors="replace").strip().rpartition("\n")[2])
        found.append(json.loads(out.decode().rpartition("\n")[2]))
    return found


def main() -> None:
    """Answer the task on standard input, in one line of JSON, which is the last."""
    from functools import reduce
    from importlib import import_module

    registered, target, options, root = pickle.load(sys.stdin.buffer)
    module, _, attribute = target.partition(":")
    cls = reduce(getattr, attribute.split("."), import_module(module))
    answer = json.dumps(of(make_dataset(registered, cls, options), registered, root))
    sys.stdout.write(f"\n{answer}")

"""The protocols that a dataset's spec lists, on its copy of the corpus."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from serkit.data.audit import breach, measure, stretch
from serkit.data.protocols import make_protocol
from serkit.errors import ProtocolError, SerkitError
from serkit.host.specs import ProtocolSpec
from serkit.testing.conformance.check import Failure, NotApplicable
from serkit.testing.conformance.corpora.elsewhere import in_another_process, of
from serkit.testing.conformance.corpora.subject import DatasetSubject
from serkit.testing.conformance.generators import kept_generators
from serkit.types import Protocol


def check_folds(subject: DatasetSubject) -> None:
    """Every protocol of the spec yields folds of disjoint parts that hold what their names say."""
    spec, corpus = subject.spec, subject.corpus
    whole = bool(spec.labels) and corpus.complete and not corpus.missing
    made = 0
    for p in spec.protocols:
        try:
            protocol = make_protocol(corpus, p)
        except SerkitError as error:
            # part of a corpus, or a manifest of whatever a user has, need not do for every protocol
            if isinstance(error, ProtocolError) and not whole:
                continue
            raise Failure(
                f"The protocol {p.name!r} gives no folds: {error}",
                reproduce=f"make_protocol(corpus, {p.name!r})",
                cause="the spec lists a protocol that needs what the corpus does not say (texts, sessions), or its "
                "splitter is wrong.",
            ) from error
        made += 1
        _as_named(subject, p, protocol)
    if not made:
        raise NotApplicable("this copy is too small for every one of its protocols")


def _as_named(subject: DatasetSubject, spec: ProtocolSpec, protocol: Protocol) -> None:
    """A fold that is named after a speaker or session tests that one, all of it and nothing else, unless the protocol
    has several folds of it."""
    table = subject.corpus.utterances
    for kind in ("speaker", "session"):
        values = {getattr(u, kind) for u in table} - {None, ""}
        for fold in protocol.folds:
            if fold.name not in values or not fold.test:
                continue
            others = [x for x in fold.test if getattr(subject.corpus.by_id()[x], kind) != fold.name]
            mine = {u.id for u in table if getattr(u, kind) == fold.name}
            left = mine - set(fold.test) if kind in protocol.guarantees else set()
            if others or left:
                what = (
                    f"tests {others[0]!r}, which is of another {kind}"
                    if others
                    else f"does not test {min(left)!r}, which is of that {kind}"
                )
                raise Failure(
                    f"The fold {fold.name!r} of {protocol.full_name} {what}.",
                    reproduce=f"make_protocol(corpus, {spec.name!r}).folds",
                    cause="the splitter names its folds by another value than the one it splits by.",
                )


def check_guarantees(subject: DatasetSubject) -> None:
    """No fold has on both sides what its protocol guarantees unseen."""
    corpus = subject.corpus
    found = {path: r.digest for path, r in subject.recordings.items()}
    hashes = {u.id: found[u.path] + stretch(u) for u in corpus.utterances if found.get(u.path)}
    some = False
    for p, protocol in _protocols(subject):
        some = True
        broken = measure(corpus, protocol, hashes).broken
        if broken:
            raise Failure(
                breach(broken[0], protocol.full_name),
                reproduce=f"serkit audit of the protocol {p.name!r}, fold {broken[0].fold!r}",
                cause="the splitter cuts by something else (files, rows) than what its spec guarantees, or rows name "
                "one speaker in two ways.",
            )
    if not some:
        raise NotApplicable("this copy is too small for every one of its protocols")


def check_folds_repeat(subject: DatasetSubject) -> None:
    """Every protocol yields the same folds again, whatever random numbers were drawn before."""
    import numpy as np

    some = False
    with kept_generators():
        for p, _ in _protocols(subject):
            some = True
            folds = []
            for seed in (1, 2):
                random.seed(seed)
                np.random.seed(seed)  # noqa: NPY002 - the global one is what is meant
                folds.append(make_protocol(subject.corpus, p).folds)
            if folds[0] != folds[1]:
                a, b = next((a, b) for a, b in zip(*folds, strict=False) if a != b)
                part = next((x for x in ("train", "dev", "test") if getattr(a, x) != getattr(b, x)), "name")
                raise Failure(
                    f"The protocol {p.name!r} gives other folds the second time: the {part} of {a.name!r} differs.",
                    reproduce=f"make_protocol(corpus, {p.name!r}).folds, twice",
                    cause="random numbers without a seed of its own: shuffle with random.Random(0), so that every "
                    "machine tests the same utterances.",
                )
    if not some:
        raise NotApplicable("this copy is too small for every one of its protocols")


def check_processes(subject: DatasetSubject) -> None:
    """Another process gives the same rows and folds."""
    subject.corpus  # noqa: B018 - not asked where it cannot be loaded
    here = json.loads(json.dumps(of(subject.dataset(), subject.registered, subject.root)))
    for there in in_another_process(subject):
        for what, mine, theirs in _pairs(here, there):
            if mine != theirs:
                raise Failure(
                    f"In another process {what} differ: {_short(theirs)} where there was {_short(mine)}.",
                    reproduce="the same with PYTHONHASHSEED=0 and PYTHONHASHSEED=1",
                    cause="a loop over a set, or hash() of a text: both change with every process; sort, and hash with "
                    "hashlib.",
                )


def _pairs(here: dict[str, Any], there: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    yield "the rows", here["rows"], there["rows"]
    for name, folds in here["folds"].items():
        yield f"the folds of the protocol {name!r}", folds, there["folds"].get(name)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 120 else f"{text[:117]}..."


def _protocols(subject: DatasetSubject) -> Iterator[tuple[ProtocolSpec, Protocol]]:
    for p in subject.spec.protocols:
        try:
            yield p, make_protocol(subject.corpus, p)
        except SerkitError:  # check_folds says which may refuse a copy
            continue

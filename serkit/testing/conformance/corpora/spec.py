"""What can be asked of a dataset without a copy of its corpus: its spec, its class, its splitters."""

from __future__ import annotations

from typing import get_args

from serkit.errors import SerkitError
from serkit.host import DatasetSpec
from serkit.testing.conformance.check import Failure
from serkit.testing.conformance.corpora.subject import DatasetSubject
from serkit.types import Guarantee, Information


def check_spec(subject: DatasetSubject) -> None:
    """The spec declares classes with counts, speakers and protocols that can be."""
    spec: DatasetSpec = subject.spec
    fault = _labels_fault(spec) or _protocols_fault(spec)
    if fault:
        raise Failure(
            f"The spec {fault}.",
            reproduce=f"print(get_host().get('dataset', {subject.name!r}).spec)",
            cause="the spec was written for another corpus, or by hand; serkit.host.DatasetSpec says what each field "
            "means.",
        )


def _labels_fault(spec: DatasetSpec) -> str:
    labels = dict(spec.labels)
    if not labels and not spec.speakers:
        return ""  # a reader of what a user has
    if len(labels) < 2:
        return (
            f"declares {len(labels)} classes where at least 2 are needed (none, and 0 speakers: a reader of anything)"
        )
    for label, count in labels.items():
        if not isinstance(label, str) or not label.strip():
            return f"declares the class {label!r}, which is no name"
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            return f"declares {count!r} utterances of the class {label!r}; the number in the whole corpus is meant"
    if isinstance(spec.speakers, bool) or not isinstance(spec.speakers, int) or spec.speakers < 0:
        return f"declares {spec.speakers!r} speakers; a whole number is meant"
    total = sum(labels.values())
    return f"declares {spec.speakers} speakers of {total} utterances" if spec.speakers > total else ""


def _protocols_fault(spec: DatasetSpec) -> str:
    for p in spec.protocols:
        what = f"has the protocol {p.name!r}, whose"
        if not isinstance(p.version, int) or p.version < 1:
            return f"{what} version {p.version!r} is no whole number from 1 on"
        if p.information not in get_args(Information):
            return f"{what} information level {p.information!r} is none of {', '.join(get_args(Information))}"
        unknown = [g for g in (*p.guarantees, *(p.dev_guarantees or ())) if g not in get_args(Guarantee)]
        if unknown:
            return f"{what} guarantee {unknown[0]!r} is none of {', '.join(get_args(Guarantee))}"
    default = next((p for p in spec.protocols if p.name == spec.default_protocol), None)
    if default is not None and not default.scored:
        return f"has the default protocol {default.name!r}, which gives no score"
    if default is not None and spec.labels and not spec.speakers and "speaker" in default.guarantees:
        return f"declares no speakers, and its default protocol {default.name!r} guarantees unseen ones"
    return ""


def check_target(subject: DatasetSubject) -> None:
    """The class is made without options and has ``load``, and ``fetch`` where the spec says so."""
    module, _, attribute = subject.spec.target.partition(":")
    where = f"{module}.{attribute}()"
    try:
        dataset = subject.create()
    except SerkitError as error:
        raise Failure(
            f"An object without options cannot be made: {error}",
            reproduce=where,
            cause="an option has no default, or the module imports what is not installed.",
        ) from error
    wanted = ["load"] + ["fetch"] * (subject.spec.embedded or subject.spec.fetchable)
    for name in wanted:
        if not callable(getattr(dataset, name, None)):
            raise Failure(
                f"{type(dataset).__name__} has no method {name}().",
                reproduce=where,
                cause="the spec says embedded or fetchable of a corpus that the class cannot fetch."
                if name == "fetch"
                else "the target of the spec names something else than the class of the dataset.",
            )


def check_splitters(subject: DatasetSubject) -> None:
    """Every protocol's splitter can be imported and called."""
    for protocol in subject.spec.protocols:
        try:
            splitter = subject.host.load_target(protocol.splitter)
        except SerkitError as error:
            fault = str(error)
        else:
            if callable(splitter):
                continue
            fault = f"{protocol.splitter!r} is {type(splitter).__name__}, not a function."
        raise Failure(
            f"The splitter of the protocol {protocol.name!r} cannot be used: {fault}",
            reproduce=f"get_host().load_target({protocol.splitter!r})",
            cause="the function was renamed or moved, and the spec was not.",
        )

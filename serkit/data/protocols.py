"""Protocols: named, versioned, hashed ways to split a corpus into folds of train, development and test ids."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from serkit.errors import PluginError, ProtocolError, SerkitError
from serkit.types import Corpus, Fold, Information, Protocol

if TYPE_CHECKING:  # only hints need it, and the host imports pluggy
    from serkit.host.specs import ProtocolSpec


_FOLDER_NAME = re.compile(r"(?![. ])[^\x00-\x1f/\\:*?\"<>|]+(?<![. ])")
"""Run folders are copied between systems, so what any of them forbids in a name is forbidden here."""
_LONGEST_NAME = 100  # bytes; file systems end at 255, and names are put together with others


def make_protocol(corpus: Corpus, spec: ProtocolSpec) -> Protocol:
    """The protocol of ``spec`` on ``corpus``: its splitter's folds, checked, with the protocol hash.

    Raises ProtocolError if the corpus cannot be split this way (an id that does not exist or occurs twice in a fold, an
    empty train or test part, a class missing from training, fewer than two classes in a test part), or does not say
    what the protocol guarantees unseen, and PluginError if the splitter cannot be imported or fails.
    """
    full = f"{corpus.name}/{spec.name}@{spec.version}"
    _check_known(full, corpus, spec)
    try:
        module, _, attribute = spec.splitter.partition(":")
        splitter = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise PluginError(f"The splitter {spec.splitter!r} of protocol {full} cannot be imported ({error}).") from error
    try:
        folds = tuple(splitter(corpus, **spec.options))
    except SerkitError:
        raise
    except Exception as error:
        raise PluginError(
            f"The splitter {spec.splitter!r} of protocol {full} failed ({type(error).__name__}: {error})."
        ) from error
    _check_folds(full, corpus, folds, scored=spec.scored)
    return Protocol(
        corpus=corpus.name,
        name=spec.name,
        version=spec.version,
        folds=folds,
        labels=corpus.labels,
        hash=protocol_hash(corpus, spec.name, spec.version, spec.information, folds),
        information=spec.information,
        guarantees=spec.guarantees,
        dev_guarantees=spec.guarantees if spec.dev_guarantees is None else spec.dev_guarantees,
        scored=spec.scored,
        summary=spec.summary,
    )


def protocol_hash(corpus: Corpus, name: str, version: int, information: Information, folds: Sequence[Fold]) -> str:
    """SHA-256 (hex) of what makes two runs comparable, as canonical JSON (sorted keys, no spaces, ASCII).

    Hashed are corpus, protocol name, version, information level, label set, label and speaker of each id, and the
    sorted train, dev and test ids of each fold. Not hashed, so without influence: folders and containers (an id has no
    root and no suffix), the order of rows, labels and folds, names of folds, chosen folds and seeds.
    """
    content = {
        "corpus": corpus.name,
        "protocol": name,
        "version": version,
        "information": information,
        "labels": sorted(corpus.labels),
        "utterances": {u.id: {"label": u.label, "speaker": u.speaker} for u in corpus.utterances},
        "folds": sorted([sorted(f.train), sorted(f.dev), sorted(f.test)] for f in folds),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def to_dict(protocol: Protocol, corpus: Corpus) -> dict[str, Any]:
    """The content of ``protocol.json``: the protocol, its folds, and speaker and true label of each id."""
    return {
        "full_name": protocol.full_name,
        "hash": protocol.hash,
        "corpus": protocol.corpus,
        "name": protocol.name,
        "version": protocol.version,
        "information": protocol.information,
        "guarantees": list(protocol.guarantees),
        "dev_guarantees": list(protocol.dev_guarantees),
        "scored": protocol.scored,
        "labels": list(protocol.labels),
        "summary": protocol.summary,
        "folds": [
            {"name": f.name, "train": list(f.train), "dev": list(f.dev), "test": list(f.test)} for f in protocol.folds
        ],
        "speakers": {u.id: u.speaker for u in corpus.utterances},
        "truth": {u.id: u.label for u in corpus.utterances},
    }


def from_dict(content: Mapping[str, Any]) -> Protocol:
    """The protocol that :func:`to_dict` wrote. Raises ProtocolError if a key is missing or of the wrong kind."""
    try:
        return Protocol(
            corpus=content["corpus"],
            name=content["name"],
            version=int(content["version"]),
            folds=tuple(
                Fold(name=f["name"], train=tuple(f["train"]), dev=tuple(f["dev"]), test=tuple(f["test"]))
                for f in content["folds"]
            ),
            labels=tuple(content["labels"]),
            hash=content["hash"],
            information=content["information"],
            guarantees=tuple(content["guarantees"]),
            dev_guarantees=tuple(content["dev_guarantees"]),
            scored=bool(content["scored"]),
            summary=content["summary"],
        )
    except KeyError as error:
        raise ProtocolError(
            f"The protocol file lacks the key {error}; restore it from the run it belongs to."
        ) from None
    except (TypeError, ValueError) as error:
        raise ProtocolError(f"The protocol file is damaged ({error}); restore it from the run it belongs to.") from None


def _check_known(full: str, corpus: Corpus, spec: ProtocolSpec) -> None:
    """What is not known cannot be guaranteed."""
    for kind in spec.guarantees:
        if kind == "audio":  # measured on the recordings themselves
            continue
        unknown = [u for u in corpus.utterances if not getattr(u, kind)]
        if unknown:
            raise ProtocolError(
                f"Protocol {full} guarantees an unseen {kind}, but {len(unknown)} of the {len(corpus.utterances)} "
                f"utterances at {corpus.root} have none (e.g. {unknown[0].id}); say it of each, or choose a protocol "
                "without this guarantee (random_5fold, all_data)."
            )


def _check_folds(full: str, corpus: Corpus, folds: Sequence[Fold], *, scored: bool) -> None:
    labels = {u.id: u.label for u in corpus.utterances}
    if not folds:
        raise ProtocolError(f"Protocol {full} gives no fold; it needs at least one.")
    if len({f.name.casefold() for f in folds}) != len(folds):  # folders, which some systems do not tell apart by case
        twice = next(n for n, k in Counter(f.name.casefold() for f in folds).items() if k > 1)
        alike = [f.name for f in folds if f.name.casefold() == twice]
        raise ProtocolError(
            f"Protocol {full} names two folds alike, upper and lower case aside ({', '.join(alike)}); let the corpus "
            "name its speakers, sessions or folds apart, or as one if they are."
        )
    for fold in folds:
        where = f"Protocol {full}, fold {fold.name}:"
        if not _FOLDER_NAME.fullmatch(fold.name) or len(fold.name.encode()) > _LONGEST_NAME:
            raise ProtocolError(
                f"{where} its name must do as the name of a folder, without / \\ : and the like, no dot or space at "
                f"either end, {_LONGEST_NAME} bytes at most; let the dataset name its speakers so, or the splitter its "
                "folds."
            )
        parts = {"train": fold.train, "dev": fold.dev, "test": fold.test}
        seen: dict[str, str] = {}
        for part, ids in parts.items():
            for x in ids:
                if x not in labels:
                    raise ProtocolError(f"{where} the {part} id {x!r} is not in the corpus at {corpus.root}.")
                if x in seen:
                    raise ProtocolError(
                        f"{where} the id {x!r} is in {seen[x]} and in {part}; an id may be in one part only, once."
                    )
                seen[x] = part
        for part in ("train", "test") if scored else ("train",):
            if not parts[part]:
                raise ProtocolError(f"{where} the {part} part is empty; it needs utterances of the corpus.")
        if fold.test and not scored:
            raise ProtocolError(f"{where} it has a test part, but the protocol is declared to give no score.")
        absent = [x for x in corpus.labels if x not in {labels[i] for i in fold.train}]
        if absent:
            raise ProtocolError(
                f"{where} training needs every one of the {len(corpus.labels)} classes, but {', '.join(absent)} "
                f"has no utterance there; get more of the corpus at {corpus.root}, or leave such a class out "
                f'(dataset.label_map.{absent[0]} = "").'
            )
        tested = sorted({labels[i] for i in fold.test})
        if scored and len(tested) < 2:
            raise ProtocolError(
                f"{where} the test part needs at least 2 classes, but holds only {tested[0]}; "
                f"the corpus at {corpus.root} is too small for this protocol."
            )

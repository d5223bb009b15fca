"""Protocols: folds are what they say, the hash is what makes runs comparable, bad splits end in one sentence."""

from __future__ import annotations

import hashlib
import json
import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest

from serkit.data.corpus import build
from serkit.data.protocols import from_dict, make_protocol, protocol_hash, to_dict
from serkit.data.splits.speakers import loso_next
from serkit.errors import PluginError, ProtocolError
from serkit.host.specs import ProtocolSpec
from serkit.types import Corpus, Fold, Guarantee, Utterance

SPEC = ProtocolSpec(name="loso_next", version=1, summary="", splitter="serkit.data.splits.speakers:loso_next")


def corpus(speakers: str = "abcd", root: str = "/c", suffix: str = ".wav", reverse: bool = False) -> Corpus:
    rows = [
        Utterance(id=f"{s}_{label}", path=Path(root, f"{s}_{label}{suffix}"), label=label, speaker=s)
        for s in speakers
        for label in ("sad", "angry")
    ]
    return build("toy", root, rows[::-1] if reverse else rows, ["angry", "sad"])


def splitter(corpus: Corpus, folds: list[Fold] | None = None) -> list[Fold]:
    if folds is None:
        raise ValueError("no folds")
    return folds


def spec_of(*folds: Fold) -> ProtocolSpec:
    return replace(SPEC, splitter=f"{__name__}:splitter", options={"folds": list(folds)})


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    # splitters are imported by name, and a test module is not always to be found by its own
    module = types.ModuleType(__name__)
    module.splitter = splitter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, __name__, module)


def test_loso_next_tests_each_speaker_and_develops_on_the_next() -> None:
    folds = loso_next(corpus("cabd"))
    assert [f.name for f in folds] == ["a", "b", "c", "d"]
    assert folds[0] == Fold(
        name="a", train=("c_angry", "c_sad", "d_angry", "d_sad"), dev=("b_angry", "b_sad"), test=("a_angry", "a_sad")
    )
    assert folds[3].dev == ("a_angry", "a_sad")  # the cycle closes
    assert [f.name for f in loso_next(corpus(), test_speakers=["b", "d"])] == ["b", "d"]
    assert loso_next(corpus(), test_speakers=["b"])[0] == loso_next(corpus())[1]


def test_loso_next_says_what_it_needs() -> None:
    with pytest.raises(ProtocolError, match=r"at least 3 speakers.*has 2 \(a, b\)"):
        make_protocol(corpus("ab"), SPEC)
    with pytest.raises(ProtocolError, match=r"test speaker z.*only a, b, c, d"):
        loso_next(corpus(), test_speakers=["z"])


@pytest.mark.parametrize(("kind", "unknown"), [("speaker", {"speaker": ""}), ("text", {}), ("session", {})])
def test_what_is_not_known_of_every_utterance_cannot_be_guaranteed(kind: Guarantee, unknown: dict[str, str]) -> None:
    c = corpus()
    first = replace(c.utterances[0], **unknown)
    c = replace(c, utterances=(first, *(replace(u, text="t", session="s") for u in c.utterances[1:])))
    spec = spec_of(Fold(name="x", train=("a_angry", "a_sad"), dev=(), test=("b_angry", "b_sad")))
    make_protocol(c, replace(spec, guarantees=()))
    with pytest.raises(ProtocolError, match=rf"unseen {kind}, but 1 of the 8 utterances at /c have none .e.g. a_angry"):
        make_protocol(c, replace(spec, guarantees=(kind,)))


def test_only_a_protocol_without_a_score_may_leave_out_the_test_part() -> None:
    c = corpus()
    final = replace(spec_of(Fold(name="all", train=tuple(u.id for u in c.utterances), dev=(), test=())), scored=False)
    protocol = make_protocol(c, final)
    assert (protocol.scored, len(protocol.folds[0].train)) == (False, 8)
    with pytest.raises(ProtocolError, match="test part is empty"):
        make_protocol(c, replace(final, scored=True))
    with pytest.raises(ProtocolError, match="declared to give no score"):
        make_protocol(c, replace(SPEC, scored=False))


def test_hash_does_not_see_root_container_row_order_fold_order_or_label_order() -> None:
    want = make_protocol(corpus(), SPEC).hash
    assert make_protocol(corpus(root="/elsewhere", suffix=".flac"), SPEC).hash == want
    assert make_protocol(corpus(reverse=True), SPEC).hash == want
    c = corpus()
    folds = loso_next(c)
    assert protocol_hash(replace(c, utterances=c.utterances[::-1]), "loso_next", 1, "inductive", folds[::-1]) == want
    assert protocol_hash(replace(c, labels=c.labels[::-1]), "loso_next", 1, "inductive", folds) == want
    shuffled = [replace(f, train=f.train[::-1], name="x" + f.name) for f in folds]
    assert protocol_hash(c, "loso_next", 1, "inductive", shuffled) == want
    assert make_protocol(c, replace(SPEC, summary="other words", guarantees=("speaker", "audio"))).hash == want


def test_hash_is_the_documented_canonical_json() -> None:
    """Worked out here by hand from the definition, so that a change of the encoding cannot pass unseen."""
    c = corpus("abc")
    ids = {s: [f"{s}_angry", f"{s}_sad"] for s in "abc"}
    # train, dev, test: test a (dev b, train c); test b (dev c, train a); test c (dev a, train b)
    folds = [[ids["c"], ids["b"], ids["a"]], [ids["a"], ids["c"], ids["b"]], [ids["b"], ids["a"], ids["c"]]]
    content = {
        "corpus": "toy",
        "folds": sorted(folds),
        "information": "inductive",
        "labels": ["angry", "sad"],
        "protocol": "loso_next",
        "utterances": {i: {"label": i[2:], "speaker": i[0]} for s in "abc" for i in ids[s]},
        "version": 1,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert make_protocol(c, SPEC).hash == hashlib.sha256(text.encode()).hexdigest()


def test_hash_sees_everything_that_changes_the_task() -> None:
    c = corpus()
    folds = loso_next(c)
    first, *rest = c.utterances
    relabelled = replace(c, utterances=(replace(first, label="sad"), *rest))
    respoken = replace(c, utterances=(replace(first, speaker="z"), *rest))
    moved = [replace(folds[0], train=folds[0].train[1:], dev=(*folds[0].dev, folds[0].train[0])), *folds[1:]]
    hashes = [
        protocol_hash(c, "loso_next", 1, "inductive", folds),
        protocol_hash(replace(c, name="other"), "loso_next", 1, "inductive", folds),
        protocol_hash(c, "other", 1, "inductive", folds),
        protocol_hash(c, "loso_next", 2, "inductive", folds),
        protocol_hash(c, "loso_next", 1, "speaker-unlabelled", folds),
        protocol_hash(replace(c, labels=("angry", "sad", "calm")), "loso_next", 1, "inductive", folds),
        protocol_hash(relabelled, "loso_next", 1, "inductive", folds),
        protocol_hash(respoken, "loso_next", 1, "inductive", folds),
        protocol_hash(c, "loso_next", 1, "inductive", moved),
        protocol_hash(c, "loso_next", 1, "inductive", folds[:2]),
    ]
    assert len(set(hashes)) == len(hashes)


A, B, C = ("a_angry", "a_sad"), ("b_angry", "b_sad"), ("c_angry", "c_sad")


@pytest.mark.parametrize(
    ("folds", "words"),
    [
        ([], "gives no fold"),
        ([Fold(name="1", train=A, dev=(), test=B), Fold(name="1", train=B, dev=(), test=A)], "two folds alike"),
        (
            [Fold(name="X", train=A, dev=(), test=B), Fold(name="x", train=B, dev=(), test=A)],
            r"two folds alike.*\(X, x\)",
        ),
        # a folder of that name could not be made, or not on Windows: it failed in the run, or after a copy
        *[
            ([Fold(name=n, train=A, dev=(), test=B)], "100 bytes at most")
            for n in ("c" * 101, "ü" * 51, "b.", "b ", "")
        ],
        ([Fold(name="1", train=A, dev=(), test=("x",))], "test id 'x' is not in the corpus"),
        ([Fold(name="1", train=A, dev=B, test=(*C, "a_sad"))], "'a_sad' is in train and in test"),
        ([Fold(name="1", train=A, dev=("a_sad",), test=B)], "'a_sad' is in train and in dev"),
        ([Fold(name="1", train=(), dev=A, test=B)], "train part is empty"),
        ([Fold(name="1", train=A, dev=B, test=())], "test part is empty"),
        ([Fold(name="1", train=("a_sad", "b_sad"), dev=(), test=C)], "every one of the 2 classes, but angry"),
        ([Fold(name="1", train=A, dev=(), test=("b_sad", "c_sad"))], "at least 2 classes, but holds only sad"),
    ],
)
def test_a_split_that_breaks_the_contract_is_refused(folds: list[Fold], words: str) -> None:
    with pytest.raises(ProtocolError, match=words) as caught:
        make_protocol(corpus(), spec_of(*folds))
    assert "toy/loso_next@1" in str(caught.value)


def test_an_empty_development_part_is_allowed() -> None:
    assert make_protocol(corpus(), spec_of(Fold(name="1", train=A, dev=(), test=B))).folds[0].dev == ()


def test_a_broken_splitter_is_named() -> None:
    for target in ("serkit.data.protocols:nothing", "no_such_module:x", "serkit.data.protocols"):
        with pytest.raises(PluginError, match="cannot be imported"):
            make_protocol(corpus(), replace(SPEC, splitter=target))
    with pytest.raises(PluginError, match="ValueError: no folds"):
        make_protocol(corpus(), replace(SPEC, splitter=f"{__name__}:splitter"))


def test_json_round_trip() -> None:
    c = corpus()
    p = make_protocol(c, SPEC)
    content = json.loads(json.dumps(to_dict(p, c)))
    assert from_dict(content) == p
    assert set(content) == {
        "full_name", "hash", "corpus", "name", "version", "information", "guarantees", "dev_guarantees", "scored",
        "labels", "summary", "folds", "speakers", "truth",
    }  # fmt: skip
    assert content["full_name"] == "toy/loso_next@1"
    assert content["speakers"]["a_sad"] == "a"
    assert content["truth"]["a_sad"] == "sad"
    del content["hash"]
    with pytest.raises(ProtocolError, match="lacks the key 'hash'"):
        from_dict(content)

"""Splits of pooled corpora: what they promise, on random pools, and the folds of a small one."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serkit.data.audit import audit
from serkit.data.corpus import build
from serkit.data.pool import pool
from serkit.data.protocols import make_protocol
from serkit.data.splits.pooled import cross_corpus, pooled_speakers
from serkit.errors import LeakageError, ProtocolError
from serkit.host.protocols import CROSS_CORPUS, POOLED_SPEAKERS
from serkit.types import Corpus, Utterance

LABELS = ("happy", "sad")


def part(name: str, sexes: str) -> Corpus:
    """A corpus with a speaker for each letter of ``sexes`` (f, m, or - for unknown), each saying each class twice."""
    rows = [
        Utterance(
            id=f"{k:02}/{label}{take}",
            path=Path(f"/{name}/{k:02}/{label}{take}.wav"),
            label=label,
            speaker=f"{k:02}",
            sex=None if sex == "-" else sex,  # type: ignore[arg-type]
        )
        for k, sex in enumerate(sexes)
        for label in LABELS
        for take in (1, 2)
    ]
    return build(name, Path("/") / name, rows, LABELS)


def speakers(corpus: Corpus, ids: tuple[str, ...]) -> set[str]:
    table = corpus.by_id()
    return {table[i].speaker for i in ids}


@pytest.mark.parametrize(
    ("sexes", "dev"),
    [
        ("mfmfmfmfmf", {"a-08", "a-09"}),
        ("fffffmmmmm", {"a-09", "a-04"}),
        ("mmmmmmmmmm", {"a-09", "a-08"}),
        ("mfmfmf----", {"a-09", "a-08"}),
        ("mfm", {"a-02"}),
        ("ff", {"a-01"}),
        ("m", set()),
    ],
)
def test_cross_corpus_develops_on_the_last_fifth_of_the_training_speakers(sexes: str, dev: set[str]) -> None:
    corpus = pool([part("a", sexes), part("b", "fm")])
    test_b = {f.name: f for f in cross_corpus(corpus)}["b"]
    assert speakers(corpus, test_b.test) == {"b-00", "b-01"}
    assert speakers(corpus, test_b.dev) == dev
    assert speakers(corpus, test_b.train) == {s for s in corpus.speakers if s.startswith("a")} - dev


def test_cross_corpus_of_three_trains_on_both_others() -> None:
    corpus = pool([part("a", "fmfmf"), part("b", "fmfmf"), part("c", "fmfmfmfmfm")])
    folds = cross_corpus(corpus)
    assert [f.name for f in folds] == ["a", "b", "c"]
    assert speakers(corpus, folds[0].dev) == {"b-04", "c-09", "c-08"}


pools = st.lists(st.text("fm-", min_size=2, max_size=9), min_size=2, max_size=4)


@settings(max_examples=40, deadline=None)  # hashing folds varies with the machine's load
@given(pools, st.randoms(use_true_random=False))
def test_promises_hold_and_order_does_not_matter(sexes: list[str], rng: random.Random) -> None:
    corpus = pool([part(f"c{k}", s) for k, s in enumerate(sexes)])
    rows = list(corpus.utterances)
    rng.shuffle(rows)
    shuffled = replace(corpus, utterances=tuple(rows))
    for spec in (CROSS_CORPUS, POOLED_SPEAKERS):
        if spec is POOLED_SPEAKERS and len(corpus.speakers) < 5:
            continue
        protocol = make_protocol(corpus, spec)
        assert make_protocol(shuffled, spec).hash == protocol.hash
        tested = Counter(i for f in protocol.folds for i in f.test)
        assert tested == Counter(u.id for u in corpus.utterances)  # each utterance once
        for fold in protocol.folds:
            parts = [speakers(corpus, ids) for ids in (fold.train, fold.dev, fold.test)]
            assert sum(map(len, parts)) == len(set.union(*parts)) == len(corpus.speakers)
            assert len(fold.train) + len(fold.dev) + len(fold.test) == len(corpus.utterances)


@settings(max_examples=40, deadline=None)
@given(pools)
def test_pooled_speakers_gives_every_group_its_share(sexes: list[str]) -> None:
    corpus = pool([part(f"c{k}", s) for k, s in enumerate(sexes)])
    if len(corpus.speakers) < 5:
        with pytest.raises(ProtocolError, match="pooled_speakers needs at least 5 speakers"):
            pooled_speakers(corpus)
        return
    folds = pooled_speakers(corpus)
    for prefix in ("", *(f"c{k}-" for k in range(len(sexes)))):
        counts = [sum(s.startswith(prefix) for s in speakers(corpus, f.test)) for f in folds]
        assert max(counts) - min(counts) <= 1
    assert [f.dev for f in folds] == [*(f.test for f in folds[1:]), folds[0].test]


def test_a_person_of_two_corpora_of_a_manifest_is_in_one_group_and_breaks_cross_corpus() -> None:
    corpus = pool([part("a", "fmfmf"), part("b", "fmfmf")])
    rows = tuple(replace(u, speaker=u.speaker.replace("b-04", "a-04")) for u in corpus.utterances)
    corpus = replace(corpus, utterances=rows)
    hashes = {u.id: u.id for u in corpus.utterances}
    assert audit(corpus, make_protocol(corpus, POOLED_SPEAKERS), hashes).overlaps == ()
    with pytest.raises(LeakageError, match="the speaker 'a-04' is in train or dev"):
        audit(corpus, make_protocol(corpus, CROSS_CORPUS), hashes)


def test_what_is_no_pool_is_refused() -> None:
    one = part("a", "fmfmf")
    for splitter in (cross_corpus, pooled_speakers):
        with pytest.raises(ProtocolError, match=r"needs to know the corpus of every utterance, but a at "):
            splitter(one)
    labelled = replace(one, utterances=tuple(replace(u, extra={"corpus": "x"}) for u in one.utterances))
    with pytest.raises(ProtocolError, match=r"cross_corpus needs at least 2 corpora .* has 1 \(x\)"):
        cross_corpus(labelled)


def test_a_recording_that_two_corpora_share_breaks_cross_corpus() -> None:
    corpus = pool([part("a", "fmfmf"), part("b", "fmfmf")])
    hashes = {u.id: u.id for u in corpus.utterances}
    protocol = make_protocol(corpus, CROSS_CORPUS)
    assert audit(corpus, protocol, hashes).overlaps == ()
    with pytest.raises(LeakageError, match=r"a\+b/cross_corpus@1 guarantees .* no audio .*same recording"):
        audit(corpus, protocol, {**hashes, "b/00/sad1": "a/03/sad1"})

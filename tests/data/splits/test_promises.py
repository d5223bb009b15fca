"""What every splitter promises, worked out anew on random corpora: disjoint parts, each utterance tested once, nothing
shared that is guaranteed, the same folds from any order of rows."""

from __future__ import annotations

import importlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serkit.data.protocols import protocol_hash
from serkit.host import protocols as catalogue
from serkit.host.protocols import (
    ALL_DATA,
    EMOBOX_IEMOCAP,
    GIVEN_FOLDS,
    GIVEN_SPLIT,
    LOSO,
    LOSO_NEXT,
    LOSO_PARTNER,
    LOSO_SESSION,
    RANDOM_5FOLD,
    SESSION_SWAP,
    SPEAKER_TEXT_OPEN,
    actor_groups,
    emobox_speakers,
    text_open,
)
from serkit.host.specs import ProtocolSpec
from serkit.types import Corpus, Fold, Utterance

LABELS = ("angry", "happy", "sad")
PAIRS = tuple((f"{s}f", f"{s}m") for s in "123456")

EVERY = {
    "loso": LOSO,
    "loso_next": LOSO_NEXT,
    "loso_partner": LOSO_PARTNER,
    "session_swap": SESSION_SWAP,
    "loso_session": LOSO_SESSION,
    "random_5fold": RANDOM_5FOLD,
    "actor_groups": actor_groups(3),
    "emobox_speakers": emobox_speakers(*PAIRS),
    "emobox_sessions": EMOBOX_IEMOCAP,
    "text_open": text_open(3),
    "text_open_of_two": text_open(2),
    "speaker_text_open": SPEAKER_TEXT_OPEN,
    "given_split": GIVEN_SPLIT,
    "given_folds": GIVEN_FOLDS,
    "all_data": ALL_DATA,
}
WITHOUT_DEV = {"loso", "random_5fold", "text_open_of_two", "all_data"}


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    """Two to six sessions of a woman and a man, who say a few of up to seven texts in any class, some often."""
    texts = draw(st.integers(2, 7))
    rows = []
    for pair in PAIRS[: draw(st.integers(2, len(PAIRS)))]:
        for speaker in pair:
            said = draw(st.lists(st.tuples(st.integers(0, texts - 1), st.sampled_from(LABELS)), min_size=1, max_size=9))
            # the first two texts are said by all, so that there always are two
            for n, (text, label) in enumerate([(0, "sad"), (1, "sad"), *said]):
                given_ = {"split": ("train", "dev", "test")[n % 3], "fold": str(n % 3 + 9)}
                sex: Literal["f", "m"] = "f" if speaker[1] == "f" else "m"
                rows.append(
                    Utterance(
                        id=f"{speaker}/{n}",
                        path=Path(f"/c/{speaker}/{n}.wav"),
                        label=label,
                        speaker=speaker,
                        sex=sex,
                        session=speaker[0],
                        text=f"t{text}",
                        extra=given_,
                    )
                )
    return Corpus(name="toy", root=Path("/c"), utterances=tuple(rows), labels=LABELS)


def split(corpus: Corpus, spec: ProtocolSpec) -> list[Fold]:
    module, _, name = spec.splitter.partition(":")
    folds: list[Fold] = getattr(importlib.import_module(module), name)(corpus, **spec.options)
    return folds


def test_the_table_above_has_the_whole_catalogue() -> None:
    names = {v.name for v in vars(catalogue).values() if isinstance(v, ProtocolSpec)}
    names -= {"cross_corpus", "pooled_speakers"}  # test_pooled.py
    assert names | {"actor_groups", "text_open"} == {s.name for s in EVERY.values()}


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=25, deadline=None)
@given(corpus=corpora(), seed=st.randoms(use_true_random=False))
def test_every_splitter_keeps_its_promises(name: str, corpus: Corpus, seed: Any) -> None:
    spec, table = EVERY[name], corpus.by_id()
    folds = split(corpus, spec)
    everything = sorted(table)
    assert len({f.name for f in folds}) == len(folds)
    for fold in folds:
        parts = [*fold.train, *fold.dev, *fold.test]
        assert len(parts) == len(set(parts))
        assert set(parts) <= set(table)
        if name != "speaker_text_open":  # which leaves out the test speaker's other half, and the other speakers' half
            assert sorted(parts) == everything
        assert all(tuple(sorted(part)) == part for part in (fold.train, fold.dev, fold.test))
        assert bool(fold.test) == spec.scored
        if name in WITHOUT_DEV:
            assert not fold.dev
        dev_guarantees = spec.guarantees if spec.dev_guarantees is None else spec.dev_guarantees
        for kind in ("speaker", "text", "session"):
            train, dev, test = ({getattr(table[x], kind) for x in ids} for ids in (fold.train, fold.dev, fold.test))
            if kind in spec.guarantees:
                assert not (train | dev) & test
            if kind in dev_guarantees:
                assert not train & dev
    tested = Counter(x for f in folds for x in f.test)
    if name not in ("given_split", "all_data"):
        assert tested == Counter(everything)

    rows = list(corpus.utterances)
    seed.shuffle(rows)
    again = replace(corpus, utterances=tuple(rows))
    assert split(again, spec) == folds
    assert hash_of(again, spec, split(again, spec)) == hash_of(corpus, spec, folds)


def hash_of(corpus: Corpus, spec: ProtocolSpec, folds: list[Fold]) -> str:
    return protocol_hash(corpus, spec.name, spec.version, spec.information, folds)


@settings(max_examples=40, deadline=None)
@given(corpus=corpora(), groups=st.integers(3, 6))
def test_actor_groups_are_balanced(corpus: Corpus, groups: int) -> None:
    groups = min(groups, len(corpus.speakers))
    table = corpus.by_id()
    folds = split(corpus, actor_groups(groups))
    members = [{table[x].speaker for x in f.test} for f in folds]
    assert len(members) == groups
    for sexes in ("f", "m", "fm"):
        sizes = [sum(s[1] in sexes for s in group) for group in members]
        assert max(sizes) - min(sizes) <= 1
    assert [f.dev for f in folds] == [f.test for f in (*folds[1:], folds[0])]


@settings(max_examples=40, deadline=None)
@given(corpus=corpora(), groups=st.integers(2, 7))
def test_groups_of_texts_are_balanced(corpus: Corpus, groups: int) -> None:
    weights = Counter(u.text for u in corpus.utterances)
    folds = split(corpus, text_open(groups))
    texts = [{corpus.by_id()[x].text for x in f.test} for f in folds]
    assert len(folds) == min(groups, len(weights))
    sizes = [len(t) for t in texts]
    assert max(sizes) - min(sizes) <= 1
    # the heaviest of a round goes to the lightest group, so sums never drift apart by more than the heaviest text
    assert max(len(f.test) for f in folds) - min(len(f.test) for f in folds) <= max(weights.values())
    if len(folds) > 2:
        assert [f.dev for f in folds] == [f.test for f in (*folds[1:], folds[0])]


@settings(max_examples=40, deadline=None)
@given(corpus=corpora())
def test_emobox_develops_on_a_fifth_of_each_class(corpus: Corpus) -> None:
    table = corpus.by_id()
    for fold in split(corpus, EMOBOX_IEMOCAP):
        dev = Counter(table[x].label for x in fold.dev)
        rest = Counter(table[x].label for x in (*fold.train, *fold.dev))
        assert {k: dev[k] for k in rest} == {k: int(0.2 * n + 0.5) for k, n in rest.items()}


@settings(max_examples=40, deadline=None)
@given(corpus=corpora())
def test_random_folds_are_of_one_size(corpus: Corpus) -> None:
    sizes = [len(f.test) for f in split(corpus, RANDOM_5FOLD)]
    assert len(sizes) == 5
    assert max(sizes) - min(sizes) <= 1


@settings(max_examples=40, deadline=None)
@given(corpus=corpora())
def test_speaker_text_open_is_a_speaker_on_half_of_the_texts(corpus: Corpus) -> None:
    table = corpus.by_id()
    speakers = list(corpus.speakers)
    folds = split(corpus, SPEAKER_TEXT_OPEN)
    for fold in folds:
        (speaker,) = {table[x].speaker for x in fold.test}
        following = speakers[(speakers.index(speaker) + 1) % len(speakers)]
        assert {table[x].speaker for x in fold.dev} <= {following}
        assert not {speaker, following} & {table[x].speaker for x in fold.train}
        own = {u.text for u in corpus.utterances if u.speaker == speaker and u.id in fold.test}
        learned = {table[x].text for x in (*fold.train, *fold.dev)}
        # everything that others say of the learned texts is learned: nothing is left out but for a reason
        assert {u.id for u in corpus.utterances if u.text in learned and u.speaker != speaker} == {
            *fold.train,
            *fold.dev,
        }
        assert not own & learned

"""Each splitter on a corpus small enough to follow by eye, and what it says of one that does not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serkit.data.splits.chance import all_data, random_folds
from serkit.data.splits.given import given_folds, given_split
from serkit.data.splits.groups import actor_groups, emobox_listed, emobox_sessions, emobox_speakers
from serkit.data.splits.parts import dealt, shuffled
from serkit.data.splits.speakers import loso, loso_next, loso_partner, loso_session, session_swap
from serkit.data.splits.texts import speaker_text_open, text_open
from serkit.errors import ProtocolError
from serkit.types import Corpus, Fold, Utterance


def corpus(*rows: str, columns: str = "speaker text session sex") -> Corpus:
    """A corpus from rows of words (``-`` is unknown); ids are ``0``, ``1`` and on; further columns go to ``extra``."""
    found = []
    for n, row in enumerate(rows):
        values: dict[str, Any] = {c: v for c, v in zip(columns.split(), row.split(), strict=False) if v != "-"}
        fields = {k: values.pop(k) for k in ("speaker", "text", "session", "sex", "label") if k in values}
        base: dict[str, Any] = {"speaker": "", "label": ("angry", "sad")[n % 2]}
        found.append(Utterance(id=str(n), path=Path(f"/c/{n}.wav"), extra=values, **{**base, **fields}))
    return Corpus(name="toy", root=Path("/c"), utterances=tuple(found), labels=("angry", "sad"))


def table(folds: list[Fold]) -> dict[str, tuple[str, str, str]]:
    """Name to the ids of train, dev and test, written together."""
    return {f.name: ("".join(f.train), "".join(f.dev), "".join(f.test)) for f in folds}


SESSIONS = corpus("1F a 1 f", "1M a 1 m", "2F a 2 f", "2M b 2 m", "3F b 3 f", "3M b 3 m")


def test_by_speaker_and_session() -> None:
    assert table(loso(SESSIONS))["1M"] == ("02345", "", "1")
    assert table(loso_next(SESSIONS))["1M"] == ("0345", "2", "1")
    assert table(loso_partner(SESSIONS)) == {
        "1F": ("2345", "1", "0"), "1M": ("2345", "0", "1"), "2F": ("0145", "3", "2"),
        "2M": ("0145", "2", "3"), "3F": ("0123", "5", "4"), "3M": ("0123", "4", "5"),
    }  # fmt: skip
    assert {f"{name[0]}-{name}": v for name, v in table(loso_partner(SESSIONS)).items()} == table(
        session_swap(SESSIONS)
    )
    # development is the first speaker of the next session, whose partner stays in training
    assert table(loso_session(SESSIONS)) == {
        "1": ("345", "2", "01"), "2": ("015", "4", "23"), "3": ("123", "0", "45"),
    }  # fmt: skip


def test_by_group() -> None:
    six = corpus("b a 1 f", "d a 1 m", "a a 1 f", "e a 1 m", "c a 1 f", "f a 1 m")
    assert table(actor_groups(six, 3)) == {  # women a b c, then men d e f, dealt round three groups
        "group1": ("45", "03", "12"), "group2": ("12", "45", "03"), "group3": ("03", "12", "45"),
    }  # fmt: skip
    folds = emobox_speakers(corpus("A a", "b a", "c a", "b a"), [["a"], ["x"], ["B", "C"]])
    assert {f.name: f.test for f in folds} == {"fold1": ("0",), "fold3": ("1", "2", "3")}  # nobody of group 2 is here
    assert [f.name for f in emobox_sessions(SESSIONS)] == ["1", "2", "3"]
    listed = emobox_listed(corpus("a a", "a a", "a a"), {"0": "fold2", "1": "fold1", "2": "fold2", "9": "fold3"})
    assert {f.name: f.test for f in listed} == {"fold1": ("1",), "fold2": ("0", "2")}


def test_by_text() -> None:
    four = corpus("a t", "b t", "c t", "a u", "b u", "c u", "a v", "b v", "c w")
    # three, three, two and one files: the text of one joins the lightest group
    assert [f.test for f in text_open(four, groups=3)] == [("0", "1", "2"), ("3", "4", "5"), ("6", "7", "8")]
    assert [f.test for f in text_open(corpus("a T", "b t", "a u", "b U"), groups=2)] == [("0", "1"), ("2", "3")]
    both = text_open(corpus("a t", "b t", "a u", "b u"), groups=5)  # as many groups as there are texts
    assert table(both) == {"texts1": ("23", "", "01"), "texts2": ("01", "", "23")}
    six = corpus("a t", "b t", "c t", "a u", "b u", "c u")
    assert table(speaker_text_open(six)) == {
        "a-texts1": ("5", "4", "0"), "a-texts2": ("2", "1", "3"), "b-texts1": ("3", "5", "1"),
        "b-texts2": ("0", "2", "4"), "c-texts1": ("4", "3", "2"), "c-texts2": ("1", "0", "5"),
    }  # fmt: skip
    # c says nothing of u, so there is no fold for it, and no development for the fold that would develop on it
    assert [f.name for f in speaker_text_open(corpus("a t", "b t", "c t", "a u", "b u"))] == [
        "a-texts1", "a-texts2", "b-texts1", "b-texts2", "c-texts1",
    ]  # fmt: skip


def test_by_chance() -> None:
    eleven = corpus(*["a a"] * 11)
    folds = random_folds(eleven)
    assert [len(f.test) for f in folds] == [2, 2, 2, 2, 3]
    assert folds == random_folds(eleven)
    assert [f.test for f in folds] != [f.test for f in random_folds(eleven, folds=4)]
    assert table(all_data(eleven)) == {"all": ("0" + "".join(sorted(map(str, range(1, 11)))), "", "")}


def test_by_what_the_corpus_says() -> None:
    c = corpus("train 2", "dev 10", "test 1", "train 2", columns="split fold")
    assert table(given_split(c)) == {"given": ("03", "1", "2")}
    assert table(given_folds(c)) == {"1": ("1", "03", "2"), "2": ("2", "1", "03"), "10": ("03", "2", "1")}
    two = corpus("- b", "- a", columns="split fold")
    assert table(given_folds(two)) == {"a": ("0", "", "1"), "b": ("1", "", "0")}


def test_a_shuffle_depends_on_its_key_and_ids_alone() -> None:
    ids = [str(n) for n in range(50)]
    once = shuffled(ids, "x")
    assert sorted(once) == sorted(ids)
    assert once == shuffled(ids[::-1], "x") != ids
    assert once != shuffled(ids, "y")
    assert [x for x in once if x != "7"] == shuffled([x for x in ids if x != "7"], "x")
    # every id comes first for some key: an order by the ids' own hash would fail here
    assert len({shuffled(ids, str(k))[0] for k in range(100)}) > 25


def test_dealt_groups_are_even() -> None:
    assert dealt(Counter({"a": 9, "b": 5, "c": 4, "d": 1}), 2) == [["a", "d"], ["b", "c"]]
    assert dealt(Counter({"a": 1, "b": 1, "c": 1}), 2) == [["a", "c"], ["b"]]


ONE = corpus("a t 1 f", "a t 1 f")
ERRORS: list[tuple[Callable[[Corpus], list[Fold]], Corpus, str]] = [
    (loso, ONE, r"loso needs at least 2 speakers .*toy at /c has 1 \(a\)"),
    (loso_next, ONE, r"loso_next needs at least 3 speakers"),
    (loso_partner, ONE, r"loso_partner needs at least 2 sessions .* has 1 \(1\)"),
    (loso_partner, corpus("a t 1", "b t 1", "c t 2"), r"two speakers in every session .*session 2 .* has 1 \(c\)"),
    (session_swap, corpus("a t 1", "b t 1", "c t 2", "d t 2", "e t 2"), r"session_swap .*has 3 \(c, d, e\)"),
    (loso_session, corpus("a t 1", "a t 2"), r"each speaker in one session only, .*speaker a is in 1 and in 2"),
    (loso_session, corpus("a t 1", "b t -"), r"session of every utterance, .* some of speaker b without"),
    (loso_session, corpus("a t 1", "b t 1", "c t 2"), r"tests session 1 and develops on speaker c.*nobody else"),
    (lambda c: actor_groups(c, 3), corpus("a t 1 f", "b t 1 m"), r"at least 3 speakers .*has 2 \(a, b\)"),
    (lambda c: actor_groups(c, 2), corpus("a t 1 f", "b t 1 m"), r"at least 3 speakers"),
    (lambda c: actor_groups(c, 3), corpus("a t 1 f", "a t 1 m"), r"sex .*says 'f' and 'm' of speaker a"),
    (lambda c: actor_groups(c, 3), corpus("a t 1 -"), r"says '' of speaker a"),
    (lambda c: emobox_speakers(c, [["a"], ["b"]]), corpus("a t", "z t"), r"no test fold for speaker z .* are a, b"),
    (lambda c: emobox_speakers(c, [["a"], ["b"]]), ONE, r"at least 2 of its speaker groups .*has 1 \(fold1\)"),
    (emobox_sessions, ONE, r"at least 2 of its sessions"),
    (lambda c: emobox_listed(c, {"0": "fold1"}), ONE, r"lists 1 files of toy, and 1 .*not among them \(1\)"),
    (random_folds, ONE, r"random_5fold needs at least 5 utterances .* has 2"),
    (text_open, ONE, r"text_open needs at least 2 texts .* has 1 \('t'\)"),
    (speaker_text_open, corpus("a t", "b u"), r"speaker_text_open needs at least 3 speakers"),
    (given_split, corpus("train", "-", "dev", columns="split"), r"column 'split' .*1 of the 3 .*\(first 1\)"),
    (given_split, corpus("train", "valid", columns="split"), r"train, dev, test, but .*'valid' of 1"),
    (given_folds, corpus("1", "-", columns="fold"), r"column 'fold' .*\(first 1\)"),
    (given_folds, corpus("1", "1", columns="fold"), r"at least 2 folds .*has 1 \(1\)"),
]


@pytest.mark.parametrize(("splitter", "what", "words"), ERRORS)
def test_each_says_what_it_needs_and_what_there_is(
    splitter: Callable[[Corpus], list[Fold]], what: Corpus, words: str
) -> None:
    with pytest.raises(ProtocolError, match=words) as caught:
        splitter(what)
    assert str(caught.value).endswith(".")
    assert "/c" in str(caught.value)

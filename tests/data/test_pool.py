"""Corpora put together and classes renamed, on tables without audio."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from serkit.data.corpus import build
from serkit.data.pool import label_map_dict, map_labels, pool
from serkit.data.protocols import make_protocol
from serkit.errors import CorpusError, UnknownNameError
from serkit.host.protocols import CROSS_CORPUS
from serkit.types import Corpus, MappedLabel, Utterance


def corpus(name: str, labels: tuple[str, ...] = ("angry", "happy", "sad"), speakers: int = 4, **over: object) -> Corpus:
    """Each speaker says each class once, in a file of its own."""
    root = Path("/data") / name
    utterances = [
        Utterance(
            id=f"s{s}/{label}",
            path=root / f"s{s}" / f"{label}.wav",
            label=label,
            speaker=f"s{s}",
            sex="f" if s % 2 else "m",
            session=f"day{s % 2}",
            text="one",
            extra={"age": str(30 + s)},
        )
        for s in range(speakers)
        for label in labels
    ]
    return build(name, root, utterances, labels, **over)  # type: ignore[arg-type]


def test_a_label_map_renames_merges_and_drops() -> None:
    one = corpus("a", ("angry", "calm", "neutral", "surprise"), subset="speech", notes=["It is small."])
    mapped = map_labels(one, {"calm": "neutral", "surprise": "", "angry": "negative"})
    assert mapped.labels == ("negative", "neutral")
    assert [u.label for u in mapped.utterances if u.speaker == "s0"] == ["negative", "neutral", "neutral"]
    assert {u.id for u in mapped.utterances} == {u.id for u in one.utterances if u.label != "surprise"}
    assert mapped.subset == "speech, angry as negative, calm as neutral, no surprise"
    assert mapped.notes == (
        "It is small.",
        "By the label map, angry (4) counts as negative, calm (4) counts as neutral, surprise (4) is left out.",
    )
    assert label_map_dict(mapped) == {
        "a": {
            "angry": {"target": "negative", "utterances": 4},
            "calm": {"target": "neutral", "utterances": 4},
            "neutral": {"target": "neutral", "utterances": 4},
            "surprise": {"target": None, "utterances": 4},
        }
    }


def test_votes_follow_the_label_map() -> None:
    one = corpus("a", ("angry", "calm", "neutral", "surprise"))
    votes = {"calm": 1.0, "neutral": 2.0, "surprise": 4.0, "bored": 8.0}
    one = replace(one, utterances=tuple(replace(u, votes=votes) for u in one.utterances))
    mapped = map_labels(one, {"calm": "neutral", "surprise": ""})
    assert all(u.votes == {"neutral": 3.0, "bored": 8.0} for u in mapped.utterances)


def test_two_classes_may_change_places() -> None:
    swapped = map_labels(corpus("a", ("happy", "sad")), {"happy": "sad", "sad": "happy"})
    assert [(u.id, u.label) for u in swapped.utterances[:2]] == [("s0/happy", "sad"), ("s0/sad", "happy")]


def test_a_map_that_changes_nothing_leaves_the_corpus_as_it_is() -> None:
    one = corpus("a")
    assert map_labels(one, {}) is one
    assert map_labels(one, {"sad": "sad"}) is one
    assert label_map_dict(one) is None


def test_a_label_map_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no class of a named 'angy'; did you mean 'angry'"):
        map_labels(corpus("a"), {"angy": "sad"})
    with pytest.raises(CorpusError, match=r"leaves a with 1 class \(sad\)"):
        map_labels(corpus("a"), {"angry": "", "happy": "sad"})
    with pytest.raises(CorpusError, match=r"leaves a with 0 classes \(none\)"):
        map_labels(corpus("a"), {"angry": "", "happy": "", "sad": ""})


def test_a_pool_names_the_corpus_of_everything_and_keeps_shared_classes() -> None:
    pooled = pool([corpus("a", subset="x"), corpus("b", ("calm", "happy", "sad"), speakers=3)])
    assert (pooled.name, pooled.subset, pooled.labels) == ("a+b", "a x + b all", ("happy", "sad"))
    assert pooled.root == Path("/data")
    assert len(pooled.utterances) == 2 * 4 + 2 * 3
    first = pooled.utterances[0]
    assert (first.id, first.speaker, first.session) == ("a/s0/happy", "a-s0", "a-day0")
    assert (first.path, first.text, first.sex) == (Path("/data/a/s0/happy.wav"), "one", "m")
    assert first.extra == {"age": "30", "corpus": "a"}
    assert pooled.speakers == ("a-s0", "a-s1", "a-s2", "a-s3", "b-s0", "b-s1", "b-s2")
    assert pooled.notes == (
        "a: left out are the classes that not every corpus has, angry (4).",
        "a: 8 of 12 utterances are in the pool.",
        "b: left out are the classes that not every corpus has, calm (3).",
        "b: 6 of 9 utterances are in the pool.",
        "Shared classes: happy, sad.",
    )
    assert pooled.label_map[0] == MappedLabel("a", "angry", None, 4)
    assert pooled.label_map[-1] == MappedLabel("b", "sad", "sad", 3)
    kept = sum(row.utterances for row in pooled.label_map if row.target)
    assert kept == len(pooled.utterances)


def test_a_pool_takes_mapped_corpora() -> None:
    mapped = map_labels(corpus("b", ("calm", "happy", "sad", "fear")), {"calm": "neutral", "fear": ""})
    pooled = pool([mapped, corpus("a", ("happy", "neutral", "sad", "angry"))])
    assert pooled.labels == ("happy", "neutral", "sad")
    assert label_map_dict(pooled) == {
        "a": {
            "happy": {"target": "happy", "utterances": 4},
            "neutral": {"target": "neutral", "utterances": 4},
            "sad": {"target": "sad", "utterances": 4},
            "angry": {"target": None, "utterances": 4},
        },
        "b": {
            "calm": {"target": "neutral", "utterances": 4},
            "happy": {"target": "happy", "utterances": 4},
            "sad": {"target": "sad", "utterances": 4},
            "fear": {"target": None, "utterances": 4},
        },
    }
    assert pooled.subset == "a all + b all, calm as neutral, no fear"
    assert any(note.startswith("b: By the label map") for note in pooled.notes)


def test_the_order_of_the_parts_does_not_matter() -> None:
    one, two = corpus("a"), corpus("b", ("sad", "happy"))
    assert pool([one, two]) == pool([two, one])
    hashes = {make_protocol(pool(parts), CROSS_CORPUS).hash for parts in ([one, two], [two, one])}
    assert len(hashes) == 1


def test_a_pool_is_complete_if_every_part_is_and_says_what_is_missing() -> None:
    assert pool([corpus("a"), corpus("b")]).complete
    partial = pool([corpus("a"), corpus("b", missing=["s9/sad"], notes=["One is missing."])])
    assert not partial.complete
    assert partial.missing == ("b/s9/sad",)
    assert "b: One is missing." in partial.notes


def test_an_unknown_speaker_stays_unknown_and_a_corpus_column_is_kept() -> None:
    row = Utterance(id="x", path=Path("/data/m/x.wav"), label="sad", speaker="", extra={"corpus": "radio"})
    other = Utterance(id="y", path=Path("/data/m/y.wav"), label="happy", speaker="")
    pooled = pool([corpus("a"), build("m", Path("/data/m"), [row, other], ("happy", "sad"))])
    found = pooled.by_id()["m/x"]
    assert (found.speaker, found.session) == ("", None)
    assert found.extra == {"corpus": "m", "corpus_column": "radio"}


def test_pools_that_cannot_be_are_refused() -> None:
    with pytest.raises(CorpusError, match=r"a\+b share only sad, .*a has angry, sad; b has happy.*dataset.a.l"):
        pool([corpus("a", ("angry", "sad")), corpus("b", ("happy", "sad"))])
    with pytest.raises(CorpusError, match=r"a\+b share no class"):
        pool([corpus("a", ("angry", "sad")), corpus("b", ("happy", "fear"))])
    silent = build("b", Path("/data/b"), corpus("b", ("fear", "calm")).utterances, ("fear", "calm", "happy", "sad"))
    with pytest.raises(CorpusError, match=r"b at .* has no utterance of the classes .*happy, sad"):
        pool([corpus("a"), silent])


def test_speakers_of_two_corpora_never_get_one_name() -> None:
    def one(name: str, speaker: str) -> Corpus:
        rows = [Utterance(id=x, path=Path(f"/{x}.wav"), label=x, speaker=speaker) for x in ("happy", "sad")]
        return build(name, Path("/"), rows, ("happy", "sad"))

    with pytest.raises(CorpusError, match="both be named a-b-c"):
        pool([one("a", "b-c"), one("a-b", "c")])

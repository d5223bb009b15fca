"""The corpus table: sorted, unique, labelled; what differs from the published counts is said."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest

from serkit.data.corpus import build, count_notes, left_out_note, missing_note, utterance_id
from serkit.errors import CorpusError
from serkit.types import Utterance


def row(id: str = "a", label: str = "sad", speaker: str = "1", **rest: Any) -> Utterance:
    return Utterance(id=id, path=Path(f"/c/{id}.wav"), label=label, speaker=speaker, **rest)


def test_build_sorts_by_id_and_keeps_what_it_is_told() -> None:
    c = build("toy", "/c", [row("b"), row("a", "angry", "2")], ["sad", "angry"], subset="x", notes=["n"])
    assert [u.id for u in c.utterances] == ["a", "b"]
    assert (c.labels, c.speakers, c.subset, c.notes) == (("sad", "angry"), ("1", "2"), "x", ("n",))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "No utterance of toy was found in /c"),
        ([row("a"), row("a", speaker="2")], "id a of toy occurs twice"),
        ([row(label="bored")], "label 'bored', which is not one of sad, angry"),
        ([row(start=2.0, end=2.0)], "ends at 2.0 s but starts at 2.0 s"),
        ([row(start=float("nan"))], "ends at None s but starts at nan s"),
        ([row(speaker=None)], "The speaker of .* of toy is None; text is expected"),
        # both were found only when results were printed or written
        ([row(speaker="a\nb")], r"The speaker 'a\\nb' of utterance a of toy holds a control character; correct it\."),
        ([row(text="\ud83d")], "What toy says of utterance a is not valid Unicode"),
        ([row(extra={"key": "\ud83d"})], "What toy says of utterance a is not valid Unicode"),
    ],
)
def test_build_refuses_a_broken_table(rows: list[Utterance], words: str) -> None:
    with pytest.raises(CorpusError, match=words):
        build("toy", "/c", rows, ["sad", "angry"])


def test_ids_are_composed_posix_paths_without_suffix() -> None:
    assert utterance_id(Path("/c/s1/x.y.wav"), "/c") == "s1/x.y"
    assert utterance_id(Path("/c", unicodedata.normalize("NFD", "grün.wav")), "/c") == "grün"
    with pytest.raises(CorpusError, match="not below"):
        utterance_id("/d/x.wav", "/c")


def test_count_notes_name_what_differs_and_are_empty_otherwise() -> None:
    rows = [row("a"), row("b"), row("c", "angry", "2")]
    assert count_notes(rows, labels={"sad": 2, "angry": 1}, speakers={"1": 2, "2": 1}) == []
    notes = count_notes(rows, labels={"sad": 3, "angry": 1}, speakers={"1": 2, "2": 1, "3": 4})
    assert notes == [
        "Utterances per class differ from the published corpus: sad 2 of 3.",
        "Utterances per speaker differ from the published corpus: 3 0 of 4.",
    ]


def test_missing_note_names_five() -> None:
    assert missing_note("gfedcba", 9) == "7 of the 9 recordings are missing: a, b, c, d, e and 2 more."


def test_an_id_that_is_missing_makes_a_corpus_incomplete() -> None:
    corpus = build("toy", "/c", [row()], ["sad"], missing=["c", "b", "b"])
    assert (corpus.complete, corpus.missing) == (False, ("b", "c"))
    assert build("toy", "/c", [row()], ["sad"]).complete
    assert not build("toy", "/c", [row()], ["sad"], complete=False).complete


def test_left_out_note_names_three() -> None:
    root = Path("/c")
    assert left_out_note([], root, "TOY") == ""
    assert left_out_note([root / "s/x.wav"], root, "TOY") == (
        "1 audio file in /c is not named as TOY's and was left out (s/x.wav)."
    )
    assert left_out_note([root / f"{c}.wav" for c in "dcba"], root, "TOY") == (
        "4 audio files in /c are not named as TOY's and were left out (a.wav, b.wav, c.wav and 1 more)."
    )


def test_names_that_are_not_unicode_are_refused_or_escaped() -> None:
    with pytest.raises(CorpusError, match=r"folder /gr\\udcfcn is not valid UTF-8; rename it\.") as caught:
        build("toy", "/gr\udcfcn", [row()], ["sad"])
    assert str(caught.value).isascii()
    with pytest.raises(CorpusError, match=r"name of /c/gr\\udcfcn\.wav of toy is not valid UTF-8; rename the file\."):
        build("toy", "/c", [row("gr\udcfcn")], ["sad"])
    corpus = build("toy", "/c", [row("grün")], ["sad"], notes=["left out: gr\udcfcn.wav, 語.wav"])
    assert corpus.notes == ("left out: gr\\udcfcn.wav, 語.wav",)

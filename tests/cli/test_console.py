"""Tables for people: no word is broken where there is room."""

from __future__ import annotations

from serkit.cli.console import column_widths


def test_what_fits_is_left_alone() -> None:
    assert column_widths([["a", "bb"], ["cc", "d"]], 4) == [None, None]


def test_no_word_is_broken_where_there_is_room() -> None:
    # at 100 columns the names of IEMOCAP's folds were broken (Ses01-Se, s01F), and so was the head "recordings"
    head = ["fold", "train", *(f"test {what} seen" for what in ("speakers", "texts", "sessions", "recordings"))]
    widths = column_widths([head, ["Ses01-Ses01F", "64", *["0 of 8"] * 4]], 56)
    assert widths[:2] == [12, 5]
    assert all(w is not None and w >= len(what) for w, what in zip(widths[2:], ("speakers", "texts"), strict=False))
    assert sum(w or 0 for w in widths) <= 56


def test_short_columns_are_whole_before_long_ones_grow() -> None:
    assert column_widths([["name", "guaranteed", "summary"], ["a@1 (default)", "x", "word " * 30]], 60) == [13, 10, 37]


def test_names_stay_whole_where_another_word_can_break() -> None:
    # at 100 columns `serkit list recipes` broke every name of a recipe for one long word of another column
    assert column_widths([["chen2018-dnn-elm-iemocap", "speaker-independent split"]], 40) == [24, 16]


def test_where_words_cannot_but_break_it_is_left_to_rich() -> None:
    assert column_widths([["file", "label"], ["a" * 120, "sad"]], 100) == [None, None]

"""Canonical names of emotions."""

from __future__ import annotations

import pytest

from serkit.data.labels import ALIASES, canonical, renaming_note
from serkit.types import LABELS


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("anger", "angry"), ("Happiness", "happy"), (" SAD ", "sad"), ("neu", "neutral"), ("fearful", "fear"),
        ("Pleasant Surprise", "surprise"), ("exc", "excited"), ("boredom", "boredom"), ("boredem", "boredom"),
    ],
)  # fmt: skip
def test_known_names_become_canonical(written: str, name: str) -> None:
    assert canonical(written) == name


@pytest.mark.parametrize("written", ["Sarcastic", "a", "anxiety", "xxx", ""])
def test_what_is_not_sure_stays(written: str) -> None:
    assert canonical(written) == written


def test_aliases_lead_to_canonical_names_only_and_hide_none() -> None:
    assert set(ALIASES.values()) <= set(LABELS)
    assert set(ALIASES).isdisjoint(LABELS)


def test_the_note_says_what_was_renamed_and_how_often() -> None:
    note = renaming_note(["anger", "sad", "anger", "Happy", "odd"])
    assert "Happy to happy (1), anger to angry (2);" in note
    assert renaming_note(["sad", "odd"]) == ""

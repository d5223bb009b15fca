"""What corpora and manifests call emotions, and the one name that SerKit has for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from serkit.types import LABELS

_WORDS = {
    "angry": "anger ang wut",
    "happy": "happiness hap joy joyful",
    "sad": "sadness",
    "neutral": "neu neutrality",
    "fear": "fearful fea afraid",
    "disgust": "disgusted dis",
    "surprise": "surprised sur ps pleasant_surprise pleasant_surprised",
    "boredom": "bored boredem",  # the last as EmoBox writes it
    "calm": "calmness",
    "excited": "excitement exc",
    "frustrated": "frustration fru",
    "other": "oth",
}

ALIASES: Mapping[str, str] = {alias: name for name, words in _WORDS.items() for alias in words.split()}
"""Other names (lower case) to the canonical ones of ``serkit.types.LABELS``. Only what can mean nothing else is here:
single letters differ between corpora, and anxiety is fear in one and not in the next."""


def canonical(label: str) -> str:
    """The canonical name of ``label``, whatever its case (``Anger`` is ``angry``); ``label`` itself, with spaces at its
    ends cut off, if it is no known name of an emotion."""
    word = label.strip()
    key = word.casefold().replace(" ", "_").replace("-", "_")
    return key if key in LABELS else ALIASES.get(key, word)


def renaming_note(written: Iterable[str]) -> str:
    """A sentence on which of the labels ``written`` got another name from :func:`canonical` and how often; empty if
    none did."""
    counts = Counter(label for label in written if canonical(label) != label)
    if not counts:
        return ""
    changed = ", ".join(f"{label} to {canonical(label)} ({n})" for label, n in sorted(counts.items()))
    return f"Labels were given their canonical names: {changed}; the option canonical = false keeps them as written."

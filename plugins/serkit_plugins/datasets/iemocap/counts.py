"""How many turns of each label the published corpus holds, and the check against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from serkit_plugins.datasets.iemocap.names import SCENARIOS, Scenario

CODES: Mapping[str, str] = {
    "ang": "angry",
    "hap": "happy",
    "exc": "excited",
    "sad": "sad",
    "neu": "neutral",
    "fru": "frustrated",
    "sur": "surprise",
    "fea": "fear",
    "dis": "disgust",
    "oth": "other",
}
"""Code of a consensus label to class."""

NO_CONSENSUS = "xxx"
"""The code of turns on which the raters did not agree; they are never a class."""

_FIVE = ("ang", "exc", "hap", "neu", "sad")
_SPEAKERS: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "Ses01F": ((37, 54, 18, 119, 43), (110, 9, 51, 52, 35)),
    "Ses01M": ((25, 45, 15, 104, 61), (57, 35, 51, 109, 55)),
    "Ses02F": ((7, 88, 25, 90, 63), (60, 8, 45, 45, 50)),
    "Ses02M": ((15, 49, 29, 127, 37), (55, 65, 18, 100, 47)),
    "Ses03F": ((22, 41, 39, 95, 108), (70, 7, 41, 35, 64)),
    "Ses03M": ((68, 48, 21, 103, 82), (80, 55, 34, 87, 51)),
    "Ses04F": ((47, 119, 10, 51, 41), (158, 35, 21, 25, 21)),
    "Ses04M": ((37, 45, 21, 123, 40), (85, 39, 13, 59, 41)),
    "Ses05F": ((18, 68, 56, 151, 73), (60, 14, 21, 70, 59)),
    "Ses05M": ((13, 106, 50, 136, 60), (79, 111, 16, 27, 53)),
}
# Published without speakers: improvised, scripted (all less improvised).
_OTHERS: Mapping[str, tuple[int, int]] = {
    "fru": (971, 878),
    "sur": (60, 47),
    "fea": (8, 32),
    "dis": (1, 1),
    "oth": (1, 2),
}

Cell = tuple[str, str]
"""A speaker and a code; the speaker is empty where the published count is over all."""


def published(codes: Collection[str], scenarios: Collection[Scenario]) -> Counter[Cell]:
    """Number of turns of each speaker and code in the whole corpus."""
    found: Counter[Cell] = Counter()
    for k, scenario in enumerate(SCENARIOS):
        if scenario in scenarios:
            for speaker, rows in _SPEAKERS.items():
                found.update({(speaker, c): n for c, n in zip(_FIVE, rows[k], strict=True) if c in codes})
            found.update({("", c): pair[k] for c, pair in _OTHERS.items() if c in codes})
    return found


def differences(turns: Collection[Cell], codes: Collection[str], scenarios: Collection[Scenario]) -> list[str]:
    """Where the counts of ``turns`` (speaker and code of each) differ from the published ones, in words."""
    expected = published(codes, scenarios)
    found = Counter((speaker if code in _FIVE else "", code) for speaker, code in turns)
    return [
        f"{speaker or 'all'} {code} {found[speaker, code]} of {expected[speaker, code]}"
        for speaker, code in sorted({*expected, *found})
        if found[speaker, code] != expected[speaker, code]
    ]

"""That values are of the unit which the spec declares: what doubling the waveform does to them."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import numpy as np

from serkit.testing.conformance.check import Failure, NotApplicable
from serkit.testing.conformance.features.subject import FeatureSubject, say_speech, speech


class Change(NamedTuple):
    """What doubling a waveform does to a value: ``factor * value + shift``."""

    factor: float
    shift: float


SAME = Change(1.0, 0.0)

UNITS: dict[str, Change] = {
    "amplitude": Change(2.0, 0.0),
    "power": Change(4.0, 0.0),
    "ln amplitude": Change(1.0, math.log(2)),
    "ln power": Change(1.0, math.log(4)),
    "log10 amplitude": Change(1.0, math.log10(2)),
    "log10 power": Change(1.0, math.log10(4)),
    "dB": Change(1.0, 20 * math.log10(2)),
    **dict.fromkeys(("Hz", "s", "ms", "1/s", "ratio", "ln ratio", "dB ratio", "probability", "count"), SAME),
}
"""Units that can be verified: levels move with the waveform, frequencies, times and ratios stay.

Behind one may stand ``re ...``, what it is relative to (``"dB re full scale"``), and ``per frame``, ``per frame²`` or
``per s`` for differences. ``units`` is one for all values, or one for each place of the last axis of a frame, with
commas between, where ``12 x ln ratio`` is twelve. Anything else is shown to users and not verified.
"""

SHARE = 0.05
"""Of the values so many may differ: those at a floor, or near a threshold that is fixed (of voicing, of silence)."""

RELATIVE, ADDITIVE = 2e-4, 1e-2
"""Doubling is exact in float32, so what is left is the rounding of logarithms and of differences of large numbers, some
1e-5 of a value. Units differ by a factor of 2 at least, or by 0.09 and more (ln 2 and log10 4): beyond these bounds,
where a logarithm is at most 100 and a level in dB at most some thousand."""


def check_units(subject: FeatureSubject) -> None:
    """The spec says what the values are, and doubling the waveform changes them as that unit says."""
    text = subject.spec.units
    if not isinstance(text, str) or not text.strip():
        raise Failure(
            "FeatureSpec.units is empty.",
            reproduce="read FeatureSpec.units.",
            cause=f"nobody said what the values are; verified are {', '.join(UNITS)}, and words are welcome.",
        )
    if subject.source != "audio":
        raise NotApplicable(f"the unit {text!r} of a feature made of {subject.source} cannot be verified")
    names = unit_names(text)
    shape = tuple(subject.made.shape)
    width = shape[-1] if shape else 1
    known = {i: change(name) for i, name in enumerate(names)}
    if not any(known.values()):
        raise NotApplicable(f"not verified, since it is no unit of the table: {text!r}")
    if len(names) not in (1, width):
        raise Failure(
            f"FeatureSpec.units names {len(names)} units; the last axis of a frame {list(shape)} has {width} places.",
            reproduce="read FeatureSpec.units and extractor.shape.",
            cause="a column was added or an option's default changed; give one unit for all, or one a place.",
        )
    given = (subject.rate, subject.seconds, 0, 0.45)
    waveform = speech(*given)
    once, twice = (
        np.asarray(subject.frames(x, say_speech(*given))).astype(np.complex128).reshape(-1, width)
        for x in (waveform, 2 * waveform)
    )
    silent = []
    for place in range(width):
        name = names[place if len(names) > 1 else 0]
        wanted = known[place if len(names) > 1 else 0]
        if wanted and not _verify(once[:, place], twice[:, place], wanted, name, place, say_speech(*given)):
            silent.append(name)
    unknown = [*(name for i, name in enumerate(names) if known[i] is None), *silent]
    if unknown:
        raise NotApplicable(f"of {width} places the others hold; not verified: {', '.join(dict.fromkeys(unknown))}")


def unit_names(text: str) -> list[str]:
    """The units that ``text`` names, ``12 x`` written out."""
    names: list[str] = []
    for part in (p.strip() for p in text.split(",")):
        many = re.fullmatch(r"(\d+) x (.+)", part)
        names += [many[2].strip()] * int(many[1]) if many else [part]
    return names


def change(name: str) -> Change | None:
    """What doubling does to a value of the unit ``name``; None for one that is not known."""
    unit, difference, _ = name.partition(" per ")
    unit = unit.partition(" re ")[0].strip()
    found = UNITS.get(unit)
    if found is None or not difference:
        return found
    return Change(found.factor, 0.0)  # of two levels that both rose the difference stays


def _verify(once: np.ndarray, twice: np.ndarray, wanted: Change, name: str, place: int, words: str) -> bool:
    """Whether there are values to verify. Raises Failure where they are not as the unit says."""
    expected = wanted.factor * once + wanted.shift
    known = np.isfinite(once) & np.isfinite(twice)
    if not wanted.shift:
        known &= (once != 0) | (twice != 0)  # 0 is 0 in any unit
    if not known.any():
        return False
    once, twice, expected = once[known], twice[known], expected[known]
    typical = float(np.median(np.abs(expected)))
    bound = RELATIVE * np.maximum(np.abs(expected), typical) + (ADDITIVE if wanted.shift else 0.0)
    wrong = np.abs(twice - expected) > bound
    if wrong.mean() > SHARE:
        at = int(np.argmax(wrong))
        raise Failure(
            f"The unit {name!r} (place {place} of the last axis) says that doubling the waveform turns "
            f"{once[at].real:.6g} into {expected[at].real:.6g}; it is {twice[at].real:.6g}.",
            reproduce=f"x = {words}; extractor(x) and extractor(2 * x).",
            cause="log10 for ln, 10 for 20 before a logarithm, power for amplitude, or a normalisation by the level of "
            "the utterance, after which values are ratios.",
        )
    return True

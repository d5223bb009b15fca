"""The made-up language of the synthetic corpus: its phonemes, its ten sentences and how they are timed.

Vowel formants are in the places that G. Peterson and H. Barney (JASA 24, 1952) found for men; consonants are coarse
places of articulation that give the right kind of movement. A speaker's ``tract`` scales them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BANDWIDTHS_HZ = (70.0, 95.0, 130.0, 200.0, 260.0)
UPPER_FORMANTS_HZ = (3500.0, 4500.0)
"""F4 and F5, the same for all phonemes."""

PAUSE = "_"
EDGE_S = 0.08
"""Silence before and after the sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """Targets of a phoneme: ``formants`` at its start and ``glide`` at its end (F1 to F3 in Hz), duration in seconds.

    Linear amplitudes: ``voicing`` of the glottal source, ``aspiration`` of noise at the glottis, ``frication`` of noise
    at a constriction with its resonance ``noise_hz`` of ``noise_bandwidth_hz``. ``burst`` splits a stop: a closure,
    then a burst of that many seconds. ``damping`` multiplies bandwidths (nasals). ``seconds`` scales with tempo.
    """

    formants: tuple[float, float, float]
    glide: tuple[float, float, float]
    seconds: float
    voicing: float = 0.0
    aspiration: float = 0.0
    frication: float = 0.0
    noise_hz: float = 4500.0
    noise_bandwidth_hz: float = 2000.0
    burst: float = 0.0
    damping: float = 1.0
    vowel: bool = False


def _vowel(f1: float, f2: float, f3: float, to: tuple[float, float, float] | None = None, s: float = 0.105) -> Phone:
    return Phone(formants=(f1, f2, f3), glide=to or (f1, f2, f3), seconds=s, voicing=1.0, vowel=True)


def _sonorant(f1: float, f2: float, f3: float, voicing: float, damping: float, s: float = 0.06) -> Phone:
    return Phone(formants=(f1, f2, f3), glide=(f1, f2, f3), seconds=s, voicing=voicing, damping=damping)


def _fricative(
    f2: float, f3: float, hz: float, width: float, level: float, voicing: float = 0.0, s: float = 0.095
) -> Phone:
    return Phone(
        formants=(330.0, f2, f3), glide=(330.0, f2, f3), seconds=s if not voicing else 0.7 * s, voicing=voicing,
        frication=level, noise_hz=hz, noise_bandwidth_hz=width,
    )  # fmt: skip


def _stop(f2: float, f3: float, hz: float, width: float, level: float, voicing: float = 0.0) -> Phone:
    # unvoiced bursts are longer and breathy; a voiced closure hums
    return Phone(
        formants=(270.0, f2, f3), glide=(270.0, f2, f3), seconds=0.085 if not voicing else 0.06, voicing=voicing,
        aspiration=0.0 if voicing else 0.35, frication=level, noise_hz=hz, noise_bandwidth_hz=width,
        burst=0.012 if voicing else 0.03,
    )  # fmt: skip


PHONES: dict[str, Phone] = {
    "a": _vowel(740, 1120, 2480),
    "e": _vowel(530, 1840, 2480),
    "i": _vowel(280, 2270, 3000),
    "o": _vowel(560, 850, 2410),
    "u": _vowel(310, 880, 2260),
    "ə": _vowel(500, 1460, 2450, s=0.075),
    "aj": _vowel(730, 1180, 2450, to=(350, 2100, 2750), s=0.16),
    "aw": _vowel(730, 1180, 2450, to=(380, 900, 2300), s=0.16),
    "ej": _vowel(500, 1850, 2500, to=(320, 2250, 2900), s=0.14),
    "m": _sonorant(270, 1050, 2200, 0.45, 1.8),
    "n": _sonorant(280, 1550, 2500, 0.45, 1.8),
    "l": _sonorant(370, 1100, 2650, 0.65, 1.2),
    "r": _sonorant(420, 1250, 1680, 0.65, 1.2),
    "w": _sonorant(310, 700, 2250, 0.6, 1.2),
    "j": _sonorant(280, 2200, 2950, 0.6, 1.2),
    "s": _fricative(1700, 2600, 5600, 1500, 0.16),
    "ʃ": _fricative(1850, 2500, 3200, 900, 0.14),
    "f": _fricative(1100, 2150, 4500, 5000, 0.10),
    "z": _fricative(1700, 2600, 5600, 1500, 0.09, voicing=0.35),
    "v": _fricative(1100, 2150, 4500, 5000, 0.05, voicing=0.4),
    "h": Phone(formants=(520, 1400, 2450), glide=(520, 1400, 2450), seconds=0.065, aspiration=0.45),
    "p": _stop(900, 2150, 1200, 2500, 0.18),
    "t": _stop(1750, 2650, 4800, 2000, 0.22),
    "k": _stop(1900, 2300, 2200, 700, 0.16),
    "b": _stop(900, 2150, 1200, 2500, 0.12, voicing=0.25),
    "d": _stop(1750, 2650, 4300, 2200, 0.14, voicing=0.25),
    "g": _stop(1900, 2300, 2100, 700, 0.12, voicing=0.25),
    PAUSE: Phone(formants=(500, 1500, 2500), glide=(500, 1500, 2500), seconds=0.11),
}

SENTENCES: tuple[tuple[str, str], ...] = (
    ("t01", "m o l a _ t i z u k ə n"),
    ("t02", "d aj n ə r a _ b o s i l u m"),
    ("t03", "ʃ e l u p a t o _ g i n ə m"),
    ("t04", "k a w i d u _ f ej r o s ə"),
    ("t05", "r u b a n i _ h e t o l aw z"),
    ("t06", "j a m i k o s u _ d e v ə l"),
    ("t07", "p o n e r a ʃ i _ t u l ə b aj"),
    ("t08", "v i g o l a _ s e m u t ə r i"),
    ("t09", "h a n u d e _ k o f i l ə m aw"),
    ("t10", "w e s o t a _ m i r u p ej n ə"),
)
"""Code and phonemes of each sentence."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A phoneme from ``start`` to ``end`` in seconds; a stop is a closure and a ``<phone>+`` burst."""

    phone: str
    start: float
    end: float
    voiced: bool

    @property
    def base(self) -> str:
        """The phoneme without the mark of a burst: a key of ``PHONES``."""
        return self.phone.removesuffix("+")


def timing(sentence: int, tempo: float, rng: np.random.Generator) -> list[Segment]:
    """Segments of a sentence at ``tempo`` (1.0: the table's durations), each with 8 % of variation of its own.

    Vowels take the whole change of tempo; consonants are stiffer and take half of it (on a logarithmic scale), and the
    last vowel before a pause or the end is lengthened by 30 %. Starts with silence of ``EDGE_S`` and ends with it.
    """
    symbols = SENTENCES[sentence][1].split()
    stretch = np.exp(0.08 * rng.standard_normal(len(symbols)))
    now = EDGE_S
    out = [Segment(PAUSE, 0.0, now, False)]
    for i, symbol in enumerate(symbols):
        phone = PHONES[symbol]
        full = phone.vowel or symbol == PAUSE
        seconds = phone.seconds * float(stretch[i]) / (tempo if full else tempo**0.5)
        rest = symbols[i + 1 :]
        if phone.vowel and not any(PHONES[s].vowel for s in rest[: rest.index(PAUSE) if PAUSE in rest else None]):
            seconds *= 1.3
        if phone.burst:
            opened = now + seconds
            out.append(Segment(symbol, now, opened, phone.voicing > 0))
            out.append(Segment(symbol + "+", opened, opened + phone.burst, False))
            now = opened + phone.burst
        else:
            out.append(Segment(symbol, now, now + seconds, phone.voicing > 0))
            now += seconds
    out.append(Segment(PAUSE, now, now + EDGE_S, False))
    return out

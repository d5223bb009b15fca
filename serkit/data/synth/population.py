"""Who speaks and how an emotion changes a voice: the distributions behind the synthetic corpus, and how far they part.

An utterance is governed by seven parameters (``Parameters``). On the scale of ``Parameters.vector`` (semitones,
decibels, logarithms) they are independent normals given the speaker and the emotion:

    mean[s, e] = neutral[s] + reach[s] * shift[e],    standard deviation ``SPREAD``, the same for all s and e.

The shifts have the directions that reviews of vocal emotion agree on (K. Scherer, Speech Communication 40, 2003;
P. Juslin and P. Laukka, Psychological Bulletin 129, 2003); their sizes are chosen for the overlap that
``BEST_ACCURACY`` states and are no measurement of people.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DIMENSIONS = ("f0_level", "f0_range", "tempo", "intensity", "tilt", "jitter", "shimmer")
"""Order of ``Parameters.vector``: st re 100 Hz, ln st, ln, dB re full scale, dB at 3 kHz, ln, ln."""

SPREAD = np.array([1.3, 0.24, 0.10, 2.7, 1.65, 0.36, 0.36])
"""Standard deviation of each dimension within one speaker and emotion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A speaker's neutral voice. ``tract`` multiplies all formant frequencies (1.0: a 17.5 cm vocal tract).

    ``f0_hz`` is the geometric mean of F0 over voiced frames, ``f0_range_st`` the standard deviation of its contour in
    semitones, ``tempo`` the articulation rate relative to the population, ``intensity_db`` the level of voiced speech
    in dB re full scale, ``tilt_db`` the attenuation of the source at 3 kHz, ``jitter`` and ``shimmer`` the relative
    standard deviations of period and amplitude, ``breath`` the aspiration relative to voicing. ``pitch_reach`` and
    ``force_reach`` scale the shifts of emotions in F0 and in the other dimensions.
    """

    name: str
    sex: Literal["f", "m"]
    tract: float
    f0_hz: float
    f0_range_st: float
    tempo: float
    intensity_db: float
    tilt_db: float
    jitter: float
    shimmer: float
    breath: float
    pitch_reach: float
    force_reach: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Emotion:
    """Shifts from neutral: semitones, factor on the F0 range, factor on tempo, dB, dB of tilt at 3 kHz, factors."""

    name: str
    f0_level_st: float
    f0_range: float
    tempo: float
    intensity_db: float
    tilt_db: float
    jitter: float
    shimmer: float

    @property
    def shift(self) -> Array:
        """Float64 ``[7]`` on the scale of ``Parameters.vector``."""
        logs = [math.log(v) for v in (self.f0_range, self.tempo, self.jitter, self.shimmer)]
        return np.array([self.f0_level_st, logs[0], logs[1], self.intensity_db, self.tilt_db, logs[2], logs[3]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What was drawn for one utterance; fields and units as in ``Speaker``."""

    f0_hz: float
    f0_range_st: float
    tempo: float
    intensity_db: float
    tilt_db: float
    jitter: float
    shimmer: float

    @property
    def vector(self) -> Array:
        """Float64 ``[7]`` in the order and units of ``DIMENSIONS``."""
        return np.array(
            [
                12.0 * math.log2(self.f0_hz / 100.0),
                math.log(self.f0_range_st),
                math.log(self.tempo),
                self.intensity_db,
                self.tilt_db,
                math.log(self.jitter),
                math.log(self.shimmer),
            ]
        )

    @classmethod
    def from_vector(cls, vector: Array) -> Parameters:
        """The parameters whose ``vector`` is the given float64 ``[7]``."""
        level, spread, tempo, intensity, tilt, jitter, shimmer = vector.tolist()
        return cls(
            f0_hz=100.0 * 2.0 ** (level / 12.0),
            f0_range_st=math.exp(spread),
            tempo=math.exp(tempo),
            intensity_db=intensity,
            tilt_db=tilt,
            jitter=math.exp(jitter),
            shimmer=math.exp(shimmer),
        )


def _speaker(name: str, tract: float, *rest: float) -> Speaker:
    f0, spread, tempo, intensity, tilt, jitter, shimmer, breath, pitch_reach, force_reach = rest
    return Speaker(
        name=name, sex="f" if name.startswith("f") else "m", tract=tract, f0_hz=f0, f0_range_st=spread, tempo=tempo,
        intensity_db=intensity, tilt_db=tilt, jitter=jitter, shimmer=shimmer, breath=breath, pitch_reach=pitch_reach,
        force_reach=force_reach,
    )  # fmt: skip


SPEAKERS = (
    # name, tract, F0 Hz, range st, tempo, level dB, tilt dB, jitter, shimmer, breath, pitch reach, force reach
    _speaker("f01", 1.17, 205.0, 2.1, 1.02, -31.0, 13.0, 0.0090, 0.060, 0.050, 1.05, 0.95),
    _speaker("f02", 1.13, 188.0, 1.8, 0.95, -28.5, 12.0, 0.0110, 0.055, 0.035, 0.90, 1.10),
    _speaker("f03", 1.20, 220.0, 2.1, 1.06, -32.0, 14.5, 0.0080, 0.070, 0.070, 1.10, 1.00),
    _speaker("f04", 1.15, 212.0, 2.0, 0.97, -29.5, 13.5, 0.0100, 0.050, 0.060, 0.95, 0.90),
    _speaker("f05", 1.18, 197.0, 2.0, 1.04, -30.0, 12.5, 0.0085, 0.065, 0.045, 1.00, 1.05),
    _speaker("m01", 1.00, 112.0, 2.0, 0.98, -29.0, 11.0, 0.0105, 0.060, 0.030, 1.05, 1.05),
    _speaker("m02", 0.96, 98.0, 1.8, 0.94, -30.5, 12.0, 0.0120, 0.070, 0.045, 0.90, 1.00),
    _speaker("m03", 1.04, 128.0, 2.2, 1.05, -31.5, 11.5, 0.0090, 0.055, 0.035, 1.10, 0.90),
    _speaker("m04", 0.98, 106.0, 1.9, 1.00, -28.0, 10.5, 0.0115, 0.065, 0.025, 0.95, 1.10),
    _speaker("m05", 1.02, 119.0, 2.1, 1.03, -30.0, 12.5, 0.0095, 0.050, 0.040, 1.00, 0.95),
)

EMOTIONS = (
    Emotion(
        name="angry",
        f0_level_st=3.4,
        f0_range=1.35,
        tempo=1.06,
        intensity_db=4.0,
        tilt_db=-5.5,
        jitter=1.5,
        shimmer=1.5,
    ),
    Emotion(
        name="happy",
        f0_level_st=5.2,
        f0_range=1.85,
        tempo=1.05,
        intensity_db=2.0,
        tilt_db=-1.5,
        jitter=1.1,
        shimmer=1.0,
    ),
    Emotion(
        name="neutral", f0_level_st=0.0, f0_range=1.0, tempo=1.0, intensity_db=0.0, tilt_db=0.0, jitter=1.0, shimmer=1.0
    ),
    Emotion(
        name="sad", f0_level_st=-0.8, f0_range=0.60, tempo=0.89, intensity_db=-3.0, tilt_db=4.8, jitter=1.4, shimmer=1.5
    ),
)

LABELS = tuple(e.name for e in EMOTIONS)


def means() -> Array:
    """Mean parameter vectors, float64 ``[10, 4, 7]`` (speaker, emotion, dimension)."""
    neutral = np.array(
        [
            Parameters(
                f0_hz=s.f0_hz, f0_range_st=s.f0_range_st, tempo=s.tempo, intensity_db=s.intensity_db,
                tilt_db=s.tilt_db, jitter=s.jitter, shimmer=s.shimmer,
            ).vector
            for s in SPEAKERS
        ]
    )  # fmt: skip
    reach = np.array([[s.pitch_reach] * 2 + [s.force_reach] * 5 for s in SPEAKERS])
    shift = np.array([e.shift for e in EMOTIONS])
    mean: Array = neutral[:, None] + reach[:, None] * shift[None]
    return mean


@dataclass(frozen=True, slots=True, kw_only=True)
class BestAccuracy:
    """Accuracy in [0, 1] of the best decision on the true parameters, emotions equally likely.

    ``speaker_known``: the speaker is known. ``speaker_unknown``: the speaker is any of the ten with equal probability;
    nobody who is not told the speaker can do better on the parameters. ``speaker_unseen``: as the latter, but the
    decision knows the nine other speakers instead: what memorising the training speakers of leave-one-speaker-out to
    perfection gives. It is no bound, because a learner that generalises over speakers may do better.
    """

    speaker_known: float
    speaker_unknown: float
    speaker_unseen: float


BEST_ACCURACY = BestAccuracy(speaker_known=0.965, speaker_unknown=0.923, speaker_unseen=0.869)
"""What ``bayes_accuracy`` gives with a million draws, to three digits."""


def bayes_accuracy(n: int, rng: np.random.Generator) -> BestAccuracy:
    """Monte Carlo estimate of ``BestAccuracy`` from ``n`` draws; its standard error is below ``0.5 / sqrt(n)``.

    The decision is the class of greatest posterior probability, which is the best there is (Bayes).
    """
    mean = means()
    speaker = rng.integers(len(SPEAKERS), size=n)
    emotion = rng.integers(len(EMOTIONS), size=n)
    x = mean[speaker, emotion] + SPREAD * rng.standard_normal((n, len(DIMENSIONS)))
    log_density = log_likelihood(x)
    rows = np.arange(n)
    known = log_density[rows, speaker].argmax(-1)
    unknown = np.logaddexp.reduce(log_density, axis=1).argmax(-1)
    log_density[rows, speaker] = -np.inf
    unseen = np.logaddexp.reduce(log_density, axis=1).argmax(-1)
    return BestAccuracy(
        speaker_known=float(np.mean(known == emotion)),
        speaker_unknown=float(np.mean(unknown == emotion)),
        speaker_unseen=float(np.mean(unseen == emotion)),
    )


def log_likelihood(vectors: Array) -> Array:
    """Log density, up to a constant, of parameter vectors ``[N, 7]`` under each speaker and emotion: ``[N, 10, 4]``."""
    mean = means()
    # one speaker at a time: [N, 10, 4, 7] at once is 2.2 GB for a million draws
    return np.stack([-0.5 * (((vectors[:, None] - m) / SPREAD) ** 2).sum(-1) for m in mean], axis=1)

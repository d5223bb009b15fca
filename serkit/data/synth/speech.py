"""One synthetic utterance: draws its parameters, lays out its tracks and has the voice kernel render them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serkit.data.synth.phones import BANDWIDTHS_HZ, PAUSE, PHONES, SENTENCES, UPPER_FORMANTS_HZ, Phone, Segment, timing
from serkit.data.synth.population import DIMENSIONS, LABELS, SPEAKERS, SPREAD, Parameters, Speaker, means
from serkit.errors import UnknownNameError, UserError
from serkit.kernels.jit.voice import tilt_pole_of, voice

Array = NDArray[np.float64]

SAMPLE_RATE = 16000
SEED = 20261
"""Seed of the corpus that ``write`` makes."""

FRAME_S = 0.010
"""Hop of the true tracks: frame i is the instant ``i * FRAME_S``."""

_HOP = 40  # samples a control frame (2.5 ms): short enough for a burst of 12 ms
_STEP = int(FRAME_S * SAMPLE_RATE) // _HOP
_TILT_AT_HZ = 3000.0
_FLOOR_DB = -75.0  # a quiet room: digital zeros would be a cue that no recording has
_CYCLES = 2048  # more glottal cycles than 2.5 s at 600 Hz have


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Synthesised:
    """An utterance and the truth about it.

    ``waveform`` is float32 ``[T]`` in [-1, 1], exactly the 16-bit samples of the corpus's file. The tracks have
    ``F = 1 + (T - 1) // 160`` frames, frame i being the instant 10 ms * i: ``f0`` float64 ``[F]`` in Hz, 0 where
    unvoiced (the contour; the periods of the waveform scatter around it by ``parameters.jitter``), ``formants``
    float64 ``[F, 3]`` in Hz (F1 to F3 of the tract, silence included), ``voicing`` bool ``[F]``. ``segments`` are
    the phonemes in order, from 0 to the end. ``seconds`` is T / sample_rate.
    """

    waveform: NDArray[np.float32]
    sample_rate: int
    f0: Array
    formants: Array
    voicing: NDArray[np.bool_]
    segments: tuple[Segment, ...]
    parameters: Parameters

    @property
    def seconds(self) -> float:
        """Length of the waveform."""
        return len(self.waveform) / self.sample_rate


def utterance(speaker: int, emotion: str, sentence: int, take: int = 0, seed: int = SEED) -> Synthesised:
    """Synthesise one utterance; the same arguments always give the same samples.

    ``speaker`` is an index into ``SPEAKERS``, ``emotion`` one of ``LABELS``, ``sentence`` an index into ``SENTENCES``,
    ``take`` >= 0 counts independent renderings. Raises UserError (UnknownNameError for the emotion) for others.
    """
    _check("speaker", speaker, len(SPEAKERS))
    _check("sentence", sentence, len(SENTENCES))
    if emotion not in LABELS:
        raise UnknownNameError("emotion of the synthetic corpus", emotion, LABELS)
    if take < 0 or seed < 0:
        raise UserError(f"take and seed of a synthetic utterance must be 0 or more, not {take} and {seed}.")
    e = LABELS.index(emotion)
    # a stream of its own for every utterance: none depends on which others were made before
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, speaker, e, sentence, take])))
    vector = means()[speaker, e] + SPREAD * rng.standard_normal(len(DIMENSIONS))
    return _render(SPEAKERS[speaker], Parameters.from_vector(vector), sentence, rng)


def _check(kind: str, index: int, count: int) -> None:
    if not 0 <= index < count:
        raise UserError(f"The synthetic corpus has {kind}s 0 to {count - 1}, not {index}.")


def _render(speaker: Speaker, p: Parameters, sentence: int, rng: np.random.Generator) -> Synthesised:
    segments = timing(sentence, p.tempo, rng)
    n = round(segments[-1].end * SAMPLE_RATE)
    owner = _owners(segments, n)
    formants = _formant_track(segments, owner) * speaker.tract
    bandwidths = np.array(BANDWIDTHS_HZ) * _smooth(_track(segments, owner, "damping"), 11)[:, None]
    voicing = _smooth(_voicing_track(segments, owner, rng), 9)
    f0 = p.f0_hz * 2.0 ** (p.f0_range_st * _contour(segments, voicing, rng) / 12.0)
    noise = rng.standard_normal((3, n))
    raw = voice(
        f0, voicing, _smooth(_track(segments, owner, "aspiration"), 5) * 0.3 + speaker.breath * voicing,
        _smooth(_track(segments, owner, "frication"), 5) * 0.6, formants, bandwidths,
        _track(segments, owner, "noise_hz") * speaker.tract**0.5, _track(segments, owner, "noise_bandwidth_hz"),
        noise[:2], rng.standard_normal((2, _CYCLES)), hop=_HOP, sample_rate=SAMPLE_RATE,
        # a pressed voice closes early in the cycle and falls off less: both are the same muscles
        open_quotient=min(0.80, max(0.40, 0.45 + 0.015 * p.tilt_db)),
        tilt_pole=tilt_pole_of(max(0.1, p.tilt_db), _TILT_AT_HZ, SAMPLE_RATE), jitter=p.jitter, shimmer=p.shimmer,
    )  # fmt: skip
    voiced = np.repeat(is_voiced(voicing), _HOP)[:n]
    scaled = raw * (10.0 ** (p.intensity_db / 20.0) / math.sqrt(float(np.mean(raw[voiced] ** 2))))
    scaled += 10.0 ** (_FLOOR_DB / 20.0) * noise[2]
    # 16 bits here, not only in the file: what is learned in memory and from disk is then the same
    samples = np.clip(np.rint(scaled * 32768.0), -32768, 32767).astype(np.int16)
    frames = slice(0, ((n - 1) // (_HOP * _STEP)) * _STEP + 1, _STEP)
    true_voicing = is_voiced(voicing[frames])
    return Synthesised(
        waveform=samples.astype(np.float32) / np.float32(32768.0),
        sample_rate=SAMPLE_RATE,
        f0=np.where(true_voicing, f0[frames], 0.0),
        formants=np.ascontiguousarray(formants[frames, :3]),
        voicing=true_voicing,
        segments=tuple(segments),
        parameters=p,
    )


def is_voiced(amplitude: Array) -> NDArray[np.bool_]:
    """Where a voicing amplitude counts as voiced: 14 dB below a vowel's, under which noise and hum take over."""
    return amplitude > 0.2


def _owners(segments: list[Segment], n: int) -> NDArray[np.int64]:
    """Index of the segment that each control frame falls in, int64 ``[K]`` with ``K * _HOP >= n``."""
    times = np.arange(n // _HOP + 1) * (_HOP / SAMPLE_RATE)
    starts = np.array([s.start for s in segments])
    return np.searchsorted(starts, times, side="right") - 1


def _track(segments: list[Segment], owner: NDArray[np.int64], field: str) -> Array:
    """A constant a segment from the phoneme table; noise of a stop sounds in its burst only."""
    in_burst = ("aspiration", "frication")
    values = [0.0 if field in in_burst and _is_closure(s) else float(getattr(PHONES[s.base], field)) for s in segments]
    return np.array(values)[owner]


def _voicing_track(segments: list[Segment], owner: NDArray[np.int64], rng: np.random.Generator) -> Array:
    """Voicing amplitude: vowels scatter by 1.5 dB, and the voice loses 3 dB on the way to the end."""
    values = np.array([PHONES[s.base].voicing if s.voiced else 0.0 for s in segments])
    scatter = np.array([PHONES[s.base].vowel for s in segments]) * rng.standard_normal(len(segments))
    values *= 10.0 ** ((1.5 * scatter - 3.0 * np.arange(len(segments)) / len(segments)) / 20.0)
    return values[owner]


def _formant_track(segments: list[Segment], owner: NDArray[np.int64]) -> Array:
    """Formants ``[K, 5]`` in Hz of a tract of length 1: targets joined by transitions of about 50 ms."""
    k = np.arange(len(owner))
    targets = np.full((len(owner), 3), np.nan)
    for i, segment in enumerate(segments):
        inside = k[owner == i]
        if segment.base == PAUSE or not len(inside):
            continue
        phone: Phone = PHONES[segment.base]
        along = ((inside - inside[0]) / max(1, len(inside) - 1))[:, None]
        targets[inside] = (1.0 - along) * np.array(phone.formants) + along * np.array(phone.glide)
    # through a pause the tongue moves on from where it was to where it will be
    known = np.flatnonzero(~np.isnan(targets[:, 0]))
    moving = [_smooth(np.interp(k, known, targets[known, f]), 21) for f in range(3)]
    upper = [np.full(len(owner), hz) for hz in UPPER_FORMANTS_HZ]
    return np.stack(moving + upper, axis=1)


def _contour(segments: list[Segment], voicing: Array, rng: np.random.Generator) -> Array:
    """Shape of the F0 contour ``[K]``: mean 0 and standard deviation 1 over voiced frames, all within about 2.5.

    Declination, an accent of random height on each vowel, a rise to or fall from the last one.
    """
    times = np.arange(len(voicing)) * (_HOP / SAMPLE_RATE)
    end = segments[-1].start
    shape = -1.2 * times / end + rng.normal(-0.3, 0.6) * np.exp(-0.5 * ((times - end) / 0.12) ** 2)
    for segment in segments:
        if PHONES[segment.base].vowel:
            centre = 0.5 * (segment.start + segment.end)
            width = 0.45 * (segment.end - segment.start) + 0.02
            shape += rng.normal(0.5, 0.7) * np.exp(-0.5 * ((times - centre) / width) ** 2)
    weight = is_voiced(voicing)
    shape = (shape - shape[weight].mean()) / shape[weight].std()
    shape = np.tanh(shape / 2.0)  # without it a lone accent would leave the range of a voice
    centred: Array = (shape - shape[weight].mean()) / shape[weight].std()
    return centred


def _is_closure(segment: Segment) -> bool:
    return PHONES[segment.base].burst > 0 and segment.phone == segment.base


def _smooth(track: Array, width: int) -> Array:
    """Zero-phase Hann smoothing of ``[K]`` over an odd ``width`` of control frames, edges held."""
    window = np.hanning(width + 2)[1:-1]
    padded = np.pad(track, width // 2, mode="edge")
    smoothed: Array = np.convolve(padded, window / window.sum(), mode="valid")
    return smoothed

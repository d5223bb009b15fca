"""The work "LM3": log-Mel, delta and delta-delta, 40 bands of 512-point spectra of 25 ms frames every 10 ms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from serkit.features import LogMelOptions
from serkit.kernels.reference import spectral as reference

Array = npt.NDArray[np.float64]
Signals = Sequence[npt.NDArray[np.float32]]

RATE, FRAME, HOP, POINTS, BINS, BANDS = 16_000, 400, 160, 512, 257, 40
FLOOR = 1e-6

# Frames centred and reflected, so that most libraries can compute the very same numbers.
OPTIONS = LogMelOptions(
    framing="center", window="hamming-periodic", mel_scale="htk", mel_norm="none", floor=FLOOR, waveform="raw"
)

# float32 transforms err by 1e-7 of a frame's largest power; near the floor of 1e-6 that is 1e-4 of a band's
CLOSE = 1e-3
# other frames, window or filters: the same picture of the same speech, a few frames earlier or later
ALIKE = 0.9


def window() -> Array:
    """Window of a frame, ``[400]``."""
    return reference.window(OPTIONS.window, FRAME)


def filters() -> Array:
    """Mel filters, ``[40, 257]``."""
    return reference.mel_filters(OPTIONS.parameters())


def truth(signals: Signals) -> list[Array]:
    """LM3 in float64, ``[frames, 40, 3]`` of each signal."""
    return [reference.spectral(x, OPTIONS.parameters()) for x in signals]


def power(signals: Signals) -> list[Array]:
    """Power spectra in float64, ``[frames, 257]`` of each signal."""
    p = OPTIONS.parameters()
    return [reference.bin_power(x, p) for x in signals]


@cache
def window_in_points() -> npt.NDArray[np.float32]:
    """The window in the middle of 512 zeros, float32, for libraries that window whole transforms."""
    whole = np.zeros(POINTS, np.float32)
    whole[(POINTS - FRAME) // 2 : (POINTS + FRAME) // 2] = window()
    return whole


def assert_close(answers: Sequence[npt.ArrayLike], truths: Sequence[Array]) -> None:
    """The definition itself: same shape, every number within ``CLOSE``."""
    for answer, wanted in zip(answers, truths, strict=True):
        got = np.asarray(answer)
        assert got.shape == wanted.shape
        assert np.abs(got - wanted).max() <= CLOSE


def assert_alike(answers: Sequence[npt.ArrayLike], truths: Sequence[Array]) -> None:
    """Another definition of the same thing: about as many frames, and static bands that move as the truth's do."""
    for answer, wanted in zip(answers, truths, strict=True):
        got = np.asarray(answer, dtype=np.float64)
        assert got.shape[1:] == wanted.shape[1:]
        assert abs(len(got) - len(wanted)) <= 4
        assert np.isfinite(got).all()
    a, b = (np.concatenate([_moving(x[:, :, 0]) for x in side]) for side in _cut(answers, truths))
    found = max(_correlation(a, np.roll(b, lag, axis=0)) for lag in range(-3, 4))
    assert found >= ALIKE, f"correlation {found:.3f} with the definition"


def _cut(answers: Sequence[npt.ArrayLike], truths: Sequence[Array]) -> tuple[list[Array], list[Array]]:
    counts = [min(len(np.asarray(a)), len(t)) for a, t in zip(answers, truths, strict=True)]
    cut = [[np.asarray(x, dtype=np.float64)[:n] for x, n in zip(s, counts, strict=True)] for s in (answers, truths)]
    return cut[0], cut[1]


def _moving(rows: Array) -> Array:
    out: Array = rows - rows.mean(axis=0)
    return out


def _correlation(a: Array, b: Array) -> float:
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))

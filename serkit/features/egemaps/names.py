"""Names of the 88 functionals, those of the published set's release eGeMAPSv02, in its order, and the sample rate."""

from __future__ import annotations

from collections.abc import Iterator

RATE = 16_000
"""Sample rate in Hz of the waveforms."""
CONTOUR = ("amean", "stddevNorm")
"""Functionals of every contour: mean and coefficient of variation."""
COURSE = (
    *CONTOUR, "percentile20.0", "percentile50.0", "percentile80.0", "pctlrange0-2", "meanRisingSlope",
    "stddevRisingSlope", "meanFallingSlope", "stddevFallingSlope",
)  # fmt: skip
"""Functionals of F0 and loudness."""

WHOLE = ("spectralFlux", "mfcc1", "mfcc2", "mfcc3", "mfcc4")
"""Contours over all frames."""
VOICE = (
    "jitterLocal", "shimmerLocaldB", "HNRdBACF", "logRelF0-H1-H2", "logRelF0-H1-A3",
    "F1frequency", "F1bandwidth", "F1amplitudeLogRelF0",
    "F2frequency", "F2bandwidth", "F2amplitudeLogRelF0",
    "F3frequency", "F3bandwidth", "F3amplitudeLogRelF0",
)  # fmt: skip
"""Contours of voiced frames alone."""
BALANCE = ("alphaRatio", "hammarbergIndex", "slope0-500", "slope500-1500", "spectralFlux")
"""Contours of the spectrum that voiced and unvoiced frames have each for themselves."""
CEPSTRA = ("mfcc1", "mfcc2", "mfcc3", "mfcc4")
TIMES = (
    "loudnessPeaksPerSec", "VoicedSegmentsPerSec", "MeanVoicedSegmentLengthSec", "StddevVoicedSegmentLengthSec",
    "MeanUnvoicedSegmentLength", "StddevUnvoicedSegmentLength", "equivalentSoundLevel_dBp",
)  # fmt: skip


def _among(name: str, frames: str) -> str:
    """A contour's name with V or UV, which comes before the band of a slope."""
    return name.replace("slope", f"slope{frames}") if name.startswith("slope") else name + frames


def _columns() -> Iterator[str]:
    yield from (f"F0semitoneFrom27.5Hz_sma3nz_{f}" for f in COURSE)
    yield from (f"loudness_sma3_{f}" for f in COURSE)
    yield from (f"{c}_sma3_{f}" for c in WHOLE for f in CONTOUR)
    yield from (f"{c}_sma3nz_{f}" for c in VOICE for f in CONTOUR)
    yield from (f"{_among(c, 'V')}_sma3nz_{f}" for c in (*BALANCE, *CEPSTRA) for f in CONTOUR)
    yield from (f"{_among(c, 'UV')}_sma3nz_amean" for c in BALANCE)
    yield from TIMES


COLUMNS: tuple[str, ...] = tuple(_columns())

"""What a feature says of silence, of the shortest and the loudest, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np

from serkit.errors import AudioError, SerkitError
from serkit.testing.conformance.check import Failure, NotApplicable
from serkit.testing.conformance.features.subject import FeatureSubject, say_speech, speech

ODD_WORDS = (
    "a", "!", "...", "1984", "I\tam\nhere  ", "é e\u0301 ﬁ", "很 高兴", "🙂", "[LAUGHTER] yes", "x" * 2000, "no " * 600,
)  # fmt: skip


def check_silence(subject: FeatureSubject) -> None:
    """Of digital silence all values are finite (with ``undefined="zero"`` where there is such an option)."""
    n = subject.rate
    found = _not_finite(subject, np.zeros(n, np.float32), f"np.zeros({n}, np.float32)")
    if found:
        raise Failure(
            f"Of silence {found[0]}.",
            reproduce=found[1],
            cause="the logarithm of 0, or a division by the energy; put a floor below it. If NaN says that a value is "
            'undefined, have an option undefined that "zero" turns into 0.',
        )


def check_impulse(subject: FeatureSubject) -> None:
    """Of a single sample of 1 in silence all values are finite."""
    n = subject.rate
    for at in (n // 2, 0):
        x = np.zeros(n, np.float32)
        x[at] = 1
        found = _not_finite(subject, x, f"np.eye(1, {n}, {at}, dtype=np.float32)[0]")
        if found:
            raise Failure(
                f"Of an impulse {found[0]}.",
                reproduce=found[1],
                cause="frames that are all zeros, or zeros but for one sample: a variance or an energy of 0.",
            )


def check_full_scale(subject: FeatureSubject) -> None:
    """Of a square wave and of a constant at full scale all values are finite."""
    n = subject.rate
    square = np.where(np.arange(n) // 40 % 2, -1, 1).astype(np.float32)
    for what, x, words in (
        ("a square wave", square, f"np.where(np.arange({n}) // 40 % 2, -1, 1).astype(np.float32)"),
        ("a constant", np.ones(n, np.float32), f"np.ones({n}, np.float32)"),
    ):
        found = _not_finite(subject, x, words)
        if found:
            raise Failure(
                f"Of {what} at full scale {found[0]}.",
                reproduce=found[1],
                cause="an overflow, or a frame without any variance to divide by.",
            )


def check_short(subject: FeatureSubject) -> None:
    """A waveform of few samples has a result, or is refused by an AudioError of one sentence; nothing else."""
    rate = subject.rate
    for n in (1, 2, 3, 7, 16, 50, 160, 161, 400, 1000, round(0.1 * rate)):
        for x, words in (
            (speech(rate, 1.0)[:n], f"{say_speech(rate, 1.0)}[:{n}]"),
            (np.zeros(n, np.float32), f"np.zeros({n}, np.float32)"),
        ):
            try:
                subject.made(x.copy())
            except AudioError as error:
                if "\n" in str(error).strip() or len(str(error)) < 20:
                    raise Failure(
                        f"{n} samples are refused without a sentence: {str(error)!r}.",
                        reproduce=f"extractor({words}).",
                        cause="the message of another library is passed on; say how long the waveform is, how long it "
                        "must be, and what to do.",
                    ) from error
            except (Exception, SystemExit) as error:
                raise Failure(
                    f"{n} sample(s) raise {type(error).__name__}: {' '.join(str(error).split()).rstrip('.')}.",
                    reproduce=f"extractor({words}).",
                    cause="a frame is longer than the waveform; pad it, or raise serkit.errors.AudioError that says "
                    "how long a waveform must be.",
                ) from error


def check_refusals(subject: FeatureSubject) -> None:
    """What is no finite float32 waveform [T] is refused by a SerkitError: NaN, infinity, none, 2-D, other types."""
    x = speech(subject.rate, subject.seconds)
    n = len(x)
    nan, infinite = x.copy(), x.copy()
    nan[n // 2], infinite[n // 2] = np.nan, np.inf
    for what, given, words in (
        ("one NaN", nan, f"x = {say_speech(subject.rate, subject.seconds)}; x[{n // 2}] = np.nan; extractor(x)"),
        ("infinity", infinite, f"x = {say_speech(subject.rate, subject.seconds)}; x[{n // 2}] = np.inf; extractor(x)"),
        ("no samples", x[:0], "extractor(np.zeros(0, np.float32))"),
        ("two channels", np.stack([x, x]), f"extractor(np.zeros((2, {n}), np.float32))"),
        ("float64", x.astype(np.float64), f"extractor(np.zeros({n}))"),
        ("int16", (x * 32767).astype(np.int16), f"extractor(np.zeros({n}, np.int16))"),
    ):
        try:
            subject.made(given)
        except SerkitError:
            continue
        except (Exception, SystemExit) as error:
            ended = f"raise {type(error).__name__} ({' '.join(str(error).split())[:100]})"
        else:
            ended = "are taken without a word"
        raise Failure(
            f"Waveforms with {what} {ended}; an AudioError is due.",
            reproduce=f"{words}.",
            cause="the waveform is not checked; call serkit.features.check_waveform(waveform) first, which says "
            "what is wrong.",
        )


def check_odd_words(subject: FeatureSubject) -> None:
    """Odd words have finite float32 rows; an empty text has rows too, or is refused by a SerkitError."""
    if subject.source != "text":
        raise NotApplicable(f"the feature is made of {subject.source}")
    made = subject.made
    for text in ("", "  ", *ODD_WORDS):
        shown = repr(text if len(text) <= 40 else text[:40] + "...")
        try:
            rows = made(text)
        except SerkitError:
            if not text.strip():
                continue
            raise
        except Exception as error:
            raise Failure(
                f"The words {shown} raise {type(error).__name__}: {' '.join(str(error).split()).rstrip('.')}.",
                reproduce=f"extractor({shown}).",
                cause="no token is left, or there are more than the encoder has places for; cut long texts, and refuse "
                "empty ones by a SerkitError.",
            ) from error
        good = isinstance(rows, np.ndarray) and rows.dtype == np.float32 and rows.shape[1:] == tuple(made.shape)
        if not good or not len(rows) or not np.isfinite(rows).all():
            raise Failure(
                f"The words {shown} have {getattr(rows, 'dtype', type(rows).__name__)} "
                f"{list(getattr(rows, 'shape', ()))}, or values that are not finite.",
                reproduce=f"extractor({shown}).",
                cause="unknown words need a row as well, and a norm of 0 nothing to divide by.",
            )


def _not_finite(subject: FeatureSubject, second: Any, words: str) -> tuple[str, str] | None:
    """What of a waveform, a second tiled to what the feature takes, is not finite, and the call; None if all is."""
    times = max(1, round(subject.seconds))
    words = words if times == 1 else f"np.tile({words}, {times})"
    frames = np.asarray(subject.frames(np.tile(second, times), words, subject.finite))
    good = np.isfinite(frames)
    if good.all():
        return None
    at = [int(i) for i in np.argwhere(~good)[0]]
    bad = f"{int((~good).sum())} of {good.size} values are not finite, the first {frames[tuple(at)]} at {at}"
    return bad, f"extractor({words})."

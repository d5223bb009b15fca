"""The row of functionals of an utterance, and the contours it is made of."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pytest

from serkit.data import audio
from serkit.data.synth import utterance
from serkit.errors import AudioError, ConfigError
from serkit.features import (
    Extractor,
    Functionals,
    FunctionalsOptions,
    LogMel,
    LogMelOptions,
    Pitch,
    SpectralShape,
    SpectralShapeOptions,
    SpeechContours,
    SpeechFunctionals,
    SpeechFunctionalsOptions,
)

RATE = 16_000


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    return utterance(0, "happy", 1).waveform


def table(waveform: np.ndarray) -> dict[str, float]:
    extractor = SpeechFunctionals()
    return dict(zip(extractor.columns, extractor(waveform)[0].tolist(), strict=True))


def test_they_are_extractors(speech: np.ndarray) -> None:
    extractor = SpeechFunctionals()
    assert isinstance(extractor, Extractor)
    assert extractor.shape == (5540,)
    assert len(set(extractor.columns)) == 5540
    assert (extractor.sample_rate, extractor.hop_s, extractor.n_frames(len(speech))) == (RATE, 0.0, 1)
    row = extractor(speech)
    assert row.shape == (1, 5540)
    assert row.dtype == np.float32
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(extractor))(speech), row)
    for part in (SpeechContours(), SpectralShape()):
        assert isinstance(part, Extractor)
        assert part(speech).shape == (part.n_frames(len(speech)), len(part.columns))


def test_batch_and_threads_change_no_bit(speech: np.ndarray) -> None:
    waveforms = [speech[:9000], speech, utterance(3, "sad", 0).waveform, speech[:50]]
    for extractor in (SpeechFunctionals(), SpectralShape()):
        single = [extractor(w) for w in waveforms]
        for threads in (1, 3):
            for found, expected in zip(extractor.batch(waveforms[::-1], threads)[::-1], single, strict=True):
                np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("length", [1, 2, 160, 161, 4000])
def test_every_value_is_finite_for_any_audio(length: int) -> None:
    rng = np.random.default_rng(length)
    extractor = SpeechFunctionals()
    noise = rng.standard_normal(length).astype(np.float32)
    for waveform in (
        np.zeros(length, np.float32),
        np.ones(length, np.float32),
        0.1 * noise,
        np.float32(60_000.0) * np.sign(noise),
        np.float32(1e-30) * noise,
        np.where(np.arange(length) < length // 2, 0.0, 0.5 * noise).astype(np.float32),
    ):
        assert np.isfinite(extractor(waveform)).all()


def test_values_are_those_of_the_parts(speech: np.ndarray) -> None:
    found, pitch = table(speech), Pitch()(speech)
    voiced = pitch[:, 1] > 0
    # float32 of float64 sums over contours that are float32 themselves: a few steps of 6e-8
    assert found["voiced_share"] == pytest.approx(voiced.mean(), rel=1e-6)
    assert found["f0_mean"] == pytest.approx(np.mean(12 * np.log2(pitch[voiced, 0] / 27.5)), rel=1e-6)
    assert found["hnr_p50"] == pytest.approx(np.median(pitch[voiced, 2]), rel=1e-6)
    assert found["log_duration"] == pytest.approx(math.log(len(pitch) / 100), rel=1e-6)
    settings = LogMelOptions(n_mels=26, f_min=20.0, floor=1e-9, framing="center", waveform="raw", channels=("static",))
    bands = LogMel(settings)(speech)
    assert found["mel_3_std"] == pytest.approx(bands[:, 2, 0].std(), rel=1e-6)
    assert found["mel_3_voiced_mean"] == pytest.approx(bands[voiced, 2, 0].mean(), rel=1e-6)
    contour = SpeechContours()(speech)[:, [0]]
    functionals = Functionals(FunctionalsOptions(names=("slope", "mse", "peak_distance")))
    wanted = functionals(contour, np.array([0, len(contour)]))[0] * [100.0, 1.0, 0.01]
    assert found["mel_1_slope"] == pytest.approx(wanted[0], rel=1e-6)
    assert found["mel_1_line_error"] == pytest.approx(math.sqrt(wanted[1]), rel=1e-6)
    assert found["mel_1_peak_distance"] == pytest.approx(wanted[2], rel=1e-6)


def test_a_rising_tone_between_pauses() -> None:
    """One second of a buzz that rises by an octave, half a second of near silence before and after."""
    t = np.arange(RATE) / RATE
    phase = 2 * np.pi * 150 * (2**t - 1) / math.log(2)
    buzz = sum(np.sin(k * phase) / k for k in range(1, 15))
    hiss = 1e-4 * np.random.default_rng(0).standard_normal(2 * RATE)
    hiss[RATE // 2 : -RATE // 2] += 0.2 * buzz
    found = table(hiss.astype(np.float32))
    # 12 semitones a second; windows of 40 to 60 ms reach over the ends of the tone
    assert found["f0_slope"] == pytest.approx(12.0, abs=0.3)
    assert found["f0_delta_p50"] == pytest.approx(12.0, abs=0.3)
    assert found["f0_mean"] == pytest.approx(12 * math.log2(150 / 27.5) + 6, abs=0.2)
    assert found["f0_rising"] == pytest.approx(1.0, abs=0.05)
    assert found["voiced_mean"] == found["voiced_max"] == pytest.approx(1.0, abs=0.06)
    # frames of the energy are 25 ms long
    assert found["pause_mean"] == pytest.approx(0.5, abs=0.03)
    assert found["pause_rate"] == pytest.approx(1.0, abs=0.01)  # two in 2.01 s of frames
    assert found["speech_share"] == pytest.approx(0.5, abs=0.02)
    assert found["log_energy_centroid"] == pytest.approx(0.5, abs=0.02)


def test_whisper_has_no_voice_and_says_so() -> None:
    found = table(0.1 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32))
    assert found["voiced_share"] == 0.0
    assert found["f0_mean"] == found["mel_1_voiced_mean"] == 0.0
    assert found["spectral_entropy_mean"] > 0.9


def test_parts_are_chosen(speech: np.ndarray) -> None:
    whole = SpeechFunctionals()
    for parts in (("timing",), ("static", "voiced"), ("delta",)):
        some = SpeechFunctionals(SpeechFunctionalsOptions(parts=parts))
        keep = [whole.columns.index(c) for c in some.columns]
        np.testing.assert_array_equal(some(speech), whole(speech)[:, keep])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: SpeechFunctionals(SpeechFunctionalsOptions(parts=("delta", "static"))), "in the order static, delta"),
        (lambda: SpeechFunctionals(SpeechFunctionalsOptions(parts=("f0",))), "parts"),  # type: ignore[arg-type]
        (lambda: SpectralShape(SpectralShapeOptions(sample_rate=48_000, n_fft=256)), "raise n_fft"),
        (lambda: SpectralShape(SpectralShapeOptions(sample_rate=8000)), "sample_rate"),
    ],
)
def test_options_that_cannot_be_are_refused(make: object, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        make()  # type: ignore[operator]


def test_bad_audio_is_refused() -> None:
    with pytest.raises(AudioError, match="empty"):
        SpeechFunctionals()(np.empty(0, np.float32))


@pytest.mark.real_data
def test_real_speech_has_values_that_speech_has(real_data: Path) -> None:
    found = table(audio.read(real_data / "emodb" / "wav" / "03a01Nc.wav", sample_rate=RATE))
    assert 22 < found["f0_mean"] < 31  # a man of 31, neutral: 98 to 165 Hz
    assert 0.3 < found["voiced_share"] < 0.9
    assert 300 < found["f1_p50"] < 700 < found["f2_p50"] < 2200 < found["f3_p50"] < 3300
    assert 5 < found["hnr_mean"] < 25

"""The 30 numbers a frame of the DNN-ELM."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from serkit.errors import ConfigError
from serkit.features import MFCC, Delta, MFCCOptions
from serkit_plugins.features.mfcc_pitch import MfccPitch, MfccPitchOptions

RATE = 16_000


def buzz(f0: float, seconds: float = 0.5, rate: int = RATE) -> np.ndarray:
    t = np.arange(round(seconds * rate)) / rate
    return (0.1 * sum(np.sin(2 * np.pi * f0 * k * t) / k for k in range(1, 11))).astype(np.float32)


@pytest.mark.parametrize("f0", [100.0, 160.0, 320.0])
def test_the_period_of_a_buzz_and_its_high_ratio(f0: float) -> None:
    frames = MfccPitch()(buzz(f0))
    inner = frames[10:-10]
    assert frames.shape == (51, 30)
    # 0.5 %: the peak of the autocorrelation is interpolated between lags of 1/16 ms
    np.testing.assert_allclose(inner[:, 13], 1000 / f0, rtol=5e-3)
    assert inner[:, 14].min() > 20.0
    assert np.abs(inner[:, 28]).max() < 0.05  # a steady period has no delta, up to that interpolation


def test_cepstra_and_deltas_are_those_of_the_core() -> None:
    wave = buzz(140.0) + 0.01 * np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    frames = MfccPitch()(wave)
    options = MFCCOptions(framing="center", first_cepstrum=0, n_cepstra=13, energy="none", channels=("static",))
    assert np.array_equal(frames[:, :13], MFCC(options)(wave)[:, :, 0])
    assert np.array_equal(frames[:, 15:], Delta()(np.ascontiguousarray(frames[:, :15])))


def test_without_a_period_there_is_the_floor() -> None:
    silence = np.zeros(RATE, np.float32)
    for voicing in ("all", "voiced"):
        frames = MfccPitch(MfccPitchOptions(voicing=voicing, hnr_floor=-15.0))(silence)
        assert np.isfinite(frames).all()
        assert (frames[:, 13] == 0).all()
        assert (frames[:, 14] == -15.0).all()


def test_every_frame_is_asked_for_a_period_unless_only_voiced_ones_are() -> None:
    noise = (0.1 * np.random.default_rng(0).standard_normal(RATE)).astype(np.float32)
    every = MfccPitch()(noise)[:, 13] > 0
    voiced = MfccPitch(MfccPitchOptions(voicing="voiced"))(noise)[:, 13] > 0
    assert every.mean() > 0.9
    assert voiced.mean() < 0.3


def test_other_rates_and_pickles() -> None:
    options = MfccPitchOptions(sample_rate=8000, hop_ms=5.0, n_cepstra=6)
    extractor = pickle.loads(pickle.dumps(MfccPitch(options)))
    assert extractor.options == options
    frames = extractor(buzz(200.0, rate=8000))
    assert frames.shape == (extractor.n_frames(4000), 16)
    np.testing.assert_allclose(frames[20:-20, 6], 5.0, rtol=1e-2)  # 1 %: lags are twice as far apart


def test_without_their_mean_cepstra_do_not_know_the_level() -> None:
    wave = buzz(140.0) + 0.01 * np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    wave[4000:] *= np.float32(0.01)  # the quieter half
    extractor = MfccPitch(MfccPitchOptions(cepstral_mean="removed"))
    loud, quiet = extractor(wave), extractor(wave * np.float32(0.25))
    # 1e-3: logarithms of float32 powers of two waveforms that were rounded apart
    np.testing.assert_allclose(loud[:, :13], quiet[:, :13], atol=1e-3)
    assert np.abs(loud[:24, :13].mean(0)).max() < 1  # the mean is that of the loud half (two frames less), not of all
    assert MfccPitch()(wave)[:24, 0].mean() < loud[:24, 0].mean() - 1


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="hnr_floor"):
        MfccPitch(MfccPitchOptions(hnr_floor=-61.0))

"""The descriptors of He, Ren and He on signals whose pitch, spectrum and silence are known."""

from __future__ import annotations

import numpy as np
import pytest

from serkit.errors import ConfigError
from serkit.kernels.reference.functionals import INTERSPEECH_2009
from serkit_plugins.features.he_lld import COLUMNS, HeFunctionals, HeLld, HeLldOptions

RATE = 16_000
F0 = 125.0  # the fourth bin of 31.25 Hz, and every fourth after it


def buzz_then_noise() -> np.ndarray:
    """A second of a buzz at 125 Hz, then a second of noise."""
    t = np.arange(RATE) / RATE
    buzz = sum(np.sin(2 * np.pi * F0 * k * t) for k in range(1, 20)) / 40
    noise = np.random.default_rng(0).standard_normal(RATE) * 0.1
    return np.concatenate([buzz, noise]).astype(np.float32)


def test_two_hundred_and_seventy_five_columns_each_named_once() -> None:
    assert len(COLUMNS) == len(set(COLUMNS)) == 275 == HeLld().shape[0]


def test_columns_hold_what_they_are_named_after() -> None:
    x = HeLld()(buzz_then_noise())
    assert x.shape == (201, 275)
    of = {name: x[:, k] for k, name in enumerate(COLUMNS)}
    voiced, unvoiced = slice(10, 90), slice(115, 195)
    # 1 Hz: the candidate's lag is interpolated between samples, 1 Hz apart at 125 Hz
    np.testing.assert_allclose(of["f0"][voiced], F0, atol=1.0)
    for name in ("f0", "f1", "f2", "f3"):
        assert not of[name][unvoiced].any(), name
    assert (np.diff(np.stack([of["f1"], of["f2"], of["f3"]])[:, voiced], axis=0) > 0).all()
    # white noise changes sign at every second sample; 0.02: four deviations of the mean of 80 frames that share half
    np.testing.assert_allclose(of["zero_crossing_rate"][unvoiced].mean(), 0.5, atol=0.02)
    # the mean square of the noise is 0.01; 0.2 is four deviations of the mean of 320 squares, over their mean
    np.testing.assert_allclose(of["log_energy"][unvoiced], np.log(0.01), atol=4 * np.sqrt(2 / 320))


def test_a_tone_has_its_magnitude_in_its_own_bin() -> None:
    tone = (0.25 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)).astype(np.float32)
    x = HeLld()(tone)[5:-5]
    assert {COLUMNS[k] for k in x[:, :256].argmax(axis=1)} == {"bin32"}
    # half the amplitude times the sum of a Hamming window of 320; 1 %: what the line at -1000 Hz leaks there
    np.testing.assert_allclose(x[:, 31], 0.125 * np.hamming(320).sum(), rtol=0.01)
    # two crossings a period of 16 samples; a frame of 320 may begin on one
    np.testing.assert_allclose(x[:, COLUMNS.index("zero_crossing_rate")], 0.125, atol=1 / 319)


def test_cepstrum_zero_moves_with_gain_and_the_others_do_not() -> None:
    wave = buzz_then_noise()
    a, b = (HeLld()(w)[115:195] for w in (wave, (0.5 * wave).astype(np.float32)))
    first = COLUMNS.index("mfcc0")
    # power falls by 2 ln 2 in each of 26 bands, whose orthonormal DCT has sqrt(26) of it; 1e-3: logarithms in float32
    np.testing.assert_allclose(a[:, first] - b[:, first], 2 * np.log(2) * np.sqrt(26), atol=1e-3)
    np.testing.assert_allclose(a[:, first + 1 :], b[:, first + 1 :], atol=1e-3)


@pytest.mark.parametrize("samples", [1, 159, 160, 320, 1000])
def test_short_waveforms_have_finite_frames(samples: int) -> None:
    wave = buzz_then_noise()[:samples]
    x = HeLld()(wave)
    assert x.shape == (1 + samples // 160, 275)
    assert np.isfinite(x).all()


def test_silence_is_finite_and_unvoiced() -> None:
    x = HeLld()(np.zeros(RATE, np.float32))
    assert np.isfinite(x).all()
    assert not x[:, :260].any()


def test_functionals_are_those_of_the_frames() -> None:
    extractor, wave = HeFunctionals(), buzz_then_noise()
    row, frames = extractor(wave), HeLld()(wave).astype(np.float64)
    assert row.shape == (1, 3300)
    table = row.reshape(275, len(INTERSPEECH_2009))
    # 1e-5 relative: computed in double, kept in float32; 1e-6: means of what is 0 nearly everywhere
    np.testing.assert_allclose(table[:, INTERSPEECH_2009.index("mean")], frames.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(table[:, INTERSPEECH_2009.index("max")], frames.max(0), rtol=1e-5)
    assert extractor.columns[12 * 256] == f"f0_{INTERSPEECH_2009[0]}"


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="f0_min"):
        HeLld(HeLldOptions(f0_min=10.0))
    with pytest.raises(ConfigError, match="f0_min=400 and f0_max=300 do not fit"):
        HeFunctionals(HeLldOptions(f0_min=400.0, f0_max=300.0))

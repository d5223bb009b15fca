from __future__ import annotations

import numpy as np
import pytest

from serkit.data.perturb import PINK_FROM_HZ, add_noise, amplify, change_speed

RATE = 16000


def tone(hertz: float, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)


def decibels(a: np.ndarray, b: np.ndarray) -> float:
    return 10 * np.log10(np.mean(np.square(a, dtype=np.float64)) / np.mean(np.square(b, dtype=np.float64)))


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_speed_changes_length_and_pitch_together(factor: float) -> None:
    out = change_speed(tone(400), factor, RATE)
    assert out.dtype == np.float32
    assert abs(len(out) - RATE / factor) <= 1
    peak = np.argmax(np.abs(np.fft.rfft(out))) * RATE / len(out)
    assert abs(peak - 400 * factor) <= RATE / len(out)  # one bin
    # 0.2 dB: the resampler's filter rings at both ends of the tone; else it keeps the level
    assert decibels(out, tone(400)) == pytest.approx(0.0, abs=0.2)


def test_speed_one_and_a_single_sample_stay() -> None:
    x = tone(400)
    assert change_speed(x, 1.0, RATE) is x
    assert len(change_speed(x[:1], 2.0, RATE)) == 1


@pytest.mark.parametrize("colour", ["white", "pink"])
@pytest.mark.parametrize("snr", [-5.0, 20.0])
def test_noise_has_the_ratio_that_was_asked_for(colour: str, snr: float) -> None:
    x = 0.1 * tone(300, 1.3)
    out = add_noise(x, snr, colour, np.random.default_rng(0), RATE)  # type: ignore[arg-type]
    assert out.dtype == np.float32
    assert out.shape == x.shape
    # 0.01 dB: the sum is rounded to float32, and the ratio is set over all samples
    assert decibels(x, out - x) == pytest.approx(snr, abs=0.01)


def test_pink_noise_has_as_much_power_in_every_octave() -> None:
    silence = tone(50, 8.0) * np.float32(1e-3)

    def octave(colour: str, low: float) -> float:
        noise = add_noise(silence, -60.0, colour, np.random.default_rng(1), RATE) - silence  # type: ignore[arg-type]
        power, at = np.abs(np.fft.rfft(noise)) ** 2, np.fft.rfftfreq(len(noise), 1 / RATE)
        return 10 * np.log10(power[(at >= low) & (at < 2 * low)].sum())

    # 0.5 dB: the lower octave has 2,000 bins, so its power deviates by about 2 %
    assert octave("pink", 2000) - octave("pink", 250) == pytest.approx(0.0, abs=0.5)
    assert octave("white", 2000) - octave("white", 250) == pytest.approx(10 * np.log10(8), abs=0.5)
    # flat below: 5 to 10 Hz has a quarter of the width of 20 to 40 Hz at no more density; chance adds up to 2 dB
    assert octave("pink", PINK_FROM_HZ / 4) < octave("pink", PINK_FROM_HZ) - 2


def test_silence_gets_no_noise_and_levels_are_decibels() -> None:
    silence = np.zeros(100, np.float32)
    assert add_noise(silence, 10.0, "white", np.random.default_rng(0), RATE) is silence
    np.testing.assert_array_equal(amplify(tone(100), 20.0), tone(100) * np.float32(10))

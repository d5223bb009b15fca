"""The 88 numbers: shape, names, bits, values of sounds whose values are known, and finite ones for any sound."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serkit.data.synth import utterance
from serkit.errors import AudioError, ConfigError
from serkit.features import Egemaps, EgemapsOptions, Extractor
from serkit.features.egemaps.names import COLUMNS

EGEMAPS = Egemaps()
SPEECH = [utterance(s, e, s).waveform for s, e in enumerate(("angry", "sad", "happy"))]


def values(x: np.ndarray, extractor: Egemaps = EGEMAPS) -> dict[str, float]:
    return dict(zip(COLUMNS, extractor(x.astype(np.float32))[0].tolist(), strict=True))


def test_it_is_an_extractor_of_one_row() -> None:
    assert isinstance(EGEMAPS, Extractor)
    assert EGEMAPS.shape == (88,)
    assert (EGEMAPS.n_frames(1), EGEMAPS.n_frames(10**6), EGEMAPS.hop_s, EGEMAPS.sample_rate) == (1, 1, 0.0, 16000)
    row = EGEMAPS(SPEECH[0])
    assert (row.shape, row.dtype) == ((1, 88), np.float32)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(EGEMAPS))(SPEECH[0]), row)


def test_there_are_88_names() -> None:
    assert EGEMAPS.columns == COLUMNS
    assert len(set(COLUMNS)) == 88
    # one of each group, with the places the release has them in
    for place, name in {
        0: "F0semitoneFrom27.5Hz_sma3nz_amean", 19: "loudness_sma3_stddevFallingSlope", 20: "spectralFlux_sma3_amean",
        30: "jitterLocal_sma3nz_amean", 57: "F3amplitudeLogRelF0_sma3nz_stddevNorm", 62: "slopeV0-500_sma3nz_amean",
        80: "spectralFluxUV_sma3nz_amean", 87: "equivalentSoundLevel_dBp",
    }.items():  # fmt: skip
        assert COLUMNS[place] == name


def test_batch_threads_and_strides_change_no_bit() -> None:
    single = [EGEMAPS(w) for w in SPEECH]
    for threads in (1, 2, 5):
        for found, expected in zip(EGEMAPS.batch(SPEECH[::-1], threads)[::-1], single, strict=True):
            np.testing.assert_array_equal(found, expected)
    rows, offsets = EGEMAPS.packed(SPEECH, 2)
    np.testing.assert_array_equal(rows, np.concatenate(single))
    assert offsets.tolist() == [0, 1, 2, 3]
    doubled = np.repeat(SPEECH[0], 2)[::2]
    np.testing.assert_array_equal(EGEMAPS(doubled), single[0])


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(1, 6000),
    kind=st.sampled_from(["silence", "constant", "noise", "pulses", "faint", "loud", "speech", "half"]),
)
def test_any_sound_has_finite_values(n: int, kind: str) -> None:
    noise = np.random.default_rng(n).standard_normal(n)
    x = {
        "silence": np.zeros(n), "constant": np.full(n, 0.5), "noise": 0.1 * noise,
        "pulses": (np.arange(n) % 97 == 0).astype(float), "faint": 1e-30 * noise, "loud": 1e4 * noise,
        "speech": np.resize(SPEECH[0], n), "half": np.where(np.arange(n) < n // 2, 0.0, noise),
    }[kind]  # fmt: skip
    row = EGEMAPS(x.astype(np.float32))
    assert np.isfinite(row).all()
    # the variation is bounded by 1e4, and samples in [-1, 1] make nothing larger
    assert kind == "loud" or np.abs(row).max() <= 1e4


def test_silence_has_its_documented_values() -> None:
    found = values(np.zeros(16000))
    unvoiced_s = found.pop("MeanUnvoicedSegmentLength")
    assert unvoiced_s == pytest.approx(1.01)  # 101 frames
    assert found.pop("equivalentSoundLevel_dBp") == -100.0
    # the power of every bin stands at the floor: 129 bins above 1 kHz, 31 from 62.5 Hz to it
    assert found.pop("alphaRatioUV_sma3nz_amean") == pytest.approx(10 * np.log10(128 / 31), abs=0.05)
    # cepstra of equal bands are 0 but for rounding
    cepstra = [found.pop(c) for c in COLUMNS if c.startswith("mfcc")]
    assert np.abs(cepstra[::2]).max() < 1e-4
    assert {c: v for c, v in found.items() if v != 0.0} == {}


def test_noise_has_no_voice_and_a_vowel_nothing_else() -> None:
    noise = values(0.1 * np.random.default_rng(1).standard_normal(16000))
    assert noise["VoicedSegmentsPerSec"] == 0.0
    voice = [noise[c] for c in COLUMNS if c.startswith(("F0", "F1", "F2", "F3", "jitter", "HNR", "logRel"))]
    assert voice == [0.0] * 36
    assert noise["hammarbergIndexUV_sma3nz_amean"] != 0.0
    # cosines of 100 samples a period over 160 periods: reflected at its ends the tone goes on
    t = np.arange(16001) / 16000
    tone = values(0.1 * sum(np.cos(2 * np.pi * k * 160.0 * t) / k for k in range(1, 30)))
    assert [tone[c] for c in COLUMNS if "UV" in c or "Unvoiced" in c] == [0.0] * 7
    assert tone["F0semitoneFrom27.5Hz_sma3nz_amean"] == pytest.approx(12 * np.log2(160 / 27.5), abs=0.05)  # 5 cents
    assert tone["MeanVoicedSegmentLengthSec"] == pytest.approx(1.01)
    assert tone["jitterLocal_sma3nz_amean"] < 1e-3
    # 6 dB an octave: 2 F0 over 3 F0 is 20 log10(3 / 2); a bin off the centre of a harmonic loses up to 1.2 dB
    assert tone["logRelF0-H1-H2_sma3nz_amean"] == pytest.approx(20 * np.log10(1.5), abs=1.2)


def test_twice_as_loud_changes_levels_only() -> None:
    quiet, loud = values(SPEECH[1] / 2), values(SPEECH[1])
    assert loud["equivalentSoundLevel_dBp"] - quiet["equivalentSoundLevel_dBp"] == pytest.approx(6.0206, abs=1e-4)
    for name in COLUMNS:
        if name.startswith("loudness_") and "stddevNorm" not in name:
            assert loud[name] == pytest.approx(quiet[name] * 4**0.33, rel=1e-4)  # power to the 0.33
        elif name.startswith("spectralFlux") and name.endswith("amean"):
            assert loud[name] == pytest.approx(2 * quiet[name], rel=1e-4)
        elif name != "equivalentSoundLevel_dBp":
            # float32 spectra, and a floor that only silence between words can meet
            assert loud[name] == pytest.approx(quiet[name], rel=2e-3, abs=2e-3), name


def test_timing_is_that_of_the_sound() -> None:
    t = np.arange(4800) / 16000
    vowel = 0.2 * sum(np.sin(2 * np.pi * k * 200.0 * t) / k for k in range(1, 20)) * np.hanning(4800)
    pause = 1e-4 * np.random.default_rng(0).standard_normal(3200)
    found = values(np.concatenate([pause, vowel, pause, vowel, pause, vowel, pause]))
    seconds = (3 * 4800 + 4 * 3200) / 16000
    assert found["loudnessPeaksPerSec"] == pytest.approx(3 / seconds, rel=1e-6)
    assert found["VoicedSegmentsPerSec"] == pytest.approx(3 / seconds, rel=1e-6)
    # frames of 60 ms hear a vowel half a frame beyond its ends at most
    assert 0.24 < found["MeanVoicedSegmentLengthSec"] < 0.37
    assert found["StddevVoicedSegmentLengthSec"] < 0.011  # a frame


def test_formants_are_the_tracts() -> None:
    made = utterance(3, "neutral", 4)
    found = values(made.waveform)
    for n in range(3):
        truth = made.formants[made.voicing, n].mean()
        # medians of the error of a frame are 16 to 30 Hz; voicing is not quite the same set of frames
        assert found[f"F{n + 1}frequency_sma3nz_amean"] == pytest.approx(truth, rel=0.06)


def test_the_widest_search_is_finite_too() -> None:
    widest = Egemaps(EgemapsOptions(f0_min=30.0, f0_max=2000.0, voicing_threshold=0.0))
    for x in (SPEECH[2], SPEECH[2][:700], np.random.default_rng(0).standard_normal(3000).astype(np.float32)):
        found = values(x, widest)
        assert np.isfinite(list(found.values())).all()
        # with a threshold of 0 what has any candidate is voiced
        assert found["MeanVoicedSegmentLengthSec"] > 0.0


def test_options_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="f0_min=400 and f0_max=300 leave no F0"):
        Egemaps(EgemapsOptions(f0_min=400.0, f0_max=300.0))
    with pytest.raises(ConfigError, match="voicing_threshold"):
        Egemaps(EgemapsOptions(voicing_threshold=1.5))
    with pytest.raises(AudioError, match="The waveform is empty"):
        EGEMAPS(np.zeros(0, np.float32))

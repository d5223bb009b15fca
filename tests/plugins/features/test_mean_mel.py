"""One loudness-like value a frame, against librosa and by hand."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from serkit.data import audio
from serkit.errors import AudioError
from serkit_plugins.datasets.ravdess import Ravdess, fills_gans
from serkit_plugins.features.mean_mel import MeanMel, MeanMelOptions

RATE = 44_100


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise whose level moves within 80 dB, so that top_db has something to raise."""
    rng = np.random.default_rng(seed)
    n = round(seconds * RATE)
    levels = 10 ** rng.uniform(-4, 0, max(1, round(8 * seconds)))
    envelope = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(levels)), levels)
    return (0.2 * rng.standard_normal(n) * envelope).astype(np.float32)


def by_librosa(wave: np.ndarray) -> np.ndarray:
    librosa = pytest.importorskip("librosa", reason="librosa, of the extra [peers], is not installed")
    part = wave[RATE // 2 : RATE // 2 + 3 * RATE]
    # the framing of the librosa of 2020: reflected at the ends
    power = librosa.feature.melspectrogram(y=part, sr=RATE, fmax=8000, pad_mode="reflect")
    return librosa.power_to_db(power).mean(axis=0)


@pytest.mark.parametrize("seconds", [4.2, 2.0])
def test_librosas_values_of_noise(seconds: float) -> None:
    wave = noise(seconds)
    got = MeanMel()(wave)
    # 1e-3 dB: librosa's FFT and ours are both single precision, 80 dB below the loudest frame
    np.testing.assert_allclose(got[:, 0], by_librosa(wave), atol=1e-3)
    assert got.shape == (MeanMel().n_frames(len(wave)), 1)


def test_librosas_values_of_speech(real_data: Path) -> None:
    folder = real_data / "ravdess"
    if not folder.is_dir():
        pytest.skip(f"no RAVDESS in {real_data}")
    corpus = Ravdess(subset="gans510").load(folder)
    extractor = MeanMel()
    for u in corpus.utterances[::40]:
        wave = audio.read(u.path, sample_rate=RATE)
        frames = extractor(wave)
        assert len(frames) == 259
        # 5e-3 dB: speech has bands without energy, at single precision's noise before top_db raises them
        np.testing.assert_allclose(frames[:, 0], by_librosa(wave), atol=5e-3)


def test_a_file_fills_three_seconds_as_the_loader_counts_it(real_data: Path) -> None:
    folder = real_data / "ravdess"
    if not folder.is_dir():
        pytest.skip(f"no RAVDESS in {real_data}")
    paths = [u.path for u in Ravdess().load(folder).utterances]
    extractor = MeanMel()
    for path in paths[::7]:
        n = round(audio.info(path).frames * RATE / audio.info(path).sample_rate)  # what the resampler gives
        assert (extractor.n_frames(n) >= 259) == fills_gans(path)


def test_known_levels() -> None:
    silence = MeanMel()(np.zeros(4 * RATE, np.float32))
    assert silence.shape == (259, 1)  # 1 + 132300 // 512
    np.testing.assert_allclose(silence, -100.0, atol=1e-4)  # 1e-4: ten times the logarithm of 1e-10 in float32
    steady = (0.2 * np.random.default_rng(0).standard_normal(4 * RATE)).astype(np.float32)
    # 20 dB in power; 1e-3: two waveforms rounded to single precision each
    np.testing.assert_allclose(MeanMel()(steady) - MeanMel()(steady * np.float32(0.1)), 20.0, atol=1e-3)


def test_what_ends_before_the_offset_is_a_frame_of_silence() -> None:
    extractor = MeanMel()
    np.testing.assert_allclose(extractor(noise(0.4)), [[-100.0]], atol=1e-4)  # the logarithm in float32
    assert extractor.n_frames(round(0.4 * RATE)) == 1
    assert len(MeanMel(MeanMelOptions(offset_s=0.0))(noise(0.4))) == 1 + round(0.4 * RATE) // 512


def test_samples_before_the_offset_are_checked_too() -> None:
    wave = noise(1.0)
    wave[10] = np.nan
    with pytest.raises(AudioError, match="at sample 10"):
        MeanMel()(wave)


def test_pickles_and_other_settings() -> None:
    options = MeanMelOptions(sample_rate=16_000, n_fft=512, hop=160, n_mels=40, offset_s=0.0, duration_s=1.0)
    extractor = pickle.loads(pickle.dumps(MeanMel(options)))
    assert extractor.options == options
    assert extractor(np.ones(20_000, np.float32)).shape == (101, 1)
    assert extractor.hop_s == pytest.approx(0.01)

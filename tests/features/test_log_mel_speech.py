"""Real speech: log-Mel of EMO-DB against the float64 definition, python_speech_features and librosa."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from serkit.features import LogMel, LogMelOptions
from serkit.kernels.reference import spectral as reference

DATA = Path(os.environ.get("SERKIT_TEST_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")

EVERY = 12
"""One recording in so many, of all speakers and emotions; docs/numerics.md has the figures of all 535."""


@pytest.fixture(scope="module")
def speech() -> list[np.ndarray]:
    files = sorted((DATA / "emodb" / "wav").glob("*.wav"))[::EVERY]
    if not files:
        pytest.skip("EMO-DB is not there; SERKIT_TEST_DATA names the folder that holds emodb/wav")
    return [soundfile.read(path, dtype="float32")[0] for path in files]


@pytest.mark.real_data
@pytest.mark.parametrize("preset", ["default", "psf", "chen_reference"])
def test_log_mel_is_within_2e_4_of_float64(speech: list[np.ndarray], preset: str) -> None:
    log_mel = LogMel(LogMelOptions() if preset == "default" else LogMelOptions.preset(preset))
    for x, features in zip(speech, log_mel.batch(speech), strict=True):
        # what issue 2 demands; it is reached where a band is some 70 dB below the loudest bin of its frame, whose
        # float32 rounding then shows
        assert np.abs(features - reference.spectral(x, log_mel.options.parameters())).max() <= 2e-4


@pytest.mark.real_data
@pytest.mark.parametrize("preset", ["psf", "chen_reference"])
def test_presets_agree_with_python_speech_features(speech: list[np.ndarray], preset: str) -> None:
    psf = pytest.importorskip("python_speech_features", reason="python_speech_features is not installed")
    log_mel = LogMel(LogMelOptions.preset(preset))
    for x, features in zip(speech, log_mel.batch(speech), strict=True):
        rows = psf.logfbank(x.astype(np.float64) * 32768, 16000, nfilt=log_mel.options.n_mels)
        first = psf.delta(rows, 2)
        # it computes in float64: the whole difference is that to our own definition, bounded as above
        assert np.abs(features - np.stack([rows, first, psf.delta(first, 2)], axis=-1)).max() <= 2e-4


@pytest.mark.real_data
def test_the_librosa_preset_agrees_with_librosa(speech: list[np.ndarray]) -> None:
    librosa = pytest.importorskip("librosa", reason="librosa is not installed")
    options = LogMelOptions.preset("librosa", sample_rate=16000, frame_ms=128.0, hop_ms=32.0, channels=("static",))
    log_mel = LogMel(options)
    for x, features in zip(speech, log_mel.batch(speech), strict=True):
        power = librosa.feature.melspectrogram(y=x, sr=16000, n_fft=2048, hop_length=512, pad_mode="reflect").T
        # a raw waveform of 128 ms frames has bands nearer to the floor beside loud ones, and librosa computes in
        # float32 too; measured on all 535: 3.5e-4
        assert np.abs(features[..., 0] - np.log(np.maximum(power, 1e-10))).max() <= 1e-3

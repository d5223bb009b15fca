"""Log-Mel's own: defaults, standardised waveforms, presets; what it shares with others is in test_spectral.py."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from serkit.errors import ConfigError, UnknownNameError
from serkit.features import Extractor, LogMel, LogMelOptions
from serkit.kernels.reference import spectral as reference


def noise(n: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(n)).astype(np.float32)


def test_defaults_are_those_of_the_three_dimensional_systems() -> None:
    log_mel = LogMel()
    assert isinstance(log_mel, Extractor)
    assert log_mel.options == LogMelOptions()
    assert (log_mel.sample_rate, log_mel.shape, log_mel.hop_s) == (16000, (40, 3), 0.01)
    features = log_mel(noise(48000))
    assert features.shape == (299, 40, 3) == (log_mel.n_frames(48000), *log_mel.shape)
    assert features.dtype == np.float32
    assert features.flags.c_contiguous


def test_features_are_those_of_the_definition() -> None:
    log_mel, x = LogMel(), noise(16000)
    truth = reference.spectral(x, log_mel.options.parameters())
    # noise has no band far below the loudest, so that the relative error of the powers, 1e-5, is that of the logarithm
    assert np.abs(log_mel(x) - truth).max() <= 1e-5 + 4 * 2.0**-24 * np.abs(truth).max()


@pytest.mark.parametrize("value", [0.0, 0.25, -1.0, 1e-30, 0.1])
def test_a_constant_waveform_is_silence_when_standardised(value: float) -> None:
    x = np.full(1000, value, dtype=np.float32)
    assert np.array_equal(LogMel()(x), LogMel()(np.zeros(1000, dtype=np.float32)))
    assert LogMel(LogMelOptions(channels=("static",)))(x).max() == np.float32(np.log(1e-10))


@pytest.mark.parametrize("gain", [2.0**-20, 1.0, 2.0**10])
def test_standardised_features_do_not_depend_on_gain(gain: float) -> None:
    """Powers of two, since other gains round the samples themselves."""
    assert np.array_equal(LogMel()(noise(3000)), LogMel()(noise(3000) * np.float32(gain)))


def test_presets_are_the_libraries_defaults() -> None:
    librosa = LogMelOptions.preset("librosa")
    assert (librosa.frame_samples, librosa.hop_samples, librosa.parameters().f_max) == (2048, 512, 11025)
    assert LogMelOptions.preset("psf", n_mels=40) == LogMelOptions.preset("chen_reference")
    with pytest.raises(UnknownNameError, match="did you mean 'librosa'"):
        LogMelOptions.preset("librose")
    with pytest.raises(ConfigError, match="did you mean 'n_mels'"):
        LogMelOptions.preset("psf", n_mel=3)


def test_features_need_no_torch_and_their_package_is_light() -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'sklearn', 'matplotlib'): sys.modules[name] = None\n"
        "import serkit.features\n"
        "assert 'numpy' not in sys.modules and 'serkit._core' not in sys.modules\n"
        "import numpy as np\n"
        "from serkit.features import LogMel\n"
        "assert LogMel()(np.zeros(800, np.float32)).shape == (4, 40, 3)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr

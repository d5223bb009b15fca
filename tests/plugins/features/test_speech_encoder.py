from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from serkit.errors import AudioError, ConfigError, UserError
from serkit.nn.speech import SpeechEncoder
from serkit.testing.encoders import write_speech
from serkit_plugins.features.speech_encoder import SpeechStates, SpeechStatesOptions
from serkit_plugins.features.waveform import Waveform, WaveformOptions

pytestmark = pytest.mark.usefixtures("one_thread")

NOISE = (np.random.default_rng(0).standard_normal(999) * 0.1).astype(np.float32)


@pytest.fixture(scope="module")
def hubert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_speech(tmp_path_factory.mktemp("hubert"))


def states(folder: Path, **options: object) -> SpeechStates:
    return SpeechStates(SpeechStatesOptions(folder=str(folder), **options))  # type: ignore[arg-type]


def test_frames_and_shapes(hubert: Path) -> None:
    every, last = states(hubert), states(hubert, layers="one")
    assert (every.shape, last.shape, every.sample_rate, every.hop_s) == ((3, 16), (16,), 16_000, 20 / 16_000)
    frames = every(NOISE)
    assert (frames.dtype, frames.shape) == (np.float32, (every.n_frames(999), 3, 16))
    assert np.array_equal(last(NOISE), frames[:, 2])
    assert np.array_equal(states(hubert, layers="one", layer=1)(NOISE), frames[:, 1])
    assert np.array_equal(every.batch([NOISE, NOISE[:500]])[1], every(NOISE[:500]))
    assert every.fingerprint() == SpeechEncoder(hubert).fingerprint()


def test_blocks_are_means_of_frames(hubert: Path) -> None:
    frames, blocks = states(hubert)(NOISE), states(hubert, block=4)
    found = blocks(NOISE)
    assert len(frames) % 4  # the last block is a shorter one
    assert len(found) == blocks.n_frames(999) == -(-len(frames) // 4)
    # 1e-6: float32 means of four
    np.testing.assert_allclose(found[0], frames[:4].mean(0), atol=1e-6)
    np.testing.assert_allclose(found[-1], frames[len(frames) // 4 * 4 :].mean(0), atol=1e-6)


def test_half_precision_gives_other_values_near_by(hubert: Path) -> None:
    whole, half = states(hubert)(NOISE), states(hubert, precision="bf16")(NOISE)
    assert half.dtype == np.float32
    assert not np.array_equal(whole, half)
    # 0.9: untrained convolutions leave little above the floor of the norms, which then enlarge what rounding did
    assert np.corrcoef(whole.ravel(), half.ravel())[0, 1] > 0.9


def test_bad_options_and_waveforms(hubert: Path) -> None:
    with pytest.raises(UserError, match="No folder of a speech encoder is named"):
        SpeechStates()
    with pytest.raises(ConfigError, match="layer=7 is none of the encoder"):
        states(hubert, layer=7)
    with pytest.raises(AudioError):
        states(hubert)(NOISE[:0])


def test_the_waveform_is_what_it_is() -> None:
    extract = Waveform(WaveformOptions(sample_rate=8000))
    assert (extract.shape, extract.sample_rate, extract.hop_s, extract.n_frames(7)) == ((), 8000, 1 / 8000, 7)
    assert np.array_equal(extract(NOISE), NOISE)
    assert np.array_equal(extract.batch([NOISE])[0], NOISE)
    with pytest.raises(AudioError):
        extract(NOISE[:0])

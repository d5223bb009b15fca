from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from serkit.errors import UserError
from serkit.nn.heard import heard
from serkit.nn.speech import PREPROCESSOR, SpeechEncoder
from serkit.testing.encoders import SPEECH, write_bert, write_speech

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def hubert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_speech(tmp_path_factory.mktemp("hubert"), norm="layer")


@pytest.fixture
def copy(hubert: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(hubert, tmp_path / "copy"))


def say(folder: Path, **settings: object) -> None:
    path = folder / PREPROCESSOR
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))


@pytest.mark.parametrize("kind", SPEECH)
def test_hidden_states_of_each_kind(tmp_path: Path, kind: str) -> None:
    """As transformers itself computes them from what its own preprocessor makes of the waveform."""
    folder = write_speech(tmp_path / kind, kind, norm="layer")
    encoder = SpeechEncoder(folder)
    waveform = (torch.randn(4321, generator=torch.Generator().manual_seed(0)) * 0.1 + 0.05).float()
    found = encoder.utterance(waveform, None)
    frames = encoder.n_frames(4321)
    assert found.shape == (frames, 3, 16)
    assert (encoder.sample_rate, encoder.hop) == (16_000, 320 if kind == "whisper" else 20)
    given = transformers.AutoFeatureExtractor.from_pretrained(folder)(
        waveform.numpy(), sampling_rate=16_000, return_tensors="pt"
    )
    given.pop("attention_mask", None)
    with torch.no_grad():
        theirs = encoder.module(**given, output_hidden_states=True)
    # 2e-5: float32, the scaling summed in another order, values of order one after norms
    near = {"rtol": 2e-5, "atol": 2e-5}
    torch.testing.assert_close(found[:, -1], theirs.last_hidden_state[0, :frames], **near)
    torch.testing.assert_close(found[:, :2], torch.stack(theirs.hidden_states[:2], 2)[0, :frames], **near)
    assert torch.equal(encoder.utterance(waveform, 1), found[:, 1])
    assert encoder.utterance(torch.ones(3) * 0.1).shape == (1, 16)


def test_waveforms_are_scaled_as_the_preprocessor_says(copy: Path) -> None:
    x = torch.arange(100.0) / 100
    scaled = SpeechEncoder(copy).scaled(x)
    # 1e-6: float32 over a hundred samples
    assert abs(float(scaled.mean())) < 1e-6
    assert float(scaled.square().mean()) == pytest.approx(1, abs=1e-5)
    say(copy, do_normalize=False)
    assert torch.equal(SpeechEncoder(copy).scaled(x), x)
    assert torch.isfinite(SpeechEncoder(copy).utterance(torch.zeros(500))).all()


def test_whisper_hears_windows_and_gives_the_frames_of_speech_only(tmp_path: Path) -> None:
    encoder = SpeechEncoder(write_speech(tmp_path / "whisper", "whisper"))
    assert encoder.window == 16_000  # one second here, 30 in the published ones
    waveform = torch.randn(20_001, generator=torch.Generator().manual_seed(0)) * 0.1
    found = encoder.utterance(waveform)
    assert found.shape == (50 + 13, 16)
    assert encoder.n_frames(20_001) == 63
    assert torch.equal(found[:50], encoder.utterance(waveform[:16_000]))
    assert torch.equal(found[50:], encoder.utterance(waveform[16_000:]))


def test_the_number_of_frames_is_told_before(hubert: Path) -> None:
    encoder = SpeechEncoder(hubert)
    for n in (1, encoder.least - 1, encoder.least, encoder.least + 19, encoder.least + 20, 777):
        assert len(encoder.utterance(torch.randn(n))) == encoder.n_frames(n)


def test_settings_of_newer_folders_are_read_too(copy: Path) -> None:
    """transformers 5 writes the settings of a processor into one file."""
    settings = json.loads((copy / PREPROCESSOR).read_text())
    (copy / PREPROCESSOR).unlink()
    (copy / "processor_config.json").write_text(json.dumps({"feature_extractor": {**settings, "sampling_rate": 8000}}))
    assert SpeechEncoder(copy).sample_rate == 8000


def test_no_folder() -> None:
    with pytest.raises(UserError, match=r"No folder of a speech encoder is named; .*--set architecture\.folder=DIR"):
        SpeechEncoder("")


def test_no_speech_encoder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"kind 'bert', which is no speech encoder .* wav2vec2, hubert"):
        SpeechEncoder(write_bert(tmp_path / "bert"))


def test_pickled_weights(copy: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(UserError, match="has pickled weights only"):
        SpeechEncoder(copy)


def test_no_preprocessor(copy: Path) -> None:
    (copy / PREPROCESSOR).unlink()
    with pytest.raises(UserError, match=rf"has no {PREPROCESSOR}, which says sampling rate"):
        SpeechEncoder(copy)


@pytest.mark.parametrize("text", ["{", "{}", '{"sampling_rate": "high"}', '{"sampling_rate": 0}', "[]"])
def test_a_preprocessor_that_says_nothing(copy: Path, text: str) -> None:
    (copy / PREPROCESSOR).write_text(text)
    with pytest.raises(UserError, match="does not say how the encoder wants its waveforms"):
        SpeechEncoder(copy)


def test_mel_bands_of_another_model(tmp_path: Path) -> None:
    folder = write_speech(tmp_path / "whisper", "whisper")
    say(folder, feature_size=128)
    with pytest.raises(UserError, match=r"makes 128 Mel bands, and config.json wants 8"):
        SpeechEncoder(folder)


def test_checkpoints_of_pre_training_open_without_what_it_needed(copy: Path) -> None:
    """Published ones may lack the vector of masked frames, and have heads that no hidden state passes."""
    from safetensors.numpy import load_file, save_file

    arrays = load_file(copy / "model.safetensors")
    del arrays["masked_spec_embed"]
    arrays = {f"hubert.{name}": x for name, x in arrays.items()} | {"lm_head.weight": np.zeros((8, 16), np.float32)}
    wanted = SpeechEncoder(copy).utterance(torch.ones(500) * 0.1)
    save_file(arrays, copy / "model.safetensors", {"format": "pt"})
    assert torch.equal(SpeechEncoder(copy).utterance(torch.ones(500) * 0.1), wanted)


def test_what_encoders_have_heard(hubert: Path, tmp_path: Path) -> None:
    assert "emodb" in heard("iic/emotion2vec_plus_large")
    assert "emodb" not in heard("emotion2vec_base")
    assert "iemocap" in heard("emotion2vec_base")
    assert heard("audeering/wav2vec2-large-robust-12-ft-emotion-msp-dim") == ("msp-podcast",)
    assert heard("facebook/hubert-base-ls960") == ()
    assert SpeechEncoder(hubert).trained_on == ()
    renamed = Path(shutil.copytree(hubert, tmp_path / "hubert-large-superb-er"))
    assert SpeechEncoder(renamed).trained_on == ("iemocap",)
    path = hubert / "config.json"
    other = Path(shutil.copytree(hubert, tmp_path / "mine"))
    (other / "config.json").write_text(
        json.dumps({**json.loads(path.read_text()), "_name_or_path": "superb/hubert-base-superb-er"})
    )
    assert SpeechEncoder(other).trained_on == ("iemocap",)

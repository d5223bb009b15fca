from __future__ import annotations

import shutil
import socket
import sys
from pathlib import Path

import pytest
import torch

from serkit.errors import ConfigError, UserError
from serkit.nn.encoders import Encoder, check_folder, files_sha256, open_tokenizer
from serkit.testing.encoders import write_bert, write_speech

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture
def copy(bert: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bert, tmp_path / "copy"))


IDS = {"input_ids": torch.tensor([[2, 7, 8, 3]]), "attention_mask": torch.ones(1, 4, dtype=torch.long)}


def test_states_are_those_of_the_network(bert: Path) -> None:
    encoder = Encoder(bert)
    assert (encoder.dim, encoder.n_layers) == (16, 2)
    every = encoder.states(IDS, None)
    assert every.shape == (1, 4, 3, 16)
    for number in (0, 1, 2):
        assert torch.equal(encoder.states(IDS, number), every[:, :, number])
    assert torch.equal(encoder.states(IDS), every[:, :, 2])
    assert torch.equal(encoder.states(IDS, -3), every[:, :, 0])
    with torch.no_grad():
        whole = encoder.load().eval()(**IDS).last_hidden_state
    assert torch.equal(encoder.states(IDS), whole)


@pytest.mark.parametrize("kind", ["wav2vec2", "hubert", "wavlm"])
def test_waveform_models_open_by_the_same_door(tmp_path: Path, kind: str) -> None:
    encoder = Encoder(write_speech(tmp_path / "speech", kind))
    assert (encoder.dim, encoder.n_layers) == (16, 2)
    given = {"input_values": torch.linspace(-1, 1, 410)[None]}
    every = encoder.states(given, None)
    assert every.shape == (1, 20, 3, 16)
    with torch.no_grad():
        whole = encoder.load().eval()(**given, output_hidden_states=True).hidden_states
    assert torch.equal(every, torch.stack(whole, dim=2))


def test_of_an_encoder_with_a_decoder_the_encoder_is_taken(tmp_path: Path) -> None:
    encoder = Encoder(write_speech(tmp_path / "whisper", "whisper"))
    assert (encoder.dim, encoder.n_layers) == (16, 2)
    assert encoder.states({"input_features": torch.randn(1, 8, 100)}, None).shape == (1, 50, 3, 16)
    assert not any("decoder" in name for name, _ in encoder.module.named_parameters())


def test_opening_reads_no_weights(copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"damaged")
    encoder = Encoder(copy)
    assert encoder.dim == 16
    with pytest.raises(UserError, match=r"weights in .* cannot be loaded .*copy the encoder's files again"):
        encoder.states(IDS)


def test_nothing_is_asked_of_the_network(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    open_tokenizer(bert)
    assert Encoder(bert).states(IDS).shape == (1, 4, 16)


def test_loading_draws_nothing(bert: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Encoder(bert).states(IDS)
    assert capfd.readouterr() == ("", "")


def test_bf16_gives_other_values_as_float32(bert: Path) -> None:
    whole, half = Encoder(bert).states(IDS), Encoder(bert, precision="bf16").states(IDS)
    assert half.dtype == torch.float32
    assert not torch.equal(whole, half)
    # 0.1: values of order one after a layer norm, eight bits of mantissa, two layers
    torch.testing.assert_close(whole, half, rtol=0, atol=0.1)


def test_the_fingerprint_is_of_content(bert: Path, copy: Path) -> None:
    first = Encoder(bert).fingerprint()
    assert Encoder(copy).fingerprint() == first
    (copy / "README.md").write_text("words that change nothing")
    assert Encoder(copy).fingerprint() == first
    data = bytearray((copy / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (copy / "model.safetensors").write_bytes(data)
    assert Encoder(copy).fingerprint() != first
    assert files_sha256(copy) != files_sha256(bert)


@pytest.mark.parametrize("number", [3, -4])
def test_a_layer_that_is_not_there(bert: Path, number: int) -> None:
    with pytest.raises(ConfigError, match=rf"layer={number} is none of the encoder .* \(its embeddings\) to 2"):
        Encoder(bert).layer(number)


def test_no_folder() -> None:
    with pytest.raises(UserError, match=r"set the input's option folder .* SerKit never downloads weights"):
        check_folder(" ")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"does not exist; name one with config.json"):
        check_folder(tmp_path / "nowhere")


def test_no_settings(copy: Path) -> None:
    (copy / "config.json").unlink()
    with pytest.raises(UserError, match=r"has no config.json"):
        check_folder(copy)


def test_no_weights(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"has no weights; put the model's model.safetensors there"):
        check_folder(copy)


def test_pickled_weights(copy: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"pickled weights only \(pytorch_model.bin\), which can run code"):
        check_folder(copy)


def test_pickled_weights_beside_safetensors_are_not_opened(copy: Path, bert: Path) -> None:
    (copy / "pytorch_model.bin").write_bytes(b"not even a pickle")
    assert torch.equal(Encoder(copy).states(IDS), Encoder(bert).states(IDS))


@pytest.mark.parametrize("text", ["{", '{"model_type": "nothing-known"}', "[]"])
def test_damaged_or_unknown_settings(copy: Path, text: str) -> None:
    (copy / "config.json").write_text(text)
    with pytest.raises(UserError, match=r"config.json in .* is damaged or of a model that transformers .* not know"):
        Encoder(copy)


def test_weights_of_another_model_are_refused_and_never_filled_in(copy: Path, tmp_path: Path) -> None:
    other = write_bert(tmp_path / "other", layers=1)
    shutil.copy(other / "model.safetensors", copy)
    with pytest.raises(UserError, match=r"do not fit its config.json: 16 are missing"):
        Encoder(copy).states(IDS)
    wide = write_bert(tmp_path / "wide", dim=32)
    shutil.copy(wide / "model.safetensors", copy)
    with pytest.raises(UserError, match=r"weights in .*copy the encoder's files again"):
        Encoder(copy).states(IDS)


def test_no_tokenizer(copy: Path) -> None:
    for path in copy.glob("tokenizer*"):
        path.unlink()
    (copy / "vocab.txt").unlink(missing_ok=True)
    with pytest.raises(UserError, match="has no tokenizer that can be read"):
        open_tokenizer(copy)


def test_without_transformers(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match=r"need the package transformers; run `pip install 'serkit\[ssl\]'`"):
        Encoder(bert)

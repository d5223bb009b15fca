from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from serkit.errors import ConfigError, UserError
from serkit.nn.encoders import open_tokenizer
from serkit.testing.encoders import write_bert
from serkit_plugins.features.text.encoder import TextEncoder, TextEncoderOptions
from serkit_plugins.features.text.hashing import TextHash, TextHashOptions, tokens

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bert(tmp_path_factory.mktemp("bert"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'm so  HAPPY!", ["i'm", "so", "happy", "!"]),
        ("[LAUGHTER] no?", ["[laughter]", "no", "?"]),
        ("Der Lappen liegt\nauf", ["der", "lappen", "liegt", "auf"]),
        ("ＷＩＤＥ straße", ["wide", "strasse"]),  # compatible forms, and case as languages fold it
        ("我很高兴", ["我", "很", "高", "兴"]),
        ("...", [".", ".", "."]),
        (" ", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_hashed_rows_are_the_same_on_every_machine() -> None:
    rows = TextHash()("So happy, you are!")
    assert rows.dtype == np.float32
    assert rows.shape == (6, 768)
    # found once, on x86-64; integers hashed, then one correctly rounded square root and division each
    digest = hashlib.sha256(np.ascontiguousarray(rows, "<f4").tobytes()).hexdigest()
    assert digest == "0ae50e3e8e0a82cf75178f5e4d99b558d0e7ae8dd6ec19493aca4d49b78a3556"


def test_hashed_rows_have_unit_length_and_see_stems() -> None:
    extract = TextHash()
    rows = extract("happy unhappy happiness table")
    # 1e-6: sums of a dozen float32 squares
    np.testing.assert_allclose((rows**2).sum(1), 1, atol=1e-6)
    near = rows @ rows.T
    assert near[0, 1] > 0.3
    assert near[0, 2] > 0.3
    assert abs(near[0, 3]) < 0.2


def test_a_word_has_one_row_whatever_stands_beside_it() -> None:
    extract = TextHash(TextHashOptions(dim=64))
    assert np.array_equal(extract("you are so happy")[3], extract("Happy")[0])


def test_options_of_the_hash() -> None:
    short = TextHash(TextHashOptions(dim=32, max_tokens=2))
    assert short.shape == (32,)
    assert short("a b c d").shape == (2, 32)
    with pytest.raises(ConfigError, match="shortest=6 is more than longest=5"):
        TextHash(TextHashOptions(shortest=6))
    with pytest.raises(ConfigError, match="no words in an empty text"):
        short("  ")


def test_token_vectors_are_those_of_the_encoder(bert: Path) -> None:
    extract = TextEncoder(TextEncoderOptions(folder=str(bert)))
    rows = extract("I am so sadly!")
    ids = open_tokenizer(bert)("I am so sadly!")["input_ids"]
    assert [open_tokenizer(bert).convert_ids_to_tokens(i) for i in ids] == [
        "[CLS]", "i", "am", "so", "sad", "##ly", "!", "[SEP]",
    ]  # fmt: skip
    assert extract.shape == (16,)
    with torch.no_grad():
        whole = extract.encoder.load().eval()(input_ids=torch.tensor([ids])).last_hidden_state[0]
    np.testing.assert_array_equal(rows, whole.numpy())


def test_long_texts_are_cut_with_their_special_tokens_kept(bert: Path) -> None:
    extract = TextEncoder(TextEncoderOptions(folder=str(bert)))
    assert len(extract("happy " * 500)) == 128
    assert len(TextEncoder(TextEncoderOptions(folder=str(bert), max_tokens=5))("happy " * 500)) == 5


def test_layers_of_the_encoder(bert: Path) -> None:
    last, same, middle = (TextEncoder(TextEncoderOptions(folder=str(bert), layer=n))("you") for n in (-1, 2, 1))
    assert np.array_equal(last, same)
    assert not np.array_equal(last, middle)


def test_what_is_no_encoder_is_refused_when_it_is_named(bert: Path) -> None:
    with pytest.raises(UserError, match="No folder of an encoder is named"):
        TextEncoder()
    with pytest.raises(ConfigError, match="max_tokens=500 is more than the 160 positions"):
        TextEncoder(TextEncoderOptions(folder=str(bert), max_tokens=500))
    with pytest.raises(ConfigError, match="layer=9 is none"):
        TextEncoder(TextEncoderOptions(folder=str(bert), layer=9))

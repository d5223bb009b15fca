"""Tiny encoders with random weights on disk, in the form that real ones have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

VOCABULARY = (
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "i", "am", "you", "are", "so", "happy", "sad", "not", "##ly", "!",
    "?", *"abcdefghijklmnopqrstuvwxyz"[:8], *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz"),
)  # fmt: skip


def write_bert(folder: Path, *, dim: int = 16, layers: int = 2, seed: int = 0) -> Path:
    """A BERT of ``layers`` layers and width ``dim``, drawn with ``seed``, and its tokenizer, in ``folder``: what
    ``save_pretrained`` of Hugging Face writes. Returns the folder."""
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True, exist_ok=True)
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=dim,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=2 * dim,
        max_position_embeddings=160,
    )
    _write_model(folder, config, BertModel, seed)
    _write_tokenizer(folder)
    return folder


SPEECH = ("wav2vec2", "hubert", "wavlm", "data2vec-audio", "unispeech-sat", "whisper")


def write_speech(
    folder: Path, kind: str = "hubert", *, dim: int = 16, layers: int = 2, norm: str = "group", seed: int = 0
) -> Path:
    """A speech encoder of the ``kind`` (``model_type``) drawn with ``seed``, with its preprocessor settings, in
    ``folder``. ``norm`` is that of its convolutions: ``group`` (waveforms as they are) or ``layer`` (waveforms scaled,
    norms before the layers). A frame is 20 samples (Whisper: 320, in windows of one second). Without dropout.
    Returns the folder."""
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    if kind == "whisper":
        config = transformers.WhisperConfig(
            num_mel_bins=8, d_model=dim, encoder_layers=layers, encoder_attention_heads=2, encoder_ffn_dim=2 * dim,
            decoder_layers=1, decoder_attention_heads=2, decoder_ffn_dim=2 * dim, max_source_positions=50,
            max_target_positions=8, vocab_size=20, pad_token_id=0, bos_token_id=1, eos_token_id=2,
            decoder_start_token_id=3, suppress_tokens=None, begin_suppress_tokens=None,
        )  # fmt: skip
        _write_model(folder, config, transformers.WhisperModel, seed)
        settings = {"feature_size": 8, "hop_length": 160, "n_fft": 400, "chunk_length": 1}
        extractor = "WhisperFeatureExtractor"
    else:
        sizes: dict[str, Any] = {
            "hidden_size": dim, "num_hidden_layers": layers, "num_attention_heads": 2, "intermediate_size": 2 * dim,
            "conv_dim": (12, 12, 12), "conv_kernel": (10, 3, 2), "conv_stride": (5, 2, 2),
            "hidden_dropout": 0.0, "attention_dropout": 0.0,
            "activation_dropout": 0.0, "feat_proj_dropout": 0.0, "num_conv_pos_embedding_groups": 2, "vocab_size": 8,
        }  # fmt: skip
        if kind == "data2vec-audio":
            sizes |= {"conv_pos_kernel_size": 5, "num_conv_pos_embeddings": 2}
        else:
            sizes |= {"num_conv_pos_embeddings": 8, "feat_extract_norm": norm, "do_stable_layer_norm": norm == "layer"}
        names = {"wav2vec2": "Wav2Vec2", "hubert": "Hubert", "wavlm": "WavLM", "data2vec-audio": "Data2VecAudio",
                 "unispeech-sat": "UniSpeechSat"}  # fmt: skip
        config = getattr(transformers, names[kind] + "Config")(**sizes)
        _write_model(folder, config, getattr(transformers, names[kind] + "Model"), seed)
        settings = {"feature_size": 1, "do_normalize": norm == "layer"}
        extractor = "Wav2Vec2FeatureExtractor"
    said = {"feature_extractor_type": extractor, "sampling_rate": 16000, "padding_value": 0.0, **settings}
    (folder / "preprocessor_config.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


def _write_model(folder: Path, config: Any, kind: Any, seed: int) -> None:
    from safetensors.torch import save_file

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = kind(config)
    config.save_pretrained(folder)
    state = {k: v.contiguous() for k, v in model.state_dict().items()}
    save_file(state, folder / "model.safetensors", {"format": "pt"})


def _write_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import BertProcessing

    known = {token: number for number, token in enumerate(VOCABULARY)}
    tokenizer = Tokenizer(WordPiece(known, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = BertProcessing(("[SEP]", known["[SEP]"]), ("[CLS]", known["[CLS]"]))
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")

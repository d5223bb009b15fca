"""Tiny encoders with random weights on disk, in the form that real ones have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import torch

VOCABULARY = (
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "i", "am", "you", "are", "so", "happy", "sad", "not", "##ly", "!",
    "?", *"abcdefghijklmnopqrstuvwxyz"[:8], *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz"),
)  # fmt: skip


def write_bert(folder: Path, *, dim: int = 16, layers: int = 2, seed: int = 0) -> Path:
    """A BERT of ``layers`` layers and width ``dim``, drawn with ``seed``, and its tokenizer, in ``folder``: what
    ``save_pretrained`` of Hugging Face writes. Returns the folder."""
    from safetensors.torch import save_file
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
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BertModel(config)
    config.save_pretrained(folder)
    save_file(
        {k: v.contiguous() for k, v in model.state_dict().items()}, folder / "model.safetensors", {"format": "pt"}
    )
    _write_tokenizer(folder)
    return folder


def write_speech(folder: Path, kind: Literal["wav2vec2", "hubert", "wavlm", "whisper"], seed: int = 0) -> Path:
    """A speech encoder of two layers and width 16, drawn with ``seed``, in ``folder``, without its pre-processor's
    settings. Waveform models give a frame every 20 samples; Whisper takes 4 Mel bands and 40 frames."""
    import transformers
    from safetensors.torch import save_file

    small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    waves = {"conv_dim": [8, 8], "conv_stride": [5, 4], "conv_kernel": [10, 4], "num_feat_extract_layers": 2}
    waves |= {"num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2, "vocab_size": 8}
    mels = {"d_model": 16, "encoder_layers": 2, "decoder_layers": 1, "encoder_attention_heads": 2, "vocab_size": 20}
    mels |= {"decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "num_mel_bins": 4}
    mels |= {"max_source_positions": 20, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    mels |= {"decoder_start_token_id": 1}
    folder.mkdir(parents=True, exist_ok=True)
    name = {"wav2vec2": "Wav2Vec2", "hubert": "Hubert", "wavlm": "WavLM", "whisper": "Whisper"}[kind]
    config = getattr(transformers, f"{name}Config")(**(mels if kind == "whisper" else small | waves))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = getattr(transformers, f"{name}Model")(config)
    config.save_pretrained(folder)
    weights = {k: v.contiguous().clone() for k, v in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return folder


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

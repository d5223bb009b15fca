"""Pretrained encoders of speech and of text from folders that users name: checked, never downloaded, never pickled.

``transformers`` is imported when an encoder is opened and at no other time; it comes with the extra ``ssl``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import torch
from torch import Tensor, nn

from serkit.errors import ConfigError, UserError

Precision = Literal["fp32", "bf16", "fp16"]
_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

WEIGHTS = "model.safetensors"
SHARDS = "model.safetensors.index.json"
_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack")
_READ = (".safetensors", ".json", ".txt", ".model")
"""What of a folder can change what an encoder computes: weights, settings, vocabularies."""

_NOT_NEEDED = ("pooler.dense.weight", "pooler.dense.bias", "masked_spec_embed")
"""What no hidden state depends on outside pre-training; published checkpoints leave it out."""
VOCABULARIES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
)


class Encoder:
    """A pretrained network in a folder as ``save_pretrained`` of Hugging Face writes it.

    Opening reads the settings only, so that shapes are known cheaply; weights are read at the first use. ``states``
    computes hidden states; number 0 is what enters the first layer, number ``n_layers`` (or -1) leaves the last.
    ``dim`` is their width. Of a model with encoder and decoder (Whisper) this is the encoder. Who fine-tunes takes a
    fresh ``load()``.
    """

    def __init__(self, folder: str | Path, *, precision: Precision = "fp32", device: str = "cpu") -> None:
        """Raises UserError, a sentence, for a folder that is not there, has no settings, no weights or pickled ones,
        or is of a kind that the installed transformers does not know."""
        self.folder = check_folder(folder)
        self.precision, self.device = precision, device
        self.config = _settings(self.folder)
        self.dim = int(self.config.hidden_size)
        self.n_layers = int(self.config.num_hidden_layers)
        self._module: nn.Module | None = None
        self._lock = Lock()

    def fingerprint(self) -> str:
        """SHA-256 over weights, settings and vocabularies."""
        return files_sha256(self.folder)

    def layer(self, number: int) -> int:
        """``number`` as 0 to ``n_layers``, negative ones counted from the end. Raises ConfigError out of range."""
        if not -self.n_layers - 1 <= number <= self.n_layers:
            raise ConfigError(
                f"layer={number} is none of the encoder in {self.folder}, which has the layers 0 (its embeddings) to "
                f"{self.n_layers}, or -1 for the last."
            )
        return number % (self.n_layers + 1)

    @property
    def module(self) -> nn.Module:
        """The network, frozen and in evaluation mode."""
        with self._lock:
            if self._module is None:
                self._module = self.load().eval().requires_grad_(False).to(self.device)
            return self._module

    def load(self) -> nn.Module:
        """A new network with the weights of the folder. Raises UserError if they are damaged or do not fit."""
        transformers = import_transformers()
        try:
            with _quiet(transformers):
                module, found = transformers.AutoModel.from_pretrained(
                    self.folder,
                    local_files_only=True,
                    use_safetensors=True,
                    trust_remote_code=False,
                    dtype=_DTYPES[self.precision],
                    output_loading_info=True,
                )
        except Exception as error:  # damage shows itself in many ways, deep inside
            raise UserError(
                f"The weights in {self.folder} cannot be loaded ({_short(error)}); copy the encoder's files again."
            ) from error
        lost = sorted(k for k in found["missing_keys"] if not k.endswith(_NOT_NEEDED) and not k.startswith("decoder."))
        odd = sorted(str(k) for k in found["mismatched_keys"])
        if lost or odd:
            raise UserError(
                f"The weights in {self.folder} do not fit its config.json: {len(lost)} are missing and {len(odd)} of "
                f"another shape (e.g. {(lost or odd)[0]}); copy the encoder's files again, all of one model."
            )
        made: nn.Module = module.get_encoder() if self.config.is_encoder_decoder else module
        return made

    def states(self, inputs: Mapping[str, Tensor], layer: int | None = -1) -> Tensor:
        """Hidden states, float32 on the CPU: ``[B, T, dim]`` of one layer, or with None ``[B, T, n_layers + 1, dim]``
        of all. ``inputs`` are the keyword arguments of the network. No gradient."""
        with torch.inference_mode():
            given = {k: v.to(self.device) for k, v in inputs.items()}
            states = self.module(**given, output_hidden_states=True).hidden_states
            one = torch.stack(states, dim=2) if layer is None else states[self.layer(layer)]
            return one.float().cpu()


def check_folder(folder: str | Path) -> Path:
    """The folder of an encoder. Raises UserError unless it has settings and weights in safetensors."""
    if not str(folder).strip():
        raise UserError(
            "No folder of an encoder is named; set the input's option folder to one with config.json and "
            f"{WEIGHTS}. SerKit never downloads weights."
        )
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise UserError(f"The encoder folder {path} does not exist; name one with config.json and {WEIGHTS}.")
    if not (path / "config.json").is_file():
        raise UserError(
            f"The encoder folder {path} has no config.json; name the folder that save_pretrained of Hugging Face made."
        )
    if not (path / WEIGHTS).is_file() and not (path / SHARDS).is_file():
        pickled = sorted(p.name for p in path.iterdir() if p.suffix in _PICKLED)
        if pickled:
            raise UserError(
                f"The encoder folder {path} has pickled weights only ({pickled[0]}), which can run code when opened; "
                f"get the model as {WEIGHTS}, or convert it where you trust it with save_pretrained."
            )
        raise UserError(f"The encoder folder {path} has no weights; put the model's {WEIGHTS} there.")
    return path


def files_sha256(folder: Path) -> str:
    """SHA-256 over the names and contents of the weights, settings and vocabularies in ``folder``."""
    files = sorted(p for p in folder.iterdir() if p.suffix in _READ and p.is_file())
    digest = hashlib.sha256()
    for path in files:
        stat = path.stat()
        digest.update(f"{path.name}\0{_file_sha256(path, stat.st_size, stat.st_mtime_ns)}\n".encode())
    return digest.hexdigest()


@lru_cache(maxsize=256)
def _file_sha256(path: Path, size: int, changed: int) -> str:
    """Remembered while size and time of change stay, since weights are large."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def import_transformers() -> Any:
    """The package ``transformers``. Raises UserError where it is not installed."""
    try:
        import transformers
    except ImportError:
        raise UserError("Pretrained encoders need the package transformers; run `pip install 'serkit[ssl]'`.") from None
    return transformers


def open_tokenizer(folder: Path) -> Any:
    """The tokenizer in an encoder's folder. Raises UserError if there is none that can be read."""
    transformers = import_transformers()
    try:
        # without any of these transformers makes a tokenizer that knows no word, and says nothing
        if not any((folder / name).is_file() for name in VOCABULARIES):
            raise FileNotFoundError(f"none of {', '.join(VOCABULARIES)}")
        with _quiet(transformers):
            return transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:
        raise UserError(
            f"The encoder folder {folder} has no tokenizer that can be read ({_short(error)}); put tokenizer.json, or "
            "vocab.txt with tokenizer_config.json, beside the weights."
        ) from error


def _settings(folder: Path) -> Any:
    transformers = import_transformers()
    try:
        json.loads((folder / "config.json").read_text(encoding="utf-8"))
        with _quiet(transformers):
            config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        int(config.hidden_size)
        return config
    except Exception as error:
        raise UserError(
            f"The config.json in {folder} is damaged or of a model that transformers {transformers.__version__} does "
            f"not know ({_short(error)}); name the folder of a speech or text encoder."
        ) from error


_QUIET = Lock()


@contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """transformers draws bars and logs while it loads; what matters of it is said in errors."""
    log = transformers.utils.logging
    with _QUIET:  # these are settings of the process
        level, bars = log.get_verbosity(), log.is_progress_bar_enabled()
        log.set_verbosity_error()
        log.disable_progress_bar()
        try:
            yield
        finally:
            log.set_verbosity(level)
            if bars:
                log.enable_progress_bar()


def _short(error: BaseException) -> str:
    """The first line of what went wrong, at most 160 characters."""
    text = (str(error).strip().splitlines() or [""])[0].rstrip(".")
    return f"{type(error).__name__}: {text[:160]}" if text else type(error).__name__

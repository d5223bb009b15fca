"""Token vectors of a pretrained text encoder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from serkit.errors import ConfigError
from serkit.features.base import options_of
from serkit.nn.encoders import Encoder, open_tokenizer


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEncoderOptions:
    """``folder`` holds the encoder (config.json, model.safetensors, tokenizer). ``layer`` is the layer whose output is
    taken, -1 the last, 0 the embeddings. Texts are cut after ``max_tokens`` tokens, special ones ([CLS], [SEP])
    included, which are kept."""

    folder: str = field(default="", metadata={"place": True})
    layer: int = -1
    max_tokens: Annotated[int, Ge(3), Le(4096)] = 128
    precision: Literal["fp32", "bf16"] = "fp32"


class TextEncoder:
    """Words to token vectors, float32 ``[tokens, dim]``; frozen, one text at a time, so no padding is ever seen.

    Ho et al. (2020) take the last layer of BERT base: 768 numbers a token.
    """

    def __init__(self, options: TextEncoderOptions | None = None) -> None:
        """Raises UserError for a folder that is no encoder (see ``serkit.nn.encoders.Encoder``)."""
        self.options = options_of(options, TextEncoderOptions, "TextEncoder")
        self.encoder = Encoder(self.options.folder, precision=self.options.precision)
        self.encoder.layer(self.options.layer)
        most = int(getattr(self.encoder.config, "max_position_embeddings", 0) or self.options.max_tokens)
        if self.options.max_tokens > most:
            raise ConfigError(
                f"max_tokens={self.options.max_tokens} is more than the {most} positions that the encoder in "
                f"{self.encoder.folder} has; set it to at most that."
            )
        self._tokenizer = open_tokenizer(self.encoder.folder)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a row: ``(dim,)``."""
        return (self.encoder.dim,)

    def fingerprint(self) -> str:
        """The encoder's: hash of its files, precision, versions."""
        return self.encoder.fingerprint()

    def __call__(self, text: str) -> NDArray[np.float32]:
        """Vectors ``[tokens, dim]`` of ``text``."""
        made = self._tokenizer(text, truncation=True, max_length=self.options.max_tokens, return_tensors="pt")
        return self.encoder.states(made, self.options.layer)[0].numpy()

"""A text encoder without weights: hashed character n-grams of each word."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from serkit.errors import ConfigError
from serkit.features.base import options_of

# an event of a transcript ([LAUGHTER]); an ideograph, which is a word where nothing parts them; a word; a mark
_TOKEN = re.compile(r"\[\w+\]|[\u3400-\u9fff]|[^\W\u3400-\u9fff]+(?:['’][^\W\u3400-\u9fff]+)*|[^\w\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextHashOptions:
    """``dim`` columns; n-grams of ``shortest`` to ``longest`` characters; at most ``max_tokens`` words from the start.

    The default width is that of BERT base, so that a system's parameters are the same with either.
    """

    dim: Annotated[int, Ge(8), Le(65_536)] = 768
    shortest: Annotated[int, Ge(1), Le(16)] = 3
    longest: Annotated[int, Ge(1), Le(16)] = 5
    max_tokens: Annotated[int, Ge(1), Le(4096)] = 128


class TextHash:
    """Words to rows, float32 ``[tokens, dim]``, the same on every machine.

    A word, in lower case with its ends marked (``<word>``), is the signed sum of its character n-grams and of itself,
    each hashed to one column (Weinberger et al. 2009, feature hashing; the n-grams of Bojanowski et al. 2017), at unit
    length. Words with a stem in common are near each other; nothing else about meaning is known.
    """

    def __init__(self, options: TextHashOptions | None = None) -> None:
        self.options = options_of(options, TextHashOptions, "TextHash")
        if self.options.shortest > self.options.longest:
            raise ConfigError(
                f"shortest={self.options.shortest} is more than longest={self.options.longest}; n-grams run from the "
                "one to the other."
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a row: ``(dim,)``."""
        return (self.options.dim,)

    def __call__(self, text: str) -> NDArray[np.float32]:
        """Rows ``[tokens, dim]`` of ``text``. Raises ConfigError if it has no word and no mark."""
        found = tokens(text)[: self.options.max_tokens]
        if not found:
            raise ConfigError("There are no words in an empty text; give a corpus with transcripts.")
        o = self.options
        return np.stack([_row(t, o.dim, o.shortest, o.longest) for t in found])


def tokens(text: str) -> list[str]:
    """Words, marks and events (``[laughter]``) of ``text`` in lower case, compatible forms of letters made one."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


@lru_cache(maxsize=20_000)
def _row(word: str, dim: int, shortest: int, longest: int) -> NDArray[np.float32]:
    marked = f"<{word}>"
    grams = [marked[i : i + n] for n in range(shortest, longest + 1) for i in range(len(marked) - n + 1)]
    row = np.zeros(dim, np.float64)
    for gram in [*grams, f"={marked}"]:  # the whole word, told from an n-gram of the same letters
        number = int.from_bytes(blake2b(gram.encode(), digest_size=8).digest(), "little")
        row[(number >> 1) % dim] += 1.0 if number & 1 else -1.0
    length = np.sqrt(row @ row)
    # two n-grams of opposite sign can meet in one column; that all do is as good as impossible, but division is not
    unit = np.asarray(row / max(length, 1.0), np.float32)
    unit.setflags(write=False)
    return unit

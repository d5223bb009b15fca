"""What the tests of all readers need: loading as the host does it, and refusals as one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serkit.data.loading import load_corpus, make_dataset
from serkit.errors import CorpusError, UserError
from serkit.host import get_host
from serkit.types import Corpus

Load = Callable[..., Corpus]
Refused = Callable[..., str]


@pytest.fixture
def load(reader: str) -> Load:
    """``load(path, **options)`` reads a manifest with the dataset ``reader``, a fixture of the module."""
    host = get_host()
    registered: Any = host.get("dataset", reader)
    cls = host.load("dataset", reader)

    def read(path: Path, /, **options: Any) -> Corpus:
        return load_corpus(registered, make_dataset(registered, cls, options), path)

    return read


@pytest.fixture
def refused(load: Load) -> Refused:
    """``refused(path, **options)`` is the sentence with which it is not read."""

    def refuse(path: Path, /, error: type[UserError] = CorpusError, **options: Any) -> str:
        with pytest.raises(error) as caught:
            load(path, **options)
        text = str(caught.value)
        assert "\n" not in text
        assert text.endswith((".", "?"))
        return text

    return refuse

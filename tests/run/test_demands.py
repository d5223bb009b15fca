from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from serkit.errors import ProtocolError, UserError
from serkit.host import get_host
from serkit.nn import Architecture, SpeakerZScore
from serkit.run import demands
from serkit.run.prepare import FeatureTable, extract
from serkit.run.recipe import FeatureChoice, Recipe, Request, resolve
from serkit.types import Corpus, Input, Protocol, Utterance


class Scaled(Architecture):
    transforms: ClassVar = {"x": SpeakerZScore}


class Long(Architecture):
    inputs: ClassVar = {"x": Input("log-mel"), "words": Input("log-mel", whole=True)}
    min_frames = 10


class Strict(Long):
    short = "refuse"


def corpus(speaker: str = "s1") -> Corpus:
    one = Utterance(id="a", path=Path("a.wav"), label="sad", speaker=speaker)
    return Corpus(name="c", root=Path(), utterances=(one,), labels=("sad", "happy"))


def protocol(information: Any) -> Protocol:
    return Protocol(
        corpus="c", name="loso", version=1, folds=(), labels=("sad", "happy"), hash="", information=information
    )


@pytest.fixture
def recipe() -> Recipe:
    return resolve(Request(plugin="acrnn", dataset="demo"), get_host())


def use(monkeypatch: pytest.MonkeyPatch, architecture: type[Architecture]) -> None:
    monkeypatch.setattr(demands, "make_architecture", lambda *_: architecture(None))


def test_speaker_normalisation_needs_its_information_level_and_speakers(
    monkeypatch: pytest.MonkeyPatch, recipe: Recipe
) -> None:
    use(monkeypatch, Scaled)
    with pytest.raises(ProtocolError, match="say --information speaker-unlabelled"):
        demands.check_corpus(recipe, corpus(), protocol("inductive"), (), get_host())
    with pytest.raises(ProtocolError, match="does not name every speaker"):
        demands.check_corpus(recipe, corpus(""), protocol("speaker-unlabelled"), (), get_host())
    demands.check_corpus(recipe, corpus(), protocol("speaker-unlabelled"), (), get_host())


def test_short_utterances_are_told_of_or_refused(monkeypatch: pytest.MonkeyPatch, recipe: Recipe) -> None:
    table = FeatureTable(
        {
            "x": {"a": np.zeros((12, 2), np.float32), "b": np.zeros((9, 2), np.float32)},
            "words": {"a": np.zeros((1, 2), np.float32), "b": np.zeros((1, 2), np.float32)},
        }
    )
    use(monkeypatch, Long)
    (line,) = demands.check_frames(recipe, table, get_host())
    assert line == (
        "1 of 2 utterances have fewer than the 10 frames of 'x' that 'acrnn' needs (the shortest, b, has 9); they are "
        "padded with zeros."
    )
    use(monkeypatch, Strict)
    with pytest.raises(UserError, match=r"the shortest, b, has 9\); leave them out"):
        demands.check_frames(recipe, table, get_host())


class Words:
    shape = (3,)

    def __call__(self, text: str) -> Any:
        return np.full((len(text.split()), 3), len(text), np.float32)


def test_text_features_get_the_words_and_ask_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    host: Any = SimpleNamespace(get=lambda kind, name: SimpleNamespace(spec=SimpleNamespace(source="text")))
    monkeypatch.setattr("serkit.run.prepare.make_extractor", lambda *_: Words())
    monkeypatch.setattr("serkit.run.prepare.named", lambda *_: "feature 'words'")
    choice = {"text": FeatureChoice(feature="words", options=None)}

    def of(text: str | None) -> Utterance:
        return Utterance(id="a", path=Path("a.wav"), label="sad", speaker="s", text=text)

    from serkit.run.events import Events

    assert extract([of("two words")], choice, host, Events().progress()).frames["text"]["a"].shape == (2, 3)
    with pytest.raises(UserError, match=r"reads the words of an utterance, but 1 of 1 have no transcript"):
        extract([of(None)], choice, host, Events().progress())

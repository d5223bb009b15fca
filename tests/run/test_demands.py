from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
from torch import nn

from serkit.errors import ProtocolError, UserError
from serkit.host import get_host
from serkit.nn import Architecture, SpeakerZScore
from serkit.run import demands
from serkit.run.api import LoadedRun
from serkit.run.prepare import FeatureTable, extract
from serkit.run.recipe import FeatureChoice, Recipe, Request, resolve
from serkit.types import Corpus, FoldContext, Input, Protocol, Utterance


class Scaled(Architecture):
    transforms: ClassVar = {"x": SpeakerZScore}

    def build(self, fold: FoldContext) -> nn.Module:
        return nn.Linear(1, 1)


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
    # k neutral utterances are less than the whole of a speaker's audio, which this transform would see
    with pytest.raises(ProtocolError, match=r"\(neutral-enrolment\) does not allow"):
        demands.check_corpus(recipe, corpus(), protocol("neutral-enrolment"), (), get_host())
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
    with pytest.raises(UserError, match=r"1 of 1 have no transcript.* \(serkit predict has no words to give it\)"):
        extract([of(None)], choice, host, Events().progress())


def test_audio_files_are_not_predicted_by_a_system_that_reads_words() -> None:
    recipe = resolve(Request(plugin="mmfa-text", dataset="demo"), get_host())
    run = LoadedRun(Path("run"), recipe, {"information": "inductive"}, {}, (), get_host())
    with pytest.raises(UserError, match=r"reads words \(its input 'text'\).* predict files with a run of a system"):
        run.predict([Path("a.wav")])


def training(*sets: str, **over: Any) -> Recipe:
    plugin = over.pop("plugin", "acrnn")
    return resolve(Request(plugin=plugin, dataset="demo", sets=sets), get_host())


def voted(*votes: dict[str, float]) -> Corpus:
    of = [
        Utterance(id=str(k), path=Path("a.wav"), label="sad", speaker=f"s{k}", votes=v, text="so")
        for k, v in enumerate(votes)
    ]
    return Corpus(name="c", root=Path(), utterances=tuple(of), labels=("sad", "happy"))


def test_votes_are_asked_for_before_training_and_their_gaps_told() -> None:
    recipe, host = training('training.targets="votes"'), get_host()
    for nothing in ({}, {"bored": 3.0}):
        with pytest.raises(UserError, match="needs the votes of raters for the classes, but c has none"):
            demands.check_corpus(recipe, voted(nothing), protocol("inductive"), (), host)
    some = voted({"happy": 1.0}, {"bored": 2.0}, {}, {"sad": 1.0})
    demands.check_corpus(recipe, some, protocol("inductive"), (), host)
    (line,) = demands.of_training(recipe, some, {"0", "1", "3"}, host)
    assert line.startswith("1 of 3 training utterances have no vote for any of the classes")
    assert demands.of_training(recipe, some, {"0", "3"}, host) == []
    assert demands.of_training(training(), some, {"1"}, host) == []


def test_classes_are_balanced_once() -> None:
    recipe = training('training.class_weights="balanced"', 'training.oversample="balanced"')
    with pytest.raises(UserError, match="set one of them to none"):
        demands.check_corpus(recipe, voted({}), protocol("inductive"), (), get_host())


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("training.augment.mixup=0.2", r"reads words \(its input 'x'\), and the words of two utterances cannot"),
        ("training.augment.speed=[0.9,1.1]", "has no input that is made of audio, and training.augment.speed, snr"),
    ],
)
def test_words_are_neither_blended_nor_played_faster(monkeypatch: pytest.MonkeyPatch, setting: str, words: str) -> None:
    recipe = training(setting)
    demands.check_corpus(recipe, voted({}), protocol("inductive"), (), get_host())
    monkeypatch.setattr(demands, "text_inputs", lambda *_: {"x"})
    monkeypatch.setattr(demands, "audio_inputs", lambda *_: set())
    with pytest.raises(UserError, match=words):
        demands.check_corpus(recipe, voted({}), protocol("inductive"), (), get_host())


def test_slow_features_are_told_of_where_each_epoch_computes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    real = get_host()
    slow = SimpleNamespace(spec=SimpleNamespace(cached=True))
    host: Any = SimpleNamespace(get=lambda kind, name: slow if kind == "feature" else real.get(kind, name))
    (line,) = demands.of_training(training("training.augment.gain=[-6,6]"), voted({}), {"0"}, host)
    assert "'log-mel' of 'x' is slow" in line
    assert demands.of_training(training(), voted({}), {"0"}, host) == []


@pytest.mark.parametrize("setting", ["training.augment.input_noise=0.1", "training.crop=100"])
def test_an_estimator_that_should_train_in_epochs_is_refused_before_anything_is_fitted(setting: str) -> None:
    demands.check_corpus(training(plugin="ser-svm"), voted({}), protocol("inductive"), (), get_host())
    with pytest.raises(UserError, match=r"architecture 'ser-svm' .* is an estimator, which is fitted once"):
        demands.check_corpus(training(setting, plugin="ser-svm"), voted({}), protocol("inductive"), (), get_host())


def test_what_an_estimator_does_not_read_is_refused() -> None:
    asked = Request(plugin="ser-svm", dataset="demo", epochs=2)
    with pytest.raises(
        UserError,
        match=r"reads only training.class_weights and training.oversample, so training.epochs = 2 would do nothing",
    ):
        demands.check_training(resolve(asked, get_host()), corpus(), get_host())
    read = Request(
        plugin="ser-svm", dataset="demo", sets=("training.class_weights=none", "training.oversample=balanced")
    )
    demands.check_training(resolve(read, get_host()), corpus(), get_host())

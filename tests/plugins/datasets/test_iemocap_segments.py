"""The segmentation of Chen 2018 on IEMOCAP, from label files to segments: the constants of the authors' code.

A wrong subset, a speaker taken from the wrong letter, another number of frames or another rule gives other counts.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from serkit.data import audio
from serkit.data.protocols import make_protocol
from serkit.data.segments import segment
from serkit.features import LogMel
from serkit.host.protocols import LOSO_PARTNER
from serkit.types import Fold, Unit
from serkit_plugins.datasets.iemocap.loader import Iemocap

UNIT = Unit(frames=300, rule="chen_reference")


class Chen:
    """The fold of the authors' code (Session 5: dev F, test M), with the label and frames of each utterance."""

    def __init__(self, root: Path) -> None:
        corpus = Iemocap().load(root)
        count = LogMel().n_frames
        self.frames = {u.id: count(audio.info(u.path).frames) for u in corpus.utterances}
        self.labels = {u.id: u.label for u in corpus.utterances}
        folds = {f.name: f for f in make_protocol(corpus, LOSO_PARTNER).folds}
        self.fold: Fold = folds["Ses05M"]

    def count(self, ids: tuple[str, ...], *, training: bool, rng: np.random.Generator | None = None) -> Counter[str]:
        """Number of segments of each class."""
        labels = [self.labels[i] for i in ids]
        found = segment([self.frames[i] for i in ids], UNIT, training=training, labels=labels, rng=rng)
        return Counter(labels[s.utterance] for s in found)


@pytest.fixture(scope="module")
def chen(whole_iemocap: Path) -> Chen:
    return Chen(whole_iemocap)


def test_training_sessions_give_the_segments_of_the_authors(chen: Chen) -> None:
    found = chen.count(chen.fold.train, training=True)
    assert found == {"angry": 433, "sad": 799, "happy": 434, "neutral": 1262}
    assert found.total() == 2928


def test_session_5_gives_the_segments_of_the_authors(chen: Chen) -> None:
    fold = chen.fold
    assert (len(fold.test), chen.count(fold.test, training=False).total()) == (259, 420)
    assert (len(fold.dev), chen.count(fold.dev, training=False).total()) == (298, 436)


def test_300_segments_of_each_class_are_kept(chen: Chen) -> None:
    kept = chen.count(chen.fold.train, training=True, rng=np.random.default_rng(0))
    assert kept == dict.fromkeys(("angry", "happy", "neutral", "sad"), 300)


def test_frames_are_counted_as_the_authors_count_them(chen: Chen, whole_iemocap: Path) -> None:
    samples = {u.id: audio.info(u.path).frames for u in Iemocap().load(whole_iemocap).utterances}
    assert chen.frames == {i: 1 + max(0, -(-(n - 400) // 160)) for i, n in samples.items()}
    # 48,240 samples are 300 frames, and one sample more makes a turn that is cut in two
    assert {48240, 48241} <= set(samples.values())

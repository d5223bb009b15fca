"""The features this distribution lists: every one can be built from its options and says what it gives."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from serkit.features import Extractor
from serkit.host.specs import FeatureSpec
from serkit.testing.encoders import write_speech
from serkit_plugins.features.hooks import serkit_features


def load(target: str) -> type:
    module, attribute = target.split(":")
    return getattr(import_module(module), attribute)


def test_features_of_words_have_no_sample_rate() -> None:
    """It is how the host tells them from those of audio where no spec is at hand."""
    listed = [load(spec.target) for spec in serkit_features() if spec.source == "text"]
    assert len(listed) >= 2
    assert not [kind for kind in listed if hasattr(kind, "sample_rate")]


def test_the_spectral_family_is_listed() -> None:
    assert {"log-mel", "mfcc", "spectrogram", "stft"} <= {spec.name for spec in serkit_features()}


@pytest.mark.parametrize("spec", [s for s in serkit_features() if s.source == "audio"], ids=lambda spec: spec.name)
def test_a_listed_feature_is_an_extractor_of_its_options(spec: FeatureSpec, tmp_path: Path) -> None:
    if spec.name == "opensmile":
        pytest.importorskip("opensmile", reason="opensmile is not installed (extra `opensmile`)")
    options = load(spec.options)()
    if spec.name == "speech-encoder":  # it has no weights of its own
        pytest.importorskip("transformers", reason="transformers is not installed (extra `ssl`)")
        options = replace(options, folder=str(write_speech(tmp_path / "encoder")))
    extractor = load(spec.target)(options)
    assert isinstance(extractor, Extractor)
    assert extractor.options == options
    waveform = (0.1 * np.random.default_rng(0).standard_normal(extractor.sample_rate)).astype(np.float32)
    frames = extractor(waveform)
    assert frames.shape == (extractor.n_frames(len(waveform)), *extractor.shape)
    assert np.array_equal(frames, extractor.batch([waveform[:5000], waveform], threads=2)[1], equal_nan=True)

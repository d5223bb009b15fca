"""The opt-in feature `opensmile`: the library's own numbers where it is installed, a sentence where it is not."""

from __future__ import annotations

import pickle
import sys
import warnings
from typing import Any

import numpy as np
import pytest

from serkit.data.synth import utterance
from serkit.errors import AudioError, ConfigError
from serkit.features import Egemaps, Extractor
from serkit.host import get_host
from serkit_plugins.features.opensmile import OpenSmile, OpenSmileOptions

X = utterance(0, "happy", 1).waveform


@pytest.fixture
def library() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the packages that it imports
        return pytest.importorskip("opensmile", reason="opensmile is not installed (extra `opensmile`)")


@pytest.mark.parametrize("feature_set", ["eGeMAPSv02", "ComParE_2016"])
def test_its_values_are_the_librarys(library: Any, feature_set: str) -> None:
    for level, name in (("functionals", "Functionals"), ("lld", "LowLevelDescriptors")):
        feature = OpenSmile(OpenSmileOptions(feature_set=feature_set, level=level))
        assert isinstance(feature, Extractor)
        smile = library.Smile(library.FeatureSet[feature_set], library.FeatureLevel[name])
        rows = feature(X)
        assert rows.dtype == np.float32
        assert rows.shape == (feature.n_frames(len(X)), len(feature.columns))
        np.testing.assert_array_equal(rows, smile.process_signal(X, 16000).to_numpy())
        assert list(feature.columns) == smile.feature_names


def test_its_names_are_those_of_our_own_set(library: Any) -> None:
    assert OpenSmile().columns == Egemaps().columns
    assert OpenSmile().hop_s == 0.0
    assert OpenSmile(OpenSmileOptions(level="lld")).hop_s == 0.01
    assert library.__version__ in OpenSmile().fingerprint()


def test_batches_and_copies_are_the_same(library: Any) -> None:
    feature = OpenSmile()
    for rows in feature.batch([X, X], threads=2):
        np.testing.assert_array_equal(rows, feature(X))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(feature))(X), feature(X))


def test_what_it_cannot_take_is_refused(library: Any) -> None:
    feature = OpenSmile()
    with pytest.raises(AudioError, match=r"^The waveform has 400 samples, of which openSMILE's eGeMAPSv02 makes no"):
        feature(X[:400])
    with pytest.raises(AudioError, match=r"^Waveform 1 is empty"):
        feature.batch([X, X[:0]])


def test_without_the_package_it_is_listed_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opensmile", None)
    spec = get_host().get("feature", "opensmile").spec
    assert "non-commercial" in spec.license
    with pytest.raises(ConfigError, match=r"pip install 'serkit\[opensmile\]'"):
        get_host().load("feature", "opensmile")(None)


def test_options_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="feature_set"):
        OpenSmile(OpenSmileOptions(feature_set="eGeMAPSv99"))

"""Features with planted faults, each caught by the check that names it, and right ones, which pass all."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from serkit.host import FeatureSpec, Host, Registered
from serkit.testing.conformance import checks_of
from serkit.testing.conformance.features.subject import FeatureSubject, speech
from serkit.testing.conformance.features.units import UNITS, change, unit_names
from serkit.testing.conformance.runner import run_check


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("features_with_faults", Path(__file__).with_name("faulty.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for the types of their fields
    spec.loader.exec_module(module)
    return module


faulty = _load()


class OneFeature(Host):
    """A host that knows one feature, of the classes of ``faulty``."""

    def __init__(self, target: str, options: str, **fields: Any) -> None:
        super().__init__(entry_points=[])
        spec = FeatureSpec(
            name="it",
            summary="It.",
            target=f"features_with_faults:{target}",
            options=f"features_with_faults:{options}",
            **{"units": "ln power", **fields},
        )
        self._registered["feature", "it"] = Registered(spec=spec, distribution="faulty", version="1", source="it")


def ends(
    target: str, *only: str, options: str = "Options", sets: tuple[str, ...] = (), **fields: Any
) -> dict[str, Any]:
    """How each check (or ``only`` those) ends, by its name."""
    host = OneFeature(target, options, **fields)
    asked = FeatureSubject(host, host.get("feature", "it"), sets=sets)
    return {c.name: run_check(asked, c) for c in checks_of("feature") if not only or c.name in only}


@pytest.mark.parametrize(
    ("target", "fields", "skipped"),
    [
        ("Level", {}, {"check_odd_words", "check_fingerprint"}),
        ("Kept", {"cached": True}, {"check_odd_words"}),
        ("Whole", {"units": "power, power"}, {"check_odd_words", "check_fingerprint"}),
        ("Samples", {"units": "amplitude"}, {"check_odd_words", "check_fingerprint"}),
        ("Standardised", {"units": "ln ratio"}, {"check_odd_words", "check_fingerprint"}),
        (
            "Crossings",
            {"options": "Undefined", "units": "ratio"},
            {"check_odd_words", "check_fingerprint", "check_presets"},
        ),
    ],
)
def test_right_features_of_audio_pass(target: str, fields: dict[str, Any], skipped: set[str]) -> None:
    found = ends(target, **fields)
    assert [r for r in found.values() if not r.good] == []
    # check_listing asks an installed distribution
    assert {n for n, r in found.items() if r.status == "skipped"} == {*skipped, "check_listing"}


def test_right_features_of_words_and_of_runs_pass() -> None:
    words = ends("Letters", options="Options", source="text", units="code points")
    assert [r for r in words.values() if not r.good] == []
    passed = {n for n, r in words.items() if r.status == "passed"}
    assert {"check_shape", "check_float32", "check_state", "check_odd_words"} <= passed
    runs = ends("OfRuns", options="Runs", source="runs", units="probability")
    assert [r for r in runs.values() if not r.good] == []
    assert {n for n, r in runs.items() if r.status == "passed"} >= {
        "check_shape",
        "check_state",
        "check_input_unchanged",
    }
    assert runs["check_silence"].reason == "the feature is made of runs, not of audio"


@pytest.mark.parametrize(
    ("target", "check", "words"),
    [
        ("Refuses", "check_builds", "cannot be built: Nothing goes together."),
        ("ConstantRate", "check_builds", "sample_rate is 8000 and that of its options 16000"),
        ("ShapeOfTwo", "check_shape", "declares [frames, 2]"),
        ("OffByOne", "check_shape", "Of 160 samples there are 2 frames, and n_frames(160) is 1"),
        ("Float64", "check_float32", "values are float64"),
        ("Twice", "check_rate", "hop_s is 0.02, but 2 s more bring 200 frames more, not 100"),
        ("Nearly", "check_rate", "hop_s is 0.0101, but 10.1 s more bring 1010 frames more, not 1000"),
        ("NoHop", "check_rate", "hop_s is 0, but"),
        ("BatchMean", "check_batch", "other values than alone"),
        ("BatchSorted", "check_batch", "other values than alone"),
        ("BatchStacks", "check_batch", "batch() raised ValueError"),
        ("OneRate", "check_builds", "With sample_rate=8000 its sample_rate is 16000."),
        ("ByLength", "check_state", "other values of a new extractor"),
        ("Seeds", "check_state", "A call moves the global generator of NumPy."),
        ("RunningMean", "check_state", "other values after other calls"),
        ("Dithered", "check_state", "other values of a new extractor"),
        ("SharedBuffer", "check_concurrent_calls", "from four threads at once"),
        ("Halves", "check_input_unchanged", "The input is changed"),
        ("SilentNaN", "check_silence", "Of silence 101 of 101 values are not finite"),
        ("ImpulseNaN", "check_impulse", "Of an impulse 100 of 101 values are not finite"),
        ("ConstantNaN", "check_full_scale", "Of a constant at full scale"),
        ("CrashesOnOne", "check_short", "1 sample(s) raise IndexError"),
        ("RefusesDumbly", "check_short", "refused without a sentence: 'short'"),
        ("RefusesAll", "check_silence", "The feature refuses 10 s of a voice"),
        ("TakesAnything", "check_refusals", "Waveforms with one NaN are taken without a word"),
        ("Log10", "check_units", "The unit 'ln power' (place 0 of the last axis)"),
        ("Amplitude", "check_units", "The unit 'ln power'"),
        ("Standardised", "check_units", "The unit 'ln power'"),
        ("PrintsItself", "check_fingerprint", "of two extractors of the same options"),
    ],
)
def test_a_fault_is_caught_by_the_check_that_names_it(target: str, check: str, words: str) -> None:
    found = ends(target, check)[check]
    assert found.status == "failed", found.reason
    assert words in found.what
    assert found.reproduce
    assert found.cause


@pytest.mark.parametrize(
    ("options", "check", "words"),
    [
        ("Thawed", "check_options", "are no frozen dataclass"),
        ("OfNothing", "check_options", "of the defaults cannot be written as TOML"),
        ("BadPreset", "check_presets", "Preset 'loud' cannot be built: floor must be above 0."),
    ],
)
def test_options_that_a_recipe_cannot_hold(options: str, check: str, words: str) -> None:
    found = ends("Level", check, options=options)[check]
    assert found.status == "failed"
    assert words in found.what


@pytest.mark.parametrize(
    ("target", "check", "words"),
    [
        ("Vocabulary", "check_state", "other values of a new extractor"),
        ("FirstWord", "check_odd_words", "The words '' raise IndexError"),
        ("KnownWords", "check_odd_words", "have float32 [0, 1]"),
    ],
)
def test_faults_of_words(target: str, check: str, words: str) -> None:
    found = ends(target, check, source="text")[check]
    assert found.status == "failed"
    assert words in found.what


def test_what_is_not_here_is_no_fault_and_the_rest_is() -> None:
    folder = ends("WantsFolder", options="Folder")
    assert "it needs folder (--set folder=...): No folder is named" in folder["check_builds"].reason
    assert {n for n, r in folder.items() if r.status == "passed"} == {"check_options"}
    # with the folder named there is no such excuse
    assert (
        ends("WantsFolder", "check_builds", options="Folder", sets=("folder='here'",))["check_builds"].status
        == "failed"
    )
    package = ends("WantsPackage", "check_builds")["check_builds"]
    assert (package.status, package.reason[:46]) == ("skipped", "a package that it needs is not installed: It n")
    assert ends("Refuses", "check_silence")["check_silence"].reason == "it cannot be built, as check_builds says"


def test_units_that_are_missing_too_many_or_in_words() -> None:
    assert "is empty" in ends("Level", "check_units", units="")["check_units"].what
    assert "names 3 units" in ends("Whole", "check_units", units="3 x power")["check_units"].what
    free = ends("Level", "check_units", units="sones")["check_units"]
    assert (free.status, free.reason) == ("skipped", "not verified, since it is no unit of the table: 'sones'")
    partly = ends("Whole", "check_units", units="power, sones")["check_units"]
    assert (partly.status, partly.reason) == ("skipped", "of 2 places the others hold; not verified: sones")
    assert ends("Whole", "check_units", units="amplitude, sones")["check_units"].status == "failed"


@pytest.mark.parametrize(
    ("target", "unit"), [("Level", "ln power"), ("Amplitude", "amplitude"), ("Standardised", "ratio")]
)
def test_no_other_unit_is_taken_for_the_right_one(target: str, unit: str) -> None:
    for other in UNITS:
        status = ends(target, "check_units", units=other)["check_units"].status
        assert status == ("passed" if UNITS[other] == UNITS[unit] else "failed"), other


def test_the_words_of_units() -> None:
    assert unit_names("Hz, 3 x ln ratio per frame, dB re 1") == ["Hz", *["ln ratio per frame"] * 3, "dB re 1"]
    assert change("dB re full scale") == UNITS["dB"]
    assert change("dB per frame") == UNITS["ratio"]
    assert change("power per frame") == UNITS["power"]
    assert change("furlongs") is None


def test_settings_are_those_of_the_command_line() -> None:
    host = OneFeature("Level", "Options")
    subject = FeatureSubject(host, host.get("feature", "it"), sets=("floor=1e-3",))
    assert subject.options("quiet").floor == 1e-3
    assert ends("Level", "check_builds", sets=("flor=1",))["check_builds"].status == "failed"


def test_the_page_names_the_units_that_are_verified() -> None:
    page = (Path(__file__).parents[3] / "docs" / "plugins" / "serkit_features.md").read_text("utf-8")
    spoken = page.partition("* **`units`**")[2].partition("* **")[0]
    for unit in UNITS:
        assert unit.split()[-1] in spoken, unit
        assert f"`{unit}`" in spoken or unit.split()[0] in ("ln", "log10"), unit


def test_the_voice_that_features_are_asked_about() -> None:
    x = speech(16_000, 0.5, level=0.25)
    assert (x.dtype, x.shape) == (np.float32, (8000,))
    assert np.abs(x).max() == np.float32(0.25)
    np.testing.assert_array_equal(x, speech(16_000, 0.5, level=0.25))
    assert not np.array_equal(x, speech(16_000, 0.5, seed=1, level=0.25))

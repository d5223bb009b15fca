"""The door for frame descriptors: what comes in, what is refused, and the example of the docs as a real package."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from serkit.data.synth import utterance
from serkit.errors import AudioError, ConfigError, PluginError
from serkit.features import (
    Extractor,
    FrameDescriptor,
    FrameOptions,
    frame_descriptor,
    log_energy,
    zero_crossing_rate,
)
from serkit.host import Host
from serkit.kernels.reference.voice_frames import frames as reference_frames

DOCS = Path(__file__).parents[2] / "docs" / "descriptors.md"


def blocks() -> list[str]:
    """The Python blocks of the page."""
    found = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert len(found) == 3
    return found


def framed(x: np.ndarray, length: int, hop: int = 160) -> np.ndarray:
    return reference_frames(x, length, hop * np.arange(1 + len(x) // hop))


def test_log_energy_is_its_definition() -> None:
    x = np.r_[utterance(0, "sad", 0).waveform, np.zeros(1000, np.float32)]
    expected = np.log(np.maximum(np.mean(framed(x, 400) ** 2, axis=1), 1e-10))
    # float32 of up to 23
    np.testing.assert_allclose(log_energy()(x)[:, 0], expected, rtol=0, atol=2e-6)
    assert log_energy()(x).min() == np.float32(np.log(1e-10))


def test_zero_crossing_rate_is_its_definition() -> None:
    x = utterance(0, "sad", 0).waveform
    expected = np.mean(np.diff(framed(x, 400) < 0, axis=1), axis=1)
    np.testing.assert_allclose(zero_crossing_rate()(x)[:, 0], expected, rtol=1e-7)  # float32
    sine = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000 + 0.1).astype(np.float32)
    # of 399 pairs one crossing more or less
    np.testing.assert_allclose(zero_crossing_rate()(sine)[3:-3], 2 * 1000 / 16000, atol=1.1 / 399)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 150, 401])
@pytest.mark.parametrize("length", [1, 2, 5, 400])
def test_frames_are_reflected_at_both_ends_as_often_as_it_takes(n: int, length: int) -> None:
    @frame_descriptor(columns=[f"x{k}" for k in range(length)])
    def samples(frame: Any, sample_rate: float) -> Any:
        return frame

    x = np.random.default_rng(n).standard_normal(n).astype(np.float32)
    found = samples(FrameOptions(sample_rate=1000, hop_ms=3.0, frame_ms=float(length)))(x)
    # pad of NumPy is another way to reflect
    padded = np.pad(x, 2 * length + 3, mode="reflect") if n > 1 else np.repeat(x, 4 * length + 7)
    starts = 3 * np.arange(1 + n // 3) - length // 2 + 2 * length + 3
    np.testing.assert_array_equal(found, padded[starts[:, None] + np.arange(length)])


def test_it_is_an_extractor_like_ours() -> None:
    assert isinstance(log_energy(), Extractor)
    assert issubclass(log_energy, FrameDescriptor)
    assert log_energy().shape == (1,)
    assert log_energy().columns == ("log_energy",)
    assert "1e-10" in (log_energy.__doc__ or "")
    assert log_energy(FrameOptions(hop_ms=5.0)).hop_s == 0.005
    waveforms = [utterance(s, "angry", s).waveform[: 3000 * (s + 1)] for s in range(5)]
    single = [log_energy()(w) for w in waveforms]
    for threads in (1, 2, 5):
        for found, expected in zip(log_energy().batch(waveforms, threads), single, strict=True):
            np.testing.assert_array_equal(found, expected)


def number(frame, sample_rate):
    return len(frame) * sample_rate


def truth(frame, sample_rate):
    return frame[0] > 0


def mixed(frame, sample_rate):
    return 1, frame[0], True


def array(frame, sample_rate):
    return frame[:3] * 2


@pytest.mark.parametrize(("function", "columns"), [(number, 1), (truth, 1), (mixed, 3), (array, 3)])
def test_numbers_tuples_and_arrays_may_come_back(function: Callable, columns: int) -> None:
    made = frame_descriptor(columns=[f"c{k}" for k in range(columns)])(function)
    x = np.random.default_rng(0).standard_normal(500).astype(np.float32)
    frame = framed(x, 400).astype(np.float32)[1]
    expected = np.atleast_1d(np.array(function(frame, 16000.0), dtype=np.float32))
    np.testing.assert_array_equal(made()(x)[1], expected)


def test_a_frame_may_be_written_on() -> None:
    @frame_descriptor()
    def spoiler(frame: Any, sample_rate: float) -> float:
        first = frame[0]
        frame[:] = 99.0
        return first

    x = np.random.default_rng(0).standard_normal(2000).astype(np.float32)
    before = x.copy()
    np.testing.assert_array_equal(spoiler()(x)[:, 0], framed(x, 400)[:, 0].astype(np.float32))
    np.testing.assert_array_equal(x, before)


def test_many_threads_may_ask_for_it_first() -> None:
    @frame_descriptor()
    def asked_by_many(frame: Any, sample_rate: float) -> float:
        return frame[0]

    x = np.ones(800, np.float32)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: asked_by_many()(x), range(8)):
            assert (found == 1).all()


def unknown_name(frame, sample_rate):
    return nowhere(frame)  # noqa: F821  # meant


def one_argument(frame):
    return 1.0


def context(frame, sample_rate):
    with open("x"):
        return 1.0


def text(frame, sample_rate):
    return "loud"


def nothing(frame, sample_rate):
    pass


def table(frame, sample_rate):
    return np.zeros((2, 2))


def pair(frame, sample_rate):
    return 1.0, 2.0


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (unknown_name, "'unknown_name' does not compile: NameError: name 'nowhere' is not defined; write it in"),
        (one_argument, "'one_argument' does not compile: Signature mismatch"),
        (context, "'context' does not compile: .*; write it in"),
        (text, "'text' returns .*; it must return a number, a tuple of numbers or an array"),
        (nothing, "'nothing' returns none; it must return a number"),
        (table, r"'table' returns array\(float64, 2d, C\); it must return"),
        (pair, r"'pair' returns 2 number\(s\) a frame but names 1 column\(s\); give columns="),
    ],
)
def test_a_function_that_does_not_fit_is_refused_when_built(function: Callable, says: str) -> None:
    made = frame_descriptor()(function)
    with pytest.raises(PluginError, match=says) as caught:
        made()
    assert "\n" not in str(caught.value)


def undefined(frame, sample_rate):
    return np.nan if frame[0] == 0.0 else 1.0


def endless(frame, sample_rate):
    return 1.0 / frame[0]


def angry(frame, sample_rate):
    if frame[0] == 0.0:
        raise ValueError("no silence")
    return 1.0


def longer(frame, sample_rate):
    return frame[:2] if frame[0] == 0.0 else frame[:1]


@pytest.mark.parametrize(
    ("function", "allow_nan", "says"),
    [
        (undefined, False, "'undefined' gave nan as 'undefined' of frame 3; return a finite number, or pass allow_nan"),
        (endless, False, "'endless' gave inf as 'endless' of frame 3"),
        (endless, True, "return a finite number or NaN"),
        (angry, False, "'angry' failed with ValueError: no silence"),
        (longer, False, r"'longer' returned an array of 2 for 1 column\(s\)"),
    ],
)
def test_a_bad_value_is_named_with_its_frame(function: Callable, allow_nan: bool, says: str) -> None:
    made = frame_descriptor(allow_nan=allow_nan, frame_ms=1.0)(function)
    x = np.r_[np.ones(440), np.zeros(300)].astype(np.float32)
    with pytest.raises(PluginError, match=says):
        made()(x)


def test_nan_is_kept_where_it_is_allowed() -> None:
    made = frame_descriptor(allow_nan=True, frame_ms=1.0)(undefined)
    found = made()(np.r_[np.ones(440), np.zeros(300)].astype(np.float32))[:, 0]
    np.testing.assert_array_equal(np.isnan(found), [False] * 3 + [True] * 2)


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(PluginError, match="columns of the frame descriptor 'number' is 'ab'; give different names"):
        frame_descriptor(columns="ab")(number)
    with pytest.raises(PluginError, match="give different names"):
        frame_descriptor(columns=["a", "a"])(number)
    with pytest.raises(PluginError, match=r"frame_ms of the frame descriptor 'number' is 0.0"):
        frame_descriptor(frame_ms=0.0)(number)
    with pytest.raises(ConfigError, match="hop_ms"):
        log_energy(FrameOptions(hop_ms=-1.0))
    with pytest.raises(ConfigError, match=r"frame_ms=0\.001 is less than a sample"):
        log_energy(FrameOptions(frame_ms=0.001))


def test_the_first_example_of_the_docs_runs() -> None:
    space: dict[str, Any] = {}
    exec(compile(blocks()[0], str(DOCS), "exec"), space)
    assert space["rows"].shape == (3, 5 * 14)
    assert len(space["names"]) == 70
    assert [len(f) for f in space["formants"]] == np.diff(space["offsets"]).tolist()


def test_a_stranger_comes_in_by_the_door(distribution: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")  # whoever runs this may keep machine code elsewhere
    _, code, hooks = blocks()
    points = distribution("serkit-teager", {"teager": "teager_hooks"}, {"teager": code, "teager_hooks": hooks})
    host = Host(points)
    assert [r.spec.name for r in host.specs("feature")] == ["teager"]
    assert "teager" not in sys.modules  # listing imports no code
    spec = host.get("feature", "teager").spec
    extractor = host.load("feature", "teager")(host.load_target(spec.options)(hop_ms=5.0))
    assert isinstance(extractor, Extractor)
    x = utterance(1, "happy", 0).waveform
    found = extractor(x)
    frame = framed(x, 320, 80)
    energy = frame[:, 1:-1] ** 2 - frame[:, :-2] * frame[:, 2:]
    # the example multiplies float32 samples in float32, where two nearly equal products are subtracted
    atol = 1e-6 * float(np.max(np.abs(x))) ** 2
    np.testing.assert_allclose(found, np.stack([energy.mean(1), np.maximum(energy.max(1), 0)], 1), rtol=0, atol=atol)
    # its machine code lies beside it, for the next process
    assert list((Path(sys.modules["teager"].__file__).parent / "__pycache__").glob("teager.teager-*.nbi"))


def test_one_waveform_is_not_taken_for_a_batch() -> None:
    with pytest.raises(AudioError, match="waveforms is one array; a list of waveforms"):
        log_energy().batch(np.zeros(800, dtype=np.float32))

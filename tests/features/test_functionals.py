"""Functionals of frames as extractors give them: shapes, names, choice, what is undefined, what is refused."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pytest

from serkit.data.synth import utterance
from serkit.errors import AudioError, ConfigError
from serkit.features import Functionals, FunctionalsOptions, LogMel, Pitch, PitchOptions
from serkit.kernels.reference import functionals as reference


def test_rows_and_columns_of_a_batch() -> None:
    frames, offsets = Pitch().packed([utterance(s, "sad", s).waveform for s in range(3)])
    functionals = Functionals(FunctionalsOptions(names=("slope", "defined", "mean"), percentiles=(5, 99.5)))
    rows = functionals(frames, offsets)
    assert rows.dtype == np.float32
    assert rows.shape == (3, 5 * 5)
    names = functionals.columns(Pitch().columns)
    assert names[:6] == ("f0_slope", "f0_defined", "f0_mean", "f0_p5", "f0_p99.5", "voiced_slope")
    table = dict(zip(names, rows[1], strict=True))
    contour = frames[offsets[1] : offsets[2], 0].astype(np.float64)
    wanted = dict(zip(reference.NAMES, reference.functionals(contour, []), strict=True))
    # float32 of float64 sums
    assert table["f0_mean"] == pytest.approx(np.nanmean(contour), rel=1e-6)
    assert table["f0_slope"] == pytest.approx(wanted["slope"], rel=1e-6)
    assert table["f0_p5"] == pytest.approx(np.nanpercentile(contour, 5), rel=1e-6)
    assert table["f0_defined"] == pytest.approx(np.mean(~np.isnan(contour)), rel=1e-6)
    assert table["voiced_mean"] == table["f0_defined"]


def test_the_twelve_are_the_default() -> None:
    assert Functionals().names == reference.INTERSPEECH_2009
    assert len(Functionals().names) == 12


def test_frames_of_more_dimensions_are_flattened() -> None:
    frames, offsets = LogMel().packed([utterance(0, "happy", 0).waveform])
    rows = Functionals()(frames, offsets)
    assert rows.shape == (1, 40 * 3 * 12)
    np.testing.assert_array_equal(rows, Functionals()(frames.reshape(len(frames), 120), offsets))


def test_batch_and_threads_change_no_bit() -> None:
    functionals = Functionals(FunctionalsOptions(percentiles=(50.0,)))
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 60, 40)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    frames = rng.standard_normal((offsets[-1], 3)).astype(np.float32)
    single = [functionals(frames[a:b], np.array([0, b - a])) for a, b in pairwise(offsets)]
    for threads in (1, 2, 7):
        np.testing.assert_array_equal(functionals(frames, offsets, threads), np.concatenate(single))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(functionals))(frames, offsets), np.concatenate(single))


def test_nothing_defined_is_nan_or_zero_and_says_so() -> None:
    frames = np.full((4, 1), np.nan, np.float32)
    frames[0] = 2.0
    options = FunctionalsOptions(names=("mean", "defined", "slope"), percentiles=(50,))
    offsets = np.array([0, 2, 4, 4])
    rows = Functionals(options)(frames, offsets)
    np.testing.assert_array_equal(rows, [[2, 0.5, 0, 2], [np.nan, 0, np.nan, np.nan], [np.nan, 0, np.nan, np.nan]])
    zero = FunctionalsOptions(names=options.names, percentiles=(50,), undefined="zero")
    np.testing.assert_array_equal(Functionals(zero)(frames, offsets), np.nan_to_num(rows))


def test_no_utterances_are_no_rows() -> None:
    assert Functionals()(np.empty((0, 5), np.float32), np.array([0])).shape == (0, 60)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"names": ()}, "name at least one functional"),
        ({"names": ("mean", "mean")}, "each at most once"),
        ({"names": ("median",)}, "names"),
        ({"percentiles": (101.0,)}, "percentiles"),
        ({"percentiles": (5.0, 5.0)}, "percentiles is .*; name each at most once"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Functionals(FunctionalsOptions(**options))


@pytest.mark.parametrize(
    ("frames", "offsets", "says"),
    [
        (np.zeros((3, 1)), [0, 3], "The frames hold float64"),
        (np.zeros(3, np.float32), [0, 3], r"The frames have shape \(3,\)"),
        ([[1.0]], [0, 1], "The frames are a list"),
        (np.zeros((3, 1), np.float32), [0, 2], "Offsets must "),
        (np.zeros((3, 1), np.float32), [1, 3], "Offsets must "),
        (np.zeros((3, 1), np.float32), [0, 4, 3], "Offsets must "),
        (np.zeros((3, 1), np.float32), [0.0, 3.0], "Offsets must "),
        (np.zeros((3, 1), np.float32), [], "Offsets must "),
        (np.array([[0], [np.inf]], np.float32), [0, 2], "Frame 1 holds infinity"),
    ],
)
def test_what_does_not_fit_is_refused(frames: np.ndarray, offsets: list[int], says: str) -> None:
    with pytest.raises(AudioError, match=says):
        Functionals()(frames, np.array(offsets))


def test_undefined_frames_of_pitch_do_not_pull_its_mean() -> None:
    x = utterance(4, "angry", 1).waveform
    nan, offsets = Pitch(PitchOptions(columns=("f0",))).packed([x])
    mean = Functionals(FunctionalsOptions(names=("mean",)))(nan, offsets)[0, 0]
    assert mean > 1.2 * np.nan_to_num(nan).mean()

"""Normalisation of frames by utterance and by training frames."""

from __future__ import annotations

import numpy as np
import pytest

from serkit.errors import AudioError, ConfigError, RunFolderError
from serkit.features import CorpusNormalizer, UtteranceNormalizer

U = 2.0**-24  # half a unit in the last place of float32


def rows(frames: int, seed: int = 0, shape: tuple[int, ...] = (5, 2)) -> np.ndarray:
    """Frames whose bands have means of up to 1000 and deviations from 0.001 to 10."""
    rng = np.random.default_rng(seed)
    size = np.geomspace(1e-3, 10, int(np.prod(shape))).reshape(shape)
    mean = np.linspace(-1000, 1000, size.size).reshape(shape)
    return (mean + size * rng.standard_normal((frames, *shape))).astype(np.float32)


def test_an_utterance_gets_mean_0_and_variance_1_in_every_band() -> None:
    x = rows(300)
    out = UtteranceNormalizer()(x)
    assert out.dtype == np.float32
    truth = (x - x.mean(axis=0, dtype=np.float64)) / x.std(axis=0, dtype=np.float64)
    # one rounding to float32; float64 sums of values 1e6 deviations off lose 6 of 16 digits
    assert np.allclose(out, truth, rtol=2 * U, atol=1e-8)
    assert np.allclose(UtteranceNormalizer("mean")(x), x - x.mean(axis=0, dtype=np.float64), rtol=2 * U, atol=1e-8)


def test_utterances_end_to_end_have_statistics_of_their_own() -> None:
    x, offsets = np.concatenate([rows(30), rows(1), rows(50, 1)]), np.array([0, 30, 31, 81])
    for kind in ("mean", "mean-variance"):
        normalize = UtteranceNormalizer(kind)
        packed = normalize.packed(x, offsets)
        assert np.array_equal(packed, np.concatenate([normalize(x[:30]), normalize(x[30:31]), normalize(x[31:])]))
        assert not packed[30].any()  # one frame is its own mean


@pytest.mark.parametrize("value", [0.0, 0.1, -1e-30, 3.4e38])
def test_a_constant_band_becomes_0_exactly(value: float) -> None:
    x = rows(50)
    x[:, 2, 1] = value
    for normalize in (UtteranceNormalizer(), CorpusNormalizer.fit([x[:20], x[20:]])):
        out = normalize(x)
        assert not out[:, 2, 1].any()
        assert np.isfinite(out).all()


def test_corpus_statistics_are_those_of_all_frames_at_once() -> None:
    parts = [rows(n, n) for n in (1, 400, 7, 90)]
    everything = np.concatenate(parts).astype(np.float64)
    normalize = CorpusNormalizer.fit(iter(parts))
    assert normalize.n_frames == 498
    # float64: sums of values 1e6 deviations off lose 6 of 16 digits, squares of them twice as many less the shift's
    assert np.allclose(normalize.mean, everything.mean(axis=0), rtol=1e-12)
    assert np.allclose(1 / normalize.factor, everything.std(axis=0), rtol=1e-9)
    truth = (parts[1] - everything.mean(axis=0)) / everything.std(axis=0)
    assert np.allclose(normalize(parts[1]), truth, rtol=2 * U, atol=1e-8)
    assert np.array_equal(CorpusNormalizer.fit(parts, "mean").factor, np.ones((5, 2)))


def test_a_constant_band_of_training_keeps_its_distance_elsewhere() -> None:
    train, test = rows(50), rows(5, 1)
    train[:, 0, 0], test[:, 0, 0] = 2.0, 5.0
    assert np.all(CorpusNormalizer.fit([train])(test)[:, 0, 0] == 3.0)


def test_the_state_is_plain_arrays_that_bring_it_back() -> None:
    normalize = CorpusNormalizer.fit([rows(50)])
    state = normalize.state()
    assert {name: (a.dtype.name, a.shape) for name, a in state.items()} == {
        "mean": ("float64", (5, 2)), "factor": ("float64", (5, 2)), "n_frames": ("int64", ()),
    }  # fmt: skip
    again = CorpusNormalizer.from_state(state)
    assert np.array_equal(again(rows(9, 1)), normalize(rows(9, 1)))
    assert again.n_frames == 50


@pytest.mark.parametrize("change", [{"mean": np.zeros(3)}, {"factor": np.full((5, 2), np.nan)}, {"n_frames": 0}])
def test_a_damaged_state_is_refused(change: dict[str, object]) -> None:
    state = CorpusNormalizer.fit([rows(50)]).state()
    with pytest.raises(RunFolderError, match="is damaged; fit it anew"):
        CorpusNormalizer.from_state({**state, **change})
    with pytest.raises(RunFolderError, match="needs the arrays mean, factor and n_frames"):
        CorpusNormalizer.from_state({name: a for name, a in state.items() if name not in change})


def test_bad_input_is_refused_in_a_sentence() -> None:
    with pytest.raises(AudioError, match="There are no training frames"):
        CorpusNormalizer.fit([])
    with pytest.raises(AudioError, match=r"utterance 1 have shape \(3,\), those before \(5, 2\)"):
        CorpusNormalizer.fit([rows(5), rows(5, shape=(3,))])
    with pytest.raises(AudioError, match="The frames of utterance 1 hold nan in frame 2"):
        CorpusNormalizer.fit([rows(5), np.where(np.arange(5)[:, None, None] == 2, np.float32(np.nan), rows(5))])
    with pytest.raises(AudioError, match=r"frames have shape \(3,\), those learned from \(5, 2\)"):
        CorpusNormalizer.fit([rows(5)])(rows(5, shape=(3,)))
    with pytest.raises(AudioError, match="The frames hold float64"):
        UtteranceNormalizer()(rows(5).astype(np.float64))
    for make in (UtteranceNormalizer, lambda kind: CorpusNormalizer.fit([rows(5)], kind)):
        with pytest.raises(ConfigError, match="kind is 'variance'; allowed are 'mean', 'mean-variance'"):
            make("variance")


def test_one_array_is_not_taken_for_a_list_of_its_rows() -> None:
    with pytest.raises(AudioError, match=r"utterances is one array \(5, 2\); put it in a list"):
        CorpusNormalizer.fit(np.ones((5, 2), dtype=np.float32))

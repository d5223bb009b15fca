"""Log-Mel as users meet it: options, presets, refusals, batch equal to single, stream equal to whole."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serkit.config import dump, load
from serkit.errors import AudioError, ConfigError, UnknownNameError
from serkit.features import Extractor, LogMel, LogMelOptions
from serkit.kernels.reference import spectral as reference

PRESETS = LogMelOptions.PRESETS

# lengths around frame (400) and hop (160) borders, and past the piece of work (1024 frames) of one thread
LENGTHS = st.one_of(st.integers(1, 1500), st.sampled_from([399, 400, 401, 560, 561, 1024 * 160 + 399, 1040 * 160]))


def noise(n: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(n)).astype(np.float32)


def test_defaults_are_those_of_the_three_dimensional_systems() -> None:
    log_mel = LogMel()
    assert isinstance(log_mel, Extractor)
    assert log_mel.options == LogMelOptions()
    assert (log_mel.sample_rate, log_mel.shape, log_mel.hop_s) == (16000, (40, 3), 0.01)
    features = log_mel(noise(48000))
    assert features.shape == (299, 40, 3) == (log_mel.n_frames(48000), *log_mel.shape)
    assert features.dtype == np.float32
    assert features.flags.c_contiguous


def test_features_are_those_of_the_definition() -> None:
    log_mel, x = LogMel(), noise(16000)
    truth = reference.spectral(x, log_mel.options.parameters())
    # noise has no band far below the loudest, so that the relative error of the powers, 1e-5, is that of the logarithm
    assert np.abs(log_mel(x) - truth).max() <= 1e-5 + 4 * 2.0**-24 * np.abs(truth).max()


@pytest.mark.parametrize("value", [0.0, 0.25, -1.0, 1e-30, 0.1])
def test_a_constant_waveform_is_silence_when_standardised(value: float) -> None:
    x = np.full(1000, value, dtype=np.float32)
    assert np.array_equal(LogMel()(x), LogMel()(np.zeros(1000, dtype=np.float32)))
    assert LogMel(LogMelOptions(channels=("static",)))(x).max() == np.float32(np.log(1e-10))


@pytest.mark.parametrize("gain", [2.0**-20, 1.0, 2.0**10])
def test_standardised_features_do_not_depend_on_gain(gain: float) -> None:
    """Powers of two, since other gains round the samples themselves."""
    assert np.array_equal(LogMel()(noise(3000)), LogMel()(noise(3000) * np.float32(gain)))


@given(st.lists(LENGTHS, max_size=6), st.integers(1, 3), st.sampled_from(["tail", "center"]), st.booleans())
@settings(max_examples=25, deadline=None)
def test_a_batch_is_its_waveforms_to_the_bit(lengths: list[int], threads: int, framing: str, raw: bool) -> None:
    waveform, preemphasis = ("raw", 0.97) if raw else ("standardize", 0.0)
    log_mel = LogMel(LogMelOptions(framing=framing, waveform=waveform, preemphasis=preemphasis))
    waveforms = [noise(n, seed) for seed, n in enumerate(lengths)]
    batch = log_mel.batch(waveforms, threads=threads)
    assert len(batch) == len(waveforms)
    for features, x in zip(batch, waveforms, strict=True):
        assert np.array_equal(features, log_mel(x))
        assert len(features) == log_mel.n_frames(len(x))


def test_threads_do_not_change_a_bit() -> None:
    log_mel, waveforms = LogMel(), [noise(n, n) for n in (200, 5000, 1100 * 160, 40000)]
    one, two, all_ = (log_mel.packed(waveforms, threads=t) for t in (1, 2, 0))
    for other in (two, all_):
        assert np.array_equal(one[0], other[0])
        assert np.array_equal(one[1], other[1])


@given(
    st.lists(st.integers(0, 3000), min_size=1, max_size=8),
    st.sampled_from(["tail", "snip", "center"]),
    st.sampled_from([0.0, 0.97]),
    st.sampled_from([10.0, 31.7, 60.0]),
    st.sampled_from([("static",), ("static", "delta", "delta2")]),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_stream_is_the_whole_to_the_bit(
    cuts: list[int], framing: str, preemphasis: float, hop_ms: float, channels: tuple[str, ...], raw: bool
) -> None:
    log_mel = LogMel(
        LogMelOptions(
            framing=framing, preemphasis=preemphasis, hop_ms=hop_ms, channels=channels,
            waveform="raw" if raw else "standardize",
        )
    )  # fmt: skip
    whole = noise(sum(cuts) + 400)  # at least a frame, for snip
    blocks = np.split(whole, np.cumsum(cuts))
    statistics = None if raw else log_mel.measure(iter(blocks))
    pieces = list(log_mel.stream(iter(blocks), statistics))
    assert np.array_equal(np.concatenate(pieces), log_mel(whole))


def test_a_stream_holds_little_more_than_a_block() -> None:
    log_mel = LogMel(LogMelOptions(waveform="raw"))
    pieces = [len(p) for p in log_mel.stream(noise(8000, i) for i in range(20))]
    # all but the frames that a block's last samples and the deltas' context leave open come out at once
    assert len(pieces) == 21
    assert pieces[1:-1] == [50] * 19
    assert pieces[-1] <= 3 + log_mel._kernel.context_frames


def test_a_stream_of_another_waveform_than_measured_is_refused() -> None:
    log_mel = LogMel()
    statistics = log_mel.measure([noise(1000)])
    with pytest.raises(AudioError, match="999 samples, but 1000 were measured"):
        list(log_mel.stream([noise(999)], statistics))
    with pytest.raises(ConfigError, match=r"extractor\.measure"):
        log_mel.stream([noise(999)])
    with pytest.raises(AudioError, match="empty"):
        list(LogMel(LogMelOptions(waveform="raw")).stream([]))
    with pytest.raises(AudioError, match="empty"):
        log_mel.measure([])


@given(st.lists(st.integers(0, 50), max_size=8))
@settings(max_examples=50, deadline=None)
def test_statistics_do_not_depend_on_the_cut(cuts: list[int]) -> None:
    x = noise(sum(cuts) + 3) + np.float32(0.7)
    log_mel = LogMel()
    measured = log_mel.measure(np.split(x, np.cumsum(cuts)))
    assert measured == log_mel.measure([x])
    # double throughout; NumPy adds in another order
    assert measured.mean == pytest.approx(x.astype(np.float64).mean(), rel=1e-13)
    assert measured.deviation == pytest.approx(x.astype(np.float64).std(), rel=1e-9)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.empty(0, np.float32), "is empty; at least one sample"),
        (np.array([0, np.nan], np.float32), "holds nan at sample 1"),
        (np.array([np.inf], np.float32), "holds inf at sample 0"),
        (np.zeros(500), "holds float64; convert"),
        (np.zeros(500, np.int16), "holds int16; divide by full scale and convert"),
        (np.zeros((2, 500), np.float32), r"has shape \(2, 500\); one channel"),
        (np.array([1e6], np.float32), r"has samples beyond 65536; scale it to \[-1, 1\]"),
        ([0.0, 1.0], "is a list; a NumPy array"),
    ],
)
def test_a_bad_waveform_is_refused_in_a_sentence(bad: object, words: str) -> None:
    with pytest.raises(AudioError, match=f"^The waveform {words}"):
        LogMel()(bad)
    with pytest.raises(AudioError, match=r"^Waveform 1 "):
        LogMel().batch([noise(500), bad])


def test_a_waveform_shorter_than_a_frame_is_padded_or_refused() -> None:
    assert LogMel()(noise(1)).shape == (1, 40, 3)
    with pytest.raises(AudioError, match='399 samples, less than a frame of 400; framing="tail"'):
        LogMel(LogMelOptions(framing="snip"))(noise(399))


def test_strided_views_are_taken() -> None:
    stereo = np.stack([noise(2000), noise(2000, 1)], axis=1)
    assert np.array_equal(LogMel()(stereo[:, 1]), LogMel()(noise(2000, 1)))


@pytest.mark.parametrize("name", PRESETS)
def test_options_of_every_preset_survive_a_file_and_a_pickle(name: str) -> None:
    log_mel = LogMel(LogMelOptions.preset(name))
    assert load(LogMelOptions, dump(log_mel.options)) == log_mel.options
    again = pickle.loads(pickle.dumps(log_mel))
    assert np.array_equal(again(noise(5000)), log_mel(noise(5000)))


def test_presets_are_the_libraries_defaults() -> None:
    librosa = LogMelOptions.preset("librosa")
    assert (librosa.frame_samples, librosa.hop_samples, librosa.parameters().f_max) == (2048, 512, 11025)
    assert LogMelOptions.preset("psf", n_mels=40) == LogMelOptions.preset("chen_reference")
    with pytest.raises(UnknownNameError, match="did you mean 'librosa'"):
        LogMelOptions.preset("librose")
    with pytest.raises(ConfigError, match="did you mean 'n_mels'"):
        LogMelOptions.preset("psf", n_mel=3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_fft": 0}, "n_fft: input should be greater"),
        ({"n_fft": 514}, "no prime factor but 2, 3 and 5"),
        ({"n_fft": 256}, "frame of 400 samples does not fit n_fft=256"),
        ({"window": "kaiser"}, "window: input should be"),
        ({"f_max": 9000.0}, "f_min=0 and f_max=9000 do not fit sample_rate=16000"),
        ({"f_min": 8000.0}, "f_min=8000 and f_max=0"),
        ({"channels": ()}, "channels: "),
        ({"channels": ("delta", "static")}, "in the order static, delta, delta2"),
        ({"channels": ("static", "static")}, "name each at most once"),
        ({"hop_ms": 0.01}, "hop must be at least one sample"),
        ({"frame_ms": 0.01}, "frame must be at least one sample"),
        ({"floor": 0.0}, "floor: "),
        ({"n_mels": 200}, "leaves band 0 without an FFT bin"),
        ({"delta_window": 0}, "delta_window: "),
    ],
)
def test_bad_options_are_refused_in_a_sentence(change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        LogMel(replace(LogMelOptions(), **change))


def test_options_are_frozen_and_threads_are_checked() -> None:
    with pytest.raises(FrozenInstanceError):
        LogMelOptions().n_fft = 1024
    with pytest.raises(ConfigError, match="threads is -1"):
        LogMel().batch([noise(500)], threads=-1)
    assert LogMel().batch([]) == []


def test_features_need_no_torch_and_their_package_is_light() -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'sklearn', 'matplotlib'): sys.modules[name] = None\n"
        "import serkit.features\n"
        "assert 'numpy' not in sys.modules and 'serkit._core' not in sys.modules\n"
        "import numpy as np\n"
        "from serkit.features import LogMel\n"
        "assert LogMel()(np.zeros(800, np.float32)).shape == (4, 40, 3)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr

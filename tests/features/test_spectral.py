"""What STFT, Spectrogram, LogMel and MFCC have in common: batches, threads, buffers, streams, refusals."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serkit.config import dump, load
from serkit.errors import AudioError, ConfigError, UnknownNameError
from serkit.features import MFCC, STFT, Extractor, LogMel, LogMelOptions, MFCCOptions, Spectrogram, SpectrogramOptions
from serkit.kernels.reference import spectral as reference

FAMILY = [STFT, Spectrogram, LogMel, MFCC]
FRAMINGS = ["tail", "snip", "center", "center-zero", "mirror"]
PRESETS = [(kind, name) for kind in FAMILY for name in kind.OPTIONS.PRESETS]
# lengths around frame (400) and hop (160) borders, and past the piece of work (1024 frames) of one thread
LENGTHS = st.one_of(st.integers(80, 1500), st.sampled_from([399, 400, 401, 560, 561, 1024 * 160 + 399, 1040 * 160]))

family = pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)


def noise(n: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(n)).astype(np.float32)


def make(kind: type, **options: Any) -> Any:
    return kind(kind.OPTIONS(**options))


@family
def test_what_an_extractor_says_of_itself_is_so(kind: type) -> None:
    extractor = kind()
    assert isinstance(extractor, Extractor)
    assert (extractor.sample_rate, extractor.hop_s) == (16000, 0.01)
    frames = extractor(noise(8000))
    assert frames.shape == (extractor.n_frames(8000), *extractor.shape) == (49, *extractor.shape)
    assert frames.dtype == (np.complex64 if kind is STFT else np.float32)
    assert frames.flags.c_contiguous
    assert repr(extractor) == f"{kind.__name__}({extractor.options!r})"


@pytest.mark.parametrize(("kind", "name"), PRESETS, ids=lambda word: getattr(word, "__name__", word))
def test_presets_are_the_definition_and_survive_a_file_and_a_pickle(kind: type, name: str) -> None:
    extractor = kind(kind.OPTIONS.preset(name))
    assert load(kind.OPTIONS, dump(extractor.options)) == extractor.options
    frames = extractor(noise(6000))
    assert np.array_equal(pickle.loads(pickle.dumps(extractor))(noise(6000)), frames)
    truth = reference.spectral(noise(6000), extractor.options.parameters())
    # 13 float32 roundings of the largest value, of which cepstra up to 40 with a lifter of 12 are the worst sum; the
    # stages' own bounds are held in tests/kernels/test_spectral.py
    assert np.abs(frames - truth).max() <= 40 * 2.0**-24 * 12 * max(1.0, np.abs(truth).max())


def test_bands_of_a_spectrogram_are_bins_within_f_min_and_f_max() -> None:
    whole, low = Spectrogram(), make(Spectrogram, f_max=4000.0)
    assert (whole.shape, low.shape) == ((257, 1), (129, 1))
    assert np.array_equal(low(noise(3000)), whole(noise(3000))[:, :129])
    assert np.array_equal(low.frequencies, np.arange(129) * 31.25)
    middle = make(STFT, f_min=62.5, f_max=100.0)
    assert np.array_equal(middle.frequencies, [62.5, 93.75])
    assert np.array_equal(middle(noise(3000)), STFT()(noise(3000))[:, 2:4])
    with pytest.raises(ConfigError, match=r"No FFT bin lies between f_min=40 and f_max=60; bins are 31\.25 Hz apart"):
        make(Spectrogram, f_min=40.0, f_max=60.0)


def test_the_bins_of_the_afcn_lie_below_4_khz() -> None:
    for name, count in (("afcn", 400), ("afcn_200", 200)):
        extractor = Spectrogram(SpectrogramOptions.preset(name))
        assert (extractor.shape, extractor.n_frames(48000)) == ((count, 1), 297)
        assert np.array_equal(extractor.frequencies, np.arange(count) * 4000 / count)


def test_linear_and_logarithmic_spectrograms_are_of_the_stft() -> None:
    size = np.abs(STFT()(noise(3000)).astype(np.complex128))
    # each is a few float32 roundings of its own
    assert np.allclose(make(Spectrogram, log="none")(noise(3000))[..., 0], size**2, rtol=1e-6)
    assert np.allclose(make(Spectrogram, log="none", spectrum="magnitude")(noise(3000))[..., 0], size, rtol=1e-6)
    assert np.allclose(make(Spectrogram, log="decibel")(noise(3000))[..., 0], 20 * np.log10(size), atol=2e-5)


def test_mfcc_are_39_numbers_by_default() -> None:
    assert MFCC().shape == (13, 3)
    assert make(MFCC, energy="none", first_cepstrum=0, n_cepstra=20, channels=("static",)).shape == (20, 1)
    with pytest.raises(ConfigError, match="go beyond cepstrum 25, the last of n_mels=26"):
        make(MFCC, n_cepstra=26)


@family
@given(lengths=st.lists(LENGTHS, max_size=5), threads=st.integers(1, 3), framing=st.sampled_from(FRAMINGS))
@settings(max_examples=12, deadline=None)
def test_a_batch_is_its_waveforms_to_the_bit(kind: type, lengths: list[int], threads: int, framing: str) -> None:
    extractor = make(kind, framing="tail" if min(lengths, default=400) < 400 and framing == "snip" else framing)
    waveforms = [noise(n, seed) for seed, n in enumerate(lengths)]
    batch = extractor.batch(waveforms, threads=threads)
    assert len(batch) == len(waveforms)
    for frames, x in zip(batch, waveforms, strict=True):
        assert np.array_equal(frames, extractor(x))
        assert len(frames) == extractor.n_frames(len(x))


@family
def test_threads_do_not_change_a_bit(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    extractor, waveforms = kind(), [noise(n, n) for n in (200, 5000, 1100 * 160, 40000)]
    monkeypatch.setenv("SERKIT_THREADS", "3")
    one, two, said = (extractor.packed(waveforms, threads=t) for t in (1, 2, 0))
    for other in (two, said):
        assert np.array_equal(one[0], other[0])
        assert np.array_equal(one[1], other[1])


@family
def test_a_callers_buffer_is_written_and_returned(kind: type) -> None:
    extractor, waveforms = kind(), [noise(3000), noise(5000, 1)]
    frames, offsets = extractor.packed(waveforms)
    out = np.full((len(frames) + 3, *extractor.shape), 7, dtype=frames.dtype)
    found, again = extractor.packed(waveforms, out=out)
    assert np.shares_memory(found, out)
    assert np.array_equal(found, frames)
    assert np.array_equal(again, offsets)
    assert np.all(out[len(frames) :] == 7)


@family
def test_a_buffer_that_does_not_fit_is_refused(kind: type) -> None:
    extractor, x = kind(), noise(3000)
    good = np.zeros_like(extractor(x))
    frozen = good.copy()
    frozen.flags.writeable = False
    other = np.complex128 if kind is STFT else np.float64
    for bad in (good[:-1], good[..., :-1], good.astype(other), np.repeat(good, 2, axis=1)[:, ::2], frozen):
        with pytest.raises(ConfigError, match=rf"^out is .*; it must be a writeable.* array \[at least {len(good)}, "):
            extractor.packed([x], out=bad)
    with pytest.raises(ConfigError, match=r"^out is a list; it must be"):
        extractor.packed([x], out=[])
    memory = np.zeros(good.size * 2, np.float32)
    with pytest.raises(ConfigError, match="out overlaps a waveform"):
        extractor.packed([memory[:3000]], out=memory.view(good.dtype)[: good.size].reshape(good.shape))


@family
@given(
    cuts=st.lists(st.integers(0, 3000), min_size=1, max_size=8),
    framing=st.sampled_from(FRAMINGS),
    preemphasis=st.sampled_from([0.0, 0.97]),
    scope=st.sampled_from(["signal", "frame"]),
    hop_ms=st.sampled_from([10.0, 31.7, 60.0]),
    statics=st.booleans(),
    raw=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_a_stream_is_the_whole_to_the_bit(
    kind: type, cuts: list[int], framing: str, preemphasis: float, scope: str, hop_ms: float, statics: bool, raw: bool
) -> None:
    channels = {} if kind is STFT else {"channels": ("static",) if statics else ("static", "delta", "delta2")}
    extractor = make(
        kind, framing=framing, preemphasis=preemphasis, preemphasis_scope=scope, hop_ms=hop_ms, **channels,
        waveform="raw" if raw else "standardize",
    )  # fmt: skip
    whole = noise(sum(cuts) + 480)  # at least a frame for snip, half a hop for mirror
    blocks = np.split(whole, np.cumsum(cuts))
    statistics = None if raw else extractor.measure(iter(blocks))
    pieces = list(extractor.stream(iter(blocks), statistics))
    assert np.array_equal(np.concatenate(pieces), extractor(whole))


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize(("channels", "latency"), [(("static",), 0), (("static", "delta"), 3), (("delta2",), 6)])
def test_a_stream_gives_a_frame_out_with_the_sample_its_latency_says(
    framing: str, channels: tuple[str, ...], latency: int
) -> None:
    extractor = make(LogMel, framing=framing, channels=channels, delta_window=3, waveform="raw")
    assert (extractor.latency_frames, extractor.latency_samples) == (latency, 400 + 160 * latency)
    begin = {"center": -200, "center-zero": -200, "mirror": -120}.get(framing, 0)
    seen, out = 0, {}

    def blocks() -> Any:
        nonlocal seen
        for x in noise(2200).reshape(-1, 1):
            seen += 1
            yield x

    count = 0
    for piece in extractor.stream(blocks()):
        out.update(dict.fromkeys(range(count, count + len(piece)), seen))
        count += len(piece)
    assert count == extractor.n_frames(2200)
    for frame in range(1, 4):  # frame 0 of centred framings waits for one sample more, to be reflected
        assert out[frame] == begin + 160 * frame + extractor.latency_samples


@family
def test_a_stream_holds_little_more_than_a_block(kind: type) -> None:
    extractor = make(kind, waveform="raw")
    pieces = [len(p) for p in extractor.stream(noise(8000, i) for i in range(20))]
    # all but the frames that a block's last samples and the deltas' context leave open come out at once
    assert len(pieces) == 21
    assert pieces[1:-1] == [50] * 19
    assert pieces[-1] <= 3 + extractor.latency_frames


def test_a_stream_of_another_waveform_than_measured_is_refused() -> None:
    log_mel = LogMel()
    statistics = log_mel.measure([noise(1000)])
    with pytest.raises(AudioError, match="999 samples, but 1000 were measured"):
        list(log_mel.stream([noise(999)], statistics))
    with pytest.raises(ConfigError, match=r"extractor\.measure"):
        log_mel.stream([noise(999)])
    with pytest.raises(AudioError, match="empty"):
        list(STFT().stream([]))
    with pytest.raises(AudioError, match="empty"):
        log_mel.measure([])
    with pytest.raises(AudioError, match="A block of the waveform holds nan at sample 1"):
        list(MFCC().stream([noise(500), np.array([0, np.nan], np.float32)]))


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


@family
@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.empty(0, np.float32), "is empty; at least one sample"),
        (np.array([0, np.nan], np.float32), "holds nan at sample 1"),
        (np.array([np.inf], np.float32), "holds inf at sample 0"),
        (np.zeros(500), "holds float64; convert"),
        (np.zeros(500, ">f4"), "holds >f4; convert"),
        (np.zeros(500, np.int16), "holds int16; divide by full scale and convert"),
        (np.zeros((2, 500), np.float32), r"has shape \(2, 500\); one channel"),
        (np.zeros((), np.float32), r"has shape \(\); one channel"),
        (np.array([1e6], np.float32), r"has samples beyond 65536; scale it to \[-1, 1\]"),
        ([0.0, 1.0], "is a list; a NumPy array"),
        (None, "is a NoneType; a NumPy array"),
    ],
)
def test_a_bad_waveform_is_refused_in_a_sentence(kind: type, bad: Any, words: str) -> None:
    with pytest.raises(AudioError, match=f"^The waveform {words}"):
        kind()(bad)
    with pytest.raises(AudioError, match=r"^Waveform 1 "):
        kind().batch([noise(500), bad])


@family
def test_a_waveform_shorter_than_a_frame_is_padded_or_refused(kind: type) -> None:
    for framing in ("tail", "center", "center-zero"):
        assert len(make(kind, framing=framing)(noise(1))) == 1
    assert len(make(kind, framing="mirror")(noise(80))) == 1
    snip, mirror = make(kind, framing="snip"), make(kind, framing="mirror")
    with pytest.raises(AudioError, match='waveform has 399 samples, less than a frame of 400; framing="tail"'):
        snip(noise(399))
    with pytest.raises(AudioError, match=r"^Waveform 2 has 5 samples, less than half a hop"):
        mirror.batch([noise(500), noise(400), noise(5)])
    with pytest.raises(AudioError, match="The waveform has 10 samples, less than a frame"):
        list(make(kind, framing="snip", waveform="raw").stream([noise(10)]))


@family
def test_views_of_any_stride_are_taken(kind: type) -> None:
    stereo = np.stack([noise(2000), noise(2000, 1)], axis=1)
    assert np.array_equal(kind()(stereo[:, 1]), kind()(noise(2000, 1)))
    assert np.array_equal(kind()(noise(2000)[::-1]), kind()(noise(2000)[::-1].copy()))
    assert np.array_equal(kind()(np.broadcast_to(np.float32(0.5), 2000)), kind()(np.full(2000, 0.5, np.float32)))
    misaligned = np.frombuffer(b"\0" + noise(2000).tobytes(), np.float32, offset=1)
    assert np.array_equal(kind()(misaligned), kind()(noise(2000)))


@family
def test_silence_is_finite(kind: type) -> None:
    for waveform in ("raw", "int16", "standardize"):
        assert np.isfinite(make(kind, waveform=waveform)(np.zeros(1000, np.float32))).all()


@family
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_fft": 0}, "n_fft: input should be greater"),
        ({"n_fft": 514}, "no prime factor but 2, 3 and 5"),
        ({"n_fft": 256}, "frame of 400 samples does not fit n_fft=256"),
        ({"n_fft": 10**12}, "n_fft: input should be less"),
        ({"sample_rate": 0}, "sample_rate: "),
        ({"window": "kaiser"}, "window: input should be"),
        ({"framing": "center-one"}, "framing: input should be"),
        ({"f_max": 9000.0}, "f_min=0 and f_max=9000 do not fit sample_rate=16000"),
        ({"f_min": 8000.0}, "f_min=8000 and f_max=0"),
        ({"f_min": float("nan")}, "f_min: "),
        ({"hop_ms": 0.01}, "hop_ms=0.01 is less than a sample at sample_rate=16000; choose a longer hop"),
        ({"hop_ms": float("inf")}, "hop_ms: "),
        ({"frame_ms": 0.01}, "frame_ms=0.01 is less than a sample at sample_rate=16000; choose a longer frame"),
        ({"preemphasis": 1.0}, "preemphasis: "),
        ({"waveform": "int8"}, "waveform: "),
    ],
)
def test_bad_options_are_refused_in_a_sentence(kind: type, change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make(kind, **change)


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        (LogMel, {"n_mels": 0}, "n_mels: "),
        (LogMel, {"n_mels": 200}, "leaves band 0 without an FFT bin"),
        (MFCC, {"n_mels": 10**9}, "n_mels: "),
        (MFCC, {"lifter": -1.0}, "lifter: "),
        (MFCC, {"n_cepstra": 0}, "n_cepstra: "),
        (MFCC, {"preemphasis": -0.1}, "preemphasis: "),
        (Spectrogram, {"channels": ()}, "channels: "),
        (Spectrogram, {"channels": ("delta", "static")}, "in the order static, delta, delta2"),
        (LogMel, {"channels": ("static", "static")}, "name each at most once"),
        (LogMel, {"floor": 0.0}, "floor: "),
        (MFCC, {"delta_window": 0}, "delta_window: "),
    ],
)
def test_bad_options_of_one_kind_are_refused_in_a_sentence(kind: type, change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make(kind, **change)


def test_options_are_frozen_and_presets_are_known() -> None:
    with pytest.raises(FrozenInstanceError):
        LogMelOptions().n_fft = 1024
    with pytest.raises(UnknownNameError, match="There is no MFCC preset named 'kaldy'; did you mean 'kaldi'"):
        MFCCOptions.preset("kaldy")
    with pytest.raises(ConfigError, match="did you mean 'n_cepstra'"):
        MFCCOptions.preset("kaldi", n_cepstrum=3)
    assert MFCC(replace(MFCCOptions(), n_cepstra=5)).shape == (6, 3)


@family
def test_threads_are_checked_and_no_waveforms_are_no_frames(kind: type) -> None:
    with pytest.raises(ConfigError, match="threads is -1"):
        kind().batch([noise(500)], threads=-1)
    assert kind().batch([]) == []
    frames, offsets = kind().packed([])
    assert (frames.shape, offsets.tolist()) == ((0, *kind().shape), [0])


@st.composite
def anything(draw: st.DrawFn, kind: type) -> dict[str, Any]:
    """Options of which each is of the right type and within its bounds, or about, and the whole seldom fits."""
    sane = st.sampled_from
    values = {
        "sample_rate": sane([100, 8000, 16000, 44100, 768000]), "frame_ms": sane([1e-3, 0.1, 5.0, 25.0, 100.0, 1e4]),
        "hop_ms": sane([1e-3, 0.0625, 10.0, 37.7, 1e4]), "n_fft": sane([2, 3, 7, 400, 512, 1125, 2048, 65536]),
        "window": sane(["hamming", "povey", "blackman-periodic", "rectangular"]), "framing": sane(FRAMINGS),
        "waveform": sane(["standardize", "raw", "int16"]), "remove_dc": st.booleans(),
        "preemphasis": sane([0.0, 0.97, 0.999999]), "preemphasis_scope": sane(["signal", "frame"]),
        "f_min": sane([0.0, 20.0, 1e-9, 3999.0, 1e308]), "f_max": sane([0.0, 20.5, 4000.0, 8000.0]),
    }  # fmt: skip
    if kind is not STFT:
        values |= {
            "spectrum": sane(["power", "magnitude"]), "log": sane(["natural", "decibel", "psf", "none"]),
            "floor": sane([1e-30, 1e-10, 1e30]), "delta_window": sane([1, 2, 100]),
        }  # fmt: skip
    if kind in (LogMel, MFCC):
        values |= {
            "n_mels": sane([1, 13, 26, 128, 1024]), "mel_norm": sane(["none", "slaney"]),
            "mel_scale": sane(["htk", "slaney", "psf-bins", "htk-warped"]),
        }  # fmt: skip
    if kind is MFCC:
        values |= {
            "n_cepstra": sane([1, 12, 1024]), "first_cepstrum": sane([0, 1, 1023]), "lifter": sane([0.0, 1e-300, 22.0]),
            "energy": sane(["none", "frame", "spectrum"]),
        }  # fmt: skip
    return draw(st.fixed_dictionaries({}, optional=values))


@family
@given(data=st.data(), n=st.sampled_from([1, 2, 399, 1000, 5000]))
@settings(max_examples=40, deadline=None)
def test_any_options_are_computed_or_refused_in_a_sentence(kind: type, data: st.DataObject, n: int) -> None:
    options, loud = data.draw(anything(kind)), data.draw(st.sampled_from([0.0, 1e-30, 1.0, 1e5]))
    waveform = np.clip(loud * noise(n), -65536.0, 65536.0, dtype=np.float32)
    refused, frames = "", np.empty(0)
    try:
        extractor = make(kind, **options)
        frames = extractor(waveform)
    except (ConfigError, AudioError) as error:
        refused = str(error)
    if refused:
        assert refused.endswith(".")
        assert "\n" not in refused
        return
    assert frames.shape == (extractor.n_frames(n), *extractor.shape)
    assert np.isfinite(frames).all()


def test_more_frames_than_memory_are_refused() -> None:
    extractor = make(Spectrogram, hop_ms=1 / 16, n_fft=65536)
    with pytest.raises(ConfigError, match="do not fit into memory; pass fewer waveforms at once, or stream them"):
        extractor._empty(2**45)


@family
@pytest.mark.parametrize("bad", [np.zeros(800, np.float32), np.float32(0), iter([]), None])
def test_what_is_no_list_of_waveforms_is_refused(kind: type, bad: Any) -> None:
    with pytest.raises(AudioError, match=r"waveforms is .*; a list of waveforms, float32 \[samples\] each, is needed"):
        make(kind).batch(bad)


@family
def test_one_array_is_not_taken_for_blocks(kind: type) -> None:
    whole = np.zeros(800, np.float32)
    for take in (make(kind).stream, make(kind).measure):
        with pytest.raises(AudioError, match=r"blocks is one array; a list of blocks"):
            take(whole)

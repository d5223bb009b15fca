"""The compiled spectral pipeline against its float64 definition, over the whole of its parameters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serkit.errors import AudioError, ConfigError
from serkit.kernels.native.spectral import SpectralKernel, WaveformStatistics, check_waveform
from serkit.kernels.parameters import SpectralParameters
from serkit.kernels.reference import spectral as reference

U = 2.0**-24  # unit roundoff of float32
PLAIN = SpectralParameters(
    stage="mel", sample_rate=16000, frame_samples=400, hop_samples=160, framing="center", window="hamming", n_fft=512,
    n_bins=257, n_mels=40, f_max=8000.0,
)  # fmt: skip


def compute(p: SpectralParameters, *waveforms: np.ndarray, threads: int = 1) -> np.ndarray:
    kernel = SpectralKernel(p)
    given_ = [w.astype(np.float32) for w in waveforms]
    return kernel.batch(given_, kernel.offsets(given_), threads)


def noise(n: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(n)).astype(np.float32)


@st.composite
def parameters(draw: st.DrawFn) -> SpectralParameters:
    """Any parameters of moderate size that can be computed."""
    n_fft = draw(st.sampled_from([16, 25, 60, 128, 400, 480, 512, 750, 800, 1024]))
    stage = draw(st.sampled_from(["stft", "spectrum", "mel", "cepstra"]))
    n_bins = draw(st.integers(1, n_fft // 2 + 1))
    n_mels = draw(st.integers(1, max(1, n_fft // 16)))
    n_cepstra = draw(st.integers(1, n_mels))
    channels = ["static", "delta", "delta2"]
    chosen = ["static"] if stage == "stft" else draw(st.lists(st.sampled_from(channels), min_size=1, unique=True))
    return SpectralParameters(
        stage=stage,
        sample_rate=16000,
        standardize=draw(st.booleans()),
        scale=draw(st.sampled_from([1.0, 32768.0])),
        preemphasis=draw(st.sampled_from([0.0, 0.97])),
        preemphasis_scope=draw(st.sampled_from(["signal", "frame"])),
        frame_samples=draw(st.integers(1, n_fft)),
        hop_samples=draw(st.integers(1, 2 * n_fft)),
        framing=draw(st.sampled_from(["tail", "snip", "center", "center-zero", "mirror"])),
        remove_dc=draw(st.booleans()),
        window=draw(st.sampled_from(["hamming", "hann-periodic", "blackman", "povey", "rectangular"])),
        n_fft=n_fft,
        first_bin=draw(st.integers(0, n_fft // 2 + 1 - n_bins)),
        n_bins=n_bins,
        spectrum=draw(st.sampled_from(["power", "magnitude"])),
        power_gain=draw(st.sampled_from([1.0, 1.0 / n_fft])),
        energy=draw(st.sampled_from(["none", "frame", "spectrum"])) if stage == "cepstra" else "none",
        n_mels=n_mels,
        f_max=8000.0,
        mel_scale="psf-bins",  # the only scale whose bands may be empty: any number of them can be computed
        mel_norm=draw(st.sampled_from(["none", "slaney"])),
        first_cepstrum=draw(st.integers(0, n_mels - n_cepstra)),
        n_cepstra=n_cepstra,
        dct=draw(st.sampled_from(["ortho", "htk"])),
        lifter=draw(st.sampled_from([0.0, 22.0])),
        delta_window=draw(st.sampled_from([1, 2, 5])),
        channels=tuple(c for c in channels if c in chosen),
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(p=parameters(), n=st.integers(1, 6000), seed=st.integers(0, 9))
def test_every_stage_without_logarithm_is_the_definition(p: SpectralParameters, n: int, seed: int) -> None:
    x = noise(n, seed)
    kernel = SpectralKernel(p)
    truth = reference.spectral(x, p)
    assert kernel.n_frames(n) == len(truth)
    if len(truth) == 0:
        return
    got = compute(p, x)
    if p.stage == "stft":
        got = got.view(np.complex64)[..., 0]
    assert got.shape == truth.shape
    # What is subtracted (a mean, the sample before, a neighbour frame) leaves the rounding of what was before, and a
    # transform spreads it over all bins: errors are measured by the largest number of the widest answer. Some ten
    # roundings of 6e-8, times up to 12 by the lifter. A magnitude turns an error e of a power near zero into sqrt(e).
    everything = replace(
        p, remove_dc=False, preemphasis=0.0, window="rectangular", first_bin=0, n_bins=p.n_fft // 2 + 1,
        first_cepstrum=0, n_cepstra=p.n_mels, channels=("static",),
    )  # fmt: skip
    largest = np.abs(reference.spectral(x, everything)).max()
    bound = 2e-3 if p.spectrum == "magnitude" and p.stage != "stft" else 2e-5
    assert np.abs(got - truth).max() <= bound * largest + 1e-30


@pytest.mark.parametrize("window", ["hamming", "hamming-periodic", "hann", "blackman-periodic", "povey", "rectangular"])
@pytest.mark.parametrize("mel_scale", ["htk", "slaney", "psf-bins", "htk-warped"])
@pytest.mark.parametrize("framing", ["tail", "center", "center-zero", "mirror"])
def test_bands_are_within_the_stated_bound(window: str, mel_scale: str, framing: str) -> None:
    p = replace(PLAIN, window=window, mel_scale=mel_scale, framing=framing)
    t = np.arange(16000) / 16000
    for x in (noise(16000), np.sin(2 * np.pi * 437.0 * t), 0.9 + noise(16000) * 1e-3):
        truth = reference.power(x.astype(np.float32), p)
        bins = reference.power(x.astype(np.float32), replace(p, stage="spectrum", first_bin=0))
        error = np.abs(compute(p, x)[..., 0] - truth)
        # 1e-5: the sum of a band, the window and the power, some ten roundings of 6e-8 each, with room for the
        # largest of many; 4 eps of the strongest bin: the transform spreads its rounding over all bins
        assert np.all(error <= 1e-5 * truth + 4 * 2 * U * bins.max(axis=1, keepdims=True))


@pytest.mark.parametrize("log", ["natural", "decibel", "psf"])
@pytest.mark.parametrize("stage", ["spectrum", "mel", "cepstra"])
def test_logarithms_follow_the_definition(log: str, stage: str) -> None:
    p = replace(PLAIN, stage=stage, log=log, n_cepstra=13, energy="frame" if stage == "cepstra" else "none",
                remove_dc=True, channels=("static", "delta", "delta2"))  # fmt: skip
    x = noise(8000)
    # of noise no bin or band is near silence: relative errors of 1e-5 become absolute ones, ten decibels a factor 10,
    # times 4.3; cepstra are sums of 40
    bound = 1e-5 * (4.35 if log == "decibel" else 1.0) * (40 if stage == "cepstra" else 1) * 20
    np.testing.assert_allclose(compute(p, x), reference.spectral(x, p), rtol=0, atol=bound)


def test_silence_stays_at_the_floor_in_every_stage() -> None:
    for stage in ("spectrum", "mel", "cepstra"):
        p = replace(PLAIN, stage=stage, log="natural", floor=1e-8, n_cepstra=13, channels=("static", "delta"))
        np.testing.assert_allclose(compute(p, np.zeros(4000)), reference.spectral(np.zeros(4000), p), rtol=4 * U,
                                   atol=1e-4)  # fmt: skip  # cepstra of a constant: 40 logarithms of 18 cancel


@settings(max_examples=40, deadline=None)
@given(
    p=parameters(),
    lengths=st.lists(st.integers(1, 3000), min_size=1, max_size=12),
    threads=st.integers(1, 4),
)
def test_batches_and_threads_do_not_change_a_bit(p: SpectralParameters, lengths: list[int], threads: int) -> None:
    waveforms = [noise(n, i) for i, n in enumerate(lengths)]
    alone = [compute(p, w) for w in waveforms]
    assert np.array_equal(compute(p, *waveforms, threads=threads), np.concatenate(alone), equal_nan=False)


@settings(max_examples=40, deadline=None)
@given(p=parameters(), n=st.integers(1, 5000), data=st.data())
def test_any_part_is_the_whole_to_the_bit(p: SpectralParameters, n: int, data: st.DataObject) -> None:
    x, kernel = noise(n), SpectralKernel(p)
    frames = kernel.n_frames(n)
    if frames == 0:
        return
    first = data.draw(st.integers(0, frames - 1))
    count = data.draw(st.integers(1, frames - first))
    begin, end = kernel.samples_needed(first, count, n)
    moments = WaveformStatistics(n, 0.0, 1.0)
    whole = compute(replace(p, standardize=False), x)
    kernel = SpectralKernel(replace(p, standardize=False))
    part = kernel.part(x[begin:end].copy(), begin, moments, first, count)
    assert np.array_equal(part, whole[first : first + count])


def test_a_long_waveform_is_cut_into_pieces_unseen() -> None:
    p = replace(PLAIN, log="natural", channels=("static", "delta", "delta2"))
    x = noise(16000 * 60)
    long = compute(p, x)
    np.testing.assert_allclose(long, reference.spectral(x, p), rtol=0, atol=2e-4)  # as on speech: docs/numerics.md
    assert np.array_equal(long, compute(p, x, threads=3))


def test_a_callers_buffer_is_written() -> None:
    kernel, x = SpectralKernel(PLAIN), [noise(5000), noise(700)]
    offsets = kernel.offsets(x)
    out = kernel.empty(int(offsets[-1]))
    assert kernel.batch(x, offsets, 1, out) is out
    assert np.array_equal(out, kernel.batch(x, offsets, 1))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e6])
@pytest.mark.parametrize("at", [0, 7, 3999, 4799])
@pytest.mark.parametrize("framing", ["tail", "snip", "center", "mirror"])
def test_a_bad_sample_anywhere_is_found(bad: float, at: int, framing: str) -> None:
    x = noise(4800)
    x[at] = bad
    kernel = SpectralKernel(replace(PLAIN, framing=framing, channels=("static", "delta2")))
    waveforms = [noise(1000), noise(20000), x, noise(300)] if framing != "snip" else [noise(1000), noise(20000), x]
    with pytest.raises(AudioError, match=f"Waveform 2 h(olds (nan|-?inf) at sample {at}|as samples beyond 65536)"):
        kernel.batch(waveforms, kernel.offsets(waveforms), 2)
    with pytest.raises(AudioError, match="The waveform h"):
        check_waveform(x)


def test_all_but_the_sample_under_no_frame_is_looked_at() -> None:
    """snip leaves samples at the end that belong to no frame; they too must be finite."""
    x = noise(559)
    x[-1] = np.nan
    kernel = SpectralKernel(replace(PLAIN, framing="snip"))
    with pytest.raises(AudioError, match="sample 558"):
        kernel.batch([x], kernel.offsets([x]), 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stage": "stft", "channels": ("static", "delta")}, "no deltas"),
        ({"stage": "stft", "log": "natural"}, "no logarithm"),
        ({"stage": "spectrum", "n_bins": 258}, "bins kept must lie"),
        ({"stage": "spectrum", "n_bins": 0}, "bins kept must lie"),
        ({"stage": "spectrum", "first_bin": 1}, "bins kept must lie"),
        ({"stage": "cepstra", "n_cepstra": 41}, "Cepstra must lie"),
        ({"stage": "cepstra", "n_cepstra": 0}, "Cepstra must lie"),
        ({"energy": "frame"}, "energy goes with cepstra"),
        ({"n_mels": 0}, "n_mels must be"),
        ({"f_max": 8001.0}, "f_min and f_max"),
        ({"n_fft": 256}, "does not fit n_fft=256"),
        ({"hop_samples": 0}, "hop must be"),
        ({"floor": 0.0}, "floor must be"),
        ({"channels": ()}, "at least one channel"),
    ],
)
def test_what_cannot_be_computed_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        SpectralKernel(replace(PLAIN, **change))  # type: ignore[arg-type]

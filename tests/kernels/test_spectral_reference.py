"""Definition: the float64 reference of the spectral kernels against SciPy, NumPy and identities of its formulas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.fft
import scipy.signal

from serkit.kernels.parameters import SpectralParameters
from serkit.kernels.reference import spectral as reference

PLAIN = SpectralParameters(
    stage="stft", sample_rate=16000, frame_samples=400, hop_samples=160, framing="tail", window="hann", n_fft=512,
    n_bins=257,
)  # fmt: skip
MEL = replace(PLAIN, stage="mel", n_mels=26, f_max=8000.0)
CEPSTRA = replace(MEL, stage="cepstra", log="natural", n_cepstra=13)

# float64: a few hundred operations of eps 2.2e-16 on values of order 1 to 100
CLOSE = {"rtol": 1e-11, "atol": 1e-11}


def noise(n: int = 2000, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(n)


@pytest.mark.parametrize("name", ["hamming", "hann", "blackman"])
@pytest.mark.parametrize("length", [1, 2, 5, 400])
def test_windows_are_scipys(name: str, length: int) -> None:
    symmetric, periodic = (scipy.signal.get_window(name, length, fftbins=f) for f in (False, True))
    assert np.allclose(reference.window(name, length), symmetric, **CLOSE)
    assert np.allclose(reference.window(f"{name}-periodic", length), periodic, **CLOSE)


def test_the_povey_window_is_a_power_of_hann_and_the_rectangular_one_is_one() -> None:
    hann = scipy.signal.get_window("hann", 400, fftbins=False)
    assert np.allclose(reference.window("povey", 400), hann**0.85, **CLOSE)
    assert np.array_equal(reference.window("rectangular", 7), np.ones(7))


@pytest.mark.parametrize("framing", ["tail", "snip", "center", "center-zero", "mirror"])
@pytest.mark.parametrize("n", [1, 2, 7, 79, 80, 399, 400, 401, 560, 561, 1999])
@pytest.mark.parametrize(("frame", "n_fft"), [(400, 512), (400, 405), (399, 405), (512, 512)])
def test_frames_are_slices_of_the_padded_waveform(framing: str, n: int, frame: int, n_fft: int) -> None:
    p = replace(PLAIN, framing=framing, frame_samples=frame, n_fft=n_fft)
    x, far = noise(n), 3000
    padding = {"center": "reflect", "mirror": "symmetric"}.get(framing, "constant")
    padded = np.pad(x, far, mode=padding) if n > 1 else np.pad(x, far, "edge" if framing == "center" else padding)
    rows = reference.frames(x, p)
    assert rows.shape == (reference.n_frames(n, p), frame)
    for i, row in enumerate(rows):
        begin = 160 * i
        if framing in ("center", "center-zero"):
            begin += (n_fft - frame) // 2 - n_fft // 2
        elif framing == "mirror":
            begin += 80 - frame // 2
        assert np.array_equal(row, padded[far + begin : far + begin + frame])


@pytest.mark.parametrize(
    ("framing", "counts"),
    [
        ("tail", {1: 1, 400: 1, 401: 2, 560: 2, 561: 3}),
        ("snip", {399: 0, 400: 1, 559: 1, 560: 2}),
        ("center", {1: 1, 159: 1, 160: 2, 1600: 11}),
        ("mirror", {79: 0, 80: 1, 239: 1, 240: 2}),
    ],
)
def test_counts_of_frames_are_those_of_the_formulas(framing: str, counts: dict[int, int]) -> None:
    assert {n: reference.n_frames(n, replace(PLAIN, framing=framing)) for n in counts} == counts


def test_a_centred_stft_is_scipys() -> None:
    x, window = noise(3000), scipy.signal.get_window("hann", 512)
    p = replace(PLAIN, framing="center-zero", frame_samples=512, window="hann-periodic")
    theirs = scipy.signal.ShortTimeFFT(window, 160, fs=16000, phase_shift=None).stft(x, p0=0, p1=19).T
    assert np.allclose(reference.spectral(x, p), theirs, **CLOSE)
    # a short frame in the middle of n_fft points is a window with zeros about it
    short = np.pad(scipy.signal.get_window("hann", 400), 56)
    theirs = scipy.signal.ShortTimeFFT(short, 160, fs=16000, phase_shift=None).stft(x, p0=0, p1=19).T
    assert np.allclose(reference.spectral(x, replace(p, frame_samples=400)), theirs, **CLOSE)


def test_the_spectrum_is_the_square_of_the_stft_and_bins_are_a_range_of_it() -> None:
    x, p = noise(), replace(PLAIN, framing="mirror", window="povey")
    whole = reference.spectral(x, p)
    some = reference.spectral(x, replace(p, first_bin=3, n_bins=129))
    assert np.array_equal(some, whole[:, 3:132])
    squares = reference.spectral(x, replace(p, stage="spectrum", first_bin=3, n_bins=129, power_gain=0.25))
    assert squares.shape == (13, 129, 1)
    assert np.allclose(squares[..., 0], 0.25 * np.abs(some) ** 2, **CLOSE)
    roots = reference.spectral(
        x, replace(p, stage="spectrum", first_bin=3, n_bins=129, power_gain=4.0, spectrum="magnitude")
    )
    assert np.allclose(roots[..., 0], 2.0 * np.abs(some), **CLOSE)


def test_energy_before_the_window_is_that_of_the_whole_spectrum() -> None:
    p = replace(CEPSTRA, window="rectangular", frame_samples=512, preemphasis=0.5)
    before = reference.energy(noise(), replace(p, energy="frame"))
    bins = reference.bin_power(noise(), p)
    assert np.allclose(before, (2 * bins.sum(axis=1) - bins[:, 0] - bins[:, -1]) / 512, **CLOSE)  # Parseval
    assert np.allclose(reference.energy(noise(), replace(p, energy="spectrum")), bins.sum(axis=1), **CLOSE)


def test_frames_without_dc_sum_to_zero_and_their_energy_knows_no_preemphasis() -> None:
    p = replace(CEPSTRA, remove_dc=True, energy="frame", preemphasis=0.97, preemphasis_scope="frame")
    plain, shifted = reference.spectral(noise(), p), reference.spectral(noise() + 5.0, p)
    assert np.allclose(plain, shifted, **CLOSE)
    frames = reference.frames(noise(), p)
    assert np.allclose(plain[:, 0, 0], np.log(400 * frames.var(axis=1)), **CLOSE)


def test_preemphasis_of_the_signal_and_of_frames_differ_in_the_first_sample_only() -> None:
    x, p = noise(400), replace(PLAIN, window="rectangular", preemphasis=0.97)
    signal = np.fft.irfft(reference.spectral(x, p)[0])[:400]
    frame = np.fft.irfft(reference.spectral(x, replace(p, preemphasis_scope="frame"))[0])[:400]
    assert np.allclose(signal, scipy.signal.lfilter([1.0, -0.97], 1.0, x), **CLOSE)
    assert np.allclose(frame - signal, -0.97 * x[0] * (np.arange(400) == 0), **CLOSE)


def test_a_standardised_waveform_has_no_gain_and_no_offset() -> None:
    p = replace(MEL, standardize=True)
    assert np.allclose(reference.spectral(noise(), p), reference.spectral(40.0 * noise() - 3.0, p), **CLOSE)
    assert reference.condition(noise(), p).std() == pytest.approx(1.0, rel=1e-12)  # float64 sums of 2000 samples
    assert np.array_equal(reference.condition(np.full(9, 0.3), p), np.zeros(9))
    assert np.allclose(reference.condition(noise(), replace(MEL, scale=3.0)), 3.0 * noise(), **CLOSE)


@pytest.mark.parametrize("scale", ["htk", "slaney", "psf-bins", "htk-warped"])
def test_triangles_of_height_one_add_up_to_one_between_the_outer_centres(scale: str) -> None:
    p = replace(MEL, mel_scale=scale, n_fft=2048, n_bins=1025, f_min=100.0, f_max=7000.0)
    filters, at = reference.mel_filters(p), np.arange(1025) * 16000 / 2048
    corners = reference.mel_corners(scale, 100.0, 7000.0, 26)
    inner = (at > corners[1] + 8) & (at < corners[-2] - 8)  # a bin's width clear of psf-bins' rounding
    assert np.allclose(filters.sum(axis=0)[inner], 1.0, **CLOSE)
    assert not filters[:, (at < 100.0 - 8) | (at > 7000.0)].any()
    assert np.all(filters >= 0.0)
    assert np.all(filters <= 1.0)


def test_warped_triangles_are_straight_in_mel_and_plain_ones_in_hertz() -> None:
    p, at = replace(MEL, n_fft=4096, n_bins=2049, n_mels=8), np.arange(2049) * 16000 / 4096
    for scale, axis in (("htk", at), ("htk-warped", 2595 * np.log10(1 + at / 700))):
        row = reference.mel_filters(replace(p, mel_scale=scale))[5]
        peak = int(row.argmax())
        for side in (slice(int(row.argmax() - 100), peak), slice(peak + 1, peak + 100)):
            slopes = np.diff(row[side]) / np.diff(axis[side])
            assert np.allclose(slopes, slopes[0], rtol=1e-8)  # differences of neighbours lose four digits


def test_mel_scales_have_their_published_points() -> None:
    # HTK: 1000 Hz is 1000 mel within its constants' rounding; Slaney: 1000 Hz is 15 steps, 6400 Hz 42
    htk = reference.mel_corners("htk", 0.0, 1000.0, 1)
    assert 2595 * np.log10(1 + htk[1] / 700) == pytest.approx(499.99, abs=0.01)
    assert np.allclose(reference.mel_corners("slaney", 0.0, 6400.0, 41)[[15, 42]], [1000.0, 6400.0], **CLOSE)
    assert np.allclose(np.diff(reference.mel_corners("slaney", 0.0, 1000.0, 14)), 1000 / 15, **CLOSE)


def test_slaney_norm_gives_every_triangle_the_area_one() -> None:
    p = replace(MEL, n_fft=65536, n_bins=32769, mel_norm="slaney")
    # the sum over bins of a triangle is its area up to the rounding of corners to bins: a bin of 0.24 Hz in 100 Hz
    assert np.allclose(reference.mel_filters(p).sum(axis=1) * 16000 / 65536, 1.0, atol=3e-5)


@pytest.mark.parametrize(
    ("log", "zero", "hundred"),
    [("natural", np.log(1e-10), np.log(100)), ("decibel", -100.0, 20.0), ("psf", np.log(2.0**-52), np.log(100)),
     ("none", 0.0, 100.0)],
)  # fmt: skip
def test_logarithms(log: str, zero: float, hundred: float) -> None:
    assert np.allclose(reference.logarithm(np.array([0.0, 100.0]), replace(MEL, log=log)), [zero, hundred], **CLOSE)


def test_cepstra_are_scipys_dct() -> None:
    bands = reference.spectral(noise(), replace(MEL, log="natural"))[..., 0]
    ortho = scipy.fft.dct(bands, type=2, norm="ortho", axis=1)
    assert np.allclose(reference.spectral(noise(), CEPSTRA)[..., 0], ortho[:, :13], **CLOSE)
    some = reference.spectral(noise(), replace(CEPSTRA, first_cepstrum=1, n_cepstra=12))[..., 0]
    assert np.allclose(some, ortho[:, 1:13], **CLOSE)
    htk = reference.spectral(noise(), replace(CEPSTRA, dct="htk"))[..., 0]
    assert np.allclose(htk[:, 1:], ortho[:, 1:13], **CLOSE)
    assert np.allclose(htk[:, 0], np.sqrt(2.0) * ortho[:, 0], **CLOSE)


def test_the_lifter_raises_its_middle_most_and_leaves_cepstrum_0() -> None:
    plain = reference.spectral(noise(), CEPSTRA)[..., 0]
    lifted = reference.spectral(noise(), replace(CEPSTRA, lifter=22.0))[..., 0]
    assert np.allclose(lifted[:, [0, 11]], plain[:, [0, 11]] * [1.0, 12.0], **CLOSE)


def test_energy_is_a_row_before_the_cepstra() -> None:
    p = replace(CEPSTRA, energy="spectrum", power_gain=1 / 512)
    rows = reference.spectral(noise(), p)[..., 0]
    assert rows.shape == (11, p.n_rows) == (11, 14)
    assert np.allclose(rows[:, 1:], reference.spectral(noise(), replace(p, energy="none"))[..., 0], **CLOSE)
    assert np.allclose(rows[:, 0], np.log(reference.energy(noise(), p)), **CLOSE)


@pytest.mark.parametrize("half", [1, 2, 5])
def test_the_delta_of_a_line_is_its_slope_and_edges_repeat(half: int) -> None:
    line = 3.0 * np.arange(40.0)[:, None] + [0.0, 7.0]
    rows = reference.delta(line, half)
    assert np.allclose(rows[half:-half], 3.0, **CLOSE)
    weights = np.arange(-half, half + 1) / (2 * sum(n * n for n in range(1, half + 1)))
    padded = np.pad(noise(50), half, mode="edge")
    assert np.allclose(reference.delta(noise(50), half), np.correlate(padded, weights), **CLOSE)


def test_channels_come_in_the_order_asked_for() -> None:
    p = replace(MEL, log="natural", channels=("static", "delta", "delta2"))
    rows = reference.spectral(noise(), p)
    assert rows.shape == (11, 26, 3)
    assert np.array_equal(rows[..., 2], reference.delta(reference.delta(rows[..., 0], 2), 2))
    assert np.array_equal(rows[..., [2]], reference.spectral(noise(), replace(p, channels=("delta2",))))
    assert np.allclose(np.log(reference.power(noise(), p)), rows[..., 0], **CLOSE)

"""The FFT of the core, seen through complex spectra of frames under a rectangular window, against NumPy in float64."""

from __future__ import annotations

import numpy as np
import pytest

from serkit.errors import ConfigError
from serkit.kernels.native.spectral import SpectralKernel
from serkit.kernels.parameters import SpectralParameters

U = 2.0**-24  # unit roundoff of float32


def real_fft(frames: np.ndarray) -> np.ndarray:
    n = frames.shape[1]
    kernel = SpectralKernel(
        SpectralParameters(
            stage="stft", sample_rate=16000, frame_samples=n, hop_samples=max(n, 1), framing="snip",
            window="rectangular", n_fft=n, n_bins=n // 2 + 1,
        )
    )  # fmt: skip
    waveforms = [frames.ravel()]
    return kernel.batch(waveforms, kernel.offsets(waveforms), 1).view(np.complex64)[..., 0]


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 16, 18, 20, 25, 27, 30, 32, 45, 60, 64, 75, 81, 125,
                               225, 375, 400, 480, 512, 800, 1024, 1200, 1600, 2048, 3375, 4096])  # fmt: skip
@pytest.mark.parametrize("count", [1, 8, 11])
def test_real_fft_is_numpys(n: int, count: int) -> None:
    frames = np.random.default_rng(n).standard_normal((count, n)).astype(np.float32)
    spectra, truth = real_fft(frames), np.fft.rfft(frames.astype(np.float64), axis=1)
    error = np.linalg.norm(spectra - truth, axis=1) / np.linalg.norm(truth, axis=1)
    # a level of an FFT adds at most u + 4 sqrt(2) u < 7 u in the 2-norm (Higham, Accuracy and Stability, 2002, theorem
    # 24.2, for twiddles rounded to nearest); errors of random sign stay below 0.55 u a level, the split of the real
    # form counted as one. 2 u would still show a table of twiddles computed in float32.
    assert error.max() <= 2 * U * np.log2(2 * n)


@pytest.mark.parametrize("n", [1, 7, 14, 511, 514, 65537, 2 * 65536])
def test_other_sizes_are_refused_in_words(n: int) -> None:
    with pytest.raises(ConfigError, match=r"n_fft must"):
        real_fft(np.zeros((1, n), dtype=np.float32))

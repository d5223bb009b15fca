"""Centroid, entropy, slopes, roll-off, flux and bands of the spectrum, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le

from serkit.config import dump, load
from serkit.errors import ConfigError
from serkit.features.base import Floats, options_of
from serkit.features.framewise import Framewise, Undefined
from serkit.features.spectrogram import Spectrogram, SpectrogramOptions
from serkit.kernels.reference.spectral_shape import COLUMNS

_SILENCE = 1e-12  # of full scale squared: a hundredth of what rounding to 16 bits leaves
_WIDEST_BIN = 100.0  # Hz; the narrowest band is 400 Hz wide


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectralShapeOptions:
    """Options of ``SpectralShape``: sample rate in Hz, frame and hop in ms, rounded to samples (half up), FFT length.

    Bins must lie at most 100 Hz apart. ``undefined``: what stands where a value is not defined, NaN or 0.
    """

    sample_rate: Annotated[int, Ge(10_000), Le(192_000)] = 16_000
    frame_ms: Annotated[float, Gt(0), Le(1000)] = 25.0
    hop_ms: Annotated[float, Gt(0), Le(10_000)] = 10.0
    n_fft: Annotated[int, Ge(128), Le(65_536)] = 512
    undefined: Undefined = "nan"


class SpectralShape(Framewise):
    """What the power spectrum of each frame looks like, whatever its level, ``[T] -> [frames, 18]``, float32.

    Hamming window, frames as ``Framewise`` has them. ``serkit.kernels.reference.spectral_shape`` defines the columns,
    with units and sources. NaN in frames 120 dB below full scale or more; the flux also in the first frame and after
    such a frame. Raises ConfigError for options out of range.
    """

    columns = COLUMNS

    def __init__(self, options: SpectralShapeOptions | None = None) -> None:
        given = options_of(options, SpectralShapeOptions, "SpectralShape")
        self.options = wanted = load(SpectralShapeOptions, dump(given), where="the options of spectral shape")
        if wanted.sample_rate > _WIDEST_BIN * wanted.n_fft:
            raise ConfigError(
                f"n_fft={wanted.n_fft} puts bins {wanted.sample_rate / wanted.n_fft:g} Hz apart; at most "
                f"{_WIDEST_BIN:g} are allowed, so raise n_fft."
            )
        self._spectrogram = Spectrogram(
            SpectrogramOptions(
                sample_rate=wanted.sample_rate,
                frame_ms=wanted.frame_ms,
                hop_ms=wanted.hop_ms,
                n_fft=wanted.n_fft,
                framing="center",
                log="none",
            )
        )
        framing = self._spectrogram.options
        self.hop_samples = framing.hop_samples
        # what white noise of that mean square has over half of the bins, but for the window
        self._silence = _SILENCE * framing.frame_samples * wanted.n_fft / 2

    def _compute(self, waveform: Floats, out: Floats) -> None:
        from serkit.kernels.jit.spectral_shape import spectral_shape

        width = self.sample_rate / self.options.n_fft
        spectral_shape(self._spectrogram(waveform)[:, :, 0], width, self._silence, out)

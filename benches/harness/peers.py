"""LM3 and power spectra in other libraries, as a user of each would write them. Every function prepares what it can and
returns the call; it skips the test where the library is absent.

torchaudio is left out: its wheels want the CUDA runtime and cannot be imported beside a CPU torch.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from harness import lm3
from harness.lm3 import BANDS, FLOOR, FRAME, HOP, POINTS, RATE, Signals

Floats = npt.NDArray[np.float32]
Extract = Callable[[Any], Any]


def needed(module: str) -> Any:
    """A peer's module, imported with its own warnings left to itself; skips the test where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(module, reason=f"{module} is not installed (extra `bench`)")


def of_each(extract: Extract, signals: Signals) -> Callable[[], list[Any]]:
    """One call an utterance."""
    return lambda: [extract(x) for x in signals]


def deltas(rows: Floats) -> Floats:
    """``[F, 40] -> [F, 40, 3]`` with NumPy, for libraries without deltas of this kind."""
    count = len(rows)
    out = np.empty((count, BANDS, 3), np.float32)
    out[:, :, 0] = rows
    for k in (1, 2):
        padded = np.pad(out[:, :, k - 1], ((2, 2), (0, 0)), mode="edge")
        near = padded[3 : count + 3] - padded[1 : count + 1]
        far = padded[4 : count + 4] - padded[:count]
        out[:, :, k] = np.float32(0.1) * near + np.float32(0.2) * far
    return out


# ---- compositions with NumPy: one transform or another ----


def _power_with(rfft: Extract) -> Extract:
    window = lm3.window_in_points()

    def power(x: Floats) -> Floats:
        padded = np.pad(x, POINTS // 2, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, POINTS)[::HOP]
        spectrum = rfft(frames * window)
        out: Floats = spectrum.real**2 + spectrum.imag**2
        return out

    return power


def _lm3_with(rfft: Extract) -> Extract:
    power, filters = _power_with(rfft), np.ascontiguousarray(lm3.filters().T, dtype=np.float32)
    return lambda x: deltas(np.log(np.maximum(power(x) @ filters, np.float32(FLOOR))))


def _mkl() -> Extract:
    mkl_fft = needed("mkl_fft")
    return lambda frames: mkl_fft.rfft(frames, axis=1)


def _numpy() -> Extract:
    return lambda frames: np.fft.rfft(frames, axis=1)


def mkl_fft(signals: Signals) -> Callable[[], list[Floats]]:
    """mkl_fft and NumPy."""
    return of_each(_lm3_with(_mkl()), signals)


def numpy(signals: Signals) -> Callable[[], list[Floats]]:
    """NumPy alone."""
    return of_each(_lm3_with(_numpy()), signals)


def mkl_fft_power(signals: Signals) -> Callable[[], list[Floats]]:
    """Power spectra with mkl_fft and NumPy."""
    return of_each(_power_with(_mkl()), signals)


def numpy_power(signals: Signals) -> Callable[[], list[Floats]]:
    """Power spectra with NumPy alone."""
    return of_each(_power_with(_numpy()), signals)


# ---- torch ----


def torch_stft(signals: Signals) -> Callable[[], list[Any]]:
    """torch.stft an utterance, the fastest way there is in torch on one thread."""
    torch = needed("torch")
    window, filters = torch.from_numpy(lm3.window().astype(np.float32)), torch.from_numpy(lm3.filters()).float().T

    def delta(rows: Any) -> Any:
        count = len(rows)
        padded = torch.cat([rows[:1], rows[:1], rows, rows[-1:], rows[-1:]])
        near, far = padded[3 : count + 3] - padded[1 : count + 1], padded[4 : count + 4] - padded[:count]
        return 0.1 * near + 0.2 * far

    def extract(x: Any) -> Any:
        spectrum = torch.stft(x, POINTS, HOP, FRAME, window, center=True, pad_mode="reflect", return_complex=True)
        parts = torch.view_as_real(spectrum.T)
        rows = (parts.square().sum(-1) @ filters).clamp_(min=FLOOR).log_()
        first = delta(rows)
        return torch.stack([rows, first, delta(first)], dim=-1)

    tensors = [torch.from_numpy(x) for x in signals]

    def run() -> list[Any]:
        with torch.inference_mode():
            return [extract(x) for x in tensors]

    return run


# ---- libraries with features of their own ----


def librosa(signals: Signals) -> Callable[[], list[Floats]]:
    """librosa an utterance."""
    return of_each(librosa_extractor(), signals)


def librosa_extractor() -> Extract:
    """librosa: melspectrogram, logarithm, its deltas."""
    feature = needed("librosa").feature

    def extract(x: Floats) -> Floats:
        mel = feature.melspectrogram(
            y=x, sr=RATE, n_fft=POINTS, win_length=FRAME, hop_length=HOP, window="hamming", pad_mode="reflect",
            n_mels=BANDS, htk=True, norm=None,
        )  # fmt: skip
        rows = np.log(np.maximum(mel, np.float32(FLOOR)))
        # order=2 would be a polynomial's second derivative, which is not a regression twice
        first = feature.delta(rows, width=5, mode="nearest")
        out: Floats = np.stack([rows, first, feature.delta(first, width=5, mode="nearest")], axis=-1)
        return out.transpose(1, 0, 2)

    return extract


def kaldi(signals: Signals) -> Callable[[], list[Floats]]:
    """kaldi-native-fbank through its Python door, Kaldi's frames and filters; deltas with NumPy."""
    knf = needed("kaldi_native_fbank")
    options = knf.FbankOptions()
    options.frame_opts.dither = 0.0
    options.frame_opts.preemph_coeff = 0.0
    options.frame_opts.remove_dc_offset = False
    options.frame_opts.window_type = "hamming"
    options.mel_opts.num_bins = BANDS
    options.energy_floor = 0.0

    def extract(x: Floats) -> Floats:
        computer = knf.OnlineFbank(options)
        computer.accept_waveform(RATE, x.tolist())
        computer.input_finished()
        return deltas(np.stack([computer.get_frame(i) for i in range(computer.num_frames_ready)]))

    return of_each(extract, signals)


def audioflux(signals: Signals) -> Callable[[], list[Floats]]:
    """audioflux: its filter bank over windows of 512 samples; logarithm and deltas with NumPy."""
    af = needed("audioflux")
    bank = af.BFT(
        num=BANDS, radix2_exp=9, samplate=RATE, low_fre=0.0, high_fre=RATE / 2, slide_length=HOP,
        window_type=af.type.WindowType.HAMM, scale_type=af.type.SpectralFilterBankScaleType.MEL,
        data_type=af.type.SpectralDataType.POWER,
    )  # fmt: skip

    def extract(x: Floats) -> Floats:
        mel = np.maximum(bank.bft(x, result_type=1), np.float32(FLOOR))
        return deltas(np.log(mel).T)

    return of_each(extract, signals)


def python_speech_features(signals: Signals) -> Callable[[], list[Floats]]:
    """python_speech_features: rectangular frames (it takes no window here) and its own deltas, float64."""
    psf = needed("python_speech_features")

    def extract(x: Floats) -> Floats:
        rows = psf.logfbank(x, RATE, nfilt=BANDS, nfft=POINTS, preemph=0)
        first = psf.delta(rows, 2)
        return np.stack([rows, first, psf.delta(first, 2)], axis=-1)

    return of_each(extract, signals)


def psf_mfcc(signals: Signals) -> Callable[[], list[Any]]:
    """python_speech_features: its MFCC with the energy in front, and its deltas, ``[frames, 13, 3]``."""
    psf = needed("python_speech_features")

    def extract(x: Floats) -> Any:
        rows = psf.mfcc(x, RATE, numcep=13, nfilt=26, nfft=POINTS, preemph=0.97, ceplifter=22, appendEnergy=True)
        first = psf.delta(rows, 2)
        return np.stack([rows, first, psf.delta(first, 2)], axis=-1)

    return of_each(extract, signals)

"""Power spectra alone, and MFCC-39, from waveforms in memory on one thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness import lm3, peers
from harness.speech import Speech
from serkit.features import MFCC, MFCCOptions, Spectrogram, SpectrogramOptions
from serkit.kernels.reference import spectral as reference
from serkit.testing.bench import Contest, Entrant
from serkit.testing.bench.race import Race

POWER_ENTRANTS = ["serkit", "C + FFTW", "C + MKL", "mkl_fft + NumPy", "NumPy"]
MFCC_ENTRANTS = ["serkit", "python_speech_features"]


# python_speech_features' own options, on samples as they are
PSF = MFCCOptions.preset("psf", waveform="raw")
BINS = SpectrogramOptions(framing="center", window="hamming-periodic", log="none")


def ours(extractor: Spectrogram | MFCC, speech: Speech) -> Callable[[], Any]:
    return lambda: extractor.batch(speech.signals, threads=1)


def c_power(speech: Speech, fft: str) -> Callable[[], Any]:
    from harness.fftw import Batch, Fftw

    program, batch = Fftw(fft), Batch(speech.signals)
    return lambda: np.split(program.power(batch).reshape(-1, lm3.BINS), np.cumsum(batch.frames)[:-1])


def power(speech: Speech) -> Contest:
    truth = lm3.power(speech.signals)

    def check(name: str, answer: list[Any]) -> None:
        for got, wanted in zip(answer, truth, strict=True):
            # float32 transforms err by some 1e-7 of a frame's largest power
            bound = 1e-5 * wanted + 4e-7 * wanted.max(axis=1, keepdims=True)
            assert np.all(np.abs(np.reshape(got, wanted.shape) - wanted) <= bound)

    makes: dict[str, Callable[[], Callable[[], Any]]] = {
        "serkit": lambda: ours(Spectrogram(BINS), speech),
        "C + FFTW": lambda: c_power(speech, "FFTW"),
        "C + MKL": lambda: c_power(speech, "MKL"),
        "mkl_fft + NumPy": lambda: peers.mkl_fft_power(speech.signals),
        "NumPy": lambda: peers.numpy_power(speech.signals),
    }
    return Contest(
        entrants={name: Entrant(makes[name]) for name in POWER_ENTRANTS},
        anchors=("mkl_fft + NumPy", "NumPy"),
        check=check,
        work=speech.work,
        audio_s=speech.seconds,
    )


@pytest.mark.parametrize("entrant", POWER_ENTRANTS)
def test_power(race: Race, speech: Speech, entrant: str) -> None:
    race(entrant, "power spectra, 1 thread", lambda: power(speech))


def mfcc(speech: Speech) -> Contest:
    truth = [reference.spectral(x, PSF.parameters()) for x in speech.signals]

    def check(name: str, answer: list[Any]) -> None:
        for got, wanted in zip(answer, truth, strict=True):
            assert got.shape == wanted.shape
            # cepstra reach 100, and float32 has seven digits of the powers before the logarithm
            assert np.abs(got - wanted).max() <= 1e-2

    makes: dict[str, Callable[[], Callable[[], Any]]] = {
        "serkit": lambda: ours(MFCC(PSF), speech),
        "python_speech_features": lambda: peers.psf_mfcc(speech.signals),
    }
    return Contest(
        entrants={name: Entrant(makes[name]) for name in MFCC_ENTRANTS},
        anchors=("python_speech_features",),
        check=check,
        work=speech.work,
        audio_s=speech.seconds,
    )


@pytest.mark.parametrize("entrant", MFCC_ENTRANTS)
def test_mfcc(race: Race, speech: Speech, entrant: str) -> None:
    race(entrant, "MFCC-39, 1 thread", lambda: mfcc(speech))

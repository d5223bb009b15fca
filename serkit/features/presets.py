"""Presets of the features: what the named library computes by default, or where said, what is usually asked of it.

docs/numerics.md has the largest difference from each library and what a preset leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Values = dict[str, Any]
Presets = Mapping[str, Mapping[str, Any]]

# librosa.stft's defaults with pad_mode="reflect"
_LIBROSA: Values = {
    "sample_rate": 22_050,
    "frame_ms": 2048 / 22.05,
    "hop_ms": 512 / 22.05,
    "n_fft": 2048,
    "window": "hann-periodic",
    "framing": "center",
    "waveform": "raw",
}
_LIBROSA_MEL: Values = {**_LIBROSA, "n_mels": 128, "mel_scale": "slaney", "mel_norm": "slaney"}

# kaldi-native-fbank's defaults, dither=0, samples in [-1, 1] times 32768 as Kaldi reads WAV files
_KALDI: Values = {
    "window": "povey",
    "framing": "snip",
    "waveform": "int16",
    "remove_dc": True,
    "preemphasis": 0.97,
    "preemphasis_scope": "frame",
    "n_mels": 23,
    "f_min": 20.0,
    "mel_scale": "htk-warped",
    "floor": 2.0**-23,
}

# python_speech_features' defaults on 16-bit integers
_PSF: Values = {
    "window": "rectangular",
    "n_mels": 26,
    "mel_scale": "psf-bins",
    "preemphasis": 0.97,
    "power_scale": "n_fft",
    "log": "psf",
    "waveform": "int16",
}

# torchaudio.transforms' defaults; 40 bands, since 128 leave some without a bin of a 400-point FFT
_TORCHAUDIO: Values = {
    "hop_ms": 12.5,
    "n_fft": 400,
    "window": "hann-periodic",
    "framing": "center",
    "waveform": "raw",
    "channels": ("static",),
}
_TORCHAUDIO_MEL: Values = {**_TORCHAUDIO, "n_mels": 40, "log": "decibel"}

# the front end of the HTK Book's tutorial: magnitudes, USEHAMMING, PREEMCOEF 0.97, NUMCHANS 26, 16-bit samples
_HTK: Values = {
    "framing": "snip",
    "waveform": "int16",
    "preemphasis": 0.97,
    "preemphasis_scope": "frame",
    "spectrum": "magnitude",
    "n_mels": 26,
    "mel_scale": "htk-warped",
    "floor": 1.0,
}

STFT_PRESETS: Presets = {"librosa": _LIBROSA}

SPECTROGRAM_PRESETS: Presets = {
    "librosa": {**_LIBROSA, "spectrum": "magnitude", "log": "none"},
    "torchaudio": {**_TORCHAUDIO, "log": "none"},
    # 400 bins of 10 Hz, or 200 of 20 Hz, below 4 kHz: what the AFCN is said to take, and a re-implementation of it
    "afcn": {"frame_ms": 40.0, "n_fft": 1600, "f_max": 3990.0},
    "afcn_200": {"frame_ms": 40.0, "n_fft": 800, "f_max": 3980.0},
}

LOG_MEL_PRESETS: Presets = {
    # librosa.feature.melspectrogram's, natural logarithm in place of decibels
    "librosa": _LIBROSA_MEL,
    "kaldi": _KALDI,
    "psf": _PSF,
    # what the published code of Chen et al. 2018 computes
    "chen_reference": {**_PSF, "n_mels": 40},
    "torchaudio": _TORCHAUDIO_MEL,
    "htk": _HTK,
}

MFCC_PRESETS: Presets = {
    "librosa": {
        **_LIBROSA_MEL,
        "preemphasis": 0.0,
        "log": "decibel",
        "first_cepstrum": 0,
        "n_cepstra": 20,
        "lifter": 0.0,
        "energy": "none",
        "channels": ("static",),
    },
    "kaldi": _KALDI,
    "psf": {**_PSF, "energy": "spectrum"},
    "torchaudio": {
        **_TORCHAUDIO_MEL,
        "preemphasis": 0.0,
        "first_cepstrum": 0,
        "n_cepstra": 40,
        "lifter": 0.0,
        "energy": "none",
    },
    "htk": {**_HTK, "dct": "htk"},
    # openSMILE's MFCC12_0_D_A: as HTK, of powers, with cepstrum 0 in place of the energy
    "opensmile": {**_HTK, "spectrum": "power", "dct": "htk", "first_cepstrum": 0, "n_cepstra": 13, "energy": "none"},
}

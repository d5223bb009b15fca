"""Features of speech: extractors that turn a waveform into frames.

>>> import numpy as np
>>> from serkit.features import LogMel
>>> LogMel()(np.random.default_rng(0).standard_normal(16000).astype(np.float32)).shape
(99, 40, 3)

One extractor a file. An extractor is an options dataclass and a class that follows ``Extractor``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from serkit.features.base import Extractor
    from serkit.features.crossings import zero_crossing_rate
    from serkit.features.delta import Delta, DeltaOptions
    from serkit.features.descriptors import FrameDescriptor, FrameOptions, frame_descriptor
    from serkit.features.egemaps import Egemaps, EgemapsOptions
    from serkit.features.energy import log_energy
    from serkit.features.formants import Formants, FormantsOptions
    from serkit.features.framewise import Framewise
    from serkit.features.functionals import Functionals, FunctionalsOptions
    from serkit.features.log_mel import LogMel, LogMelOptions
    from serkit.features.mfcc import MFCC, MFCCOptions
    from serkit.features.normalize import CorpusNormalizer, UtteranceNormalizer
    from serkit.features.pitch import Pitch, PitchOptions
    from serkit.features.spectral_shape import SpectralShape, SpectralShapeOptions
    from serkit.features.spectrogram import Spectrogram, SpectrogramOptions
    from serkit.features.speech_contours import SpeechContours
    from serkit.features.speech_functionals import SpeechFunctionals, SpeechFunctionalsOptions
    from serkit.features.stft import STFT, STFTOptions
    from serkit.kernels.native.spectral import check_waveform

__all__ = [
    "MFCC",
    "STFT",
    "CorpusNormalizer",
    "Delta",
    "DeltaOptions",
    "Egemaps",
    "EgemapsOptions",
    "Extractor",
    "Formants",
    "FormantsOptions",
    "FrameDescriptor",
    "FrameOptions",
    "Framewise",
    "Functionals",
    "FunctionalsOptions",
    "LogMel",
    "LogMelOptions",
    "MFCCOptions",
    "Pitch",
    "PitchOptions",
    "STFTOptions",
    "SpectralShape",
    "SpectralShapeOptions",
    "Spectrogram",
    "SpectrogramOptions",
    "SpeechContours",
    "SpeechFunctionals",
    "SpeechFunctionalsOptions",
    "UtteranceNormalizer",
    "check_waveform",
    "frame_descriptor",
    "log_energy",
    "zero_crossing_rate",
]

_MODULES = {
    "CorpusNormalizer": "normalize",
    "Delta": "delta",
    "DeltaOptions": "delta",
    "Egemaps": "egemaps",
    "EgemapsOptions": "egemaps",
    "Extractor": "base",
    "Formants": "formants",
    "FormantsOptions": "formants",
    "FrameDescriptor": "descriptors",
    "FrameOptions": "descriptors",
    "Framewise": "framewise",
    "Functionals": "functionals",
    "FunctionalsOptions": "functionals",
    "LogMel": "log_mel",
    "LogMelOptions": "log_mel",
    "MFCC": "mfcc",
    "MFCCOptions": "mfcc",
    "Pitch": "pitch",
    "PitchOptions": "pitch",
    "STFT": "stft",
    "STFTOptions": "stft",
    "SpectralShape": "spectral_shape",
    "SpectralShapeOptions": "spectral_shape",
    "Spectrogram": "spectrogram",
    "SpectrogramOptions": "spectrogram",
    "SpeechContours": "speech_contours",
    "SpeechFunctionals": "speech_functionals",
    "SpeechFunctionalsOptions": "speech_functionals",
    "UtteranceNormalizer": "normalize",
    "check_waveform": "framewise",
    "frame_descriptor": "descriptors",
    "log_energy": "energy",
    "zero_crossing_rate": "crossings",
}


def __getattr__(name: str) -> Any:
    # lazy, so that listing plugins, which imports this package for nothing else, loads neither NumPy nor the core
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__

"""Options that spectral features share, each written once: frames, spectra with deltas, Mel bands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from annotated_types import Ge, Gt, Le, Lt, MinLen

from serkit.config import dump, load
from serkit.errors import ConfigError, UnknownNameError
from serkit.kernels.parameters import Channel, Framing, LogKind, MelNorm, MelScale, SpectralParameters, WindowName

CHANNELS: tuple[Channel, ...] = ("static", "delta", "delta2")

# types of options whose defaults subclasses change
Source = Literal["standardize", "raw", "int16"]
Preemphasis = Annotated[float, Ge(0), Lt(1)]
Channels = Annotated[tuple[Channel, ...], MinLen(1)]
Bands = Annotated[int, Ge(1), Le(1024)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FramingOptions:
    """How a waveform becomes frames, and which frequencies are looked at.

    * ``sample_rate`` in Hz; ``frame_ms`` and ``hop_ms`` in milliseconds, rounded to samples (half up).
    * ``n_fft``: at least the frame, prime factors 2, 3 and 5 only; shorter frames are padded with zeros.
    * ``window``: plain names are symmetric, ``-periodic`` ones have the period of the frame; ``povey`` is Hann to the
      power 0.85.
    * ``framing``: ``tail`` has ``1 + ceil((n - frame) / hop)`` frames, the last padded with zeros (one frame if
      ``n <= frame``); ``snip`` whole frames only; ``center`` centres frame i on sample ``i hop`` of the waveform
      reflected at both ends by ``n_fft // 2``, ``center-zero`` padded with zeros instead; ``mirror`` has
      ``(n + hop // 2) // hop`` frames centred on ``i hop + hop // 2``, the waveform mirrored with its end samples
      repeated.
    * ``waveform``: ``raw`` as it is; ``int16`` times 32768; ``standardize`` to zero mean and unit variance, computed in
      double (a constant waveform becomes silence).
    * ``remove_dc``: each frame's mean is subtracted from it.
    * ``preemphasis`` c: ``y[t] = x[t] - c x[t-1]`` over the ``signal`` with ``y[0] = x[0]``, or, with
      ``preemphasis_scope="frame"``, within each frame with ``y[0] = x[0] - c x[0]``.
    * ``f_min`` and ``f_max`` in Hz; ``f_max=0`` is half the sample rate.
    """

    NAME: ClassVar[str] = "spectral"
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Named overrides of the defaults; see docs/numerics.md for the agreement with each library."""

    sample_rate: Annotated[int, Ge(100), Le(768_000)] = 16_000
    frame_ms: Annotated[float, Gt(0), Le(10_000)] = 25.0
    hop_ms: Annotated[float, Gt(0), Le(10_000)] = 10.0
    n_fft: Annotated[int, Ge(2), Le(65_536)] = 512
    window: WindowName = "hamming"
    framing: Framing = "tail"
    waveform: Source = "raw"
    remove_dc: bool = False
    preemphasis: Preemphasis = 0.0
    preemphasis_scope: Literal["signal", "frame"] = "signal"
    f_min: Annotated[float, Ge(0)] = 0.0
    f_max: Annotated[float, Ge(0)] = 0.0

    @classmethod
    def preset(cls, name: str, **overrides: Any) -> Self:
        """Options of a named preset, with ``overrides`` on top. UnknownNameError, ConfigError."""
        if name not in cls.PRESETS:
            raise UnknownNameError(f"{cls.NAME} preset", name, cls.PRESETS)
        return load(cls, {**cls.PRESETS[name], **overrides}, where=f"preset {name!r}")

    def checked(self) -> Self:
        """These options, every value and combination checked. Raises ConfigError."""
        options = load(type(self), dump(self), where=f"the {self.NAME} options")
        options._check()
        return options

    def parameters(self) -> SpectralParameters:
        """What the kernels are told."""
        return SpectralParameters(**self._values())

    @property
    def frame_samples(self) -> int:
        """Samples of a frame."""
        return _samples(self.frame_ms, self.sample_rate)

    @property
    def hop_samples(self) -> int:
        """Samples from one frame to the next."""
        return _samples(self.hop_ms, self.sample_rate)

    def _check(self) -> None:
        for name, samples in (("frame", self.frame_samples), ("hop", self.hop_samples)):
            if samples < 1:
                given = self.frame_ms if name == "frame" else self.hop_ms
                raise ConfigError(
                    f"{name}_ms={given:g} is less than a sample at sample_rate={self.sample_rate}; "
                    f"choose a longer {name}."
                )
        if not self.f_min < self._f_max <= self.sample_rate / 2:
            raise ConfigError(
                f"f_min={self.f_min:g} and f_max={self.f_max:g} do not fit sample_rate={self.sample_rate}; "
                "allowed are 0 <= f_min < f_max <= half the rate (f_max=0 means half the rate)."
            )

    @property
    def _f_max(self) -> float:
        return self.f_max or self.sample_rate / 2

    def _bins(self) -> dict[str, int]:
        """The FFT bins whose frequencies lie in [f_min, f_max]. Raises ConfigError if there are none."""
        width = self.sample_rate / self.n_fft
        # a hair's breadth, so that 62.5 Hz asked for is bin 2 of 31.25 Hz whatever the division rounds to
        first = math.ceil(self.f_min / width - 1e-9)
        count = math.floor(self._f_max / width + 1e-9) + 1 - first
        if count < 1:
            raise ConfigError(
                f"No FFT bin lies between f_min={self.f_min:g} and f_max={self._f_max:g}; bins are {width:g} Hz apart, "
                "so widen the band or raise n_fft."
            )
        return {"first_bin": first, "n_bins": count}

    def _values(self) -> dict[str, Any]:
        return {
            "sample_rate": self.sample_rate,
            "standardize": self.waveform == "standardize",
            "scale": 32768.0 if self.waveform == "int16" else 1.0,
            "preemphasis": self.preemphasis,
            "preemphasis_scope": self.preemphasis_scope,
            "frame_samples": self.frame_samples,
            "hop_samples": self.hop_samples,
            "framing": self.framing,
            "remove_dc": self.remove_dc,
            "window": self.window,
            "n_fft": self.n_fft,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumOptions(FramingOptions):
    """What is made of the spectrum, beside ``FramingOptions``.

    * ``spectrum``: ``power`` is ``|X|^2``, ``magnitude`` its square root.
    * ``power_scale="n_fft"`` divides ``|X|^2`` by ``n_fft``.
    * ``log``: ``natural`` is ``ln(max(p, floor))``; ``decibel`` is ``10 log10(max(p, floor))``; ``psf`` is ``ln p``
      with exact zeros replaced by float64's epsilon; ``none`` leaves the values.
    * ``delta_window``: N of the regression formula; frames beyond the edges repeat the edge frames.
    * ``channels``: which of static, delta, delta2, in this order.
    """

    spectrum: Literal["power", "magnitude"] = "power"
    power_scale: Literal["none", "n_fft"] = "none"
    log: LogKind = "natural"
    floor: Annotated[float, Ge(1e-30), Le(1e30)] = 1e-10
    delta_window: Annotated[int, Ge(1), Le(100)] = 2
    channels: Channels = CHANNELS

    def _check(self) -> None:
        # by name: a dataclass with slots is a second class, which bare super() does not find
        FramingOptions._check(self)
        if list(self.channels) != [c for c in CHANNELS if c in self.channels]:
            allowed = ", ".join(CHANNELS)
            raise ConfigError(f"channels is {list(self.channels)}; name each at most once, in the order {allowed}.")

    def _values(self) -> dict[str, Any]:
        return {
            **FramingOptions._values(self),
            "spectrum": self.spectrum,
            "power_gain": 1.0 / self.n_fft if self.power_scale == "n_fft" else 1.0,
            "log": self.log,
            "floor": self.floor,
            "delta_window": self.delta_window,
            "channels": self.channels,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MelOptions(SpectrumOptions):
    """Triangular bands between ``f_min`` and ``f_max``, beside ``SpectrumOptions``.

    * ``n_mels`` bands, corners equally far apart in Mel.
    * ``mel_scale``: ``htk`` is ``2595 log10(1 + f / 700)`` with triangles straight in Hz, ``htk-warped`` with triangles
      straight in Mel (HTK, Kaldi, openSMILE), ``psf-bins`` with corners at bins ``floor((n_fft + 1) f / sample_rate)``;
      ``slaney`` is linear to 1 kHz, triangles straight in Hz.
    * ``mel_norm="slaney"`` divides each filter by half its width in Hz.
    """

    n_mels: Bands = 40
    mel_scale: MelScale = "htk"
    mel_norm: MelNorm = "none"

    def _values(self) -> dict[str, Any]:
        return {
            **SpectrumOptions._values(self),
            "n_mels": self.n_mels,
            "f_min": self.f_min,
            "f_max": self._f_max,
            "mel_scale": self.mel_scale,
            "mel_norm": self.mel_norm,
        }


def _samples(milliseconds: float, sample_rate: int) -> int:
    return int(milliseconds * sample_rate / 1000 + 0.5)

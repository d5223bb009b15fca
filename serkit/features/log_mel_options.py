"""Options of log-Mel features, their checks and named presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt, MinLen

from serkit.config import dump, load
from serkit.errors import ConfigError, UnknownNameError
from serkit.kernels.parameters import Channel, Framing, LogKind, LogMelParameters, MelNorm, MelScale, WindowName

CHANNELS: tuple[Channel, ...] = ("static", "delta", "delta2")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMelOptions:
    """Options of ``LogMel``; the defaults are SerKit's for Chen et al. 2018.

    * ``sample_rate`` in Hz; ``frame_ms`` and ``hop_ms`` in milliseconds, rounded to samples (half up).
    * ``n_fft``: at least the frame, prime factors 2, 3 and 5 only; shorter frames are padded with zeros.
    * ``window``: plain names are symmetric, ``-periodic`` ones have the period of the frame.
    * ``f_min`` and ``f_max`` in Hz; ``f_max=0`` is half the sample rate.
    * ``mel_scale``: ``psf-bins`` is the HTK scale with corners at bins ``floor((n_fft + 1) f / sample_rate)``.
    * ``mel_norm="slaney"`` divides each filter by half its width in Hz.
    * ``framing``: ``tail`` has ``1 + ceil((n - frame) / hop)`` frames, the last padded with zeros (one frame if
      ``n <= frame``); ``snip`` whole frames only; ``center`` centres frame i on sample ``i hop`` of the waveform
      reflected at both ends by ``n_fft // 2``.
    * ``preemphasis`` c: ``y[t] = x[t] - c x[t-1]``, ``y[0] = x[0]``, before framing.
    * ``power_scale="n_fft"`` divides ``|X|^2`` by ``n_fft``.
    * ``log``: ``natural`` is ``ln(max(p, floor))``; ``psf`` is ``ln p`` with exact zeros replaced by float64's epsilon;
      ``none`` leaves the powers.
    * ``delta_window``: N of the regression formula; frames beyond the edges repeat the edge frames.
    * ``waveform``: ``standardize`` to zero mean and unit variance, computed in double (a constant waveform becomes
      silence); ``raw`` as it is; ``int16`` times 32768.
    * ``channels``: which of static, delta, delta2, in this order.
    """

    sample_rate: Annotated[int, Ge(100), Le(768_000)] = 16_000
    frame_ms: Annotated[float, Gt(0), Le(10_000)] = 25.0
    hop_ms: Annotated[float, Gt(0), Le(10_000)] = 10.0
    n_fft: Annotated[int, Ge(2), Le(65_536)] = 512
    window: WindowName = "hamming"
    n_mels: Annotated[int, Ge(1), Le(1024)] = 40
    f_min: Annotated[float, Ge(0)] = 0.0
    f_max: Annotated[float, Ge(0)] = 0.0
    mel_scale: MelScale = "htk"
    mel_norm: MelNorm = "none"
    framing: Framing = "tail"
    preemphasis: Annotated[float, Ge(0), Lt(1)] = 0.0
    power_scale: Literal["none", "n_fft"] = "none"
    log: LogKind = "natural"
    floor: Annotated[float, Ge(1e-30), Le(1e30)] = 1e-10
    delta_window: Annotated[int, Ge(1), Le(100)] = 2
    waveform: Literal["standardize", "raw", "int16"] = "standardize"
    channels: Annotated[tuple[Channel, ...], MinLen(1)] = CHANNELS

    @classmethod
    def preset(cls, name: str, **overrides: Any) -> LogMelOptions:
        """Options of a named preset, with ``overrides`` on top. UnknownNameError, ConfigError."""
        if name not in PRESETS:
            raise UnknownNameError("log-Mel preset", name, PRESETS)
        return load(cls, {**PRESETS[name], **overrides}, where=f"preset {name!r}")

    def checked(self) -> LogMelOptions:
        """These options, every value and combination checked. Raises ConfigError."""
        options = load(LogMelOptions, dump(self), where="the log-Mel options")
        if list(options.channels) != [c for c in CHANNELS if c in options.channels]:
            allowed = ", ".join(CHANNELS)
            raise ConfigError(f"channels is {list(options.channels)}; name each at most once, in the order {allowed}.")
        if not options.f_min < options._f_max <= options.sample_rate / 2:
            raise ConfigError(
                f"f_min={options.f_min:g} and f_max={options.f_max:g} do not fit sample_rate={options.sample_rate}; "
                "allowed are 0 <= f_min < f_max <= half the rate (f_max=0 means half the rate)."
            )
        return options

    @property
    def frame_samples(self) -> int:
        """Samples of a frame."""
        return _samples(self.frame_ms, self.sample_rate)

    @property
    def hop_samples(self) -> int:
        """Samples from one frame to the next."""
        return _samples(self.hop_ms, self.sample_rate)

    @property
    def _f_max(self) -> float:
        return self.f_max or self.sample_rate / 2

    def parameters(self) -> LogMelParameters:
        """What the kernels are told."""
        return LogMelParameters(
            sample_rate=self.sample_rate,
            frame_samples=self.frame_samples,
            hop_samples=self.hop_samples,
            n_fft=self.n_fft,
            window=self.window,
            n_mels=self.n_mels,
            f_min=self.f_min,
            f_max=self._f_max,
            mel_scale=self.mel_scale,
            mel_norm=self.mel_norm,
            framing=self.framing,
            preemphasis=self.preemphasis,
            power_gain=1.0 / self.n_fft if self.power_scale == "n_fft" else 1.0,
            log=self.log,
            floor=self.floor,
            delta_window=self.delta_window,
            channels=self.channels,
            standardize=self.waveform == "standardize",
            scale=32768.0 if self.waveform == "int16" else 1.0,
        )


def _samples(milliseconds: float, sample_rate: int) -> int:
    return int(milliseconds * sample_rate / 1000 + 0.5)


_PSF: dict[str, Any] = {
    "window": "rectangular",
    "n_mels": 26,
    "mel_scale": "psf-bins",
    "preemphasis": 0.97,
    "power_scale": "n_fft",
    "log": "psf",
    "waveform": "int16",
}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    # librosa.feature.melspectrogram's defaults with pad_mode="reflect", natural logarithm in place of decibels
    "librosa": {
        "sample_rate": 22_050,
        "frame_ms": 2048 / 22.05,
        "hop_ms": 512 / 22.05,
        "n_fft": 2048,
        "window": "hann-periodic",
        "n_mels": 128,
        "mel_scale": "slaney",
        "mel_norm": "slaney",
        "framing": "center",
        "waveform": "raw",
    },
    # python_speech_features.logfbank's defaults on 16-bit integers
    "psf": _PSF,
    # what the published code of Chen et al. 2018 computes
    "chen_reference": {**_PSF, "n_mels": 40},
}
"""Named overrides of the default options; see docs/numerics.md for the agreement with each library."""

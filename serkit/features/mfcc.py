"""Mel-frequency cepstral coefficients with deltas, on the compiled core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Le

from serkit.errors import ConfigError
from serkit.features.options import Bands, MelOptions, Preemphasis
from serkit.features.presets import MFCC_PRESETS
from serkit.features.spectral import SpectralExtractor


@dataclass(frozen=True, slots=True, kw_only=True)
class MFCCOptions(MelOptions):
    """Options of ``MFCC``, beside ``FramingOptions``', ``SpectrumOptions``' and ``MelOptions``'.

    * ``n_cepstra`` from ``first_cepstrum`` on, of the type-II DCT over bands; at most ``n_mels`` in all.
    * ``dct``: ``ortho`` is orthonormal; ``htk`` has the factor ``sqrt(2 / n_mels)`` for cepstrum 0 too.
    * ``lifter`` L multiplies cepstrum n by ``1 + L / 2 sin(pi n / L)``; 0 is none.
    * ``energy``: a first row before the cepstra, the ``log`` of the sum of squares of the ``frame`` before pre-emphasis
      and window (HTK, Kaldi), or of the sum of the power ``spectrum`` (python_speech_features); ``none`` has none.

    The defaults are the usual 39 numbers a frame: energy, 12 cepstra of 26 bands, lifter 22, deltas, deltas of deltas.
    """

    NAME: ClassVar[str] = "MFCC"
    PRESETS: ClassVar = MFCC_PRESETS

    preemphasis: Preemphasis = 0.97
    n_mels: Bands = 26
    first_cepstrum: Annotated[int, Ge(0), Le(1023)] = 1
    n_cepstra: Annotated[int, Ge(1), Le(1024)] = 12
    dct: Literal["ortho", "htk"] = "ortho"
    lifter: Annotated[float, Ge(0), Le(1e6)] = 22.0
    energy: Literal["none", "frame", "spectrum"] = "frame"

    def _check(self) -> None:
        MelOptions._check(self)
        if self.first_cepstrum + self.n_cepstra > self.n_mels:
            raise ConfigError(
                f"first_cepstrum={self.first_cepstrum} and n_cepstra={self.n_cepstra} go beyond cepstrum "
                f"{self.n_mels - 1}, the last of n_mels={self.n_mels}; take fewer cepstra or more bands."
            )

    def _values(self) -> dict[str, Any]:
        return {
            **MelOptions._values(self),
            "stage": "cepstra",
            "first_cepstrum": self.first_cepstrum,
            "n_cepstra": self.n_cepstra,
            "dct": self.dct,
            "lifter": self.lifter,
            "energy": self.energy,
        }


class MFCC(SpectralExtractor[MFCCOptions, np.float32]):
    """Cepstra, after the energy if there is one, ``[T] -> [frames, rows, channels]``, float32."""

    OPTIONS = MFCCOptions

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one frame: ``(rows, channels)``, rows the cepstra and the energy."""
        return (self._kernel.parameters.n_rows, len(self.options.channels))

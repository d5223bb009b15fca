"""The extractor: options, and one row of 88 numbers a waveform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le

from serkit.config import dump, load
from serkit.errors import ConfigError
from serkit.features.base import Floats, options_of
from serkit.features.egemaps.names import COLUMNS
from serkit.features.framewise import Utterancewise


@dataclass(frozen=True, slots=True, kw_only=True)
class EgemapsOptions:
    """Options of ``Egemaps``; what is not here is as published.

    * ``sample_rate`` in Hz: at least 16000, since the bands of loudness and cepstra reach 8 kHz.
    * ``f0_min`` and ``f0_max`` in Hz: the published search is 55 to 1000.
    * ``voicing_threshold``: probability from which a frame is voiced, in [0, 1]; the published one is 0.7.
    """

    sample_rate: Annotated[int, Ge(16_000), Le(192_000)] = 16_000
    f0_min: Annotated[float, Ge(30), Le(2000)] = 55.0
    f0_max: Annotated[float, Gt(20), Le(2000)] = 1000.0
    voicing_threshold: Annotated[float, Ge(0), Le(1)] = 0.7

    def checked(self) -> EgemapsOptions:
        """These options, every value checked. Raises ConfigError."""
        options = load(EgemapsOptions, dump(self), where="the eGeMAPS options")
        if not options.f0_min < options.f0_max:
            raise ConfigError(
                f"f0_min={options.f0_min:g} and f0_max={options.f0_max:g} leave no F0; allowed is f0_min < f0_max."
            )
        return options


class Egemaps(Utterancewise):
    """The extended Geneva Minimalistic Acoustic Parameter Set, ``[T] -> [1, 88]``, float32.

    ``columns`` are the names of eGeMAPSv02 in its order; docs/egemaps.md has units, definitions and how far each value
    agrees with that release. Values are finite for every waveform: what needs voiced frames is 0 where there are none,
    what needs unvoiced ones likewise. Source: F. Eyben et al., IEEE Trans. Affective Computing 7(2), 2016, 190-202.
    Raises ConfigError for options out of range.
    """

    columns = COLUMNS

    def __init__(self, options: EgemapsOptions | None = None) -> None:
        from serkit.features.egemaps.spectra import Spectra
        from serkit.features.egemaps.voice import Voice

        self.options = options_of(options, EgemapsOptions, "Egemaps").checked()
        o = self.options
        self._spectra = Spectra(o.sample_rate)
        self._voice = Voice(o.sample_rate, o.f0_min, o.f0_max, o.voicing_threshold)

    def _compute(self, waveform: Floats, out: Floats) -> None:
        from serkit.features.egemaps.functionals import row

        out[0] = row(self._spectra(waveform), self._voice(waveform), waveform, self.sample_rate)

"""The extractor: options, and one row of 88 numbers a waveform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le

from serkit.config import dump, load
from serkit.errors import ConfigError
from serkit.features.base import Floats, options_of
from serkit.features.egemaps.names import COLUMNS, RATE
from serkit.features.framewise import Utterancewise


@dataclass(frozen=True, slots=True, kw_only=True)
class EgemapsOptions:
    """Options of ``Egemaps``; what is not here is as published.

    * ``f0_min`` and ``f0_max`` in Hz: the published search is 55 to 1000.
    * ``voicing_threshold``: probability from which a frame is voiced, in [0, 1]; the published one is 0.7.
    """

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
    """The extended Geneva Minimalistic Acoustic Parameter Set of an utterance at 16 kHz, ``[T] -> [1, 88]``, float32.

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
        self._spectra = Spectra()
        self._voice = Voice(o.f0_min, o.f0_max, o.voicing_threshold)

    @property
    def sample_rate(self) -> int:
        """16000 Hz: all that the set looks at lies below 8 kHz, and a wider spectrum would change its values."""
        return RATE

    def _compute(self, waveform: Floats, out: Floats) -> None:
        from serkit.features.egemaps.functionals import row

        out[0] = row(self._spectra(waveform), self._voice(waveform), waveform)

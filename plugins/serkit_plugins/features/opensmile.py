"""openSMILE's own feature sets, for those whose work its licence covers; needs the extra ``opensmile``.

The package ``opensmile`` is audEERING's and not free software: its licence allows non-commercial use and research, and
bars products from what was extracted with it. Nothing in SerKit needs it, no default names it; ``egemaps`` is SerKit's
own set of the same 88 names.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Le

from serkit.config import dump, load
from serkit.errors import AudioError, ConfigError
from serkit.features.base import Floats, options_of
from serkit.kernels.native.spectral import check_many, check_waveform
from serkit.kernels.threads import thread_count

_calling = Lock()  # the library says nothing about calls from several threads


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSmileOptions:
    """Options of ``OpenSmile``.

    * ``feature_set``: a configuration that comes with openSMILE, by its name there.
    * ``level``: ``functionals`` is one row an utterance, ``lld`` a row of low-level descriptors every 10 ms.
    * ``sample_rate`` in Hz.
    """

    feature_set: Literal["ComParE_2016", "GeMAPSv01b", "eGeMAPSv01b", "eGeMAPSv02", "emobase"] = "eGeMAPSv02"
    level: Literal["functionals", "lld"] = "functionals"
    sample_rate: Annotated[int, Ge(8000), Le(192_000)] = 16_000


class OpenSmile:
    """A feature set of openSMILE, ``[T] -> [1, columns]`` or, for ``lld``, ``[frames, columns]``, float32.

    ``columns`` are its names. Waveforms shorter than a frame of the set are refused. Waveforms are taken one at a
    time. Raises ConfigError if the package is not installed or options are out of range.
    """

    def __init__(self, options: OpenSmileOptions | None = None) -> None:
        given = options_of(options, OpenSmileOptions, "OpenSmile")
        self.options = load(OpenSmileOptions, dump(given), where="the openSMILE options")
        try:
            import opensmile
        except ImportError:
            raise ConfigError(
                "The feature 'opensmile' needs the package opensmile, which is not for commercial use; install it with "
                "pip install 'serkit[opensmile]', or take the feature 'egemaps', which needs nothing."
            ) from None
        levels = opensmile.FeatureLevel
        self._smile: Any = opensmile.Smile(
            feature_set=opensmile.FeatureSet[self.options.feature_set],
            feature_level=levels.Functionals if self.options.level == "functionals" else levels.LowLevelDescriptors,
            num_workers=1,
        )
        self._version = str(opensmile.__version__)
        self.columns = tuple(self._smile.feature_names)

    def __repr__(self) -> str:
        return f"OpenSmile({self.options!r})"

    def __reduce__(self) -> tuple[type[OpenSmile], tuple[OpenSmileOptions]]:
        return type(self), (self.options,)

    @property
    def sample_rate(self) -> int:
        """Sample rate in Hz that waveforms must have."""
        return self.options.sample_rate

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one row: ``(columns,)``."""
        return (len(self.columns),)

    @property
    def hop_s(self) -> float:
        """Seconds from one row to the next; 0 where there is but one."""
        return 0.0 if self.options.level == "functionals" else 0.01

    def n_frames(self, n_samples: int) -> int:
        """Number of rows of a waveform of ``n_samples`` samples, which for ``lld`` openSMILE itself is asked."""
        return 1 if self.options.level == "functionals" else len(self(np.zeros(n_samples, dtype=np.float32)))

    def fingerprint(self) -> str:
        """What beside the options decides the values: openSMILE's version."""
        return f"opensmile {self._version}"

    def __call__(self, waveform: Floats) -> Floats:
        """Rows, float32 ``[rows, columns]``, of a waveform, float32 ``[T]`` in [-1, 1].

        Raises AudioError if the waveform is empty, not finite, not float32, not one-dimensional or too short.
        """
        return self.batch([waveform])[0]

    def batch(self, waveforms: Sequence[Floats], threads: int = 0) -> list[Floats]:
        """``[self(w) for w in waveforms]``; ``threads`` is checked, but one thread works."""
        thread_count(threads)
        check_many(waveforms)
        single = len(waveforms) == 1
        named = [(w, "The waveform" if single else f"Waveform {i}") for i, w in enumerate(waveforms)]
        return [self._rows(check_waveform(w, name), name) for w, name in named]

    def _rows(self, waveform: Floats, name: str) -> Floats:
        with _calling, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the waveform is too short, which the values say too
            rows: Floats = self._smile.process_signal(waveform, self.sample_rate).to_numpy(dtype=np.float32)
        if not np.isfinite(rows).all():
            raise AudioError(
                f"{name} has {len(waveform)} samples, of which openSMILE's {self.options.feature_set} makes no finite "
                "values; it needs some 60 ms at least."
            )
        return rows

"""Every extractor takes its own options and says so of others."""

from __future__ import annotations

from typing import Any

import pytest

from serkit.errors import ConfigError
from serkit.features import (
    MFCC,
    STFT,
    Delta,
    DeltaOptions,
    Formants,
    FrameOptions,
    Functionals,
    LogMel,
    Pitch,
    Spectrogram,
    log_energy,
)


@pytest.mark.parametrize("kind", [STFT, Spectrogram, LogMel, MFCC, Pitch, Formants, Functionals, Delta, log_energy])
def test_options_of_another_kind_are_refused(kind: Any) -> None:
    for other in (FrameOptions() if kind is Delta else DeltaOptions(), {"delta_window": 2}):
        with pytest.raises(ConfigError, match=rf"^{kind.__name__} was given \w+; it takes \w+Options\.$"):
            kind(other)

"""What every feature must hold."""

from __future__ import annotations

from serkit.testing.conformance.check import Check
from serkit.testing.conformance.features.consistency import (
    check_batch,
    check_concurrent_calls,
    check_input_unchanged,
    check_state,
)
from serkit.testing.conformance.features.contract import (
    check_builds,
    check_fingerprint,
    check_float32,
    check_options,
    check_presets,
    check_rate,
    check_shape,
)
from serkit.testing.conformance.features.signals import (
    check_full_scale,
    check_impulse,
    check_odd_words,
    check_refusals,
    check_short,
    check_silence,
)
from serkit.testing.conformance.features.units import check_units

CHECKS: tuple[Check, ...] = (
    Check(check_builds),
    Check(check_options),
    Check(check_presets),
    Check(check_shape),
    Check(check_float32),
    Check(check_rate),
    Check(check_batch),
    Check(check_state),
    Check(check_concurrent_calls),
    Check(check_input_unchanged),
    Check(check_silence),
    Check(check_impulse),
    Check(check_full_scale),
    Check(check_short),
    Check(check_refusals),
    Check(check_odd_words),
    Check(check_units),
    Check(check_fingerprint),
)

"""What every metric must hold."""

from __future__ import annotations

from serkit.testing.conformance.check import Check
from serkit.testing.conformance.metrics.agreement import check_aliases, check_quick_forms, check_reference
from serkit.testing.conformance.metrics.invariance import (
    check_deterministic,
    check_inputs_unchanged,
    check_order_of_classes,
    check_order_of_utterances,
    check_ties,
    check_types,
)
from serkit.testing.conformance.metrics.values import (
    check_absent_class,
    check_finite,
    check_no_utterance,
    check_one_utterance,
    check_perfect,
    check_range,
    check_single_class,
    check_worst,
)

CHECKS: tuple[Check, ...] = (
    Check(check_aliases),
    Check(check_finite),
    Check(check_range),
    Check(check_perfect),
    Check(check_worst),
    Check(check_absent_class),
    Check(check_single_class),
    Check(check_one_utterance),
    Check(check_no_utterance),
    Check(check_ties),
    Check(check_order_of_utterances),
    Check(check_order_of_classes),
    Check(check_inputs_unchanged),
    Check(check_deterministic),
    Check(check_types),
    Check(check_reference),
    Check(check_quick_forms),
)

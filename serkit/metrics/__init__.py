"""Scores as functions of NumPy arrays: what plugins, the evaluation of a run and users compute from one place.

The metrics of a run are plugins (``serkit list metrics``) that take class indices. Here is what they share with the
report (ROC curves, calibration) and what has no classes at all: agreement of dimensional ratings such as arousal and
valence. This package needs no other part of SerKit, so a plugin and a notebook may both import it.
"""

from __future__ import annotations

from serkit.metrics.calibration import expected_calibration_error, reliability
from serkit.metrics.dimensional import ccc, mae, pcc, rmse
from serkit.metrics.roc import auc, roc_curve

__all__ = ["auc", "ccc", "expected_calibration_error", "mae", "pcc", "reliability", "rmse", "roc_curve"]

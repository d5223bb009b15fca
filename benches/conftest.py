"""Benches take their machinery from ``harness``; see README.md."""

from __future__ import annotations

from harness.machine import limit_libraries

limit_libraries()
pytest_plugins = ["harness.plugin", "harness.speech"]

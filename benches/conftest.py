"""Benches take their machinery from ``serkit.testing.bench``; see README.md."""

pytest_plugins = ["serkit.testing.bench", "harness.speech"]

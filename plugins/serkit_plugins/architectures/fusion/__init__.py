"""Fusion of systems: of what finished runs say, and of features inside one model."""

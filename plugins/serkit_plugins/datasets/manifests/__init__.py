"""Corpora that are described by tables: CSV manifests, and the formats of other tools."""

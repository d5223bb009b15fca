"""CSV manifests."""

from serkit_plugins.datasets.specs.manifests import manifest

SPEC = manifest(
    name="csv",
    summary="Your own recordings: a CSV table with file, emotion and, where known, speaker, times, text and more.",
    target="serkit_plugins.datasets.manifests.csv_manifest:CsvManifest",
)

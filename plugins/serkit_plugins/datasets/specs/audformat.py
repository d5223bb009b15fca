"""Databases of audformat."""

from serkit_plugins.datasets.specs.manifests import manifest

SPEC = manifest(
    name="audformat",
    summary="A folder database of audformat: db.yaml, tables as CSV, speakers and texts from schemes and misc tables.",
    target="serkit_plugins.datasets.manifests.audformat:Audformat",
)

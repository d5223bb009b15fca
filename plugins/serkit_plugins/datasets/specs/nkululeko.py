"""Tables of Nkululeko."""

from serkit_plugins.datasets.specs.manifests import manifest

SPEC = manifest(
    name="nkululeko",
    summary="A CSV table as Nkululeko has it: file, speaker, emotion (or another target), times, fold and more.",
    target="serkit_plugins.datasets.manifests.nkululeko:Nkululeko",
)

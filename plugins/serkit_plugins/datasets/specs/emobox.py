"""Lists of EmoBox."""

from serkit_plugins.datasets.specs.manifests import manifest

SPEC = manifest(
    name="emobox",
    summary="The JSON lines of EmoBox, one file or its folds; a pattern reads the speakers from the keys.",
    target="serkit_plugins.datasets.manifests.emobox:EmoBox",
    citation="Ma et al., EmoBox: Multilingual Multi-corpus Speech Emotion Recognition Toolkit and Benchmark, "
    "Interspeech 2024",
)

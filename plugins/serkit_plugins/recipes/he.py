"""The recipes of He, Ren and He: each experiment on each of the paper's corpora, and the context study."""

from __future__ import annotations

from serkit.host import RecipeSpec

_CITATION = (
    "X. He, L. Ren, Y. He, Speech Emotion Recognition using Convolutional Neural Networks and Recurrent Neural "
    "Networks with Attention Model"
)
_SYSTEMS = {
    1: ("he-svm", "Functionals and SVM"),
    2: ("he-blstm", "Descriptors and BLSTM"),
    3: ("he-sae-blstm", "Sparse auto-encoder kernels and BLSTM"),
    4: ("he-sae-attention", "Sparse auto-encoder kernels, BLSTM and attention"),
}
_CORPORA = {
    "casia": "CASIA: four speakers left out in turn",
    "emodb": "EMO-DB: ten speakers left out in turn",
    "iemocap": "IEMOCAP, all scenarios, excited merged: ten speakers left out in turn",
}


def _spec(name: str, summary: str, plugin: str, dataset: str) -> RecipeSpec:
    return RecipeSpec(
        name=name,
        summary=summary,
        target=f"serkit_plugins.recipes:{name}.toml",
        citation=_CITATION,
        architecture=plugin,
        dataset=dataset,
    )


RECIPES: tuple[RecipeSpec, ...] = (
    *(
        _spec(f"he-exp{number}-{corpus}", f"{system} on {where}", plugin, corpus)
        for number, (plugin, system) in _SYSTEMS.items()
        for corpus, where in _CORPORA.items()
    ),
    *(
        _spec(
            f"he-exp4-{corpus}-random",
            f"{_SYSTEMS[4][1]} on {where.partition(':')[0]}: five random parts, speakers known",
            _SYSTEMS[4][0],
            corpus,
        )
        for corpus, where in _CORPORA.items()
    ),
    _spec(
        "he-context-test-emodb",
        "LSTM and BLSTM trained on 40 frames of EMO-DB, tested with a growing context: curves",
        _SYSTEMS[4][0],
        "emodb",
    ),
    _spec(
        "he-context-train-emodb",
        "LSTM and BLSTM trained on stretches of EMO-DB of growing length, tested on whole utterances: curves",
        _SYSTEMS[4][0],
        "emodb",
    ),
)

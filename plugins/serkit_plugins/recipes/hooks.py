"""The recipes that SerKit ships."""

from __future__ import annotations

from serkit.host import RecipeSpec, hookimpl
from serkit_plugins.recipes import chen, he

_CHEN = "Chen, He, Yang, Zhang, IEEE Signal Processing Letters 25(10), 2018"
_GANS = "Gans, Theodores, Rusu, Emotion in Motion: A Deep Learning Model for Speech Emotion Recognition, 2020"
_ZHANG = "Zhang, Du, Wang, Zhang, Tu, Attention Based Fully Convolutional Network for Speech Emotion Recognition, 2019"
_HO = "Ho, Yang, Kim, Lee, IEEE Access 8, 2020"


@hookimpl
def serkit_recipes() -> list[RecipeSpec]:
    """One TOML file each, beside this module."""
    return [
        RecipeSpec(
            name="ser-svm-emodb",
            summary="Functionals and a linear SVM on EMO-DB: ten speakers left out in turn, nine trained on",
            target="serkit_plugins.recipes:ser-svm-emodb.toml",
            citation="SerKit's own",
            architecture="ser-svm",
            dataset="emodb",
        ),
        RecipeSpec(
            name="ser-svm-emodb-speaker",
            summary="The same, scaled by each speaker's own unlabelled utterances",
            target="serkit_plugins.recipes:ser-svm-emodb-speaker.toml",
            citation="SerKit's own",
            architecture="ser-svm",
            dataset="emodb",
        ),
        RecipeSpec(
            name="ssl-emodb",
            summary="A frozen speech encoder from your folder on EMO-DB: ten speakers left out in turn",
            target="serkit_plugins.recipes:ssl-emodb.toml",
            citation="SerKit's own",
            architecture="ssl",
            dataset="emodb",
        ),
        RecipeSpec(
            name="ssl-iemocap",
            summary="A frozen speech encoder from your folder on improvised IEMOCAP: ten speakers left out in turn",
            target="serkit_plugins.recipes:ssl-iemocap.toml",
            citation="SerKit's own",
            architecture="ssl",
            dataset="iemocap",
        ),
        RecipeSpec(
            name="chen2018-dnn-elm-emodb",
            summary="DNN-ELM, the baseline of Chen 2018, on EMO-DB: ten speakers left out in turn, five seeds",
            target="serkit_plugins.recipes:chen2018-dnn-elm-emodb.toml",
            citation=_CHEN,
            architecture="dnn-elm",
            dataset="emodb",
        ),
        RecipeSpec(
            name="chen2018-dnn-elm-iemocap",
            summary="DNN-ELM, the baseline of Chen 2018, on improvised IEMOCAP: ten speakers left out, five seeds",
            target="serkit_plugins.recipes:chen2018-dnn-elm-iemocap.toml",
            citation=_CHEN,
            architecture="dnn-elm",
            dataset="iemocap",
        ),
        RecipeSpec(
            name="zhang2019-iemocap",
            summary="AFCN on improvised IEMOCAP: ten speakers left out in turn",
            target="serkit_plugins.recipes:zhang2019-iemocap.toml",
            citation=_ZHANG,
            architecture="afcn",
            dataset="iemocap",
        ),
        RecipeSpec(
            name="afcn-emodb",
            summary="AFCN, preset small, on EMO-DB, on which its paper has no figure",
            target="serkit_plugins.recipes:afcn-emodb.toml",
            citation=f"after {_ZHANG}",
            architecture="afcn",
            dataset="emodb",
        ),
        RecipeSpec(
            name="afcn-multihead-iemocap",
            summary="AFCN with four attention heads on improvised IEMOCAP: ten speakers left out in turn",
            target="serkit_plugins.recipes:afcn-multihead-iemocap.toml",
            citation=f"after {_ZHANG}",
            architecture="afcn-multihead",
            dataset="iemocap",
        ),
        RecipeSpec(
            name="gans2020-ravdess",
            summary="Emotion in Motion as its code has it, on 510 files of RAVDESS: five random folds",
            target="serkit_plugins.recipes:gans2020-ravdess.toml",
            citation=_GANS,
            architecture="emotion-in-motion",
            dataset="ravdess",
        ),
        RecipeSpec(
            name="gans2020-ravdess-actors",
            summary="Emotion in Motion as its report describes it, on 510 files of RAVDESS: unseen actors, six groups",
            target="serkit_plugins.recipes:gans2020-ravdess-actors.toml",
            citation=_GANS,
            architecture="emotion-in-motion",
            dataset="ravdess",
        ),
        RecipeSpec(
            name="ho2020-iemocap",
            summary="MMFA with BERT on improvised IEMOCAP, excited as happy: ten speakers left out in turn",
            target="serkit_plugins.recipes:ho2020-iemocap.toml",
            citation=_HO,
            architecture="mmfa",
            dataset="iemocap",
        ),
        RecipeSpec(
            name="poria2016-iemocap",
            summary="Convolutional text features and functionals in EasyMKL on improvised IEMOCAP, ten speakers",
            target="serkit_plugins.recipes:poria2016-iemocap.toml",
            citation="after Poria, Chaturvedi, Cambria, Hussain, ICDM 2016",
            architecture="conv-mkl",
            dataset="iemocap",
        ),
        RecipeSpec(
            name="ho2020-iemocap-mixed",
            summary="MMFA with BERT on all of IEMOCAP, excited as happy: ten speakers left out in turn",
            target="serkit_plugins.recipes:ho2020-iemocap-mixed.toml",
            citation=_HO,
            architecture="mmfa",
            dataset="iemocap",
        ),
        RecipeSpec(
            name="ho2020-iemocap-seven",
            summary="MMFA with BERT on all of IEMOCAP, seven classes: ten speakers left out in turn",
            target="serkit_plugins.recipes:ho2020-iemocap-seven.toml",
            citation=_HO,
            architecture="mmfa",
            dataset="iemocap",
        ),
        RecipeSpec(
            name="ho2020-iemocap-botta",
            summary="MMFA with BERT on improvised IEMOCAP, beside the figure of its re-implementation",
            target="serkit_plugins.recipes:ho2020-iemocap-botta.toml",
            citation=_HO,
            architecture="mmfa",
            dataset="iemocap",
        ),
        RecipeSpec(
            name="ho2020-audio-iemocap",
            summary="The audio half of MMFA on improvised IEMOCAP: ten speakers left out in turn",
            target="serkit_plugins.recipes:ho2020-audio-iemocap.toml",
            citation=_HO,
            architecture="mmfa-audio",
            dataset="iemocap",
        ),
        RecipeSpec(
            name="ho2020-text-iemocap",
            summary="The text half of MMFA, with BERT, on improvised IEMOCAP: ten speakers left out in turn",
            target="serkit_plugins.recipes:ho2020-text-iemocap.toml",
            citation=_HO,
            architecture="mmfa-text",
            dataset="iemocap",
        ),
        RecipeSpec(
            name="ho2020-audio-iemocap-mixed",
            summary="The audio half of MMFA on all of IEMOCAP: ten speakers left out in turn",
            target="serkit_plugins.recipes:ho2020-audio-iemocap-mixed.toml",
            citation=_HO,
            architecture="mmfa-audio",
            dataset="iemocap",
        ),
        RecipeSpec(
            name="ho2020-text-iemocap-mixed",
            summary="The text half of MMFA, with BERT, on all of IEMOCAP: ten speakers left out in turn",
            target="serkit_plugins.recipes:ho2020-text-iemocap-mixed.toml",
            citation=_HO,
            architecture="mmfa-text",
            dataset="iemocap",
        ),
        *chen.RECIPES,
        *he.RECIPES,
    ]

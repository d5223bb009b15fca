"""The recipes of Chen et al. (2018), of M. Chen's poster, and of the baselines that these cite."""

from __future__ import annotations

from serkit.host import RecipeSpec

_PAPER = "Chen, He, Yang, Zhang, IEEE Signal Processing Letters 25(10), 2018"
_POSTER = "M. Chen, University of Rochester, poster"
_EMODB, _IEMOCAP = "EMO-DB: ten speakers left out in turn", "improvised IEMOCAP: ten speakers left out in turn"
_MERGED = "improvised IEMOCAP, excited merged: ten speakers left out in turn"

_ROWS = (
    # name, what, citation, architecture, corpus
    ("chen2018-emodb", f"3-D ACRNN, 5 convolutions, on {_EMODB}, five seeds", _PAPER, "acrnn", "emodb"),
    ("chen2018-iemocap", f"3-D ACRNN, 6 convolutions, on {_IEMOCAP}, five seeds", _PAPER, "acrnn", "iemocap"),
    ("chen2018-emodb-2d", f"2-D ACRNN (static channel alone) on {_EMODB}, five seeds", _PAPER, "acrnn", "emodb"),
    ("chen2018-iemocap-2d", f"2-D ACRNN (static channel alone) on {_IEMOCAP}, five seeds", _PAPER, "acrnn", "iemocap"),
    ("chen2018-depth-emodb", f"3-D ACRNN of 1 to 7 convolutions, a run each, on {_EMODB}", _PAPER, "acrnn", "emodb"),
    (
        "chen2018-depth-iemocap",
        f"3-D ACRNN of 1 to 7 convolutions, a run each, on {_IEMOCAP}",
        _PAPER,
        "acrnn",
        "iemocap",
    ),
    ("mchen-iemocap", f"3-D CNN with attention on {_MERGED}", _POSTER, "acnn", "iemocap"),
    ("mchen-iemocap-2d", f"2-D CNN with attention (static channel alone) on {_MERGED}", _POSTER, "acnn", "iemocap"),
    ("mchen-lambda-iemocap", f"3-D CNN, six temperatures of its attention, on {_MERGED}", _POSTER, "acnn", "iemocap"),
    ("mchen-lambda-emodb", f"Small 3-D CNN, six temperatures of its attention, on {_EMODB}", _POSTER, "acnn", "emodb"),
    (
        "cnn-lstm-iemocap",
        f"CNN + LSTM baseline on {_IEMOCAP}, five seeds",
        f"quoted in {_POSTER}, as Zhao, Jin, Hu 2017",
        "cnn-lstm",
        "iemocap",
    ),
    ("cnn-lstm-emodb", f"CNN + LSTM baseline on {_EMODB}, five seeds", f"after {_POSTER}", "cnn-lstm", "emodb"),
    (
        "mirsamadi2017-iemocap",
        f"Local attention over 32 descriptors on {_IEMOCAP}, five seeds",
        "S. Mirsamadi, E. Barsoum, C. Zhang, ICASSP 2017",
        "local-attention",
        "iemocap",
    ),
    (
        "mirsamadi2017-emodb",
        f"Local attention over 32 descriptors on {_EMODB}, five seeds",
        "after S. Mirsamadi, E. Barsoum, C. Zhang, ICASSP 2017",
        "local-attention",
        "emodb",
    ),
)

RECIPES = tuple(
    RecipeSpec(
        name=name,
        summary=summary,
        target=f"serkit_plugins.recipes:{name}.toml",
        citation=citation,
        architecture=architecture,
        dataset=dataset,
    )
    for name, summary, citation, architecture, dataset in _ROWS
)

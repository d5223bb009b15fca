"""What a system asks of a corpus and a protocol, checked before any training starts."""

from __future__ import annotations

from collections.abc import Sequence

from serkit.errors import ProtocolError, UserError
from serkit.host import Host
from serkit.run.fold import whole_inputs
from serkit.run.plugins import make_architecture, named
from serkit.run.prepare import FeatureTable, check_words, text_inputs
from serkit.run.recipe import Recipe
from serkit.types import Corpus, Fold, Protocol


def check_corpus(recipe: Recipe, corpus: Corpus, protocol: Protocol, folds: Sequence[Fold], host: Host) -> None:
    """Raise a sentence if the system cannot be run on ``corpus`` under ``protocol``: it reads words and there are none,
    or it learns from test speakers' own audio and the protocol is inductive."""
    architecture = make_architecture(host, recipe.run.plugin, recipe.architecture)
    who = named(host, "architecture", recipe.run.plugin)
    for name, kind in architecture.transforms.items():
        if getattr(kind, "scope", "") != "speaker":
            continue
        if protocol.information == "inductive":
            raise ProtocolError(
                f"The {who} learns from each speaker's own audio (its transform of {name!r}), which "
                f"{protocol.full_name} (inductive) does not allow; say --information speaker-unlabelled, and compare "
                "the score with such scores only."
            )
        if not all(u.speaker for u in corpus.utterances):
            raise ProtocolError(f"The {who} normalises by speaker, but {corpus.name} does not name every speaker.")
    for name in text_inputs(recipe.features, host):
        if not corpus.transcripts:
            raise UserError(
                f"The {who} reads words (its input {name!r}), but {corpus.name} only names its sentences without their "
                "words; give a corpus with transcripts, or a system that needs audio only."
            )
        check_words(corpus.utterances, who)


def check_frames(recipe: Recipe, table: FeatureTable, host: Host) -> list[str]:
    """Sentences on utterances that are padded because they are shorter than the system's ``min_frames``. Raises
    UserError if the system refuses them."""
    architecture = make_architecture(host, recipe.run.plugin, recipe.architecture)
    whole, least = whole_inputs(architecture), architecture.min_frames
    lines = []
    for name in table.names:
        if name in whole:
            continue
        frames = {i: len(x) for i, x in table.frames[name].items()}
        short = sorted((n, i) for i, n in frames.items() if n < least)
        if not short:
            continue
        n, shortest = short[0]
        found = (
            f"{len(short)} of {len(frames)} utterances have fewer than the {least} frames of {name!r} that "
            f"{recipe.run.plugin!r} needs (the shortest, {shortest}, has {n})"
        )
        if architecture.short == "refuse":
            raise UserError(f"{found}; leave them out, or take a system or preset that pads.")
        lines.append(f"{found}; they are padded with zeros.")
    return lines

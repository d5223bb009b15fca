"""What a system asks of a corpus and a protocol, checked before any training starts."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from serkit import config
from serkit.errors import ProtocolError, UserError, blame
from serkit.host import Host
from serkit.run.fold import refuse_epochs, whole_inputs
from serkit.run.parts import check_learning
from serkit.run.plugins import build_unfitted, make_architecture, named
from serkit.run.prepare import FeatureTable, audio_inputs, check_words, extractors, run_inputs, text_inputs
from serkit.run.recipe import Recipe
from serkit.types import Corpus, Fold, Protocol, Utterance


def check_corpus(recipe: Recipe, corpus: Corpus, protocol: Protocol, folds: Sequence[Fold], host: Host) -> None:
    """Raise a sentence if the system cannot be run on ``corpus`` under ``protocol``: it reads words and there are none,
    it learns from all audio of a test speaker and the level is not speaker-unlabelled, it learns from development
    utterances and there are none, or its training asks for what is not there (:func:`check_training`)."""
    made = extractors(recipe.features, host)  # a folder without weights, say, is told here
    architecture = make_architecture(host, recipe.run.plugin, recipe.architecture)
    who = named(host, "architecture", recipe.run.plugin)
    if hasattr(architecture, "check_inputs"):
        with blame(who, "check_inputs()"):
            architecture.check_inputs(made)
    for name, kind in architecture.transforms.items():
        if getattr(kind, "scope", "") != "speaker":
            continue
        if protocol.information != "speaker-unlabelled":  # a few neutral utterances are not all of a speaker's
            raise ProtocolError(
                f"The {who} learns from each speaker's own audio (its transform of {name!r}), which "
                f"{protocol.full_name} ({protocol.information}) does not allow; say --information speaker-unlabelled, "
                "and compare the score with such scores only."
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
    check_learning(architecture, who, run_inputs(recipe.features, host), folds)
    check_training(recipe, corpus, host)


def heard_before(recipe: Recipe, corpus: Corpus, host: Host) -> list[str]:
    """Sentences on corpora of the run that weights which it starts from are known to have been trained on."""
    architecture = make_architecture(host, recipe.run.plugin, recipe.architecture)
    lines = []
    of_features = {f"features.{name}": e for name, e in extractors(recipe.features, host).items()}
    for where, loaded in {**of_features, "architecture": architecture}.items():
        with blame(named(host, "architecture", recipe.run.plugin), "trained_on"):
            known = set(getattr(loaded, "trained_on", ()))
        for name in (part for part in corpus.name.split("+") if part in known):
            lines.append(
                f"The weights that {where}.folder names are known to have been trained on {name}: they may have heard "
                "the test speakers, so this score is no score on unseen speakers."
            )
    return lines


def check_training(recipe: Recipe, corpus: Corpus, host: Host) -> None:
    """Raise UserError if ``[training]`` asks for votes that ``corpus`` does not have, changes waveforms where no input
    is made of them, blends inputs of a system that reads words, balances classes twice, has an estimator train in
    epochs, or changes what the system does not read."""
    training, who = recipe.training, named(host, "architecture", recipe.run.plugin)
    texts = text_inputs(recipe.features, host)
    if training.targets == "votes" and not any(votes_for(u, corpus.labels) for u in corpus.utterances):
        raise UserError(
            f'training.targets="votes" needs the votes of raters for the classes, but {corpus.name} has none; leave it '
            "out, or give a corpus with votes (docs/training.md names them)."
        )
    if training.class_weights != "none" and training.oversample != "none":
        raise UserError(
            "training.class_weights and training.oversample both make up for small classes; set one of them to none."
        )
    if training.augment.waveform and not audio_inputs(recipe.features, host):
        raise UserError(
            f"The {who} has no input that is made of audio, and training.augment.speed, snr and gain change waveforms; "
            "leave them out."
        )
    if training.augment.mixup and texts:
        raise UserError(
            f"The {who} reads words (its input {min(texts)!r}), and the words of two utterances cannot be blended; "
            "leave out training.augment.mixup."
        )
    if training.augment.active or training.crop or training.targets == "votes":
        _check_epochs(recipe, corpus.labels, host, who)
    _check_read(recipe, host, who)


def _check_read(recipe: Recipe, host: Host, who: str) -> None:
    architecture = make_architecture(host, recipe.run.plugin, recipe.architecture)
    read = architecture.reads_training
    if read is None:
        return
    own, asked = config.dump(architecture.training), config.dump(recipe.training)
    if idle := [key for key in asked if asked[key] != own[key] and key not in read]:
        does = (
            f"reads only {' and '.join(f'training.{key}' for key in read)}" if read else "reads nothing of [training]"
        )
        raise UserError(
            f"The {who} {does}, so training.{idle[0]} = {asked[idle[0]]} would do nothing; leave it out (`serkit show "
            f"{recipe.run.plugin}` has its settings)."
        )


def _check_epochs(recipe: Recipe, labels: tuple[str, ...], host: Host, who: str) -> None:
    import torch

    architecture = make_architecture(host, recipe.run.plugin, recipe.architecture)
    built, _ = build_unfitted(architecture, extractors(recipe.features, host), labels, recipe.training, who)
    if not isinstance(built, torch.nn.Module):
        refuse_epochs(recipe.training, who)


def votes_for(utterance: Utterance, labels: Sequence[str]) -> float:
    """How many votes of raters an utterance has for the classes ``labels``."""
    return sum(utterance.votes.get(label, 0.0) for label in labels)


def of_training(recipe: Recipe, corpus: Corpus, ids: Collection[str], host: Host) -> list[str]:
    """Sentences on what is special in training on the utterances ``ids``: how many have no vote, and which slow
    features are computed anew in every epoch."""
    lines = []
    if recipe.training.targets == "votes":
        mine = [u for u in corpus.utterances if u.id in ids]
        without = sum(not votes_for(u, corpus.labels) for u in mine)
        if without:
            lines.append(
                f"{without} of {len(mine)} training utterances have no vote for any of the classes and are trained on "
                "with their labels."
            )
    if recipe.training.augment.waveform:
        for name, choice in recipe.features.items():
            if getattr(host.get("feature", choice.feature).spec, "cached", False):
                lines.append(
                    f"The feature {choice.feature!r} of {name!r} is slow, and training.augment has it computed anew in "
                    "every epoch."
                )
    return lines


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

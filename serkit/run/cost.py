"""What one utterance costs: parameters, multiply-adds, and the time from samples to posteriors."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.errors import blame
from serkit.host import Host
from serkit.run.models import FoldModel, load_fold_model
from serkit.run.plugins import named
from serkit.run.prepare import extractors, source_of
from serkit.run.recipe import Recipe
from serkit.run.search import chosen

SECONDS = 3.0
"""Length of the utterance in seconds, near the mean of acted corpora."""

REPETITIONS = 10
"""At most; fewer, but three, where they would take more than ``PATIENCE`` seconds together."""

WORDS = "what an utterance of three seconds says is about as long as this"
"""The words of the utterance, for systems that read them."""

PATIENCE = 1.0


def run_cost(recipe: Recipe, fold: Path, labels: tuple[str, ...], host: Host) -> dict[str, Any]:
    """The table ``cost`` of ``metrics.json``, with the model saved in the folder ``fold``.

    ``latency_ms`` is the median of ``repetitions`` over features, transforms and model for one made-up utterance of
    ``seconds_of_audio``, after one that is not timed, on the device and in the precision of the run, with ``threads``
    threads of torch; reading the file is not in it, and where an input is made of finished runs, neither are they.
    ``real_time_factor`` is that time over the utterance's. Estimators have null for ``multiply_adds``, and for
    ``parameters`` and ``trainable`` too unless they train a network inside.
    Raises SerkitError if a plugin fails.
    """
    import torch

    recipe = chosen(recipe, fold, host)
    made = extractors(recipe.features, host)
    features = {name: c.feature for name, c in recipe.features.items()}
    rows = _frames(made, host, features, len(labels))
    model = load_fold_model(recipe, fold, labels, {name: x[0] for name, x in rows.items()}, host)
    found = model_cost(model, rows)
    device = recipe.run.device
    if isinstance(model.module, torch.nn.Module):
        model.module.to(device)

    def once() -> None:
        model.logits(
            model.units(_frames(made, host, features, len(labels))),
            device=device,
            bf16=recipe.run.precision == "bf16",
        )

    milliseconds, repetitions = _median(once)
    return {
        **found,
        "latency_ms": milliseconds,
        "real_time_factor": milliseconds / 1000 / SECONDS,
        "repetitions": repetitions,
        "device": device,
        "threads": torch.get_num_threads(),
    }


def model_cost(model: FoldModel, rows: Mapping[str, list[NDArray[np.float32]]]) -> dict[str, Any]:
    """Parameters of a model on the CPU, and the multiply-adds of its forward pass over one utterance's frames ``rows``
    (of each input). Features and transforms are not in them."""
    import torch

    from serkit.nn.architecture import network_of
    from serkit.nn.multiply_adds import count_multiply_adds

    found: dict[str, Any] = {"parameters": None, "trainable": None, "multiply_adds": None, "not_counted": []}
    network = network_of(model.module)
    if network is not None:
        sizes = [(p.numel(), p.requires_grad) for p in network.parameters()]
        found["parameters"] = sum(n for n, _ in sizes)
        found["trainable"] = sum(n for n, trained in sizes if trained)
    if isinstance(model.module, torch.nn.Module):
        units = model.units(rows)
        count = count_multiply_adds(lambda: model.logits(units))
        found |= {"multiply_adds": count.multiply_adds, "not_counted": list(count.not_counted)}
    return {**found, "seconds_of_audio": SECONDS}


def frames_of(
    made: Mapping[str, Any],
    host: Host,
    features: Mapping[str, str],
    shapes: Mapping[str, tuple[int, ...]],
    n_classes: int,
) -> dict[str, list[NDArray[np.float32]]]:
    """The frames of the made-up utterance by the extractors ``made`` of the plugins ``features``, by input; zeros where
    a model without fitted transforms takes frames of another of ``shapes``."""
    rows = _frames(made, host, features, n_classes)
    return {
        name: [x if x.shape[1:] == shapes[name] else np.zeros((len(x), *shapes[name]), np.float32) for x in given]
        for name, given in rows.items()
    }


def _frames(
    made: Mapping[str, Any], host: Host, features: Mapping[str, str], n_classes: int
) -> dict[str, list[NDArray[np.float32]]]:
    """The same as the extractors make them; finished runs say that each of ``n_classes`` is as likely."""
    rows = {}
    for name, extractor in made.items():
        with blame(named(host, "feature", features[name]), "__call__()"):
            rows[name] = [extractor(said(extractor, source_of(features[name], host), n_classes))]
    return rows


def said(extractor: Any, source: str, n_classes: int, number: int = 0) -> Any:
    """What an extractor of a ``source`` is given of the made-up utterance: its waveform, its words, or finished runs
    that say of each of ``n_classes`` that it is as likely. Other numbers are other utterances of the same length."""
    if source == "runs":
        likely = np.random.default_rng(number).dirichlet(np.ones(n_classes), len(extractor.options.runs))
        return likely if number else np.full((len(extractor.options.runs), n_classes), 1.0 / n_classes)
    if source == "text":
        words = WORDS.split()
        return " ".join(words[number % len(words) :] + words[: number % len(words)])
    return _utterance(extractor.sample_rate, number)


@cache
def _utterance(sample_rate: int, number: int = 0) -> NDArray[np.float32]:
    """A buzz of 120 Hz, or a few more, in a little noise: voiced, so that features of pitch have what they look for."""
    t = np.arange(round(SECONDS * sample_rate)) / sample_rate
    noise = np.random.default_rng(number).standard_normal(len(t))
    wave = sum(np.sin(2 * np.pi * (120 + 5 * number) * k * t) / k for k in range(1, 11))
    return np.asarray(0.1 * wave + 0.001 * noise, np.float32)


def _median(call: Any) -> tuple[float, int]:
    """Milliseconds and the number of repetitions; the first call, which also chooses kernels, is not timed."""
    call()
    times: list[float] = []
    while len(times) < 3 or (len(times) < REPETITIONS and sum(times) < PATIENCE):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times), len(times)

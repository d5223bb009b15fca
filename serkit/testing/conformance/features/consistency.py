"""That the values of an utterance depend on that utterance alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from serkit.errors import AudioError
from serkit.testing.conformance.check import Failure, NotApplicable
from serkit.testing.conformance.features.subject import FeatureSubject, difference, equal, say_speech, speech
from serkit.testing.conformance.generators import untouched


def check_batch(subject: FeatureSubject) -> None:
    """A batch gives what single calls give, to the bit, in any order and on any number of threads."""
    rate = subject.rate
    for share in (0.1, 1.0):  # the shortest that shows a fault is reported
        given = [
            (rate, share * subject.seconds * s, i, v) for i, (s, v) in enumerate(((1, 0.5), (1.3, 0.9), (1, 0.02)))
        ]
        waves, words = [speech(*g) for g in given], [say_speech(*g) for g in given]
        try:
            singles = [subject.made(w.copy()) for w in waves]
        except AudioError:
            continue
        for order in ([0, 1], [2, 1, 0], [1]):
            for threads in (1, 3):
                asked = f"extractor.batch([{', '.join(words[i] for i in order)}], threads={threads})"
                try:
                    together = list(subject.made.batch([waves[i].copy() for i in order], threads=threads))
                except Exception as error:
                    raise Failure(
                        f"batch() raised {type(error).__name__}: {str(error).rstrip('.')}.",
                        reproduce=f"{asked}.",
                        cause="waveforms of different lengths cannot be stacked; compute one after the other.",
                    ) from error
                if len(together) != len(order):
                    raise Failure(
                        f"batch() of {len(order)} waveforms has {len(together)} results.",
                        reproduce=f"{asked}.",
                        cause="results are stacked or some are left out; return a list, one array a waveform.",
                    )
                for i, frames in zip(order, together, strict=True):
                    if not equal(frames, singles[i]):
                        raise Failure(
                            f"In a batch of {len(order)} a waveform has other values than alone: "
                            f"{difference(frames, singles[i])}.",
                            reproduce=f"{asked}[{order.index(i)}] and extractor({words[i]}).",
                            cause="a mean, maximum or padding over the batch, or results in another order than the "
                            "waveforms; a value may depend on its own waveform only.",
                        )


def check_state(subject: FeatureSubject) -> None:
    """A result is the same before and after others, and of a new extractor; no global generator moves."""
    given = list(subject.inputs())
    first = subject.extractor()
    before = [np.array(subject.frames(x, words, first)) for words, x in given]
    fresh = [subject.frames(x, words, subject.extractor()) for words, x in given]
    with untouched(
        "A call",
        reproduce=f"extractor({given[0][0]})",
        cause="np.random.seed() or a draw from np.random, which others draw from too; np.random.default_rng(0) at "
        "every call is a generator of one's own.",
    ):
        again = [subject.frames(x, words, first) for words, x in reversed(given)][::-1]
    for (words, _), a, b, c in zip(given, before, fresh, again, strict=True):
        for other, when in ((b, "of a new extractor"), (c, "after other calls")):
            if not equal(a, other):
                raise Failure(
                    f"The same input has other values {when}: {difference(a, other)}.",
                    reproduce=f"extractor({given[0][0]}), then extractor({words}), with a new extractor and again.",
                    cause="a running mean, a buffer that is not cleared, or random numbers without a seed of their "
                    "own (np.random.default_rng(0) at every call).",
                )


def check_concurrent_calls(subject: FeatureSubject) -> None:
    """Calls from several threads at once, as the host makes them, give what single ones give."""
    given = list(subject.inputs()) * 4
    alone = [np.array(subject.frames(x, words)) for words, x in given]

    def call(pair: tuple[str, Any]) -> Any:
        return np.array(subject.frames(pair[1], pair[0]))

    with ThreadPoolExecutor(max_workers=4) as pool:
        together = list(pool.map(call, given))
    for (words, _), a, b in zip(given, alone, together, strict=True):
        if not equal(a, b):
            raise Failure(
                f"Called from four threads at once, it has other values: {difference(a, b)}.",
                reproduce=f"extractor({words}) in a ThreadPoolExecutor with others.",
                cause="a buffer on self that calls share; make it in the call.",
            )


def check_input_unchanged(subject: FeatureSubject) -> None:
    """The input is not changed."""
    if subject.source == "text":
        raise NotApplicable("a str cannot be changed")
    for words, x in subject.inputs():
        given = x.copy()
        subject.made(given)
        if not equal(given, x):
            raise Failure(
                f"The input is changed: {difference(x, given)}.",
                reproduce=f"x = {words}; extractor(x).",
                cause="+=, -= or an assignment into the argument; features of the same waveform that come after see "
                "another one.",
            )

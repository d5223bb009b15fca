"""LM3, log-Mel with delta and delta-delta from waveforms in memory: SerKit, a plain C program with FFTW, and others."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from harness import lm3, peers
from harness.speech import Speech
from serkit.features import LogMel
from serkit.testing.bench import Contest, Entrant
from serkit.testing.bench.race import Race

# compute the definition itself; the others have frames, windows or filters of their own
SAME = {"mkl_fft + NumPy", "NumPy", "torch.stft", "librosa"}
PEERS: dict[str, Callable[[lm3.Signals], Callable[[], Any]]] = {
    "mkl_fft + NumPy": peers.mkl_fft,
    "NumPy": peers.numpy,
    "torch.stft": peers.torch_stft,
    "librosa": peers.librosa,
    "audioflux": peers.audioflux,
    "kaldi-native-fbank": peers.kaldi,
    "python_speech_features": peers.python_speech_features,
}
OWN = ["serkit", "serkit, caller's buffer", "C + FFTW", "C + FFTW, caller's buffer", "C + MKL"]
ANCHORS = ("C + FFTW", "mkl_fft + NumPy", "NumPy")


def ours(speech: Speech, threads: int, *, reuse: bool = False) -> Callable[[], Any]:
    log_mel = LogMel(lm3.OPTIONS)
    if not reuse:
        return lambda: log_mel.batch(speech.signals, threads=threads)
    buffer = log_mel.packed(speech.signals)[0]

    def run() -> list[Any]:
        frames, offsets = log_mel.packed(speech.signals, threads, out=buffer)
        return [frames[begin:end] for begin, end in pairwise(offsets.tolist())]

    return run


def c_program(speech: Speech, fft: str = "FFTW", *, reuse: bool = False, threads: int = 1) -> Callable[[], Any]:
    """The C program; on two threads each takes every other utterance, without regard to the order of the answer."""
    from harness.fftw import Batch, Fftw

    parts = [(Fftw(fft), Batch(speech.signals[i::threads])) for i in range(threads)]
    outs = [batch.empty(3 * lm3.BANDS) if reuse else None for _, batch in parts]

    def run(i: int) -> tuple[Any, Any]:
        program, batch = parts[i]
        return batch, program.lm3(batch, outs[i])

    if threads == 1:
        return lambda: [run(0)]
    pool = ThreadPoolExecutor(threads)
    return lambda: list(pool.map(run, range(threads)))


def in_order(answer: list[tuple[Any, Any]]) -> list[Any]:
    """What ``c_program`` computed, an array an utterance, in the order of the utterances."""
    parts = [batch.split(flat) for batch, flat in answer]
    return [parts[i % len(parts)][i // len(parts)] for i in range(sum(map(len, parts)))]


def contest(speech: Speech, entrants: dict[str, Entrant], **settings: Any) -> Contest:
    truth = lm3.truth(speech.signals)

    def check(name: str, answer: Any) -> None:
        answers = in_order(answer) if name.startswith("C + ") else answer
        if name.startswith(("serkit", "C + ")) or name in SAME:
            lm3.assert_close(answers, truth)
        else:
            lm3.assert_alike(answers, truth)

    return Contest(entrants=entrants, check=check, work=speech.work, audio_s=speech.seconds, **settings)


def one_thread(speech: Speech) -> Contest:
    entrants = {
        "serkit": Entrant(lambda: ours(speech, 1)),
        "serkit, caller's buffer": Entrant(lambda: ours(speech, 1, reuse=True)),
        "C + FFTW": Entrant(lambda: c_program(speech)),
        "C + FFTW, caller's buffer": Entrant(lambda: c_program(speech, reuse=True)),
        "C + MKL": Entrant(lambda: c_program(speech, "MKL")),
    }
    entrants |= {name: Entrant(lambda make=make: make(speech.signals)) for name, make in PEERS.items()}
    return contest(speech, entrants, anchors=ANCHORS)


@pytest.mark.parametrize("entrant", OWN + list(PEERS))
def test_one_thread(race: Race, speech: Speech, entrant: str) -> None:
    race(entrant, "LM3, 1 thread", lambda: one_thread(speech))


THREADED = {f"{name}, {n} thread{'s' * (n > 1)}": (name, n) for name in ("serkit", "C + FFTW") for n in (1, 2)}


def two_threads(speech: Speech) -> Contest:
    def entrant(name: str, threads: int) -> Entrant:
        if name == "serkit":
            return Entrant(lambda: ours(speech, threads), threads=threads)
        return Entrant(lambda: c_program(speech, threads=threads), threads=threads)

    entrants = {label: entrant(*which) for label, which in THREADED.items()}
    return contest(speech, entrants, anchors=("serkit, 1 thread",))


@pytest.mark.parametrize("entrant", THREADED)
def test_two_threads(race: Race, speech: Speech, entrant: str) -> None:
    race(entrant, "LM3, 2 threads against 1", lambda: two_threads(speech))

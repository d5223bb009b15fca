"""What only a fresh process can tell: its first call, and its peak memory.

``python -m harness.children first`` and ``python -m harness.children memory CONTESTANT SECONDS`` print JSON; ``child``
runs them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

MIB = 1 << 20
LATER = 21


@dataclass(frozen=True)
class Report:
    """What a child said; as a number, the seconds that count."""

    seconds: float
    facts: dict[str, Any]

    def __float__(self) -> float:
        return self.seconds


def child(*arguments: str, seconds: str) -> Report:
    """Run a child to its end; ``seconds`` names the fact that is its time. AssertionError if its answer was wrong."""
    done = subprocess.run(  # -P: the sources in the working folder must not hide an installed serkit and its core
        [sys.executable, "-P", "-m", "harness.children", *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    return Report(facts[seconds], facts)


def first() -> dict[str, float]:
    """Seconds of the first call on 3 s of audio, and of later ones; modules are loaded and the extractor is there."""
    import numpy as np

    from serkit.features import LogMel, LogMelOptions

    # the options of lm3.OPTIONS by hand: that module would load the reference and more before the first call
    options = LogMelOptions(framing="center", window="hamming-periodic", floor=1e-6, waveform="raw")
    rng = np.random.default_rng(0)
    x = (0.1 * rng.standard_normal(3 * 16_000)).astype(np.float32)
    start = perf_counter()
    log_mel = LogMel(options)
    made = perf_counter()
    features = log_mel(x)
    called = perf_counter()
    later = []
    for _ in range(LATER):
        again = perf_counter()
        log_mel(x)
        later.append(perf_counter() - again)
    from harness import lm3

    assert options == lm3.OPTIONS
    lm3.assert_close([features], lm3.truth([x]))
    return {"made_s": made - start, "first_s": called - made, "later_s": median(later)}


def memory(contestant: str, seconds: float) -> dict[str, float]:
    """Bytes by which LM3 of ``seconds`` of noise raises the peak of resident memory, and bytes of its output."""
    import numpy as np

    from harness import lm3
    from serkit.testing.bench.memory import peak

    rng = np.random.default_rng(0)
    x = np.empty(int(seconds * lm3.RATE), dtype=np.float32)
    for begin in range(0, len(x), MIB):
        part = x[begin : begin + MIB]
        part[:] = 0.1 * rng.standard_normal(len(part), dtype=np.float32)
    extract = _extractor(contestant)
    extract(x[: 3 * lm3.RATE])  # modules, plans and pools are not the work's
    took = 0.0

    def work() -> Any:
        nonlocal took
        start = perf_counter()
        made = extract(x)
        took = perf_counter() - start
        return made

    features, grown = peak(work)
    if grown is None:
        raise RuntimeError("/proc/self does not tell the peak of resident memory")
    assert features.shape == (1 + len(x) // lm3.HOP, lm3.BANDS, 3)
    ends = np.concatenate([features[:200], features[-200:]])
    truth = [lm3.truth([x[:48_000]])[0][:200], lm3.truth([x[-(len(x) % lm3.HOP + 48_000) :]])[0][-200:]]
    lm3.assert_close([ends], [np.concatenate(truth)])
    return {"seconds": took, "grown": grown, "output": features.nbytes}


def _extractor(contestant: str) -> Callable[[Any], Any]:
    from harness import lm3, peers

    if contestant == "serkit":
        from serkit.features import LogMel

        return LogMel(lm3.OPTIONS)
    if contestant == "C + FFTW":
        from harness.fftw import Batch, Fftw

        program = Fftw()

        def extract(x: Any) -> Any:
            batch = Batch([x])
            return batch.split(program.lm3(batch))[0]

        return extract
    make = {"mkl_fft + NumPy": peers.mkl_fft, "librosa": peers.librosa}[contestant]
    return lambda x: make([x])()[0]


if __name__ == "__main__":
    facts = first() if sys.argv[1] == "first" else memory(sys.argv[2], float(sys.argv[3]))
    print(json.dumps(facts))

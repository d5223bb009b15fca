"""A right feature of each source, and what is wrong with others: each differs from a right one in one thing."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from serkit.errors import AudioError, ConfigError, UserError
from serkit.kernels.native.spectral import check_waveform

HOP = 160


@dataclass(frozen=True, kw_only=True)
class Options:
    PRESETS: ClassVar = {"quiet": {"floor": 1e-12}}

    sample_rate: int = 16_000
    floor: float = 1e-10


@dataclass(kw_only=True)
class Thawed:
    floor: float = 1e-10


@dataclass(frozen=True, kw_only=True)
class OfNothing:
    floor: float | None = None


@dataclass(frozen=True, kw_only=True)
class BadPreset:
    PRESETS: ClassVar = {"loud": {"floor": -1.0}}

    floor: float = 1e-10


@dataclass(frozen=True, kw_only=True)
class Folder:
    folder: str = field(default="", metadata={"place": True})


@dataclass(frozen=True, kw_only=True)
class Undefined:
    undefined: Literal["nan", "zero"] = "nan"


@dataclass(frozen=True, kw_only=True)
class Runs:
    runs: tuple[str, ...] = ()


class Level:
    """ln of the mean square of each 10 ms, ``[1 + T // 160, 1]``."""

    shape: tuple[int, ...] = (1,)
    hop_s: float = 0.01
    floor = 1e-10

    def __init__(self, options: Any = None) -> None:
        self.options = Options() if options is None else options
        self.sample_rate = getattr(self.options, "sample_rate", 16_000)
        if getattr(self.options, "floor", None) is not None and self.options.floor < 0:
            raise ConfigError("floor must be above 0.")

    def n_frames(self, n: int) -> int:
        return 1 + n // HOP

    def power(self, w: Any) -> Any:
        frames = np.zeros((1 + len(w) // HOP, HOP))
        frames.ravel()[: len(w)] = w
        return (frames**2).mean(1, keepdims=True)

    def __call__(self, w: Any) -> Any:
        return np.log(np.maximum(self.power(check_waveform(w)), self.floor)).astype(np.float32)

    def batch(self, waves: Any, threads: int = 0) -> list[Any]:
        return [self(w) for w in waves]


class Whole(Level):
    """One row an utterance: its mean square, and of its loudest 10 ms."""

    shape = (2,)
    hop_s = 0.0

    def n_frames(self, n: int) -> int:
        return 1

    def __call__(self, w: Any) -> Any:
        p = self.power(check_waveform(w))
        return np.array([[p.mean(), p.max()]], np.float32)


class Samples(Level):
    """A frame is a sample, without an axis of its own; half a second is needed."""

    shape = ()
    hop_s = 1 / 16_000

    def n_frames(self, n: int) -> int:
        return n

    def __call__(self, w: Any) -> Any:
        if len(check_waveform(w)) < 8000:
            raise AudioError(f"The waveform has {len(w)} samples, and 8000 are needed; give a longer one.")
        return w.copy()


class Crossings(Level):
    """NaN in frames without a sample above 0, or 0 where asked."""

    def __call__(self, w: Any) -> Any:
        p = self.power(check_waveform(w)).astype(np.float32)
        return np.where(p > 0, np.float32(0.5), np.float32(np.nan if self.options.undefined == "nan" else 0))


class Kept(Level):
    def fingerprint(self) -> str:
        return "a hash"


class Letters:
    """A row a letter or mark, ``[n, 1]``."""

    shape: tuple[int, ...] = (1,)

    def __init__(self, options: Any = None) -> None:
        self.options = options

    def __call__(self, text: str) -> Any:
        if not text.strip():
            raise UserError("There are no words; give a corpus with transcripts.")
        return np.array([[ord(c)] for c in text], np.float32)


class OfRuns(Letters):
    def __call__(self, posteriors: Any) -> Any:
        return np.asarray(posteriors.T[:, :1], np.float32)


class WantsFolder(Level):
    def __init__(self, options: Any = None) -> None:
        raise UserError("No folder is named; set the option folder.")


class WantsPackage(Level):
    def __init__(self, options: Any = None) -> None:
        try:
            import no_such_package_at_all  # noqa: F401
        except ImportError:
            raise ConfigError("It needs the package no_such_package_at_all; install it.") from None


class Refuses(Level):
    def __init__(self, options: Any = None) -> None:
        raise ConfigError("Nothing goes together.")


class BatchMean(Level):
    def batch(self, waves: Any, threads: int = 0) -> list[Any]:
        found = [self(w) for w in waves]
        mean = np.concatenate(found).mean()
        return [f - mean for f in found] if len(found) > 1 else found


class BatchSorted(Level):
    def batch(self, waves: Any, threads: int = 0) -> list[Any]:
        return [self(w) for w in sorted(waves, key=len)]


class BatchStacks(Level):
    def batch(self, waves: Any, threads: int = 0) -> list[Any]:
        return [self(w) for w in np.stack(waves)]


class OneRate(Level):
    """The rate is a constant, which is that of the defaults."""

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.sample_rate = 16_000


class ByLength(Level):
    """What was computed of another waveform as long is given again."""

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.known: dict[int, Any] = {}

    def __call__(self, w: Any) -> Any:
        return self.known.setdefault(len(w), super().__call__(w))


class Seeds(Level):
    """The same dither each time, from the generator that everyone has."""

    def __call__(self, w: Any) -> Any:
        np.random.seed(0)  # noqa: NPY002
        return super().__call__(w + 1e-4 * np.random.standard_normal(len(w)).astype(np.float32))  # noqa: NPY002


class RunningMean(Level):
    mean = 0.0

    def __call__(self, w: Any) -> Any:
        found = super().__call__(w)
        self.mean = 0.9 * self.mean + 0.1 * float(found.mean())
        return found - np.float32(self.mean)


class Dithered(Level):
    rng = np.random.default_rng()

    def __call__(self, w: Any) -> Any:
        return super().__call__(w + 1e-4 * self.rng.standard_normal(len(w)).astype(np.float32))


class SharedBuffer(Level):
    def __call__(self, w: Any) -> Any:
        self.buffer = super().__call__(w)
        time.sleep(0.002)
        return self.buffer


class ShapeOfTwo(Level):
    shape = (2,)


class Twice(Level):
    hop_s = 0.02


class Nearly(Level):
    hop_s = 0.0101


class NoHop(Level):
    hop_s = 0.0


class OffByOne(Level):
    def n_frames(self, n: int) -> int:
        return -(-n // HOP)


class Log10(Level):
    def __call__(self, w: Any) -> Any:
        return np.log10(np.maximum(self.power(check_waveform(w)), self.floor)).astype(np.float32)


class Amplitude(Level):
    def __call__(self, w: Any) -> Any:
        return np.sqrt(self.power(check_waveform(w))).astype(np.float32)


class Standardised(Level):
    def __call__(self, w: Any) -> Any:
        power = self.power(check_waveform(w))
        return np.log(np.maximum(power / max(power.mean(), 1e-20), 1e-6)).astype(np.float32)


class SilentNaN(Level):
    def __call__(self, w: Any) -> Any:
        with np.errstate(all="ignore"):
            p = self.power(check_waveform(w))
            return (p / p.mean()).astype(np.float32)


class ImpulseNaN(Level):
    def __call__(self, w: Any) -> Any:
        with np.errstate(all="ignore"):
            p = self.power(check_waveform(w))
            return (p / p if p.any() else p).astype(np.float32)


class ConstantNaN(Level):
    def __call__(self, w: Any) -> Any:
        found = super().__call__(w)
        return found + (np.float32(np.nan) if len(w) > 1 and np.ptp(w) == 0 and w[0] else 0)


class TakesAnything(Level):
    def __call__(self, w: Any) -> Any:
        return np.log(np.maximum(self.power(w), self.floor)).astype(np.float32)


class Float64(Level):
    def __call__(self, w: Any) -> Any:
        return super().__call__(w).astype(np.float64)


class CrashesOnOne(Level):
    def __call__(self, w: Any) -> Any:
        return super().__call__(w) + 0 * w[1]


class RefusesDumbly(Level):
    def __call__(self, w: Any) -> Any:
        if len(w) < 100:
            raise AudioError("short")
        return super().__call__(w)


class RefusesAll(Level):
    def __call__(self, w: Any) -> Any:
        raise AudioError("The waveform is not loud enough; give a louder one.")


class Halves(Level):
    def __call__(self, w: Any) -> Any:
        w *= np.float32(0.5)
        return super().__call__(w)


class ConstantRate(Level):
    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.sample_rate = 8000


class PrintsItself(Level):
    def fingerprint(self) -> str:
        return str(id(self))


class Vocabulary(Letters):
    """Numbers words in the order in which it meets them."""

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.known: dict[str, int] = {}

    def __call__(self, text: str) -> Any:
        if not text.strip():
            raise UserError("There are no words; give a corpus with transcripts.")
        return np.array([[self.known.setdefault(w, len(self.known))] for w in text.split()], np.float32)


class FirstWord(Letters):
    def __call__(self, text: str) -> Any:
        return np.array([[len(text.split()[0])]], np.float32)


class KnownWords(Letters):
    def __call__(self, text: str) -> Any:
        return np.array([[ord(c)] for c in text if c.isascii() and c.isalpha()], np.float32).reshape(-1, 1)

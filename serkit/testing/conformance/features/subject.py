"""A feature under check, and what it is called with."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.config import assignments, load, merge
from serkit.errors import AudioError, SerkitError
from serkit.testing.conformance.check import Failure, NotApplicable
from serkit.testing.conformance.subjects import Subject

Floats = NDArray[np.float32]

SECONDS = (1.0, 3.0, 10.0)
"""Audio that is long enough is the first of these that the feature does not refuse."""

TEXTS = ("I am so happy today!", "no", "You are not sad, are you?")


class FeatureSubject(Subject):
    """A feature with its options, ``sets`` (``key=value``) over the defaults."""

    @property
    def source(self) -> str:
        """``audio``, ``text`` or ``runs``."""
        return str(self.spec.source)

    @cached_property
    def options_class(self) -> Any:
        """What the spec's ``options`` names. Raises PluginError."""
        return self.host.load_target(self.spec.options)

    @cached_property
    def presets(self) -> dict[str, dict[str, Any]]:
        """The named presets of the options class, ``PRESETS``."""
        return {str(n): dict(over) for n, over in dict(getattr(self.options_class, "PRESETS", {})).items()}

    def read_sets(self) -> None:
        """As ``Subject.read_sets``."""
        self.options()

    def options(self, preset: str = "", **more: Any) -> Any:
        """The options of a preset, or the defaults, with ``more`` and ``sets`` on top. Raises SerkitError."""
        values = merge({**(self.presets[preset] if preset else {}), **more}, assignments(self.sets))
        if self.source == "runs" and "runs" in getattr(self.options_class, "__dataclass_fields__", {}):
            values.setdefault("runs", ["run-1", "run-2"])
        return load(self.options_class, values, where=f"preset {preset!r}" if preset else "--set")

    def extractor(self, preset: str = "", **more: Any) -> Any:
        """A new extractor, with ``more`` options. Raises SerkitError where it cannot be built, NotApplicable where that
        is no fault: a folder that users name is not named, a package of an extra is not installed, a run is not
        there."""
        from serkit.run.plugins import make_extractor

        options = self.options(preset, **more)
        try:
            return make_extractor(self.host, self.name, options)
        except SerkitError as error:
            places = [f.name for f in dataclasses.fields(options) if f.metadata.get("place")]
            unnamed = [p for p in places if not getattr(options, p)]
            if unnamed:
                words = f"it needs {' and '.join(unnamed)} (--set {unnamed[0]}=...)"
            elif _missing(error):
                words = "a package that it needs is not installed"
            elif self.source == "runs":
                words = "it needs finished runs (--set runs=[...])"
            else:
                raise
            raise NotApplicable(f"{words}: {error}") from error

    @cached_property
    def made(self) -> Any:
        """An extractor of the options. Raises NotApplicable where it cannot be built, which ``check_builds`` says."""
        try:
            return self.extractor()
        except SerkitError as error:
            raise NotApplicable("it cannot be built, as check_builds says") from error

    @cached_property
    def finite(self) -> Any:
        """An extractor that is to have no NaN: with ``undefined="zero"`` where there is such an option."""
        has = "undefined" in getattr(self.options_class, "__dataclass_fields__", {})
        return self.extractor(undefined="zero") if has else self.made

    @cached_property
    def rate(self) -> int:
        """Sample rate in Hz. NotApplicable for what is not made of audio."""
        if self.source != "audio":
            raise NotApplicable(f"the feature is made of {self.source}, not of audio")
        return int(self.made.sample_rate)

    @cached_property
    def seconds(self) -> float:
        """The shortest of ``SECONDS`` that the feature takes."""
        for seconds in SECONDS:
            try:
                self.made(speech(self.rate, seconds))
            except AudioError:
                continue
            return seconds
        raise Failure(
            f"The feature refuses {SECONDS[-1]:g} s of a voice.",
            reproduce=f"{say_speech(self.rate, SECONDS[-1])}.",
            cause="a check of its length, level or voicing that is too strict; utterances of corpora last 1 to 10 s.",
        )

    def inputs(self) -> Iterator[tuple[str, Any]]:
        """Some inputs that the feature takes, with the words that make them."""
        if self.source == "audio":
            # two are of one length, by which alone a result may have been kept
            for seed, (stretch, level) in enumerate(((1.0, 0.5), (1.3, 0.02), (1.0, 0.9))):
                given = (self.rate, self.seconds * stretch, seed, level)
                yield say_speech(*given), speech(*given)
        elif self.source == "text":
            for text in TEXTS:
                yield repr(text), text
        else:
            runs = len(getattr(self.made.options, "runs", ())) or 1
            for seed in range(3):
                words = f"np.random.default_rng({seed}).dirichlet(np.ones(4), {runs})"
                yield words, np.random.default_rng(seed).dirichlet(np.ones(4), runs)

    def frames(self, given: Any, words: str, extractor: Any = None) -> Any:
        """What the extractor (``made``) returns. Raises Failure, with the ``words`` that make the input, where it
        raises."""
        extractor = self.made if extractor is None else extractor
        try:
            return extractor(given.copy() if isinstance(given, np.ndarray) else given)
        except (Exception, SystemExit) as error:
            raise Failure(
                f"The feature raised {type(error).__name__}: {' '.join(str(error).split()).rstrip('.')}.",
                reproduce=f"extractor({words}).",
                cause="an input of this length or kind was not thought of.",
            ) from error


def speech(rate: int, seconds: float, seed: int = 0, level: float = 0.5) -> Floats:
    """A made voice with noise, float32 ``[T]``, peak ``level``: 30 harmonics of a gliding F0 near 120 Hz in syllables,
    and white noise 30 dB below, so that no band is empty."""
    rng = np.random.default_rng(seed)
    n = max(1, round(seconds * rate))
    t = np.arange(n) / rate
    f0 = (110 + 15 * seed) * (1 + 0.2 * np.sin(2 * np.pi * 0.7 * t))
    phase = 2 * np.pi * np.cumsum(f0) / rate
    voice = np.zeros(n)
    for h in range(1, 31):
        voice += np.where(h * f0 < rate / 2, np.sin(h * phase), 0.0) / h
    sound = voice * (0.6 + 0.4 * np.cos(2 * np.pi * 3 * t)) + 0.03 * rng.standard_normal(n)
    made: Floats = (sound * (level / np.abs(sound).max())).astype(np.float32)
    return made


def say_speech(rate: int, seconds: float, seed: int = 0, level: float = 0.5) -> str:
    """The call that makes the waveform, to be pasted."""
    return f"serkit.testing.conformance.features.subject.speech({rate}, {seconds:g}, {seed}, {level:g})"


def equal(a: Any, b: Any) -> bool:
    """Whether two results are the same to the bit; NaN is equal to itself."""
    a, b = np.asarray(a), np.asarray(b)
    return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())


def difference(a: Any, b: Any) -> str:
    """Where two results differ first, in words that complete "The results are"."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return f"{a.dtype} {list(a.shape)} and {b.dtype} {list(b.shape)}"
    for at in np.ndindex(a.shape):
        if a[at].tobytes() != b[at].tobytes():
            return f"{a[at]!s} and {b[at]!s} at {list(at)}"
    return "the same"


def _missing(error: BaseException) -> bool:
    """Whether an import that failed is behind an error, ``raise ... from None`` or not."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ImportError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False

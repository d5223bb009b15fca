"""What an extractor says of itself: options, shape, rate, fingerprint."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Callable
from typing import Any

import numpy as np

from serkit.config import dump, load
from serkit.errors import ConfigError, SerkitError
from serkit.testing.conformance.check import Failure, NotApplicable
from serkit.testing.conformance.features.subject import FeatureSubject, say_speech, speech

LONGEST_S = 12.0
HOPS = 100
"""Over so many hops a hop that is wrong by one percent is wrong by a frame."""


def check_builds(subject: FeatureSubject) -> None:
    """It can be built from its options, and says what the host asks: options, shape of a frame, rate, hop."""
    try:
        made = subject.extractor()
    except SerkitError as error:
        raise Failure(
            f"It cannot be built: {str(error).rstrip('.')}.",
            reproduce=f"{subject.spec.target.partition(':')[2]}({subject.spec.options.partition(':')[2]}()).",
            cause="defaults that do not go together; or, if it needs a folder that users must name, an option without "
            'field(default="", metadata={"place": True}).',
        ) from error
    audio = subject.source == "audio"
    wants: list[tuple[str, Callable[[Any], bool], str]] = [
        ("options", lambda v: bool(v == subject.options()), "the options that it was built with"),
        ("shape", _is_shape, "a tuple of sizes, each at least 1"),
    ]
    if audio:
        wants += [
            ("sample_rate", lambda v: isinstance(v, int) and v > 0, "a rate in Hz, a positive int"),
            ("hop_s", _is_hop, "seconds from frame to frame, 0 where there is but one"),
            ("n_frames", callable, "a method"),
            ("batch", callable, "a method"),
        ]
    for name, good, wanted in wants:
        value = getattr(made, name, None)
        if not good(value):
            raise Failure(
                f"Its {name} is {value!r}; it should be {wanted}.",
                reproduce=f"read extractor.{name}.",
                cause="serkit.features.Extractor lists what an extractor has; serkit.features.Framewise "
                "gives most of it.",
            )
    declared = getattr(made.options, "sample_rate", None) if audio else None
    if declared is not None and declared != made.sample_rate:
        raise Failure(
            f"Its sample_rate is {made.sample_rate} and that of its options {declared}.",
            reproduce="read extractor.sample_rate and extractor.options.sample_rate.",
            cause="a constant where the option is meant; users who set the option would get another rate.",
        )
    if isinstance(declared, int) and declared > 1:
        _follows_rate(subject, declared // 2)


def _follows_rate(subject: FeatureSubject, rate: int) -> None:
    """Raise Failure where a feature that can be built for ``rate`` in Hz says another, at which the host would read."""
    try:
        made = subject.extractor(sample_rate=rate)
    except (SerkitError, NotApplicable):
        return  # it is made for some rates only
    if made.sample_rate != made.options.sample_rate:
        raise Failure(
            f"With sample_rate={made.options.sample_rate} its sample_rate is {made.sample_rate}.",
            reproduce=f"Extractor(Options(sample_rate={made.options.sample_rate})).sample_rate.",
            cause="a constant where the option is meant; users who set the option would get another rate.",
        )


def check_options(subject: FeatureSubject) -> None:
    """Its options are a frozen dataclass, the same after a round trip through TOML, and refuse unknown keys."""
    import tomli_w

    cls = subject.options_class
    if not (isinstance(cls, type) and dataclasses.is_dataclass(cls)) or not _is_frozen(cls):
        raise Failure(
            f"Its options {subject.spec.options!r} are no frozen dataclass.",
            reproduce="read FeatureSpec.options.",
            cause="@dataclass without frozen=True; options that change under an extractor change what a run computed.",
        )
    try:
        load(cls, {"no_such_option": 1})
    except ConfigError:
        pass
    else:
        raise Failure(
            "An unknown option is taken without a word.",
            reproduce='serkit.config.load(Options, {"no_such_option": 1}).',
            cause="the class takes any key; a misspelt option would be the default one.",
        )
    for preset in ("", *subject.presets):
        options = subject.options(preset)
        try:
            again = load(cls, tomllib.loads(tomli_w.dumps(dump(options))))
        except Exception as error:
            raise Failure(
                f"Options {_of(preset)} cannot be written as TOML and read back: {str(error).rstrip('.')}.",
                reproduce=f"{dump(options)}.",
                cause="None, a set or an object as a value; TOML has texts, numbers, booleans, lists and tables.",
            ) from error
        if again != options:
            raise Failure(
                f"Options {_of(preset)} are others after a round trip through TOML: {again!r}.",
                reproduce=f"{options!r}.",
                cause="a field whose type is not its value's (a list where a tuple is declared), or one that "
                "__post_init__ changes.",
            )


def check_presets(subject: FeatureSubject) -> None:
    """Every preset of its options class can be built and gives what its extractor says."""
    if not subject.presets:
        raise NotApplicable("its options class has no PRESETS")
    for preset in subject.presets:
        try:
            made = subject.extractor(preset)
        except SerkitError as error:
            raise Failure(
                f"Preset {preset!r} cannot be built: {str(error).rstrip('.')}.",
                reproduce=f"Options with {subject.presets[preset]}.",
                cause="a value out of range, or an option that was renamed.",
            ) from error
        if subject.source == "audio":
            words = say_speech(made.sample_rate, subject.seconds)
            frames = subject.frames(speech(made.sample_rate, subject.seconds), words, made)
            _check_frames(made, frames, words, round(subject.seconds * made.sample_rate))


def check_shape(subject: FeatureSubject) -> None:
    """Frames are ``[n_frames(T), *shape]``, of waveforms from one sample to 12 s; of words ``[rows, *shape]``."""
    made = subject.made
    if subject.source != "audio":
        for words, given in subject.inputs():
            _check_frames(made, subject.frames(given, words), words)
        return
    hop = max(1, round(made.hop_s * subject.rate))
    whole = speech(subject.rate, LONGEST_S)
    near = {m * hop + d for m in (1, 2, 10, 11) for d in (-1, 0, 1)}
    lengths = {1, 2, 3, 10, 100, *near, *(round(s * subject.rate) for s in (0.05, 0.1, 0.5, 1.0, 3.7)), len(whole)}
    for n in sorted(x for x in lengths if 1 <= x <= len(whole)):
        try:
            frames = made(whole[:n].copy())
        except Exception:
            if n < subject.seconds * subject.rate:
                continue  # which check_short asks
            raise
        _check_frames(made, frames, f"{say_speech(subject.rate, LONGEST_S)}[:{n}]", n)


def check_float32(subject: FeatureSubject) -> None:
    """Values are float32, which the batches of a run hold."""
    for words, given in subject.inputs():
        frames = subject.frames(given, words)
        if not isinstance(frames, np.ndarray) or frames.dtype != np.float32:
            raise Failure(
                f"The values are {getattr(frames, 'dtype', type(frames).__name__)}, not float32.",
                reproduce=f"extractor({words}).dtype.",
                cause="NumPy computes in float64 unless told otherwise; end with .astype(np.float32).",
            )


def check_rate(subject: FeatureSubject) -> None:
    """There is one frame more for every hop_s seconds, and always as many where hop_s is 0."""
    rate, made = subject.rate, subject.made
    hop, start = made.hop_s * rate, round(subject.seconds * rate)
    if hop == 0:
        counts = {s: made.n_frames(round(s * rate)) for s in (subject.seconds, 2 * subject.seconds, LONGEST_S)}
        if len(set(counts.values())) > 1:
            raise Failure(
                f"hop_s is 0, but of {', '.join(f'{s:g} s' for s in counts)} there are "
                f"{', '.join(map(str, counts.values()))} frames.",
                reproduce=f"extractor.n_frames({round(LONGEST_S * rate)}).",
                cause="hop_s = 0 says that an utterance has one row; say the seconds from frame to frame.",
            )
        return
    exact = abs(hop - round(hop)) < 1e-6  # a hop of whole samples; the division by the rate rounds by 1e-12
    # else both ends fall anywhere between two frames, by which the count may be one off: so ask of more
    hops, off = (HOPS, 0) if exact else (10 * HOPS, 1)
    for offset in (0, round(hop / 3), round(0.9 * hop)):
        more = round(hops * hop)
        got = made.n_frames(start + offset + more) - made.n_frames(start + offset)
        if abs(got - hops) > off:
            raise Failure(
                f"hop_s is {made.hop_s:g}, but {more / rate:g} s more bring {got} frames more, not {hops}.",
                reproduce=f"extractor.n_frames({start + offset + more}) - extractor.n_frames({start + offset}).",
                cause="hop_s of the defaults where an option decides, milliseconds for seconds, or a hop that is not "
                "rounded to samples as the frames are.",
            )


def check_fingerprint(subject: FeatureSubject) -> None:
    """What is kept on disk is found again: two extractors of the same options have one key."""
    from serkit.run.cache import FeatureCache

    one, two = subject.made, subject.extractor()
    given = [(getattr(e, "fingerprint", None), e) for e in (one, two)]
    prints = [f() if callable(f) else None for f, _ in given]
    if prints[0] != prints[1] or not isinstance(prints[0], str | None):
        raise Failure(
            f"fingerprint() of two extractors of the same options is {prints[0]!r} and {prints[1]!r}.",
            reproduce="Extractor(options).fingerprint(), twice.",
            cause="id(), hash() of a text or the time in it; hash the bytes that decide the values with hashlib.",
        )
    if not subject.spec.cached:
        if prints[0] is None:
            raise NotApplicable("it is not cached, and options and code say all that decides its values")
        return
    r = subject.registered
    given_keys = []
    for e in (one, two):
        cache = FeatureCache(subject.name, r.distribution, r.version, e, subject.options(), lambda sentence: None)
        given_keys.append([cache.path(x) for _, x in subject.inputs()])
    if given_keys[0] != given_keys[1] or len(set(given_keys[0])) < len(given_keys[0]):
        raise Failure(
            "Two extractors of the same options have different keys in the cache, or two inputs have the same.",
            reproduce="serkit.run.cache.FeatureCache(...).path(waveform).",
            cause="options that are written otherwise each time, such as a set.",
        )


def _check_frames(made: Any, frames: Any, words: str, n_samples: int | None = None) -> None:
    shape = tuple(made.shape)
    got = tuple(getattr(frames, "shape", ()))
    if not isinstance(frames, np.ndarray) or got[1:] != shape or not got or not got[0]:
        raise Failure(
            f"The result is {type(frames).__name__} {list(got)}; extractor.shape declares [frames, "
            f"{', '.join(map(str, shape))}] of at least one frame.",
            reproduce=f"extractor({words}).shape.",
            cause="axes in another order (time is first), a column more or less than shape says, or no frame at all "
            "where AudioError is due.",
        )
    wanted = made.n_frames(n_samples) if n_samples is not None else got[0]
    if got[0] != wanted:
        raise Failure(
            f"Of {n_samples} samples there are {got[0]} frames, and n_frames({n_samples}) is {wanted}.",
            reproduce=f"extractor({words}).shape.",
            cause="a frame more or less at the end: padding, or floor where ceil is meant.",
        )


def _is_shape(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(n, int) and n >= 1 for n in value)


def _is_hop(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0


def _is_frozen(cls: Any) -> bool:
    return bool(getattr(cls, "__dataclass_params__").frozen)  # noqa: B009 - typeshed does not know the name


def _of(preset: str) -> str:
    return f"of preset {preset!r}" if preset else "of the defaults"

"""The door for descriptors of a frame: a function of one frame becomes an extractor.

See docs/descriptors.md for an example from function to ``serkit list``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le

from serkit.config import dump, load
from serkit.errors import ConfigError, PluginError, blame
from serkit.features.base import Floats, options_of
from serkit.features.framewise import Framewise, hop_samples

_compiling = Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameOptions:
    """Options of every frame descriptor: sample rate in Hz, hop and frame in ms, rounded to samples (half up).

    ``frame_ms=0`` is the descriptor's own frame.
    """

    sample_rate: Annotated[int, Ge(100), Le(768_000)] = 16_000
    hop_ms: Annotated[float, Gt(0), Le(10_000)] = 10.0
    frame_ms: Annotated[float, Ge(0), Le(10_000)] = 0.0


class FrameDescriptor(Framewise):
    """Base of what ``frame_descriptor`` makes: an extractor whose every value comes from one frame alone.

    Building one compiles the function, once a process. Raises ConfigError for options out of range, PluginError if the
    function does not compile or returns something else than a number a column.
    """

    function: ClassVar[Callable[..., Any]]
    names: ClassVar[tuple[str, ...]]
    own_frame_ms: ClassVar[float]
    allow_nan: ClassVar[bool]

    def __init__(self, options: FrameOptions | None = None) -> None:
        from serkit.kernels.jit.describe import frame_kernel

        self.options: FrameOptions = load(
            FrameOptions,
            dump(options_of(options, FrameOptions, type(self).__name__)),
            where=f"the options of {type(self).__name__!r}",
        )
        self.columns = self.names
        self.hop_samples = hop_samples(self.options.hop_ms, self.options.sample_rate)
        frame_ms = self.options.frame_ms or self.own_frame_ms
        self.frame_samples = int(frame_ms * self.options.sample_rate / 1000 + 0.5)
        if self.frame_samples < 1:
            raise ConfigError(
                f"frame_ms={frame_ms:g} is less than a sample at sample_rate={self.options.sample_rate}; "
                "choose a longer frame."
            )
        with _compiling:
            self._kernel = frame_kernel(type(self).function, type(self).__name__, len(self.names))

    def _compute(self, waveform: Floats, out: Floats) -> None:
        name = type(self).__name__
        frame = np.empty(self.frame_samples, dtype=np.float32)
        with blame(f"frame descriptor {name!r}"):
            wrong = self._kernel(waveform, self.hop_samples, float(self.sample_rate), frame, out)
        if wrong >= 0:
            raise PluginError(
                f"The frame descriptor {name!r} returned an array of {wrong} for {len(self.names)} column(s); "
                "it must return one number for each."
            )
        good = ~np.isinf(out) if self.allow_nan else np.isfinite(out)
        if not good.all():
            at, column = (int(k) for k in np.argwhere(~good)[0])
            remedy = "return a finite number" + (
                " or NaN" if self.allow_nan else ", or pass allow_nan=True if NaN means that it is undefined"
            )
            raise PluginError(
                f"The frame descriptor {name!r} gave {out[at, column]} as {self.names[column]!r} of frame {at}; "
                f"{remedy}."
            )


def frame_descriptor(
    *, columns: Sequence[str] = (), frame_ms: float = 25.0, allow_nan: bool = False
) -> Callable[[Callable[..., Any]], type[FrameDescriptor]]:
    """Make an extractor of a function of one frame, which Numba compiles.

    The function is called as ``function(frame, sample_rate)``: ``frame`` float32 ``[N]``, contiguous, its own to change
    until it returns, ``N`` samples centred on a multiple of the hop (no window, no pre-emphasis); ``sample_rate`` a
    float in Hz. It returns a number, or a tuple or array of as many numbers as there are ``columns`` (by default one,
    named like the function). It sees no other frame and keeps no state. ``frame_ms`` in milliseconds is its own frame,
    which ``FrameOptions.frame_ms`` overrides. ``allow_nan`` says that NaN means "undefined here" and is no fault;
    infinity always is one.

    What comes back is a class, built as ``function(FrameOptions(...))``: batched over waveforms, on threads without the
    GIL, listed by ``serkit list`` through a FeatureSpec with ``options="serkit.features:FrameOptions"``. Raises
    PluginError if the settings are wrong; whether the function compiles is found when the extractor is built.
    """

    def make(function: Callable[..., Any]) -> type[FrameDescriptor]:
        name = getattr(function, "__name__", type(function).__name__)
        names = tuple(columns) or (name,)
        if isinstance(columns, str) or len(set(names)) < len(names) or not all(isinstance(n, str) and n for n in names):
            raise PluginError(
                f"columns of the frame descriptor {name!r} is {columns!r}; give different names in a list."
            )
        if not isinstance(frame_ms, (int, float)) or not 0.0 < frame_ms <= 10_000.0:
            raise PluginError(
                f"frame_ms of the frame descriptor {name!r} is {frame_ms!r}; allowed is more than 0 to 10000."
            )
        body = {
            "function": staticmethod(function),
            "names": names,
            "own_frame_ms": float(frame_ms),
            "allow_nan": allow_nan,
            "__doc__": function.__doc__,
            "__module__": function.__module__,
            "__qualname__": getattr(function, "__qualname__", name),
        }
        return type(name, (FrameDescriptor,), body)

    return make

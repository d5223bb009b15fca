"""What the checks of modules share: how they are called, when logits count as equal, and what they do unseen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from serkit.testing.conformance.check import Failure
from serkit.testing.conformance.subjects import ArchitectureSubject

Batch = Mapping[str, Tensor]

SINGLE, DOUBLE = 1e-5, 1e-12
"""Of the largest logit: a batch of another shape is summed in another order, which moves a network of a dozen layers
by some ten roundings (6e-8 of single precision, 1e-16 of double); a leak of padding moves it by a hundredth."""

LEAST = 1e-2
"""Smaller logits are differences of larger terms and have the rounding of those."""


def shorts(subject: ArchitectureSubject) -> list[int]:
    """Lengths in frames that ask most of masks, rising: one frame, ``min_frames``, a few more, and about twice that;
    the host pads, cuts or refuses them as ``batch`` does."""
    least = subject.architecture().min_frames
    found = {tuple(_valid(subject, n).values()): n for n in (2 * least + 30, least + 7, least, 1)}
    return sorted(found.values())


def _valid(subject: ArchitectureSubject, n: int) -> dict[str, int]:
    return {k: int(x[0]) for k, x in subject.batch([n]).items() if k.endswith("_lengths")}


def words(batch: Batch) -> str:
    """A batch in words: ``2 samples, x [2, 30, 40, 3] with x_lengths [30, 7]``."""
    inputs = [k for k in batch if f"{k}_lengths" in batch]
    n = len(batch[inputs[0]])
    each = [f"{k} {list(batch[k].shape)} with {k}_lengths {batch[f'{k}_lengths'].tolist()}" for k in inputs]
    return f"{n} sample{'s' if n > 1 else ''}, {', '.join(each)}"


def copied(batch: Batch) -> dict[str, Tensor]:
    """The batch, which a module may change in place without changing what the next one is given."""
    return {k: x.clone() for k, x in batch.items()}


def infer(module: nn.Module, batch: Batch) -> Tensor:
    """Logits of a copy of the batch, without gradients. Raises Failure, with the batch in words, where forward() does
    or gives no tensor."""
    return attempt(lambda: module(**copied(batch)), words(batch))


def attempt(call: Callable[[], Any], said: str) -> Tensor:
    """The tensor that ``call`` gives without gradients; ``said`` is its input in words, for the Failure."""
    try:
        with torch.no_grad():
            found = call()
    except Exception as error:
        raise Failure(
            f"forward() raised {type(error).__name__}: {' '.join(str(error).split())[:300]}",
            reproduce=f"{said}.",
            cause="an input that the module does not take: shorter than it needs (then declare min_frames), with other "
            "names than forward()'s, or a single sample where it takes statistics over the batch.",
        ) from error
    if not isinstance(found, Tensor):
        raise Failure(
            f"forward() gives {type(found).__name__}.", reproduce=f"{said}.", cause="it must return logits only."
        )
    return found


def tolerance(module: nn.Module, logits: Tensor) -> float:
    """The most by which logits may differ that ought to be equal."""
    kinds = {p.dtype for p in module.parameters() if p.is_floating_point()}
    share = DOUBLE if kinds == {torch.float64} and logits.dtype == torch.float64 else SINGLE
    return share * max(float(logits.abs().max()), LEAST)


def apart(module: nn.Module, found: Tensor, wanted: Tensor) -> str:
    """In words by how much logits differ that ought to be equal; nothing where they are equal."""
    if found.shape != wanted.shape:
        return f"the shape {list(found.shape)} instead of {list(wanted.shape)}"
    allowed = tolerance(module, wanted)
    off = float((found.double() - wanted.double()).abs().max())
    if off <= allowed:  # NaN is neither
        return ""
    return f"by up to {off:.2g}, where logits reach {float(wanted.abs().max()):.2g} and {allowed:.1g} is rounding"


def stirred(module: nn.Module) -> nn.Module:
    """The module with noise on trained parameters that begin as one constant.

    A last layer that begins at zero, or attention that begins as a mean, would hide what the layers before it do.
    """
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in module.parameters():
            if p.requires_grad and p.is_floating_point() and p.numel() and bool((p == p.flatten()[0]).all()):
                size = 0.1 if p.dim() < 2 else p[0].numel() ** -0.5
                p.add_(size * torch.randn(p.shape, generator=generator).to(p))
    return module


class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]  # of torch's
    """What torch is asked for while it is entered: dropout that drops, and batch statistics.

    ``quiet=True`` lets all dropout through unchanged, rectifies at random by the mean slope, and has norms use the
    statistics that they keep.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.quiet = quiet
        self.dropped: list[str] = []
        self.statistics: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Sequence[Any], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Called by torch for each of its operations."""
        more = dict(kwargs or {})
        name = func.overloadpacket.__name__
        if name == "bernoulli_" and not isinstance(args[1] if len(args) > 1 else 0.5, Tensor):
            self.dropped.append("dropout")  # its mask, of which 1 - p is kept and which is then divided by 1 - p
            if self.quiet:
                return args[0].fill_(args[1] if len(args) > 1 else 0.5)
        elif name == "native_dropout" and args[1] > 0 and args[2] is not False:
            self.dropped.append("dropout")
            if self.quiet:
                return args[0].clone(), torch.ones_like(args[0], dtype=torch.bool)
        elif name.startswith("rrelu_with_noise") and len(args) > 4 and args[4]:
            self.dropped.append("rrelu")
            if self.quiet:
                args = (*args[:4], False, *args[5:])
        elif "batch_norm" in name and "backward" not in name:
            args = self._batch_norm(args)
        return func(*args, **more)

    def _batch_norm(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        x, (place, trained) = args[0], next(((k, a) for k, a in enumerate(args) if isinstance(a, bool)), (0, False))
        if not trained or len(x) == 1:  # instance norm is a batch norm of one row
            return args
        self.statistics.append(f"batch_norm of {list(x.shape)}")
        kept = all(isinstance(a, Tensor) for a in args[3:5])
        return (*args[:place], False, *args[place + 1 :]) if self.quiet and kept else args

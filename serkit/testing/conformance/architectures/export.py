"""Whether a module can leave torch: exported to ONNX, and run by another engine."""

from __future__ import annotations

import itertools
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from serkit.testing.conformance.architectures.probe import Batch, apart, infer, shorts, stirred, words
from serkit.testing.conformance.check import Check, Failure, NotApplicable
from serkit.testing.conformance.subjects import ArchitectureSubject

SLACK = 20
"""Times torch's own rounding: the exporter folds norms into what stands before them and orders sums anew."""


_EXPORTS = itertools.count()
"""Exports of this process: after one, torch 2.13 may take the frames of a recurrence (while_loop) for a constant."""


def check_onnx(subject: ArchitectureSubject) -> None:
    """The module exports to ONNX for any number of samples and frames, and an ONNX engine gives torch's logits."""
    module = stirred(subject.module())
    try:
        import onnxruntime
        import onnxscript  # noqa: F401  # what torch.onnx needs
    except ImportError as error:
        raise NotApplicable(f"{error.name} is not installed; pip install 'serkit[onnx]'") from None
    longest = shorts(subject)[-1] + 5
    example = subject.batch([longest, longest - 5])
    model = _exported(module, example, _dynamic(subject, example))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]
    for lengths in ([longest - 3], [shorts(subject)[0], longest + 11, longest]):
        batch = subject.batch(lengths)
        wanted = infer(module, batch)
        try:
            found = torch.from_numpy(session.run(None, {n: batch[n].numpy() for n in names})[0])
        except Exception as error:
            raise _failure(f"The exported module cannot be run: {_said(error)}", batch, example) from error
        # in units of torch's own tolerance, so that double precision is held to its own
        near = wanted + (found - wanted) / SLACK if found.shape == wanted.shape else found
        if apart(module, near, wanted):
            off = f"{float((found - wanted).abs().max()):.2g} apart" if found.shape == wanted.shape else "of a shape"
            raise _failure(f"The exported module gives other logits than torch, {off}.", batch, example)


def _exported(module: nn.Module, example: Batch, dynamic: dict[str, Any]) -> bytes:
    before = next(_EXPORTS)
    try:
        with warnings.catch_warnings(), _quiet():
            warnings.simplefilter("ignore")
            program: Any = torch.onnx.export(
                module, (), kwargs=dict(example), dynamic_shapes=dynamic, dynamo=True, verbose=False
            )
    except Exception as error:
        causes = [error]
        while causes[-1].__cause__ is not None:
            causes.append(causes[-1].__cause__)  # type: ignore[arg-type]
        if before and "inferred a static shape" in str(causes[-1]):
            raise NotApplicable(
                "torch says that the number of frames is a constant, which it also says of recurrences that are not "
                "the first export of a process; ask again with `serkit plugin check NAME --check check_onnx`"
            ) from None
        raise Failure(
            f"torch.onnx.export cannot export the module: {_said(causes[-1])}",
            reproduce=f"{words(example)}, with any number of samples and frames.",
            cause="Python that asks for values of tensors (if, float(), a loop over lengths), indexing by a mask, or "
            "an operation without a form in ONNX; take a plain path while torch.compiler.is_exporting(), or declare "
            "it in expected_failed_checks of the spec.",
        ) from error
    data: bytes = program.model_proto.SerializeToString()
    return data


def _dynamic(subject: ArchitectureSubject, example: Batch) -> dict[str, Any]:
    """The axes that the host varies: samples, and the frames of what is neither a fixed unit nor of one length."""
    free = torch.export.Dim.DYNAMIC
    unit = subject.architecture().unit
    shapes: dict[str, Any] = {name: {0: free} for name in example}
    for name, source in subject.sources.items():
        if not source.fixed and (source.whole or not unit.frames):
            shapes[name][1] = free
    return shapes


def _failure(what: str, batch: Batch, example: Batch) -> Failure:
    return Failure(
        what,
        reproduce=f"exported with {words(example)}; run with {words(batch)}.",
        cause="a size or a branch of the example that became a constant: int(), len() or .tolist() of a tensor.",
    )


def _said(error: BaseException) -> str:
    """The beginning of an error, in one line and without colours."""
    text = " ".join(str(error).split())[:300].rstrip(".")
    return f"{type(error).__name__}: {text}."


@contextmanager
def _quiet() -> Iterator[None]:
    """torch.onnx tells a user who asked for an export how it goes on; here a check reports what came of it."""
    loggers: Sequence[logging.Logger] = [logging.getLogger(n) for n in ("torch", "torch.onnx", "onnxscript", "onnx_ir")]
    levels = [log.level for log in loggers]
    for log in loggers:
        log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for log, level in zip(loggers, levels, strict=True):
            log.setLevel(level)


CHECKS = (Check(check_onnx, presets="default"),)

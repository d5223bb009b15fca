"""Transforms of a fold after they were fitted: of the training speakers, or one for each speaker; and their file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.errors import RunFolderError, UserError, blame
from serkit.nn.transforms import Transform
from serkit.run.files import read_arrays, write_arrays

Array = NDArray[np.float32]


@dataclass(frozen=True)
class OfSpeakers:
    """A transform for each speaker of a fold (scope ``"speaker"``)."""

    by_speaker: Mapping[str, Transform]

    def of(self, speaker: str) -> Transform:
        """The speaker's own. Raises UserError for one that was not in the fold."""
        if speaker not in self.by_speaker:
            raise UserError(
                f"This model normalises by speaker and knows nothing of {speaker or 'an unnamed one'!r}; it needs the "
                "speaker's other utterances, which only a run has: use a system of an inductive protocol."
            )
        return self.by_speaker[speaker]


Fitted = Transform | OfSpeakers


def fit_speakers(kind: Any, rows: Sequence[Array], speakers: Sequence[str], rng: np.random.Generator) -> OfSpeakers:
    """One transform of the class ``kind`` a speaker, from all of the speaker's utterances."""
    return OfSpeakers(
        {
            s: kind.fit((x for x, who in zip(rows, speakers, strict=True) if who == s), rng)
            for s in sorted(set(speakers))
        }
    )


def speaker_level(rows: Sequence[Array], fitted: Fitted | None, speakers: Sequence[str]) -> Sequence[Array]:
    """Whole utterances after the transform of their speakers, where there is one."""
    if not isinstance(fitted, OfSpeakers):
        return rows
    return [fitted.of(s)(x) for x, s in zip(rows, speakers, strict=True)]


def train_level(transforms: Mapping[str, Fitted]) -> dict[str, Transform]:
    """The transforms of scope ``"train"``."""
    return {name: t for name, t in transforms.items() if not isinstance(t, OfSpeakers)}


def anyone(transforms: Mapping[str, Fitted]) -> dict[str, Transform]:
    """With each transform by speaker replaced by that of one of them: for what does not depend on values (shapes,
    time)."""
    return {n: next(iter(t.by_speaker.values())) if isinstance(t, OfSpeakers) else t for n, t in transforms.items()}


def frame_shapes(rows: Mapping[str, Array], transforms: Mapping[str, Fitted]) -> dict[str, tuple[int, ...]]:
    """Shape of a frame of each input after its transform, from one utterance ``rows``."""
    ready = anyone(transforms)
    return {name: tuple((ready[name](x) if name in ready else x).shape[1:]) for name, x in rows.items()}


def save_transforms(path: Path, fitted: Mapping[str, Fitted]) -> None:
    """Write the states of all transforms as safetensors."""
    arrays: dict[str, NDArray[Any]] = {}
    speakers: dict[str, list[str]] = {}
    for name, transform in fitted.items():
        if isinstance(transform, OfSpeakers):
            speakers[name] = list(transform.by_speaker)
            for number, one in enumerate(transform.by_speaker.values()):
                arrays |= {f"{name}/{number}/{k}": np.asarray(v) for k, v in one.state().items()}
        else:
            arrays |= {f"{name}/{k}": np.asarray(v) for k, v in transform.state().items()}
    write_arrays(path, arrays, {"inputs": list(fitted), "speakers": speakers})


def load_transforms(architecture: Any, path: Path, plugin: str) -> dict[str, Fitted]:
    """The transforms a fold saved; ``plugin`` names the architecture in words. Raises RunFolderError for a file that
    is damaged or of another architecture."""
    arrays, record = read_arrays(path)
    out: dict[str, Fitted] = {}
    for name in record.get("inputs", ()):
        if name not in architecture.transforms:
            raise RunFolderError(
                f"{path} holds a transform of {name!r}, which the {plugin} does not have; it is of another version of "
                "the plugin: install that one, or begin a new run."
            )
        kind = architecture.transforms[name]
        with blame(plugin, "the from_state() of its transforms"):
            if name in record.get("speakers", {}):
                out[name] = OfSpeakers(
                    {s: kind.from_state(_under(arrays, f"{name}/{k}/")) for k, s in enumerate(record["speakers"][name])}
                )
            else:
                out[name] = kind.from_state(_under(arrays, f"{name}/"))
    return out


def _under(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}

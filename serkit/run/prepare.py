"""From a corpus to the frames of each input, through the compiled core."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serkit.data import audio
from serkit.data.progress import Progress
from serkit.errors import ConfigError, PluginError, RunFolderError, UserError, blame
from serkit.host import Host
from serkit.kernels.threads import thread_count
from serkit.run.cache import FeatureCache, switched_on
from serkit.run.files import read_json
from serkit.run.plugins import make_architecture, make_extractor, named
from serkit.run.recipe import FeatureChoice, Recipe
from serkit.types import Utterance

Array = NDArray[np.float32]


@dataclass(frozen=True)
class FeatureTable:
    """``frames[input][id]`` are the frames ``[T, ...]`` of an utterance."""

    frames: Mapping[str, Mapping[str, Array]]

    def rows(self, name: str, ids: Sequence[str]) -> list[Array]:
        """Frames of the utterances ``ids``, in their order."""
        table = self.frames[name]
        return [table[i] for i in ids]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inputs."""
        return tuple(self.frames)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one frame of each input."""
        return {n: next(iter(t.values())).shape[1:] for n, t in self.frames.items()}


def extractors(choices: Mapping[str, FeatureChoice], host: Host) -> dict[str, Any]:
    """An extractor an input (see ``serkit.features.Extractor``)."""
    return {name: make_extractor(host, c.feature, c.options) for name, c in choices.items()}


def fingerprints(recipe: Recipe, host: Host) -> dict[str, str]:
    """The ``fingerprint()`` of each input whose extractor has weights that options only point to, and under
    ``architecture`` that of an architecture which reads such weights itself."""
    found = {}
    for name, extractor in extractors(recipe.features, host).items():
        if hasattr(extractor, "fingerprint"):
            with blame(named(host, "feature", recipe.features[name].feature), "fingerprint()"):
                found[name] = str(extractor.fingerprint())
    architecture = make_architecture(host, recipe.run.plugin, recipe.architecture)
    if hasattr(architecture, "fingerprint"):
        with blame(named(host, "architecture", recipe.run.plugin), "fingerprint()"):
            own = str(architecture.fingerprint())
        found |= {"architecture": own} if own else {}
    return found


def check_fingerprints(run: Path, recipe: Recipe, host: Host) -> None:
    """Raise RunFolderError unless the weights behind a recipe are those that the run in the folder ``run`` began
    with."""
    record = run / "environment.json"
    known = read_json(record).get("fingerprints", {}) if record.exists() else {}
    if not known:  # nothing in it has weights, and it need not be asked
        return
    for name, now in fingerprints(recipe, host).items():
        if name in known and known[name] != now:
            what = "architecture" if name == "architecture" else f"input {name!r}"
            raise RunFolderError(
                f"The weights behind the {what} are not those that the run {run} was made with; put them back where "
                "its recipe says, or train anew."
            )


def caches(
    choices: Mapping[str, FeatureChoice], made: Mapping[str, Any], host: Host, note: Callable[[str], None]
) -> dict[str, FeatureCache]:
    """A cache for each input whose feature is kept on disk; none where the user switched them off."""
    found = {}
    for name, c in choices.items():
        r = host.get("feature", c.feature)
        if getattr(r.spec, "cached", False) and switched_on():
            found[name] = FeatureCache(c.feature, r.distribution, r.version, made[name], c.options, note)
    return found


def extract(
    utterances: Sequence[Utterance],
    choices: Mapping[str, FeatureChoice],
    host: Host,
    progress: Progress,
    note: Callable[[str], None] = lambda sentence: None,
) -> FeatureTable:
    """Read each utterance once a sampling rate and compute every input; threads over files, since reading and kernels
    release the GIL. Features that are kept on disk are looked up there first; ``note`` is told where that fails."""
    runs = run_inputs(choices, host)
    choices = {name: c for name, c in choices.items() if name not in runs}
    made = extractors(choices, host)
    who = {name: named(host, "feature", c.feature) for name, c in choices.items()}
    texts = text_inputs(choices, host)
    for name in texts:
        check_words(utterances, who[name])
    kept = caches(choices, made, host, note)
    frames: dict[str, dict[str, Array]] = {name: {} for name in made}

    def compute(name: str, given: Any, u: Utterance) -> Any:
        with blame(who[name], f"__call__() on {u.id!r}"):
            return made[name](given)

    def one(u: Utterance) -> dict[str, Array]:
        waves: dict[int, Array] = {}
        out = {}
        for name, extractor in made.items():
            given: Any = u.text
            if name not in texts:
                rate = extractor.sample_rate
                if rate not in waves:
                    waves[rate] = audio.read(u.path, start=u.start, end=u.end, sample_rate=rate)
                given = waves[rate]
            value = partial(compute, name, given, u)
            rows = kept[name].get(given, value) if name in kept else value()
            out[name] = check_rows(rows, tuple(extractor.shape), who[name], u.id)
        return out

    progress.start(len(utterances), "features")
    with progress, ThreadPoolExecutor(max_workers=thread_count(0)) as pool:
        for u, rows in zip(utterances, pool.map(one, utterances), strict=True):
            for name, row in rows.items():
                frames[name][u.id] = row
            progress.advance(1)
    return FeatureTable(frames)


def audio_inputs(choices: Mapping[str, FeatureChoice], host: Host) -> set[str]:
    """The inputs that are made of waveforms."""
    return {name for name, c in choices.items() if source_of(c.feature, host) == "audio"}


def text_inputs(choices: Mapping[str, FeatureChoice], host: Host) -> set[str]:
    """The inputs that are made of words."""
    return {name for name, c in choices.items() if source_of(c.feature, host) == "text"}


def run_inputs(choices: Mapping[str, FeatureChoice], host: Host) -> set[str]:
    """The inputs that are made of finished runs; ``extract`` leaves them out, since they differ from fold to fold."""
    return {name for name, c in choices.items() if source_of(c.feature, host) == "runs"}


def source_of(feature: str, host: Host) -> str:
    """What a feature is made of: ``audio``, ``text`` or ``runs``."""
    return str(getattr(host.get("feature", feature).spec, "source", "audio"))


def check_words(utterances: Sequence[Utterance], who: str) -> None:
    """Raise UserError unless every utterance has a transcript."""
    mute = [u for u in utterances if not (u.text or "").strip()]
    if mute:
        raise UserError(
            f"The {who} reads the words of an utterance, but {len(mute)} of {len(utterances)} have no transcript "
            f"(e.g. {mute[0].path.name}); give a corpus with transcripts, or a system that needs audio only "
            "(serkit predict has no words to give it)."
        )


def check_rows(frames: Any, shape: tuple[int, ...], who: str, utterance: str) -> Array:
    """What the extractor ``who`` returned for an utterance (its id), if it is what was promised. Raises PluginError,
    and ConfigError for complex numbers."""
    if isinstance(frames, np.ndarray) and frames.dtype.kind == "c":
        raise ConfigError(f"The {who} is complex, but systems take real numbers; use the feature spectrogram instead.")
    if not isinstance(frames, np.ndarray) or frames.dtype != np.float32 or frames.shape[1:] != shape or not len(frames):
        got = f"{getattr(frames, 'dtype', type(frames).__name__)} {getattr(frames, 'shape', '')}".strip()
        raise PluginError(
            f"The {who} returned {got} for {utterance!r}; it declares float32 [frames, {', '.join(map(str, shape))}]."
        )
    if not np.isfinite(frames).all():
        raise PluginError(
            f"The {who} returned values that are not finite for {utterance!r}; if its settings have undefined, set it "
            'to "zero", else its authors must mend it.'
        )
    return frames

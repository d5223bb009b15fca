"""``serkit features``: features of a file or a folder to disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serkit.errors import AudioError, ConfigError, RunFolderError

if TYPE_CHECKING:
    from serkit.data.progress import Progress
    from serkit.host import Host

WHOLE_SECONDS = 120.0
"""Files up to this long are read whole; longer ones in blocks, twice, so that memory does not grow with length."""


def features(
    source: Annotated[Path, typer.Argument(metavar="FILE_OR_FOLDER", help="An audio file, or a folder of them.")],
    out: Annotated[Path, typer.Option(help="Where features go; an empty or absent folder.")],
    feature: Annotated[str, typer.Option(help="Name of a feature, as serkit list features has them.")] = "log-mel",
    preset: Annotated[str, typer.Option(help="librosa, kaldi, psf, ...; the feature's defaults without it.")] = "",
    set_: Annotated[list[str] | None, typer.Option("--set", help="key=value of an option, e.g. n_mels=64.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the index as JSON on standard output.")] = False,
) -> None:
    """Compute features of audio files, log-Mel if no other is named.

    Writes one .npy a file, [frames, ...] (log-Mel: float32 [frames, bands, channels]), in the folders of the source,
    and index.json. All of it or nothing is written. For example: serkit features recordings --out features
    """
    import json

    from serkit.data.audio import find
    from serkit.data.progress import make_progress
    from serkit.host import get_host
    from serkit.run.plugins import make_extractor
    from serkit.run.prepare import source_of

    host = get_host()
    options = _options(host, feature, preset, set_ or [])
    source_is = source_of(feature, host)
    if source_is != "audio":
        what = "words" if source_is == "text" else "finished runs"
        raise ConfigError(f"The feature {feature!r} is made of {what}, and files of audio have none; name another one.")
    extractor = make_extractor(host, feature, options)
    files = find(source)
    if not files:
        raise AudioError(f"{source} holds no audio files; name a file, or a folder with .wav, .flac or the like.")
    with make_progress() as progress:
        seconds = _durations(files, progress)  # before anything is written
        with _whole_or_nothing(out) as part:
            index = _write(feature, extractor, source, files, seconds, part, progress)
    if json_:
        typer.echo(json.dumps({"out": str(out), **index}, indent=2))
        return
    total = sum(entry["seconds"] for entry in index["files"].values())
    typer.echo(f"Wrote {feature} features of {len(files)} file(s), {total:.0f} s of audio, to {out}.")


def _options(host: Host, feature: str, preset: str, sets: list[str]) -> Any:
    from serkit.config import assignments, load
    from serkit.host import FeatureSpec

    spec = host.get("feature", feature).spec
    assert isinstance(spec, FeatureSpec)
    cls = host.load_target(spec.options)
    values = assignments(sets)
    if not preset:
        return load(cls, values, where="--set")
    if not hasattr(cls, "preset"):
        raise ConfigError(f"The feature {feature!r} has no presets; leave out --preset and name options with --set.")
    return cls.preset(preset, **values)


def _durations(files: list[Path], progress: Progress) -> list[float]:
    """Seconds of each file by its header. AudioError names the first bad file, and how many there are."""
    from serkit.data.audio import info

    found, bad = [], []
    progress.start(len(files), "checking")
    for path in files:
        try:
            found.append(info(path).seconds)
        except AudioError as error:
            bad.append(str(error))
        progress.advance()
    if bad:
        more = f" ({len(bad) - 1} more of {len(files)} files cannot be read either.)" if len(bad) > 1 else ""
        raise AudioError(bad[0] + more)
    return found


@contextmanager
def _whole_or_nothing(out: Path) -> Iterator[Path]:
    """A folder inside ``out`` whose entries move up to ``out`` at the end; after an error nothing is left."""
    import shutil

    try:
        created = [p for p in (out, *out.parents) if not p.exists()]
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise RunFolderError(f"{out} is not empty; name a new or empty folder with --out.")
        part = out / f".part-{_unique()}"
        part.mkdir()
    except OSError as error:
        raise RunFolderError(f"{out} cannot be written ({error.strerror}); name another folder with --out.") from None
    moved: list[Path] = []
    try:
        try:
            yield part
            # the index last: a folder with an index is a folder with everything
            for entry in sorted(part.iterdir(), key=lambda p: (p.name == "index.json", p.name)):
                moved.append(entry.rename(out / entry.name))
            part.rmdir()
        except OSError as error:
            raise RunFolderError(f"{out} cannot be written ({error.strerror}); free space or name another.") from None
    except BaseException:  # Ctrl-C too
        for entry in [part, *moved]:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink(missing_ok=True)
        for folder in created:
            if not any(folder.iterdir()):
                folder.rmdir()
        raise


def _unique() -> str:
    import secrets

    return secrets.token_hex(4)


def _write(
    feature: str,
    extractor: Any,
    source: Path,
    files: list[Path],
    seconds: list[float],
    part: Path,
    progress: Progress,
) -> dict[str, Any]:
    import json

    import serkit
    from serkit.config import dump

    names = [path.relative_to(source) if path != source else Path(path.name) for path in files]
    plain = [name.with_suffix(".npy") for name in names]
    entries = {}
    progress.start(max(1, round(sum(seconds))), "features")
    for path, name, short, duration in zip(files, names, plain, seconds, strict=True):
        # two recordings that differ in suffix only keep theirs
        target = short if plain.count(short) == 1 else name.with_name(name.name + ".npy")
        (part / target).parent.mkdir(parents=True, exist_ok=True)
        frames, n_samples = _write_one(extractor, path, duration, part / target, progress)
        entries[name.as_posix()] = {
            "features": target.as_posix(),
            "frames": frames,
            "seconds": n_samples / extractor.sample_rate,
        }
    index = {
        "schema": 1,
        "serkit": serkit.__version__,
        "feature": feature,
        "options": dump(extractor.options),
        "shape": list(extractor.shape),
        "hop_s": extractor.hop_s,
        "files": entries,
    }
    (part / "index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    return index


def _write_one(extractor: Any, path: Path, seconds: float, target: Path, progress: Progress) -> tuple[int, int]:
    """Write the features of one file; returns its frames and samples. AudioError names the file."""
    import numpy as np
    from numpy.lib.format import write_array_header_1_0

    from serkit.data import audio

    try:
        if seconds <= WHOLE_SECONDS or not hasattr(extractor, "stream"):
            waveform = audio.read(path, sample_rate=extractor.sample_rate)
            rows = extractor(waveform)
            np.save(target, rows)
            progress.advance(round(seconds))
            return len(rows), len(waveform)
        statistics = extractor.measure(audio.blocks(path, sample_rate=extractor.sample_rate))
        frames = extractor.n_frames(statistics.n_samples)
        # written on, not mapped: pages of a mapped file count as memory of this process until the system wants them
        with target.open("wb") as file:
            dtype = np.dtype(extractor.DTYPE).newbyteorder("<")
            header = {"descr": dtype.str, "fortran_order": False, "shape": (frames, *extractor.shape)}
            write_array_header_1_0(file, header)
            for piece in extractor.stream(audio.blocks(path, sample_rate=extractor.sample_rate), statistics):
                file.write(piece.astype(dtype, copy=False).data)
                progress.advance(round(len(piece) * extractor.hop_s))
        return frames, statistics.n_samples
    except AudioError as error:
        # audio names its file; features do not know it
        raise error if str(path) in str(error) else AudioError(f"{path}: {error}") from None

"""Where corpora live and how they come there: cache folders, downloads that resume, safe unpacking."""

from __future__ import annotations

import hashlib
import http.client
import os
import stat
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serkit.data.progress import Progress, SilentProgress
from serkit.errors import CorpusError, DownloadError, PluginError, UserError, blame

if TYPE_CHECKING:  # only hints need it, and the host imports pluggy
    from serkit.host.specs import DatasetSpec

_CHUNK = 1 << 18
_ATTEMPTS = 3
# Far more than any corpus here holds; an archive beyond it is broken or hostile.
_MOST_UNPACKED_BYTES = 64 << 30


def user_path(text: str | os.PathLike[str], given_with: str) -> Path:
    """``text`` as a path, a leading ``~`` or ``~name`` replaced by that home folder.

    ``given_with`` says in errors where it stood. Raises UserError if it is empty (a variable of the shell that is not
    set must not mean the working folder) or begins with the name of nobody here.
    """
    if not os.fspath(text).strip():
        raise UserError(f"{given_with} is empty (a variable that is not set?); name a folder or a file.")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        user = Path(text).parts[0]
        raise UserError(
            f"{os.fspath(text)} given with {given_with} begins with {user}, and there is no such user here; correct "
            f"it, or write ./{user} for a folder of that name."
        ) from None


def cache_dir() -> Path:
    """The folder that fetched corpora and slow features are kept in: ``SERKIT_CACHE``, else the user's cache folder."""
    override = os.environ.get("SERKIT_CACHE")
    if override:
        return user_path(override, "SERKIT_CACHE")
    import platformdirs

    return Path(platformdirs.user_cache_dir("serkit", appauthor=False))


def corpus_dir(name: str) -> Path:
    """Where the corpus ``name`` is kept once fetched, and where a copy got by hand may be put."""
    return cache_dir() / "corpora" / name


def needs_data(spec: DatasetSpec) -> bool:
    """Whether the dataset reads what a user has, a manifest, so that nothing of it is ever in the cache."""
    return spec.file and not spec.labels


def home(spec: DatasetSpec, dataset: Any) -> Path:
    """The folder of the cache that belongs to ``dataset``, named by its ``cache_name`` if it has one.

    Raises CorpusError if there can be none.
    """
    if needs_data(spec):
        raise CorpusError(f"The dataset {spec.name} reads what you have; name its file or folder with --data.")
    return corpus_dir(getattr(dataset, "cache_name", spec.name))


def present(folder: Path) -> bool:
    """Whether ``folder`` holds anything that is not hidden."""
    return folder.is_dir() and any(not p.name.startswith(".") for p in folder.iterdir())


def locate(
    spec: DatasetSpec,
    data: str | os.PathLike[str] | None,
    dataset: Any,
    *,
    progress: Progress | None = None,
    allow_fetch: bool = True,
) -> Path:
    """Where to load a corpus from: ``data`` if given (a folder, or a file where the spec allows one), else the folder
    in the cache, else what ``dataset.fetch`` puts there.

    ``dataset`` is an instance of the class behind ``spec``; if it has ``cache_name``, that names its cache folder, so
    that a corpus made with other options or by another version of its generator is not mistaken for it. A fetch is
    written beside the final folder and renamed at the end: an interrupted one leaves nothing that looks whole, and the
    next goes on from what was downloaded.

    Raises UserError if ``data`` is no path (see :func:`user_path`), CorpusError if it does not exist or the corpus is
    neither there nor fetchable (or ``allow_fetch`` is false); DownloadError from the fetch.
    """
    if data is not None:
        given = user_path(data, "--data")
        if not os.path.exists(given):  # not given.exists(), which raises OSError for a name that is too long
            raise CorpusError(f"{given} given with --data does not exist; check the path.")
        if not given.is_dir() and not spec.file:
            raise CorpusError(f"{given} given with --data is a file; name the folder that holds {spec.name}.")
        return given
    kept = home(spec, dataset)
    if present(kept):
        return kept
    where = f"get it at {spec.homepage}" if spec.homepage else "get it from its makers"
    if not (spec.embedded or spec.fetchable):
        raise CorpusError(
            f"The corpus {spec.name} is not here and may not be fetched automatically; {where}, "
            f"then pass its folder with --data or put it into {kept}."
        )
    if not allow_fetch:
        raise CorpusError(f"The corpus {spec.name} is not here; run `serkit data fetch {spec.name}` or pass --data.")
    partial = kept.with_name(kept.name + ".partial")
    _make_folder(partial)
    with _alone(partial):
        if not present(kept):  # another process may have finished meanwhile
            with blame(f"dataset {spec.name!r}", "fetch()"):
                dataset.fetch(partial, progress or SilentProgress())
            if not present(partial):
                raise PluginError(f"The dataset {spec.name!r} left nothing in the folder that fetch() was given.")
            if kept.exists():
                kept.rmdir()  # empty, or present() had said so
            partial.rename(kept)
    return kept


def download(
    url: str,
    to: str | os.PathLike[str],
    *,
    size: int = 0,
    sha256: str = "",
    progress: Progress | None = None,
    by_hand: str = "",
    note: str = "",
    timeout: float = 30.0,
) -> Path:
    """Download ``url`` (http or https) to the file ``to`` and return it.

    Bytes go to ``<to>.part``, from which an interrupted download resumes (HTTP Range), and the file takes its name only
    when it is whole and has the ``size`` in bytes and the ``sha256`` given (0 and "": not checked). A dropped
    connection is tried again twice; ``timeout`` is seconds without an answer. ``by_hand`` ends the error's sentence:
    where a person gets the file and where it goes. ``note`` stands beside the name while the download is shown: a
    licence that one should know before using the file.

    Raises DownloadError without network, on an HTTP error, or if size or checksum are wrong (the bytes are deleted).
    """
    to = Path(to)
    remedy = by_hand or f"check the network, or get it by hand and put it at {to}."
    if not url.lower().startswith(("http://", "https://")):
        raise DownloadError(f"{url} is not an http or https address; {remedy}")
    bar = progress or SilentProgress()
    _make_folder(to.parent)
    part = to.with_name(to.name + ".part")
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _transfer(url, part, bar, f"{to.name} ({note})" if note else to.name, timeout)
            break
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416 and part.exists():
                part.unlink()  # what is here is longer than what is there: begin again
            elif error.code < 500:
                raise DownloadError(f"{url} could not be downloaded (HTTP {error.code}); {remedy}") from None
            reason = f"HTTP {error.code}"
        except (OSError, http.client.HTTPException) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
        if attempt == _ATTEMPTS:
            raise DownloadError(f"{url} could not be downloaded ({reason}); {remedy}") from None
        time.sleep(0.5 * attempt)
    got = part.stat().st_size
    if size and got != size:
        part.unlink()
        raise DownloadError(f"{url} gave {got} bytes where {size} were expected; {remedy}")
    if sha256 and _sha256(part) != sha256.lower():
        part.unlink()
        raise DownloadError(f"{url} gave a file with another SHA-256 than {sha256}; {remedy}")
    os.replace(part, to)
    return to


def unpack(archive: str | os.PathLike[str], into: str | os.PathLike[str], *, progress: Progress | None = None) -> Path:
    """Unpack a ZIP archive into the folder ``into`` and return it.

    Every member's checksum is verified; links and names that lead out of ``into`` are refused before anything is
    written. Raises DownloadError, naming the archive, if it is damaged or refused.
    """
    archive, into = Path(archive), Path(into)
    bar = progress or SilentProgress()
    try:
        with zipfile.ZipFile(archive) as z:
            members = z.infolist()
            for m in members:
                names = m.filename.replace("\\", "/").split("/")
                linked = stat.S_ISLNK(m.external_attr >> 16)
                if linked or names[0] == "" or ".." in names or ":" in names[0]:
                    raise DownloadError(f"{archive} holds {m.filename!r}, which leads out of its folder; delete it.")
            if sum(m.file_size for m in members) > _MOST_UNPACKED_BYTES:
                raise DownloadError(f"{archive} would unpack to more than {_MOST_UNPACKED_BYTES >> 30} GiB; delete it.")
            bar.start(len(members), f"Unpacking {archive.name}")
            for m in members:
                z.extract(m, into)
                bar.advance()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        reason = str(error).rstrip(".")
        raise DownloadError(f"{archive} is damaged ({reason}); delete it and fetch again.") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DownloadError(
            f"{archive} cannot be unpacked into {into} ({reason}); check that there is room and that you may write "
            "there, or delete the archive and fetch again."
        ) from None
    return into


def _transfer(url: str, part: Path, bar: Progress, title: str, timeout: float) -> None:
    """Append what is missing of ``url`` to ``part``; OSError if the connection ends early."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "serkit", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        resumed = answer.status == 206
        have = have if resumed else 0
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length and length.isdigit() else 0
        bar.start(total, f"Downloading {title}")
        bar.advance(have)
        with part.open("ab" if resumed else "wb") as out:
            while chunk := answer.read(_CHUNK):
                out.write(chunk)
                have += len(chunk)
                bar.advance(len(chunk))
    if total and have < total:
        raise OSError(f"the connection ended after {have} of {total} bytes")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_ours(folder, "made", error) from None


def _not_ours(folder: Path, what: str, error: OSError) -> DownloadError:
    reason = error.strerror or error
    return DownloadError(f"The folder {folder} cannot be {what} ({reason}); set SERKIT_CACHE to one you may write to.")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold ``<folder>.lock``, so that two processes do not fetch into one folder; it is freed even by kill -9."""
    try:
        file = folder.with_name(folder.name + ".lock").open("w")
    except OSError as error:
        raise _not_ours(folder, "written beside", error) from None
    with file as lock:
        try:
            import fcntl
        except ImportError:  # Windows: renaming the finished folder fails for the second process, in words
            yield
            return
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

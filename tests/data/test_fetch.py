"""Downloads resume, are checked and end in one sentence; archives cannot write outside; corpora are found."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serkit.data import fetch
from serkit.data.progress import SilentProgress
from serkit.errors import CorpusError, DownloadError, UserError
from serkit.host.specs import DatasetSpec

CONTENT = np.random.default_rng(0).bytes(700_000)
SHA = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves CONTENT on loopback; ``drop`` answers end after that many bytes, ``ranges`` switches resuming off."""

    drop: list[int]
    ranges = True
    seen: list[str | None]
    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.drop, self.seen = [], []
        self.url = f"http://127.0.0.1:{self.server_port}/x.zip"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *args: Any) -> None:
        return None

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.seen.append(asked)
        if self.server.status != 200:
            self.send_error(self.server.status)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.server.ranges else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.drop.pop(0)] if self.server.drop else body)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(fetch.time, "sleep", lambda seconds: None)
    served = Server()
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    served.shutdown()
    thread.join()
    served.server_close()


def test_download_is_whole_checked_and_leaves_no_part(server: Server, tmp_path: Path) -> None:
    to = fetch.download(server.url, tmp_path / "deep" / "x.zip", size=len(CONTENT), sha256=SHA)
    assert to.read_bytes() == CONTENT
    assert [p.name for p in to.parent.iterdir()] == ["x.zip"]


def test_a_dropped_connection_resumes_where_it_ended(server: Server, tmp_path: Path) -> None:
    server.drop = [300_000]
    assert fetch.download(server.url, tmp_path / "x.zip", sha256=SHA).read_bytes() == CONTENT
    assert server.seen == [None, "bytes=300000-"]


def test_an_earlier_part_is_continued_and_a_server_without_ranges_begins_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "x.zip.part").write_bytes(CONTENT[:1234])
    fetch.download(server.url, tmp_path / "x.zip", sha256=SHA)
    assert server.seen == ["bytes=1234-"]
    server.ranges = False
    (tmp_path / "y.zip.part").write_bytes(CONTENT[:1234])
    assert fetch.download(server.url, tmp_path / "y.zip", sha256=SHA).read_bytes() == CONTENT


def test_a_part_longer_than_the_file_begins_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "x.zip.part").write_bytes(CONTENT + b"more")
    assert fetch.download(server.url, tmp_path / "x.zip", sha256=SHA).read_bytes() == CONTENT


def test_what_was_downloaded_survives_giving_up(server: Server, tmp_path: Path) -> None:
    server.drop = [1000, 1000, 1000]
    with pytest.raises(DownloadError, match=f"{server.url} could not be downloaded.*ended after 3000 of 700000"):
        fetch.download(server.url, tmp_path / "x.zip")
    assert (tmp_path / "x.zip.part").read_bytes() == CONTENT[:3000]
    assert not (tmp_path / "x.zip").exists()


def test_a_corrupt_or_short_file_is_refused_and_deleted(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"another SHA-256.*; put it there"):
        fetch.download(server.url, tmp_path / "x.zip", sha256="0" * 64, by_hand="put it there.")
    with pytest.raises(DownloadError, match="700000 bytes where 5 were expected"):
        fetch.download(server.url, tmp_path / "x.zip", size=5)
    assert list(tmp_path.iterdir()) == []


def test_http_errors_and_no_network_end_in_one_sentence(server: Server, tmp_path: Path) -> None:
    server.status = 404
    with pytest.raises(DownloadError, match=r"HTTP 404\); get it by hand"):
        fetch.download(server.url, tmp_path / "x.zip", by_hand="get it by hand.")
    assert len(server.seen) == 1  # an address that does not exist is not tried again
    closed = Server()
    closed.server_close()
    with pytest.raises(DownloadError, match=r"could not be downloaded.*put it at") as caught:
        fetch.download(closed.url, tmp_path / "x.zip")
    assert "\n" not in str(caught.value)
    with pytest.raises(DownloadError, match="not an http"):
        fetch.download("file:///etc/hostname", tmp_path / "x.zip")


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "..\\evil", "C:/evil"])
def test_members_that_lead_out_are_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("wav/good.wav", b"good")
        z.writestr(name, b"evil")
    (tmp_path / "in").mkdir()
    with pytest.raises(DownloadError, match="leads out"):
        fetch.unpack(archive, tmp_path / "in")
    assert list((tmp_path / "in").iterdir()) == []
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("position", range(60, 400, 20))
def test_damage_in_compressed_bytes_is_refused_in_one_sentence(tmp_path: Path, position: int) -> None:
    """zlib has an error of its own, which came through, and the archive stayed to fail again at the next fetch."""
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("a.txt", " ".join(str(k * k) for k in range(500)))
    content = bytearray(archive.read_bytes())
    content[position : position + 8] = b"\xff" * 8
    archive.write_bytes(content)
    with pytest.raises(DownloadError, match=r"x\.zip is damaged") as caught:
        fetch.unpack(archive, tmp_path / "in")
    assert "\n" not in str(caught.value)


def test_a_place_that_cannot_be_unpacked_to_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as z:
        z.writestr("wav/a.wav", b"a")
    (tmp_path / "in").write_text("a file where a folder should be")
    with pytest.raises(DownloadError, match=r"x\.zip cannot be unpacked into .*in \("):
        fetch.unpack(tmp_path / "x.zip", tmp_path / "in")


def test_links_and_damage_in_an_archive_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as z:
        z.writestr(link, b"/etc")
    with pytest.raises(DownloadError, match="leads out"):
        fetch.unpack(tmp_path / "x.zip", tmp_path / "in")
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as z:
        z.writestr("a", CONTENT)
    content = bytearray((tmp_path / "y.zip").read_bytes())
    content[1000] ^= 255
    (tmp_path / "y.zip").write_bytes(content)
    with pytest.raises(DownloadError, match=r"y\.zip is damaged"):
        fetch.unpack(tmp_path / "y.zip", tmp_path / "in")
    (tmp_path / "z.zip").write_bytes(b"<html>")
    with pytest.raises(DownloadError, match=r"z\.zip is damaged"):
        fetch.unpack(tmp_path / "z.zip", tmp_path / "in")


class Toy:
    """A dataset whose fetch fails ``failures`` times after it has written something."""

    def __init__(self, failures: int = 0) -> None:
        self.failures, self.calls = failures, 0

    def fetch(self, into: Path, progress: SilentProgress) -> None:
        self.calls += 1
        (into / "a.wav").write_bytes(b"x")
        if self.calls <= self.failures:
            raise DownloadError("no network.")


def spec(**fields: Any) -> DatasetSpec:
    return DatasetSpec(
        name="toy", summary="", target="x:y", labels={}, speakers=1, protocols=(), default_protocol="", **fields
    )


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SERKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_cache_folders(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fetch.cache_dir() == cache
    assert fetch.corpus_dir("toy") == cache / "corpora" / "toy"
    monkeypatch.delenv("SERKIT_CACHE")
    assert fetch.cache_dir().name == "serkit"


def test_locate_prefers_data_then_cache_then_fetches_once(cache: Path, tmp_path: Path) -> None:
    toy = Toy()
    assert fetch.locate(spec(fetchable=True), tmp_path, toy) == tmp_path
    home = fetch.locate(spec(fetchable=True), None, toy)
    assert home == fetch.corpus_dir("toy")
    assert [p.name for p in home.iterdir()] == ["a.wav"]
    assert fetch.locate(spec(fetchable=True), None, toy) == home
    assert toy.calls == 1


def test_an_interrupted_fetch_is_not_taken_for_the_corpus(cache: Path) -> None:
    toy = Toy(failures=1)
    with pytest.raises(DownloadError):
        fetch.locate(spec(embedded=True), None, toy)
    assert not fetch.corpus_dir("toy").exists()
    assert fetch.locate(spec(embedded=True), None, toy) == fetch.corpus_dir("toy")


def test_a_cache_name_keeps_versions_apart(cache: Path) -> None:
    toy = Toy()
    toy.cache_name = "toy-v2"  # type: ignore[attr-defined]
    assert fetch.locate(spec(embedded=True), None, toy) == fetch.corpus_dir("toy-v2")


def test_locate_says_where_to_get_it(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(
        CorpusError, match=r"get it at http://Toy\.org, then pass its folder with --data or put it into"
    ):
        fetch.locate(spec(homepage="http://Toy.org"), None, Toy())
    with pytest.raises(CorpusError, match="serkit data fetch toy"):
        fetch.locate(spec(fetchable=True), None, Toy(), allow_fetch=False)
    with pytest.raises(CorpusError, match="does not exist"):
        fetch.locate(spec(fetchable=True), tmp_path / "no", Toy())
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match="is a file"):
        fetch.locate(spec(fetchable=True), tmp_path / "file", Toy())


def test_a_path_of_nobody_or_of_nothing_is_one_sentence(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~corpora/x` (a folder, meant) was a traceback, and an empty path the working folder."""
    assert fetch.user_path("~", "--data") == Path.home()
    with pytest.raises(UserError, match=r"~nobody-here/x given with --data .* no such user .* \./~nobody-here"):
        fetch.user_path("~nobody-here/x", "--data")
    with pytest.raises(UserError, match="--data is empty"):
        fetch.locate(spec(), "", Toy())
    with pytest.raises(CorpusError, match="does not exist"):
        fetch.locate(spec(), "/" + "a" * 5000, Toy())
    monkeypatch.setenv("SERKIT_CACHE", "~nobody-here")
    with pytest.raises(UserError, match="given with SERKIT_CACHE"):
        fetch.cache_dir()


def test_an_unwritable_cache_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "blocked").touch()  # a file where a folder must be: fails for root as well
    monkeypatch.setenv("SERKIT_CACHE", str(tmp_path / "blocked"))
    with pytest.raises(DownloadError, match=r"cannot be made.*SERKIT_CACHE"):
        fetch.locate(spec(embedded=True), None, Toy())
    monkeypatch.setenv("SERKIT_CACHE", str(tmp_path))
    lock = fetch.corpus_dir("toy").with_name("toy.partial.lock")
    lock.mkdir(parents=True)  # what a file there would be that may not be written
    with pytest.raises(DownloadError, match=r"toy\.partial cannot be written beside.*SERKIT_CACHE"):
        fetch.locate(spec(embedded=True), None, Toy())

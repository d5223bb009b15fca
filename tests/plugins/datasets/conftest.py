"""What tests of several corpora share: an HTTP server that stands for the official places, a tree that is only read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from serkit.data import fetch
from serkit.testing.trees import iemocap

Serve = Callable[[Path], str]


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """``serve(folder)`` puts the files of a folder on a local server and returns its address; the cache is the test's
    own and repeated downloads do not wait."""
    monkeypatch.setenv("SERKIT_CACHE", str(tmp_path / "cache"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(fetch.time, "sleep", lambda seconds: None)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            return None

    running: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(folder: Path) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def whole_iemocap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder above an IEMOCAP of 10,039 silent turns, the improvised ones as long as in the code of Chen 2018."""
    root = tmp_path_factory.mktemp("whole iemocap")
    iemocap.write(root, whole=True, seconds=iemocap.authors_seconds)
    return root

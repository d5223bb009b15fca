from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier, Thread

import numpy as np
import pytest
import soundfile

from serkit.data.progress import SilentProgress
from serkit.errors import UserError
from serkit.features import Pitch, PitchOptions
from serkit.host import get_host
from serkit.run import cache as module
from serkit.run.cache import FeatureCache, size, switched_on
from serkit.run.prepare import extract
from serkit.run.recipe import FeatureChoice
from serkit.types import Utterance

WAVE = np.linspace(-0.5, 0.5, 1000, dtype=np.float32)
VALUE = np.arange(12, dtype=np.float32).reshape(4, 3)


@dataclass(frozen=True, kw_only=True)
class Settings:
    width: int = 3
    folder: str = field(default="", metadata={"place": True})


class Weights:
    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint

    def fingerprint(self) -> str:
        return self._fingerprint


class Counter:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> np.ndarray:
        self.calls += 1
        return VALUE


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(module.SWITCH, raising=False)


def make(
    note: Callable[[str], None] = lambda s: None,
    *,
    feature: str = "f",
    version: str = "1",
    fingerprint: str = "",
    **settings: object,
) -> FeatureCache:
    return FeatureCache(feature, "dist", version, Weights(fingerprint), Settings(**settings), note)  # type: ignore[arg-type]


def test_a_value_is_computed_once_and_kept_to_the_bit() -> None:
    count = Counter()
    first = make().get(WAVE, count)
    again = make().get(WAVE, count)  # another run
    assert count.calls == 1
    assert again.dtype == np.float32
    assert np.array_equal(first, VALUE)
    assert np.array_equal(again, VALUE)
    assert size()[0] == 1
    assert size()[1] > VALUE.nbytes


def test_the_key_knows_everything_that_decides_a_value() -> None:
    other_wave = WAVE.copy()
    other_wave[500] = np.nextafter(other_wave[500], 1, dtype=np.float32)
    paths = {
        make().path(WAVE),
        make().path(other_wave),
        make().path(WAVE[:-1]),
        make().path("word"),
        make().path("words"),
        make(feature="g").path(WAVE),
        make(version="2").path(WAVE),
        make(width=4).path(WAVE),
        make(fingerprint="weights").path(WAVE),
    }
    assert len(paths) == 9
    assert make(folder="elsewhere").path(WAVE) == make().path(WAVE)


def test_another_instruction_set_or_code_has_other_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    before = make().path(WAVE)
    monkeypatch.setattr(module, "_machine", lambda: ["another"])
    other = make().path(WAVE)
    monkeypatch.setattr(module, "code_hash", lambda name: "another")
    assert len({before, other, make().path(WAVE)}) == 3


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "not safetensors"])
def test_a_damaged_entry_is_computed_again_with_a_note(damage: str) -> None:
    notes: list[str] = []
    count = Counter()
    make().get(WAVE, count)
    path = make().path(WAVE)
    data = bytearray(path.read_bytes())
    if damage == "flipped":
        data[-1] ^= 1
    path.write_bytes({"cut": data[:-3], "flipped": data, "empty": b"", "not safetensors": b"x" * 99}[damage])
    assert np.array_equal(make(notes.append).get(WAVE, count), VALUE)
    assert count.calls == 2
    assert len(notes) == 1
    assert "is damaged" in notes[0]
    assert "computed again" in notes[0]
    make(notes.append).get(WAVE, count)
    assert (count.calls, len(notes)) == (2, 1)


def test_a_cache_that_cannot_be_written_costs_a_note_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SERKIT_CACHE", str(tmp_path / "file"))
    notes: list[str] = []
    kept = make(notes.append)
    for number in range(3):
        assert np.array_equal(kept.get(WAVE[number:], Counter()), VALUE)
    assert len(notes) == 1
    assert "set SERKIT_CACHE" in notes[0]


def test_a_folder_that_cannot_even_be_looked_into_costs_a_note_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERKIT_CACHE", str(tmp_path / ("x" * 300)))
    notes: list[str] = []
    assert np.array_equal(make(notes.append).get(WAVE, Counter()), VALUE)
    assert len(notes) == 1
    assert "cannot be kept" in notes[0]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_entries_are_readable_like_any_file_of_the_user(tmp_path: Path) -> None:
    make().get(WAVE, Counter())
    (tmp_path / "plain").write_text("")
    assert make().path(WAVE).stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_the_code_of_a_module_without_a_package_is_that_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "lonely_module.py").write_text("A = 1")
    (tmp_path / "neighbour.py").write_text("A = 1")
    importlib.import_module("lonely_module")
    hashes = []
    for name, text in (("neighbour", "A = 1"), ("neighbour", "A = 2"), ("lonely_module", "A = 2")):
        (tmp_path / f"{name}.py").write_text(text)
        hashes.append(module.code_hash.__wrapped__("lonely_module"))
    assert hashes[0] == hashes[1] != hashes[2]


def test_the_code_of_encoders_counts_for_features_made_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = module.code_hash.__wrapped__("serkit.run.cache")
    other = tmp_path / "encoders.py"
    sources = module._networks()
    assert [p.name for p in sources].count("encoders.py") == 1
    other.write_bytes(next(p for p in sources if p.name == "encoders.py").read_bytes() + b"# changed")
    monkeypatch.setattr(module, "_networks", lambda: [other if p.name == "encoders.py" else p for p in sources])
    assert module.code_hash.__wrapped__("serkit.run.cache") != before


def test_writers_of_one_entry_leave_one_whole_file() -> None:
    big, start = np.ones((500, 400), np.float32), Barrier(4)

    def write() -> None:
        kept = make()
        start.wait()
        kept.get(WAVE, lambda: big)

    threads = [Thread(target=write) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [p.name for p in make().path(WAVE).parent.iterdir()] == [make().path(WAVE).name]
    notes: list[str] = []
    assert np.array_equal(make(notes.append).get(WAVE, Counter()), big)
    assert notes == []


@pytest.mark.parametrize(("value", "on"), [("on", True), ("1", True), ("", True), ("off", False), ("0", False)])
def test_the_switch(value: str, on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(module.SWITCH, value)
    assert switched_on() is on


def test_a_switch_that_means_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(module.SWITCH, "maybe")
    with pytest.raises(UserError, match=r"SERKIT_FEATURE_CACHE is 'maybe'; set it to on or off"):
        switched_on()


def test_extraction_is_equal_to_the_bit_with_and_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    t = np.arange(16_000) / 16_000
    utterances = []
    for number, hertz in enumerate((110, 190)):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, 0.3 * np.sign(np.sin(2 * np.pi * hertz * t)), 16_000, subtype="PCM_16")
        utterances.append(Utterance(id=str(number), path=path, label="sad", speaker="s"))
    choices = {"x": FeatureChoice(feature="pitch", options=PitchOptions(undefined="zero"))}

    def run() -> list[np.ndarray]:
        return extract(utterances, choices, get_host(), SilentProgress()).rows("x", ["0", "1"])

    monkeypatch.setenv(module.SWITCH, "off")
    plain = run()
    assert size() == (0, 0)
    monkeypatch.setenv(module.SWITCH, "on")
    made = run()
    assert size()[0] == 2
    monkeypatch.setattr(Pitch, "__call__", lambda self, w: pytest.fail("computed again"))
    kept = run()
    for a, b, c in zip(plain, made, kept, strict=True):
        assert np.array_equal(a, b)
        assert np.array_equal(a, c)
    os.remove(next(iter(module.features_dir().rglob("*.safetensors"))))
    with pytest.raises(BaseException, match="computed again"):
        run()

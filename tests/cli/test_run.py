"""``serkit run`` as a user meets it: what it prints where, its exit codes, Ctrl-C, and every refusal in a sentence."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from serkit.cli.main import invoke

# An ACRNN small enough for a test; what is tested is the command, not the score.
TINY = [
    *("--set", "architecture.convs=2", "--set", "architecture.maps=[4]", "--set", "architecture.pools=[[4, 4]]"),
    *("--set", "architecture.linear=12", "--set", "architecture.lstm=6", "--set", "architecture.unit.frames=80"),
    *("--set", "training.patience=0", "--set", "training.lr=0.005", "--set", "training.batch=32"),
]
DEMO = ["run", "--plugin", "acrnn", "--dataset", "demo"]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # as the children below, since bits are promised for equal thread counts only
    yield
    torch.set_num_threads(before)


def call(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = invoke(arguments)
    return code, out.getvalue(), err.getvalue()


Finished = tuple[Path, str, str]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A finished run, and what it printed on standard output and standard error."""
    out = tmp_path_factory.mktemp("cli") / "läufe [1] :x:"
    code, stdout, stderr = call(*DEMO, *TINY, "--epochs", "1", "--folds", "0,1", "--out", str(out))
    assert code == 0, stderr
    return out, stdout, stderr


def test_the_lines_of_a_run(finished: Finished) -> None:
    out, stdout, stderr = finished
    lines = stdout.splitlines()
    assert lines[0].startswith("acrnn, preset 'small'")
    assert "the paper's is 'paper'" in lines[0]
    assert any(line.startswith("speaker: nothing shared by train, dev and test") for line in lines)
    assert any(line.startswith("text: test shares texts with train or dev") for line in lines)
    assert any(line.startswith("About ") and "for 2 folds of at most" in line for line in lines)
    for fold in ("f01", "f02"):
        assert any(line.startswith(f"seed 0 fold {fold}: dev UAR") and "test UAR" in line for line in lines)
    assert "The run is incomplete" in stdout
    # the path as it is: neither markup nor emoji
    assert lines[-1] == f"Report: {out}/report.html"
    assert stderr == ""


def test_json_is_all_that_is_on_standard_output(tmp_path: Path) -> None:
    out = tmp_path / "json"
    code, stdout, stderr = call(*DEMO, *TINY, "--epochs", "1", "--folds", "0", "--out", str(out), "--json")
    assert code == 0
    content = json.loads(stdout)
    assert content.pop("run") == str(out)
    assert content == json.loads((out / "metrics.json").read_text())
    assert stderr.startswith("acrnn, preset 'small'")
    assert "seed 0 fold f01" in stderr


REFUSED = {
    "nothing named": (["run"], "A run needs an architecture and a corpus; name --plugin"),
    "plugin": (["run", "--plugin", "acrn", "--dataset", "demo"], "did you mean 'acrnn'?"),
    "dataset": (["run", "--plugin", "acrnn", "--dataset", "dem"], "did you mean 'demo'?"),
    "preset": ([*DEMO, "--preset", "smal"], "did you mean 'small'?"),
    "protocol": ([*DEMO, "--protocol", "loso_next@2"], "did you mean 'loso_next@1'?"),
    "recipe": (["run", "--recipe", "chen2018"], "did you mean 'chen2018-emodb'?"),
    "recipe file": (["run", "--recipe", "no.toml"], "no.toml cannot be read (No such file or directory); name a TOML"),
    "key": ([*DEMO, "--set", "training.lrr=1"], "unknown key 'training.lrr'; did you mean 'lr'?"),
    "bare key": ([*DEMO, "--set", "lrr=1"], "did you mean 'lr'?"),
    "no value": ([*DEMO, "--set", "lr"], "write for example --set training.lr=1e-3"),
    "bad value": ([*DEMO, "--set", "training.lr=-1"], "training.lr: input should be greater than 0 (got -1)"),
    "key of [protocol]": ([*DEMO, "--set", "protocol.nam=x"], "unknown key 'protocol.nam'"),
    "no text": ([*DEMO, "--set", "run.preset=5"], "run.preset must be text (got 5)"),
    "no table": ([*DEMO, "--set", "features.x=5"], "features.x is not a table"),
    "option": ([*DEMO, "--set", "dataset.foo=1"], "the dataset 'demo' has no options"),
    "fold": ([*DEMO, "--folds", "10"], "There is no fold of demo/loso_next@1 named '10'; there is 0 (f01)"),
    "folds": ([*DEMO, "--folds", "0,,1"], "write for example --folds 0,3"),
    "negative fold": ([*DEMO, "--folds=-1"], "is not a list of fold numbers, which count from 0"),
    # EMO-DB's first fold is called 03; as number 3 it ran the fold of speaker 10 without a word
    "name of a fold": ([*DEMO, "--folds", "03"], "'03' is not a list of fold numbers, which count from 0"),
    "seeds": ([*DEMO, "--seeds", "0"], "greater than or equal to 1"),
    "device": ([*DEMO, "--device", "gpu"], "In --device, run.device: input should be 'auto', 'cpu' or 'cuda'"),
    "precision": ([*DEMO, "--precision", "fp16"], "In --precision, run.precision: input should be"),
    "data": ([*DEMO, "--data", "nowhere"], "nowhere given with --data does not exist; check the path"),
    "no EMO-DB": (["run", "--plugin", "acrnn", "--dataset", "emodb", "--data", "."], "does not hold EMO-DB"),
    "no demo": ([*DEMO, "--data", "."], "is not the demo corpus"),
    "out is a file": ([*DEMO, "--out", "a.txt"], "--out a.txt is a file; name a folder"),
    "out below a file": ([*DEMO, "--out", "a.txt/run"], "a.txt is a file; name another folder"),
    "out is not empty": ([*DEMO, "--out", "."], "--out . is not empty; name another one, or continue its run with"),
    "resume what": ([*DEMO, "--resume"], "--resume needs the folder of the run: --out DIR"),
    "resume nothing": (["run", "--resume", "--out", "nowhere"], "There is no run to resume in nowhere"),
    "resume no run": ([*DEMO, "--resume", "--out", "."], "it holds no recipe.toml to resume"),
    "flag": ([*DEMO, "--nope"], "No such option: --nope"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_is_one_sentence_and_exit_code_2(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("not audio")
    arguments, words = REFUSED[case]
    code, _, stderr = call(*arguments)
    assert words in stderr
    assert stderr.startswith("Error: ")
    assert stderr.count("\n") == 1
    assert code == 2
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]  # nothing written, nothing lost


def test_a_corpus_that_the_protocol_cannot_split_is_named(finished: Finished, tmp_path: Path) -> None:
    whole = next((Path(os.environ["SERKIT_CACHE"]) / "corpora").glob("demo-*"))
    few, lacking = tmp_path / "few", tmp_path / "lacking"
    for folder, kept in ((few, lambda n: n[:3] in ("f01", "f02")), (lacking, lambda n: "sad" not in n)):
        shutil.copytree(
            whole, folder, ignore=lambda _, names, k=kept: [n for n in names if n[-4:] == ".wav" and not k(n)]
        )
    code, _, stderr = call(*DEMO, "--data", str(few))
    assert (code, stderr.count("\n")) == (2, 1)
    assert "needs at least 3 speakers" in stderr
    assert "has 2 (f01, f02)" in stderr
    code, _, stderr = call(*DEMO, "--data", str(lacking))
    assert (code, stderr.count("\n")) == (2, 1)
    assert "training needs every one of the 4 classes, but sad has no utterance there" in stderr
    assert 'leave such a class out (dataset.label_map.sad = "")' in stderr


def test_a_damaged_recording_ends_the_run_before_it_begins(finished: Finished, tmp_path: Path) -> None:
    whole = next((Path(os.environ["SERKIT_CACHE"]) / "corpora").glob("demo-*"))
    shutil.copytree(whole, tmp_path / "demo")
    one = next((tmp_path / "demo").rglob("*.wav"))
    one.write_bytes(one.read_bytes()[:1000])
    code, _, stderr = call(*DEMO, "--data", str(tmp_path / "demo"), "--out", str(tmp_path / "run"))
    assert (code, stderr.count("\n")) == (2, 1)
    assert f"{one} is truncated" in stderr
    assert not (tmp_path / "run").exists()


def test_resume_of_a_finished_run_prints_its_result_again(finished: Finished) -> None:
    out, stdout, _ = finished
    code, again, stderr = call("run", "--resume", "--out", str(out))
    assert (code, stderr) == (0, "")
    assert "2 of 2 folds are done already and kept." in again
    assert again[again.index("acrnn ·") :] == stdout[stdout.index("acrnn ·") :]


def test_resume_says_when_there_is_nothing_yet(tmp_path: Path) -> None:
    command = [*DEMO, *TINY, "--epochs", "1", "--folds", "0", "--resume", "--out", str(tmp_path / "new")]
    code, stdout, _ = call(*command)
    assert code == 0
    assert stdout.startswith(f"There is no run in {tmp_path / 'new'} to resume, so it begins here.\n")


def test_resume_refuses_another_recipe(finished: Finished) -> None:
    code, _, stderr = call("run", "--resume", "--out", str(finished[0]), "--epochs", "3")
    assert code == 2
    assert "holds a run of another recipe (it differs in training.epochs)" in stderr


def child(out: Path, *more: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "serkit",
        *DEMO,
        *TINY,
        "--epochs",
        "1",
        "--folds",
        "0,1",
        "--out",
        str(out),
        *more,
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child")
def test_ctrl_c_says_how_to_continue_and_the_run_ends_with_the_same_bits(finished: Finished, tmp_path: Path) -> None:
    out = tmp_path / "a run"
    run = child(out)
    deadline = time.monotonic() + 120
    while not list(out.glob("folds/*/last.safetensors")) and time.monotonic() < deadline and run.poll() is None:
        time.sleep(0.002)
    run.send_signal(signal.SIGINT)
    _, stderr = run.communicate(timeout=60)
    assert stderr == f"The run was interrupted; continue it with `serkit run --resume --out '{out}'`.\n"
    assert run.returncode == 130
    assert call("run", "--resume", "--out", str(out))[0] == 0
    for path in finished[0].glob("folds/*/predictions.csv"):
        assert (out / path.relative_to(finished[0])).read_bytes() == path.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_bar_is_drawn_on_a_terminal_only_there(tmp_path: Path) -> None:
    """A bar on the terminal once caught the lines meant for `serkit run > log` and drew them above itself."""
    ours, theirs = pty.openpty()
    run = child(tmp_path / "run", stderr=theirs)
    os.close(theirs)
    drawn: list[bytes] = []

    def read() -> None:
        with contextlib.suppress(OSError):  # Linux ends a pseudo-terminal with an error
            while piece := os.read(ours, 65536):
                drawn.append(piece)

    reader = threading.Thread(target=read)
    reader.start()
    stdout, _ = run.communicate(timeout=120)
    reader.join(timeout=10)
    os.close(ours)
    terminal = b"".join(drawn).decode()
    assert run.returncode == 0
    assert "epoch 1/1" in terminal
    assert "%" in terminal
    assert "seed 0 fold f01" not in terminal
    assert "seed 0 fold f01" in stdout
    assert "\x1b" not in stdout

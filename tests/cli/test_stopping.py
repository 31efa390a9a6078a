"""Ctrl-C at any moment, and output that goes to odd places."""

import contextlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recsys.cli import main, recommend, shop
from recsys.cli.terminal import TerminalProgress

STOPPED_IN_THE_IMPORTS = """
import os, signal, sys
from importlib.abc import MetaPathFinder

class CtrlC(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "recsys.cli":
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, CtrlC())
from recsys.__main__ import start
start()
"""


@pytest.fixture(autouse=True)
def _signals_as_in_a_terminal() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_ctrl_c_while_modules_are_imported_is_one_line() -> None:
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", STOPPED_IN_THE_IMPORTS], cwd=root, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (130, "")
    assert ended.stderr == "recsys: stopped while starting; nothing was changed\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_that_a_library_swallows_comes_with_the_next_report(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with TerminalProgress(io.StringIO()) as progress:
        progress("working")
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        with pytest.raises(KeyboardInterrupt):
            progress("working on")
    assert signal.getsignal(number) == before


def test_a_job_in_the_background_goes_on_ignoring_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with TerminalProgress(io.StringIO()) as progress:
        os.kill(os.getpid(), signal.SIGINT)
        progress("working")
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.parametrize(
    ("module", "run", "arguments", "written"),
    [
        (shop, "run_train", ("train", "--data", "shop", "--out", "model"), b"M?ntel\n"),
        (recommend, "run_recommend", ("recommend", "--model", "m", "--text", "x"), b"M?ntel\n"),
        (recommend, "run_recommend", ("recommend", "--model", "m", "--text", "x", "--json"), "Mäntel\n".encode()),
    ],
)
def test_letters_that_the_terminal_lacks_end_no_command(
    monkeypatch: pytest.MonkeyPatch, module: object, run: str, arguments: tuple[str, ...], written: bytes
) -> None:
    monkeypatch.setattr(module, run, lambda args: print("Mäntel"))
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="\n")
    with contextlib.redirect_stdout(out):
        assert main(arguments) == 0
    out.seek(0)
    assert out.buffer.read() == written


def test_output_that_nobody_reads_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop, "run_train", lambda args: print("made"))
    with contextlib.redirect_stdout(None):
        assert main(("train", "--data", "shop", "--out", "model")) == 0

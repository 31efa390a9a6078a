"""A Streamlit server of one's own: a free loopback port, a home of its own, gone at the end with all its children."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


_used: list[int] = []


def free_port() -> int:
    """A loopback port that nobody listens on right now; one used before, if any, whose files browsers still have."""
    for port in (*_used, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise RuntimeError("no port is free")


@contextmanager
def running(
    script: Path, *, home: Path, environment: Mapping[str, str] | None = None, timeout_s: float = 60
) -> Iterator[str]:
    """Serve a Streamlit script and give its address, without a slash at the end.

    Parameters
    ----------
    script : entry file; the server is started in its folder, so that `.streamlit/` beside it counts
    home : writable folder that stands in for the user's home; `server.log` is left in it
    environment : further variables for the server
    timeout_s : how long the server may take until it answers

    Raises
    ------
    RuntimeError : it ended, or did not answer in time; the message ends with its log
    """
    port, log = free_port(), home / "server.log"
    home.mkdir(parents=True, exist_ok=True)
    variables = {
        **os.environ,
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "STREAMLIT_SERVER_HEADLESS": "true",
        "STREAMLIT_SERVER_ADDRESS": "127.0.0.1",
        "STREAMLIT_SERVER_PORT": str(port),
        "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none",
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
        **(environment or {}),
    }
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", script.name],
            cwd=script.parent,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the tests' terminal is for the tests, which then end the server
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _await_health(address, server, log, timeout_s)
        yield address
    finally:
        _end(server)
        if port not in _used:
            _used.append(port)


def _await_health(address: str, server: subprocess.Popen[bytes], log: Path, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with status {server.returncode}:\n{log.read_text(errors='replace')}")
        if _answers(f"{address}/_stcore/health"):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not answer within {timeout_s} s:\n{log.read_text(errors='replace')}")


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _end(server: subprocess.Popen[bytes]) -> None:
    try:
        family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        family = []
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in psutil.wait_procs(family, timeout=5)[1]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    server.wait(timeout=5)

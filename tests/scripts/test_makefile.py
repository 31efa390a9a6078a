"""`make` sets up once, starts at once afterwards, and stops in one line before installing anything that cannot work.

Python and pip are stood in for by a script that writes down how it was called, so that nothing is installed here.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

FAKE_PYTHON = """#!/bin/sh
case "$*" in
    -c*|*preflight.py*) exec {python} "$@" ;;
esac
echo "$*" >> {log}
case "$*" in
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip "*) [ ! -e {broken} ] ;;
esac
"""


class Clone:
    """A copy of the project's make files, with a Python that only writes down its calls."""

    def __init__(self, root: Path) -> None:
        self.root, self.log, self.broken = root, root / "calls.log", root / "network-is-down"
        shutil.copytree(ROOT / "scripts", root / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
            shutil.copy(ROOT / name, root / name)
        self.python = root / "python-that-writes-down"
        self.python.write_text(FAKE_PYTHON.format(python=sys.executable, log=self.log, broken=self.broken))
        self.python.chmod(0o755)
        self.postgresql = root / "postgresql"
        self.postgresql.mkdir()
        for name in ("initdb", "postgres"):
            (self.postgresql / name).symlink_to("/bin/sh")

    def make(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run make; compiler, browser and database are stand-ins, so that the outcome does not hang on this machine.

        What an outer `make test` hands down, its flags and its variables, stays outside.
        """
        handed_down = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "VENV", "PORT", "PIP_ARGS", "PYTEST_ARGS"}
        inherited = {name: value for name, value in os.environ.items() if name not in handed_down}
        own = {
            "PYTHON": str(self.python),
            "CC": "true",
            "RECSYS_CHROMIUM": "/bin/sh",
            "RECSYS_POSTGRESQL": str(self.postgresql),
        }
        return subprocess.run(
            ["make", *arguments],
            cwd=self.root,
            env={**inherited, **own, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """What Python was called with since the last look."""
        said = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return said


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    return Clone(tmp_path)


def test_the_first_app_installs_and_the_second_starts_at_once(clone: Clone) -> None:
    assert clone.make("app").returncode == 0
    assert clone.calls() == [
        "-m venv .venv",
        "-m pip install -r requirements.txt",
        "-m streamlit run app.py --server.showEmailPrompt=false",
    ]
    assert clone.make("app", "PORT=8600").returncode == 0
    assert clone.calls() == ["-m streamlit run app.py --server.showEmailPrompt=false --server.port=8600"]


def test_an_interrupted_installation_is_taken_up_again(clone: Clone) -> None:
    clone.broken.touch()
    assert clone.make("app").returncode != 0
    assert not any("streamlit" in call for call in clone.calls())
    clone.broken.unlink()
    assert clone.make("app").returncode == 0
    assert clone.calls()[0] == "-m pip install -r requirements.txt"


def test_changed_requirements_are_installed(clone: Clone) -> None:
    clone.make("app")
    clone.calls()
    os.utime(clone.root / "requirements.txt", (4e9, 4e9))
    clone.make("app")
    assert clone.calls()[0] == "-m pip install -r requirements.txt"


def test_test_installs_both_lists_and_passes_arguments_on(clone: Clone) -> None:
    assert clone.make("test", "PYTEST_ARGS=-k fusion", "PIP_ARGS=--quiet").returncode == 0
    assert clone.calls()[1:] == [
        "-m pip install --quiet -r requirements.txt",
        "-m pip install --quiet -r requirements-dev.txt",
        "-m pytest -k fusion",
    ]


def test_test_looks_for_browser_and_database_first(clone: Clone) -> None:
    for script in ("chromium.sh", "postgresql.sh"):
        (clone.root / "scripts" / script).write_text(f"echo {script} >> {clone.log}")
    assert clone.make("test").returncode == 0
    *first, last = clone.calls()[-3:]
    assert first == ["chromium.sh", "postgresql.sh"]
    assert re.fullmatch("-m pytest -n [34] --no-loadscope-reorder", last)


def test_a_missing_compiler_stops_make_in_one_line(clone: Clone) -> None:
    done = clone.make("app", CC="no-such-cc")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Cannot set up Shelfwise: no C compiler 'no-such-cc'" in done.stderr
    assert done.stderr.count("\n") == 1
    assert clone.calls() == []
    assert not (clone.root / ".venv").exists()


def test_a_wrong_python_stops_make_in_one_line(clone: Clone) -> None:
    old = clone.root / "python3.9"
    pretend = (
        "import sys, runpy; sys.version_info = (3, 9, 0); runpy.run_path('scripts/preflight.py', run_name='__main__')"
    )
    old.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{pretend}"\n')
    old.chmod(0o755)
    done = clone.make("app", f"PYTHON={old}")
    assert done.returncode == 2
    assert "this is Python 3.9, and Shelfwise needs 3.11" in done.stderr
    assert done.stderr.count("\n") == 1


def test_no_python_at_all_stops_make_in_one_line(clone: Clone) -> None:
    done = clone.make("app", "PYTHON=no-such-python")
    assert done.returncode == 2
    assert "no no-such-python was found: install Python 3.11" in done.stderr
    assert done.stderr.count("\n") == 1


def test_help_is_the_default_and_lists_every_command(clone: Clone) -> None:
    said = clone.make().stdout
    for target in ("app", "test", "lint", "types", "screenshots", "clean"):
        assert f"make {target} " in said
    assert clone.calls() == []

"""What the check before installing says on machines that lack something."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from scripts import preflight

SCRIPT = Path(preflight.__file__)
HEADERS = sysconfig.get_paths()["include"]


@pytest.fixture
def working_compiler() -> str:
    """The compiler that this Python would use; these tests say nothing without one."""
    command = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    if preflight.compiler_problem(command, HEADERS):
        pytest.skip("this machine has no working C compiler")
    return command


def run_with(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The script as `make` runs it, with some variables changed."""
    return subprocess.run(
        [sys.executable, str(SCRIPT)], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def executable(path: Path, body: str) -> str:
    """A small shell script in place of a program."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_supported_versions_pass(version: tuple[int, int]) -> None:
    assert preflight.python_problem(version) is None


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 14), (4, 0)])
def test_another_version_is_named_with_the_remedy(version: tuple[int, int]) -> None:
    said = preflight.python_problem(version)
    assert said is not None
    assert f"this is Python {version[0]}.{version[1]}, and Shelfwise needs 3.11" in said
    assert "PYTHON=" in said


def test_a_machine_that_has_everything_is_told_nothing(working_compiler: str) -> None:
    done = run_with({})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_missing_compiler_is_one_line_and_exit_2(tmp_path: Path) -> None:
    done = run_with({"CC": "", "PATH": str(tmp_path)})
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("Cannot set up Shelfwise: no C compiler ")
    assert "apt install build-essential" in done.stderr


def test_a_compiler_named_by_cc_is_the_one_that_is_looked_for() -> None:
    assert "no C compiler 'no-such-cc'" in run_with({"CC": "no-such-cc -O2"}).stderr


def test_missing_python_headers_are_named(working_compiler: str, tmp_path: Path) -> None:
    said = preflight.compiler_problem(working_compiler, str(tmp_path))
    assert said is not None
    assert f"no Python.h in {tmp_path}" in said
    assert f"apt install python{sys.version_info[0]}.{sys.version_info[1]}-dev" in said


def test_a_compiler_without_its_own_headers_is_told_by_its_error(tmp_path: Path) -> None:
    (tmp_path / "Python.h").touch()
    compiler = executable(tmp_path / "cc", "echo 'one_line.c:2:10: fatal error: math.h: No such file'; exit 1")
    said = preflight.compiler_problem(compiler, str(tmp_path))
    assert said is not None
    assert "cannot compile one line (one_line.c:2:10: fatal error: math.h: No such file)" in said


def test_python_without_environments_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    said = preflight.venv_problem()
    assert said is not None
    assert said.startswith("this Python cannot make environments: on Debian, apt install python3.")


def test_all_that_is_missing_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    monkeypatch.setenv("CC", "no-such-cc")
    assert preflight.main() == 2
    said = capsys.readouterr().err
    assert "environments" in said
    assert "; and no C compiler 'no-such-cc'" in said
    assert said.count("\n") == 1

"""The shell scripts, with stand-ins for the programs that they call."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM, POSTGRESQL, CI = ROOT / "scripts" / "chromium.sh", ROOT / "scripts" / "postgresql.sh", ROOT / ".ci" / "run"
STEPS = ["make lint --keep-going", "make types", "make test"]


class Programs:
    """A folder of stand-ins that is the whole PATH; each writes down its call."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder / "bin", folder / "calls.log"
        self.folder.mkdir()
        for name in ("sh", "bash", "dirname", "env"):
            (self.folder / name).symlink_to(shutil.which(name) or f"/bin/{name}")

    def add(self, name: str, body: str = "") -> None:
        """A program that writes down its call and then does `body`."""
        path = self.folder / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.log}\n{body}\n')
        path.chmod(0o755)

    def run(self, script: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script with nothing but these programs."""
        named = {"RECSYS_CHROMIUM", "RECSYS_POSTGRESQL"}
        inherited = {name: value for name, value in os.environ.items() if name not in named}
        return subprocess.run(
            [script],
            env={**inherited, "PATH": str(self.folder), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """The calls so far, in order."""
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path)


def test_nothing_is_installed_where_a_chromium_is(programs: Programs) -> None:
    programs.add("google-chrome")
    programs.add("apt-get")
    done = programs.run(CHROMIUM)
    assert (done.returncode, done.stdout, programs.calls()) == (0, "", [])


def test_root_installs_debians_chromium(programs: Programs) -> None:
    programs.add("id", "echo 0")
    programs.add("apt-get")
    assert programs.run(CHROMIUM).returncode == 0
    assert programs.calls()[1:] == [
        "apt-get update -qq",
        "apt-get install -y -qq --no-install-recommends chromium",
    ]


def test_sudo_is_used_where_it_asks_for_no_password(programs: Programs) -> None:
    programs.add("id", "echo 1000")
    programs.add("sudo", 'shift; exec "$@"')
    programs.add("true")
    programs.add("apt-get")
    assert programs.run(CHROMIUM).returncode == 0
    assert "sudo -n apt-get update -qq" in programs.calls()
    assert programs.calls()[-1] == "apt-get install -y -qq --no-install-recommends chromium"


@pytest.mark.parametrize("has_apt", [True, False])
def test_without_the_right_to_install_it_says_how_and_goes_on(programs: Programs, has_apt: bool) -> None:
    programs.add("id", "echo 1000")
    if has_apt:
        programs.add("apt-get")
    done = programs.run(CHROMIUM)
    assert done.returncode == 0
    assert "the browser tests will be skipped" in done.stdout
    assert "apt-get install chromium" in done.stdout
    assert not any(call.startswith("apt-get") for call in programs.calls())


def test_a_failed_installation_is_said_and_goes_on(programs: Programs) -> None:
    programs.add("id", "echo 0")
    programs.add("apt-get", "exit 100")
    done = programs.run(CHROMIUM)
    assert done.returncode == 0
    assert "Chromium could not be installed: the browser tests will be skipped" in done.stdout


@pytest.fixture
def postgresql(programs: Programs, tmp_path: Path) -> Path:
    """The script on a machine whose /usr and /etc are empty folders of the test."""
    script = tmp_path / "postgresql.sh"
    text = POSTGRESQL.read_text()
    for folder in ("/usr/", "/etc/"):
        assert f" {folder}" in text
        text = text.replace(f" {folder}", f" {tmp_path}{folder}")
    script.write_text(text)
    script.chmod(0o755)
    for name in ("mkdir", "rm", "cat"):
        (programs.folder / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    return script


@pytest.mark.parametrize("place", ["usr/lib/postgresql/15/bin", "usr/local/pgsql/bin", "usr/local/bin", "elsewhere"])
def test_nothing_is_installed_where_a_postgresql_is(
    programs: Programs, postgresql: Path, tmp_path: Path, place: str
) -> None:
    programs.add("id", "echo 0")
    programs.add("apt-get")
    server = tmp_path / place
    server.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (server / name).symlink_to("/bin/sh")
    done = programs.run(postgresql, RECSYS_POSTGRESQL=str(tmp_path / "elsewhere"))
    assert (done.returncode, done.stdout, programs.calls()) == (0, "", [])
    (server / "postgres").unlink()
    assert "Installing PostgreSQL" in programs.run(postgresql).stdout


def test_a_postgresql_on_the_path_will_do(programs: Programs, postgresql: Path) -> None:
    programs.add("initdb")
    programs.add("apt-get")
    done = programs.run(postgresql)
    assert (done.returncode, done.stdout, programs.calls()) == (0, "", [])


def test_root_installs_debians_postgresql_without_a_server_of_its_own(
    programs: Programs, postgresql: Path, tmp_path: Path
) -> None:
    programs.add("id", "echo 0")
    told = tmp_path / "etc" / "postgresql-common" / "createcluster.d" / "shelfwise.conf"
    programs.add("apt-get", f'[ "$1" = update ] || cat {told} >> {programs.log}')
    assert programs.run(postgresql).returncode == 0
    assert programs.calls()[1:] == [
        "apt-get update -qq",
        "apt-get install -y -qq --no-install-recommends postgresql",
        "create_main_cluster = false",
    ]
    assert not told.exists()


def test_sudo_installs_postgresql_where_it_asks_for_no_password(programs: Programs, postgresql: Path) -> None:
    programs.add("id", "echo 1000")
    programs.add("sudo", 'shift; exec "$@"')
    programs.add("true")
    programs.add("apt-get")
    assert programs.run(postgresql).returncode == 0
    assert programs.calls()[-1] == "apt-get install -y -qq --no-install-recommends postgresql"
    assert any(call.startswith("sudo -n sh -c") for call in programs.calls())


@pytest.mark.parametrize("has_apt", [True, False])
def test_without_the_right_to_install_postgresql_it_says_how_and_goes_on(
    programs: Programs, postgresql: Path, has_apt: bool
) -> None:
    programs.add("id", "echo 1000")
    if has_apt:
        programs.add("apt-get")
    done = programs.run(postgresql)
    assert done.returncode == 0
    assert "the tests on PostgreSQL will be skipped; install it (Debian: apt-get install postgresql)" in done.stdout
    assert "RECSYS_POSTGRESQL" in done.stdout
    assert not any(call.startswith("apt-get") for call in programs.calls())


def test_a_failed_installation_of_postgresql_is_said_and_leaves_nothing(
    programs: Programs, postgresql: Path, tmp_path: Path
) -> None:
    programs.add("id", "echo 0")
    programs.add("apt-get", "exit 100")
    done = programs.run(postgresql)
    assert done.returncode == 0
    assert "PostgreSQL could not be installed: the tests on PostgreSQL will be skipped" in done.stdout
    assert not list((tmp_path / "etc").rglob("*.conf"))


def test_the_checks_pass_when_every_step_does(programs: Programs) -> None:
    programs.add("make", 'test "$CI" = true && echo "made $1"')
    done = programs.run(CI)
    assert done.returncode == 0, done.stderr
    assert programs.calls() == STEPS
    assert "made test" in done.stdout


@pytest.mark.parametrize("broken", ["lint", "types", "test"])
def test_the_checks_go_on_after_a_failed_step_and_fail(programs: Programs, broken: str) -> None:
    programs.add("make", f'test "$1" != {broken}')
    done = programs.run(CI)
    assert done.returncode == 1
    assert programs.calls() == STEPS
    assert done.stdout.endswith(f"failed: {next(step for step in STEPS if broken in step)}\n")

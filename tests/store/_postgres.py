"""A PostgreSQL server of our own, made from Debian's programs in a temporary folder; tests start, stop and kill it."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

REMEDY = "install it (Debian: apt-get install postgresql) or set RECSYS_POSTGRESQL=/path/to/its/bin"
PASSWORD = "s3cret/with@signs:and#more"

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/usr/local/bin", "/usr/local/lib/postgresql/*/bin")
_PATIENCE_S = 30


def find_binaries() -> Path | None:
    """The folder of a server's programs, newest version first, or None."""
    named = os.environ.get("RECSYS_POSTGRESQL")
    on_path = shutil.which("initdb")
    folders = [Path(named)] if named else []
    folders += [Path(on_path).resolve().parent] if on_path else []
    for place in _PLACES:
        folders += sorted(Path("/").glob(place[1:]), key=_version, reverse=True)
    return next(
        (folder for folder in folders if all((folder / name).exists() for name in ("initdb", "postgres"))), None
    )


class PostgresServer:
    """A server on a free port of 127.0.0.1 whose data may be lost; its one user has a password full of signs."""

    user = "shelfwise"

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._account = _unprivileged_account()
        self._folder = Path(tempfile.mkdtemp(prefix="shelfwise-pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._n_databases = 0
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        if self._account:
            for path in (self._folder, secret):
                os.chown(path, self._account.pw_uid, self._account.pw_gid)
        made = self._run(
            "initdb",
            *("--pgdata", str(self._folder / "data"), "--username", self.user, "--pwfile", str(secret)),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        )
        _, said = made.communicate(timeout=_PATIENCE_S)
        assert made.returncode == 0, said.decode()
        self.port = _free_port()

    def start(self) -> None:
        """Start the server, on the same port as before, and wait until it answers."""
        self._process = self._run(
            "postgres",
            *("-D", str(self._folder / "data"), "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self._folder)),
            *("-c", "fsync=off", "-c", "full_page_writes=off"),  # safe while only the server dies, not the machine
            *("-c", "max_connections=30", "-c", "shared_buffers=16MB"),
        )
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self._admin().close()
                return
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise AssertionError(f"PostgreSQL did not start: {error}") from error
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop it as an administrator would: sessions are ended, data is written."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it at once, as a crash would; it recovers when it is started again."""
        self._end(signal.SIGQUIT)

    def remove(self) -> None:
        """Stop it and take its folder away."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def new_database(self) -> str:
        """The address of a new and empty database."""
        self._n_databases += 1
        name = f"shop_{self._n_databases}"
        with self._admin() as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.address(name)

    def address(self, name: str, *, user: str = user, password: str = PASSWORD) -> str:
        """The address of a database on this server."""
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{name}"

    def execute(self, name: str, statement: str) -> list[tuple[object, ...]]:
        """What a statement answers, from outside the app."""
        with self._admin(name) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _admin(self, name: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=self.user,
            password=PASSWORD,
            dbname=name,
            autocommit=True,
            connect_timeout=5,
        )

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Run a program as somebody without rights, and let it die with the tests where the system can see to that."""
        command = [str(self._binaries / program), *arguments]
        if shutil.which("setpriv"):
            identity = (
                [f"--reuid={self._account.pw_uid}", f"--regid={self._account.pw_gid}", "--clear-groups"]
                if self._account
                else []
            )
            command = ["setpriv", *identity, "--pdeathsig=INT", *command]
        elif self._account:
            command = ["runuser", "-u", self._account.pw_name, "--", *command]
        said = subprocess.PIPE if program == "initdb" else subprocess.DEVNULL  # nobody reads what a server says
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, cwd=self._folder, stdin=quiet, stdout=quiet, stderr=said)

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None, "the server is not running"
        self._process.send_signal(how)
        self._process.wait(timeout=_PATIENCE_S)
        self._process = None


def _unprivileged_account() -> pwd.struct_passwd | None:
    """Whom to run as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("there is neither a user 'postgres' nor 'nobody' to run PostgreSQL as")


@contextmanager
def serving() -> "Iterator[PostgresServer]":
    """A running server for a fixture; whoever asks is skipped where none is installed."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip(f"no PostgreSQL server is installed; {REMEDY}")
    server = PostgresServer(binaries)
    try:
        server.start()
        yield server
    finally:
        server.remove()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _version(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0.0

"""The database of what people save, a SQLite file or PostgreSQL, and what its errors mean for them."""

import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

import psycopg
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError, TimeoutError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from recsys.errors import StoreError, StoreUnavailable
from recsys.store.addresses import VARIABLE, file_address, in_words, is_sqlite, read_address
from recsys.store.migrations import upgrade

FILE = "shelfwise.sqlite3"
"""Name of the SQLite file in the app's folder."""

BUSY_S = 5
"""How long a change waits for another one to end before it gives up."""

_CONNECT_S = 3
_WRITER_LOCK = 0x5E1F_0001
"""PostgreSQL's advisory lock of whoever writes: any number will do that no other program uses."""

_POSTGRESQL_CONNECT = {
    "connect_timeout": str(_CONNECT_S),
    # A server that vanishes without a word is given up after about ten seconds, not after two hours.
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "application_name": "shelfwise",
}


DRIVER_ERRORS = (SQLAlchemyError, psycopg.Error, sqlite3.Error)
"""All that SQLAlchemy and the two drivers raise."""

_REASSURANCE = "nothing already saved is lost"

_SQLITE_ERRORS: tuple[tuple[tuple[int, ...], type[StoreError], str, str], ...] = (
    (
        (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED),
        StoreUnavailable,
        "is held by another program that has been writing for seconds",
        "try again in a moment, or close that program",
    ),
    (
        (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH),
        StoreError,
        "cannot be opened for writing",
        f"give this user the right to write the file and its folder, or name another place with {VARIABLE}",
    ),
    (
        (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_TOOBIG),
        StoreError,
        "could not take anything more: the disk is full or failing",
        "free some space, then save again",
    ),
    (
        (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FORMAT),
        StoreError,
        "is damaged, or is not a SQLite database at all; it was left as it is",
        f"put a backup in its place, move it away to start with an empty one, or name another with {VARIABLE}",
    ),
)
"""Result codes of SQLite (https://sqlite.org/rescode.html): which error, what happened, what to do."""

_START_SERVER = f"start the server or check {VARIABLE}, then try again"
_POSTGRESQL_ERRORS: tuple[tuple[str, type[StoreError], str, str], ...] = (
    (r"08|57P0[123]", StoreUnavailable, "does not answer", _START_SERVER),
    (r"53300", StoreUnavailable, "has no connection free", "try again in a moment, or allow the server more of them"),
    (r"55P03|57014|40", StoreUnavailable, "is busy with another change", "try again in a moment"),
    (r"28", StoreError, "refuses this user or password", f"correct them in {VARIABLE}"),
    (r"3D000", StoreError, "does not exist on that server", f"create it, or correct the name in {VARIABLE}"),
    (r"42501", StoreError, "does not let this user do that", "grant it the right to create and write tables there"),
    (r"25006", StoreError, "is read-only", f"name the server that takes writes in {VARIABLE}"),
    (r"53", StoreError, "could not take anything more: its disk or memory is full", "free some, then save again"),
)
"""Beginnings of PostgreSQL's SQLSTATE codes: which error, what happened, what to do."""

_REFUSED_CONNECTIONS = (
    (re.compile(r"authentication failed|no password supplied|pg_hba\.conf|role \".*\" does not exist"), "28"),
    (re.compile(r"database \".*\" does not exist"), "3D000"),
    (re.compile(r"too many (clients|connections)|connection slots"), "53300"),
)
"""A server that refuses a connection says why in words only."""


class Database:
    """A database whose tables are up to date from the first use on; one object serves every thread.

    There is one writer at a time, on SQLite by its own lock and on PostgreSQL by an advisory one, so whatever was
    looked up before a change still holds when the change is made.

    `url`: an address as `RECSYS_DATABASE_URL` holds it, or one that has been read already.
    Raises SettingsError: the address names no database that can be used; it is opened on first use, not here.
    """

    def __init__(self, url: str | URL) -> None:
        self._url = read_address(url) if isinstance(url, str) else url
        self._engine = _engine(self._url)
        self._writer = self._engine.execution_options(shelfwise_writes=True)
        self._ready = False
        self._preparing = threading.Lock()

    @classmethod
    def default(cls, folder: Path) -> Self:
        """The database that the environment names, or else a file in this folder (the app's own), made on first use."""
        given = os.environ.get(VARIABLE, "").strip()
        return cls(given or file_address(folder / FILE))

    def __str__(self) -> str:
        return in_words(self._url)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session to look things up in; nothing done in it is kept.

        Raises StoreUnavailable: the database cannot be reached now (the next use tries anew); StoreError: it cannot be
        used as it is.
        """
        with self._translated():
            self._prepare()
            with Session(self._engine) as session:
                yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes are kept together when the block ends, or not at all when it raises.

        Errors are those of `reading`.
        """
        with self._translated():
            self._prepare()
            with Session(self._writer) as session:
                session.connection()  # the one writer from here on, not from the first statement
                yield session
                session.flush()
                with self._translated(committing=True):
                    session.commit()

    @contextmanager
    def _translated(self, *, committing: bool = False) -> Iterator[None]:
        try:
            yield
        except DRIVER_ERRORS as error:
            # Whatever it was, the tables may not be what they were: the next use looks again.
            self._ready = False
            raise store_error(error, self._url, committing=committing) from error

    def _prepare(self) -> None:
        file = Path(str(self._url.database)) if is_sqlite(self._url) else None
        if self._ready and (file is None or file.exists()):
            return
        with self._preparing:
            if file is not None:
                _prepare_file(file)
            upgrade(self._engine, self._writer, str(self))
            self._ready = True


def _engine(url: URL) -> Engine:
    # Parameters are hidden, so that messages of errors never repeat what somebody saved.
    if is_sqlite(url):
        # Without a pool: a file that was deleted or replaced is noticed at the next use.
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_S}, hide_parameters=True)
        event.listen(engine, "connect", _open_file)
        event.listen(engine, "begin", _begin_in_file)
        return engine
    engine = create_engine(
        url,
        connect_args={name: value for name, value in _POSTGRESQL_CONNECT.items() if name not in url.query},
        pool_pre_ping=True,
        pool_timeout=BUSY_S,
        pool_recycle=1800,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin_on_server)
    return engine


def _open_file(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, see `_begin_in_file`
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_in_file(connection: Connection) -> None:
    # A transaction that reads first and writes later would fail at once where another wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes(connection) else "BEGIN")


def _begin_on_server(connection: Connection) -> None:
    if _writes(connection):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_S}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")


def _writes(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("shelfwise_writes"))


def _prepare_file(path: Path) -> None:
    """Make the folder, and let readers go on while somebody writes (SQLite's write-ahead log)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder {path.parent} of the database file cannot be made ({error.strerror}); nothing was saved there"
            f" before, so nothing is lost: make it yourself, or name another place with {VARIABLE}"
        ) from error
    until = time.monotonic() + BUSY_S
    while True:
        try:
            with closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            # Two that switch at once: SQLite does not wait here, whatever its timeout.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.05)


def store_error(error: Exception, url: URL, *, committing: bool = False) -> StoreError:
    """The project's own error for one of DRIVER_ERRORS.

    `committing`: the connection was lost while a change was being kept, so nobody can know whether it was.
    """
    kind, happened, remedy = _meaning(error, url)
    if committing and kind is StoreUnavailable and not is_sqlite(url):
        remedy += "; look first whether your last change is there"
    return kind(f"{in_words(url)} {happened}; {_REASSURANCE}: {remedy}")


def _meaning(error: Exception, url: URL) -> tuple[type[StoreError], str, str]:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None)
        for codes, kind, happened, remedy in _SQLITE_ERRORS:
            if code is not None and code & 0xFF in codes:  # the low byte is the primary code, the rest a detail
                return kind, happened, remedy
    if isinstance(cause, psycopg.Error):
        for start, kind, happened, remedy in _POSTGRESQL_ERRORS:
            if re.match(start, _sqlstate(cause)):
                return kind, happened, remedy
    lost = isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None
    if lost or isinstance(error, TimeoutError) or getattr(error, "connection_invalidated", False):
        return StoreUnavailable, f"cannot be reached ({_reason(cause, url)})", _START_SERVER
    if isinstance(error, IntegrityError):
        return StoreError, "was changed by somebody else at the same moment", "open the page again and save once more"
    return StoreError, f"answered with an error ({_reason(cause, url)})", "try again; if it stays, report these words"


def _sqlstate(error: psycopg.Error) -> str:
    if error.sqlstate:
        return error.sqlstate
    words = str(error)
    return next((state for pattern, state in _REFUSED_CONNECTIONS if pattern.search(words)), "")


def _reason(error: Exception, url: URL) -> str:
    """The driver's own words, one line without what leads to the point, and never the password."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if url.password:
        line = line.replace(str(url.password), "***")
    return line.rpartition("failed: ")[2][:200]

"""What a database's own error means for the person who wanted to save or read something."""

import re
import sqlite3

import psycopg
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError, TimeoutError

from recsys.errors import StoreError, StoreUnavailable
from recsys.store.addresses import VARIABLE, in_words, is_sqlite

DRIVER_ERRORS = (SQLAlchemyError, psycopg.Error, sqlite3.Error)
"""Everything that the library and the two drivers raise."""

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

_POSTGRESQL_ERRORS: tuple[tuple[str, type[StoreError], str, str], ...] = (
    (r"08|57P0[123]", StoreUnavailable, "does not answer", f"start the server or check {VARIABLE}, then try again"),
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


def store_error(error: Exception, url: URL, *, committing: bool = False) -> StoreError:
    """The project's own error for one of DRIVER_ERRORS.

    Parameters
    ----------
    committing : the connection was lost while a change was being kept, so nobody can know whether it was
    """
    kind, happened, remedy = _verdict(error, url)
    if committing and kind is StoreUnavailable and not is_sqlite(url):
        remedy += "; look first whether your last change is there"
    return kind(f"{in_words(url)} {happened}; {_REASSURANCE}: {remedy}")


def _verdict(error: Exception, url: URL) -> tuple[type[StoreError], str, str]:
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
        reason = _reason(cause, url)
        return (
            StoreUnavailable,
            f"cannot be reached ({reason})",
            f"start the server or check {VARIABLE}, then try again",
        )
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

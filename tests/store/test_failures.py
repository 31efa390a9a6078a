"""Errors that are hard to bring about on purpose are told like the others: what happened, what is safe, what to do."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError, TimeoutError

from recsys.errors import StoreError, StoreUnavailable
from recsys.store.addresses import read_address
from recsys.store.database import store_error

SERVER = read_address("postgresql://ann:hunter2@db.example/shop")
FILE = read_address("sqlite:///shop.sqlite3")


def of_sqlite(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("words")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreUnavailable, "is held by another program"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, StoreError, "cannot be opened for writing"),
        (sqlite3.SQLITE_IOERR_WRITE, StoreError, "the disk is full or failing"),
        (sqlite3.SQLITE_CORRUPT_INDEX, StoreError, "is damaged, or is not a SQLite database"),
        (
            sqlite3.SQLITE_ERROR,
            StoreError,
            r"answered with an error \(words\); .*: try again; if it stays, report these",
        ),
    ],
)
def test_what_sqlite_says(code: int, kind: type[StoreError], said: str) -> None:
    error = store_error(of_sqlite(code), FILE)
    assert type(error) is kind
    with pytest.raises(StoreError, match=rf"^the database file .*shop\.sqlite3 .*{said}"):
        raise error
    assert "nothing already saved is lost" in str(error)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (psycopg.errors.AdminShutdown("words"), StoreUnavailable, "does not answer"),
        (psycopg.errors.DiskFull("words"), StoreError, "its disk or memory is full; .*: free some, then save again"),
        (psycopg.errors.DeadlockDetected("words"), StoreUnavailable, "is busy with another change"),
        (psycopg.errors.SerializationFailure("words"), StoreUnavailable, "is busy with another change"),
        (psycopg.errors.UndefinedTable("words"), StoreError, r"answered with an error \(words\)"),
        (psycopg.OperationalError("sorry, too many clients already"), StoreUnavailable, "has no connection free"),
        (psycopg.OperationalError(""), StoreUnavailable, r"cannot be reached \(OperationalError\)"),
        (TimeoutError("QueuePool limit"), StoreUnavailable, r"cannot be reached \(QueuePool limit\)"),
        (
            IntegrityError("INSERT", {}, psycopg.errors.UniqueViolation("words")),
            StoreError,
            "was changed by somebody else",
        ),
    ],
)
def test_what_postgresql_says(error: Exception, kind: type[StoreError], said: str) -> None:
    ours = store_error(error, SERVER)
    assert type(ours) is kind
    with pytest.raises(StoreError, match=rf"^the PostgreSQL database 'shop' at db\.example:5432 .*{said}"):
        raise ours
    assert "nothing already saved is lost" in str(ours)


def test_a_driver_that_repeats_the_password_is_not_quoted_with_it() -> None:
    said = str(store_error(psycopg.OperationalError('cannot use "hunter2"\nsecond line'), SERVER))
    assert 'cannot be reached (cannot use "***")' in said


def test_only_a_lost_commit_to_a_server_leaves_a_doubt() -> None:
    doubt = "look first whether your last change is there"
    assert doubt in str(store_error(psycopg.OperationalError("gone"), SERVER, committing=True))
    assert doubt not in str(store_error(psycopg.OperationalError("gone"), SERVER))
    assert doubt not in str(store_error(psycopg.errors.DiskFull("full"), SERVER, committing=True))
    assert doubt not in str(store_error(of_sqlite(sqlite3.SQLITE_BUSY), FILE, committing=True))

"""Which database an address names, and how to speak of it without its password."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from recsys.errors import SettingsError

VARIABLE = "RECSYS_DATABASE_URL"
"""Environment variable that names a database other than the file in the app's folder."""

_POSTGRESQL = {"postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"}
_SQLITE = {"sqlite", "sqlite+pysqlite"}
_FORM = "give postgresql://user:password@host:5432/name or sqlite:///folder/file.sqlite3"
_ESCAPE = "write @ as %40, / as %2F, : as %3A and # as %23 inside a user's name or password"


def read_address(text: str) -> URL:
    """The database that an address names; PostgreSQL is always spoken to through psycopg 3.

    >>> read_address("postgres://ann:secret@db.example/shop").drivername
    'postgresql+psycopg'

    Raises SettingsError: it is no address, or one of another kind of database; the message never shows the address,
    because a password may stand anywhere in one that was mistyped.
    """
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        # Without its cause, which may show a piece of the password that was taken for a port.
        raise SettingsError(f"{VARIABLE} cannot be read as an address; {_FORM}, and {_ESCAPE}") from None
    if url.drivername in _POSTGRESQL:
        return _postgresql(url)
    if url.drivername in _SQLITE:
        return _sqlite(url)
    raise SettingsError(f"{VARIABLE} names a kind of database that is not known here; {_FORM}")


def file_address(path: Path) -> URL:
    """The address of a SQLite file."""
    return URL.create("sqlite", database=str(path.expanduser().absolute()))


def in_words(url: URL) -> str:
    """The database as messages name it: where it is, never who logs in or with what.

    >>> in_words(read_address("postgresql://ann:secret@db.example/shop"))
    "the PostgreSQL database 'shop' at db.example:5432"
    """
    if is_sqlite(url):
        return f"the database file {url.database}"
    host = url.host or _first(url, "host") or "this machine"
    name = url.database or _first(url, "dbname") or url.username or ""
    return f"the PostgreSQL database {name!r} at {host}:{url.port or _first(url, 'port') or 5432}"


def is_sqlite(url: URL) -> bool:
    """Whether it is a file on this machine."""
    return url.get_backend_name() == "sqlite"


def _postgresql(url: URL) -> URL:
    # An @ that was not written as %40 ends the password too early: its rest would be shown as a host or a name.
    if any("@" in (part or "") for part in (url.host, url.database)):
        raise SettingsError(f"{VARIABLE} has an @ too many; {_FORM}, and {_ESCAPE}")
    if not (url.database or _first(url, "dbname")):
        raise SettingsError(f"{VARIABLE} names a server but no database on it; {_FORM}")
    return url.set(drivername="postgresql+psycopg")


def _sqlite(url: URL) -> URL:
    if not url.database or url.database == ":memory:" or url.host or url.query:
        raise SettingsError(
            f"{VARIABLE} names no SQLite file that would last; give sqlite:///folder/file.sqlite3 (four slashes before"
            " a folder that begins with one), without anything behind the name"
        )
    return file_address(Path(url.database))


def _first(url: URL, name: str) -> str:
    value = url.query.get(name, "")
    return value if isinstance(value, str) else ",".join(value)

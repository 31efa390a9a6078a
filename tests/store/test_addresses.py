"""An address names a database or is refused, and no message ever shows its password."""

from pathlib import Path

import pytest

from recsys.errors import SettingsError
from recsys.store.addresses import VARIABLE, file_address, in_words, read_address
from recsys.store.database import Database

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("postgresql://ann:hunter2@db.example/shop", "the PostgreSQL database 'shop' at db.example:5432"),
        ("postgres://ann:hunter2@db.example:6000/shop", "the PostgreSQL database 'shop' at db.example:6000"),
        ("postgresql+psycopg2://ann@db.example/shop", "the PostgreSQL database 'shop' at db.example:5432"),
        ("  postgresql+psycopg://db.example/shop\n", "the PostgreSQL database 'shop' at db.example:5432"),
        ("postgresql:///shop?host=sockets&port=99&password=hunter2", "the PostgreSQL database 'shop' at sockets:99"),
        ("postgresql://ann@/?dbname=shop", "the PostgreSQL database 'shop' at this machine:5432"),
    ],
)
def test_postgresql_is_spoken_to_through_one_driver_and_named_without_its_password(given: str, words: str) -> None:
    url = read_address(given)
    assert url.drivername == "postgresql+psycopg"
    assert in_words(url) == words
    assert SECRET not in f"{Database(given)} {Database(given)!r}"


def test_a_password_full_of_signs_is_read() -> None:
    assert read_address("postgres://ann:a%40b%2Fc%3Ad%23e@h/shop").password == "a@b/c:d#e"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nonsense hunter2", "cannot be read as an address; give postgresql://user:password@host:5432/name or sqlite:"),
        ("postgresql://ann@h:hunter2/shop", "cannot be read as an address"),
        ("postgresql://ann:hun@ter2hunter2@h/shop", "has an @ too many; .* write @ as %40, / as %2F"),
        ("mysql://ann:hunter2@h/shop", "names a kind of database that is not known here; give postgresql://"),
        ("hunter2://ann@h/shop", "names a kind of database that is not known here"),
        ("postgresql+asyncpg://ann:hunter2@h/shop", "names a kind of database that is not known here"),
        ("postgresql://ann:hunter2@h", "names a server but no database on it"),
        ("sqlite://", "names no SQLite file that would last; give sqlite:///folder/file.sqlite3"),
        ("sqlite:///:memory:", "names no SQLite file that would last"),
        ("sqlite:///file:hunter2?mode=memory&uri=true", "names no SQLite file that would last"),
        ("sqlite://folder/shop.sqlite3", "names no SQLite file that would last"),
    ],
)
def test_what_names_no_database_is_refused_without_showing_it(given: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        Database(given)
    assert str(caught.value).startswith(VARIABLE)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_file_in_the_apps_folder_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert str(Database.default(tmp_path)) == f"the database file {tmp_path / 'shelfwise.sqlite3'}"
    monkeypatch.setenv(VARIABLE, "  ")
    assert str(Database.default(tmp_path)) == f"the database file {tmp_path / 'shelfwise.sqlite3'}"
    monkeypatch.setenv(VARIABLE, "postgres://db.example/shop")
    assert str(Database.default(tmp_path)) == "the PostgreSQL database 'shop' at db.example:5432"


def test_a_file_is_found_again_after_the_folder_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert read_address("sqlite:///shop.sqlite3").database == str(tmp_path / "shop.sqlite3")
    assert read_address("sqlite:///~/shop.sqlite3").database == str(tmp_path / "me" / "shop.sqlite3")
    assert file_address(Path("odd ?#%40.sqlite3")).database == str(tmp_path / "odd ?#%40.sqlite3")

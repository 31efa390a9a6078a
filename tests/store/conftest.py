"""Every test of the store runs on a SQLite file and on a PostgreSQL server; without a server its half is skipped."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recsys.store.database import Database
from recsys.store.presets import PresetStore
from tests.store._postgres import PostgresServer, serving
from tests.store._presets import Clock


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """A running PostgreSQL server; a test that stops it starts it again."""
    with serving() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new and empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shop.sqlite3'}"
    running: PostgresServer = request.getfixturevalue("server")
    return running.new_database()


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    opened = Database(address)
    yield opened
    opened._engine.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(database: Database, clock: Clock) -> PresetStore:
    return PresetStore(database, "demo", now=clock)

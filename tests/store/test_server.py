"""A PostgreSQL server that stops, dies, refuses or is busy is said at once, and works again by itself afterwards."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import text

from recsys.errors import StoreError, StoreUnavailable
from recsys.store import database as database_module
from recsys.store.database import Database
from recsys.store.presets import PresetStore
from tests.store._postgres import PASSWORD, PostgresServer
from tests.store._presets import draft, measured


@pytest.fixture
def name(server: PostgresServer) -> str:
    """A new and empty database."""
    return server.new_database().rpartition("/")[2]


@pytest.fixture
def presets(server: PostgresServer, name: str) -> Iterator[PresetStore]:
    """A store that holds one preset."""
    database = Database(server.address(name))
    opened = PresetStore(database, "demo")
    opened.create(draft(), measured())
    yield opened
    database._engine.dispose()


@contextmanager
def down(server: PostgresServer, how: str) -> Iterator[None]:
    """The server stopped or killed, and started again afterwards whatever happens."""
    getattr(server, how)()
    try:
        yield
    finally:
        server.start()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_server_that_went_away_is_said_at_once_and_used_again_when_it_is_back(
    server: PostgresServer, name: str, presets: PresetStore, how: str
) -> None:
    before = presets.presets()
    said = (
        rf"the PostgreSQL database '{name}' at 127\.0\.0\.1:{server.port} cannot be reached \(Connection refused\);"
        r" nothing already saved is lost: start the server or check RECSYS_DATABASE_URL, then try again"
    )
    with down(server, how):
        for attempt in (presets.presets, lambda: presets.create(draft("Lost"), measured()), presets.clear_default):
            started = time.monotonic()
            with pytest.raises(StoreUnavailable, match=said):
                attempt()
            assert time.monotonic() - started < 5
    assert presets.presets() == before
    assert presets.create(draft("After"), measured()).name == "After"


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_server_that_goes_away_inside_a_change_keeps_nothing_of_it(
    server: PostgresServer, name: str, presets: PresetStore, how: str
) -> None:
    def change() -> None:
        with presets._database.writing() as session:
            session.execute(text("UPDATE shelfwise_preset SET name = 'Half'"))
            with down(server, how):
                session.execute(text("UPDATE shelfwise_preset SET description = 'Whole'"))

    with pytest.raises(StoreUnavailable, match="nothing already saved is lost"):
        change()
    assert [preset.name for preset in presets.presets()] == ["Fresh picks"]


def test_a_connection_lost_while_a_change_is_kept_leaves_it_open_whether_it_was(
    server: PostgresServer, name: str, presets: PresetStore
) -> None:
    def change() -> None:
        end_sessions = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        with presets._database.writing() as session:
            session.execute(text("UPDATE shelfwise_preset SET name = 'Half'"))
            server.execute("postgres", end_sessions)

    with pytest.raises(StoreUnavailable, match="then try again; look first whether your last change is there"):
        change()
    assert [preset.name for preset in presets.presets()] == ["Fresh picks"]


def test_a_server_that_is_not_there_yet_is_used_when_it_is(server: PostgresServer, name: str) -> None:
    early = PresetStore(Database(server.address(name)), "demo")
    with down(server, "stop"), pytest.raises(StoreUnavailable, match="cannot be reached"):
        early.presets()
    assert early.presets() == ()


def test_a_server_that_takes_no_words_is_given_up_quickly(server: PostgresServer) -> None:
    with socket.socket() as deaf:  # accepts connections, and then says nothing
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(8)
        address = f"postgresql://ann:hunter2@127.0.0.1:{deaf.getsockname()[1]}/shop"
        started = time.monotonic()
        with pytest.raises(StoreUnavailable, match=r"cannot be reached \(.*timeout.*\)") as caught:
            PresetStore(Database(address), "demo").presets()
        assert time.monotonic() - started < 5
        assert "hunter2" not in str(caught.value)


def test_a_wrong_password_is_said_without_showing_it(server: PostgresServer, name: str) -> None:
    wrong = PresetStore(Database(server.address(name, password="hunter2")), "demo")
    with pytest.raises(
        StoreError, match=r"refuses this user or password; .*: correct them in RECSYS_DATABASE_URL"
    ) as caught:
        wrong.presets()
    assert not isinstance(caught.value, StoreUnavailable)
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__}"
    with pytest.raises(StoreError, match="refuses this user or password"):
        PresetStore(Database(server.address(name, user="nobody")), "demo").presets()


def test_a_database_that_does_not_exist_is_said(server: PostgresServer) -> None:
    said = r"the PostgreSQL database 'no_such' at 127\.0\.0\.1:\d+ does not exist on that server; .*: create it"
    with pytest.raises(StoreError, match=said):
        PresetStore(Database(server.address("no_such")), "demo").presets()


def test_a_user_without_rights_is_told_which_to_ask_for(server: PostgresServer, name: str) -> None:
    server.execute(name, "CREATE ROLE visitor LOGIN PASSWORD 'visitor'")
    try:
        visitor = PresetStore(Database(server.address(name, user="visitor", password="visitor")), "demo")
        with pytest.raises(
            StoreError, match=r"does not let this user do that; .*: grant it the right to create and write"
        ):
            visitor.presets()
    finally:
        server.execute(name, "DROP ROLE visitor")


def test_a_server_that_only_reads_is_said(server: PostgresServer, name: str, presets: PresetStore) -> None:
    server.execute(name, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    standby = PresetStore(Database(server.address(name)), "demo")
    assert len(standby.presets()) == 1
    with pytest.raises(
        StoreError, match="is read-only; nothing already saved is lost: name the server that takes writes"
    ):
        standby.create(draft("Second"), measured())


def test_a_change_that_never_ends_is_not_waited_for(
    server: PostgresServer, name: str, presets: PresetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_S", 1)
    holds, done = threading.Event(), threading.Event()

    def hold() -> None:
        with presets._database.writing():
            holds.set()
            done.wait(20)

    other = threading.Thread(target=hold)
    other.start()
    try:
        assert holds.wait(10)
        assert len(presets.presets()) == 1
        with pytest.raises(
            StoreUnavailable, match="is busy with another change; nothing already saved is lost: try again"
        ):
            presets.create(draft("Second"), measured())
    finally:
        done.set()
        other.join()
    assert presets.create(draft("Second"), measured()).name == "Second"


def test_a_server_without_a_free_connection_is_said(server: PostgresServer, name: str) -> None:
    late = PresetStore(Database(server.address(name, user="visitor", password="visitor")), "demo")
    server.execute(name, "CREATE ROLE visitor LOGIN PASSWORD 'visitor' CONNECTION LIMIT 0")
    try:
        with pytest.raises(
            StoreUnavailable, match="has no connection free; nothing already saved is lost: try again in a"
        ):
            late.presets()
    finally:
        server.execute(name, "DROP ROLE visitor")


def test_the_servers_password_is_one_that_an_address_must_escape(server: PostgresServer, name: str) -> None:
    assert set("/@:#") <= set(PASSWORD)
    with psycopg.connect(server.address(name)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)

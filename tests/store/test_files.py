"""A SQLite file that cannot be used says why and what to do, is left as it is, and works again afterwards."""

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, text

from recsys.errors import StoreError, StoreUnavailable
from recsys.store import database as database_module
from recsys.store.addresses import file_address
from recsys.store.database import Database
from recsys.store.presets import PresetStore
from tests.store._presets import draft, measured


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "folder" / "shop.sqlite3"


@pytest.fixture
def presets(file: Path) -> PresetStore:
    """A store on a SQLite file that holds one preset."""
    opened = PresetStore(Database(file_address(file)), "demo")
    opened.create(draft(), measured())
    return opened


@contextmanager
def as_somebody_without_rights() -> Iterator[None]:
    """Rights mean nothing to root, so be nobody for a moment."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_folder_and_file_are_made_on_first_use_only(file: Path) -> None:
    opened = PresetStore(Database(file_address(file)), "demo")
    assert not file.parent.exists()
    assert opened.presets() == ()
    assert file.exists()


def test_readers_go_on_while_somebody_writes(presets: PresetStore, file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        other.execute("BEGIN IMMEDIATE")
        assert [preset.name for preset in presets.presets()] == ["Fresh picks"]


def test_foreign_keys_are_kept(file: Path) -> None:
    opened = Database(file_address(file))
    orphan = "INSERT INTO shelfwise_preset_save VALUES (1, 'none', '2026-05-01', '', '{}', '{}', 0, '', '', '')"
    with pytest.raises(StoreError, match="nothing already saved is lost"), opened.writing() as session:
        session.execute(text(orphan))


def test_a_file_that_another_program_holds_is_waited_for_and_then_said(
    presets: PresetStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_S", 0.3)
    impatient = PresetStore(Database(file_address(file)), "demo")
    impatient.presets()
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        said = (
            rf"the database file {file} is held by another program that has been writing for seconds; nothing already"
            r" saved is lost: try again in a moment, or close that program"
        )
        with pytest.raises(StoreUnavailable, match=said):
            impatient.create(draft("Second"), measured())
        assert 0.2 < time.monotonic() - started < 3
    assert impatient.create(draft("Second"), measured()).name == "Second"
    assert len(presets.presets()) == 2


@pytest.mark.parametrize("content", [b"This is a letter, not a database.\n" * 200, b"\x00" * 4096])
def test_a_file_that_is_no_database_is_left_as_it_is(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    said = rf"the database file {file} is damaged, or is not a SQLite database at all; it was left as it is; .*: put a"
    for _ in range(2):
        with pytest.raises(StoreError, match=said):
            PresetStore(Database(file_address(file)), "demo").presets()
    assert file.read_bytes() == content


def test_a_file_that_is_damaged_meanwhile_is_said_and_a_backup_works(presets: PresetStore, file: Path) -> None:
    backup = file.read_bytes()
    file.write_bytes(backup[:100] + os.urandom(len(backup) - 100))
    with pytest.raises(StoreError, match="is damaged, or is not a SQLite database"):
        presets.presets()
    for leftover in file.parent.glob("shop.sqlite3-*"):
        leftover.unlink()
    file.write_bytes(backup)
    assert [preset.name for preset in presets.presets()] == ["Fresh picks"]


def test_a_file_that_was_deleted_meanwhile_is_made_anew(presets: PresetStore, file: Path) -> None:
    shutil.rmtree(file.parent)
    assert presets.presets() == ()
    assert presets.create(draft(), measured()).name == "Fresh picks"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("not a folder")
    folder = tmp_path / "letter" / "deep"
    said = rf"the folder {folder} of the database file cannot be made \(Not a directory\); .* with RECSYS_DATABASE_URL"
    with pytest.raises(StoreError, match=said):
        PresetStore(Database(file_address(folder / "shop.sqlite3")), "demo").presets()


def test_a_folder_in_place_of_the_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(
        StoreError, match=rf"the database file {tmp_path} cannot be opened for writing; .*give this user the"
    ):
        PresetStore(Database(file_address(tmp_path)), "demo").presets()


def test_a_folder_without_the_right_to_write_is_said_and_works_when_it_has_it() -> None:
    folder = Path(tempfile.mkdtemp())  # not below pytest's own, which nobody else may enter
    try:
        file = folder / "shop.sqlite3"
        opened = PresetStore(Database(file_address(file)), "demo")
        opened.create(draft(), measured())
        file.chmod(0o444)
        folder.chmod(0o555)
        other = PresetStore(Database(file_address(file)), "demo")
        with as_somebody_without_rights():
            for attempt in (other.presets, lambda: other.create(draft("Second"), measured())):
                with pytest.raises(
                    StoreError, match="cannot be opened for writing; nothing already saved is lost: give this"
                ):
                    attempt()
        folder.chmod(0o755)
        file.chmod(0o644)
        assert [preset.name for preset in other.presets()] == ["Fresh picks"]
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_full_disk_keeps_what_was_saved(presets: PresetStore, file: Path) -> None:
    full = Database(file_address(file))
    with closing(sqlite3.connect(file)) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    event.listen(full._engine, "connect", lambda connection, _: connection.execute(f"PRAGMA max_page_count = {pages}"))
    store = PresetStore(full, "demo")
    said = "could not take anything more: the disk is full or failing; nothing already saved is lost: free some space"

    def fill() -> None:
        for number in range(200):
            store.create(draft(f"More {number}", description="d" * 2000), measured())

    with pytest.raises(StoreError, match=said):
        fill()
    kept = [preset.name for preset in presets.presets()]
    assert "Fresh picks" in kept
    assert all(preset.description for preset in store.presets())
    assert presets.create(draft("After"), measured()).name == "After"


def test_what_a_block_raises_undoes_it(file: Path) -> None:
    opened = Database(file_address(file))

    def fail_halfway() -> None:
        with opened.writing() as session:
            session.execute(text("DELETE FROM shelfwise_version"))
            raise LookupError

    with pytest.raises(LookupError):
        fail_halfway()
    with opened.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM shelfwise_version")) == 1


def test_what_is_done_while_reading_is_not_kept(file: Path) -> None:
    opened = Database(file_address(file))
    with opened.reading() as session:
        session.execute(text("DELETE FROM shelfwise_version"))
    with opened.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM shelfwise_version")) == 1


def test_messages_do_not_repeat_what_was_saved(file: Path) -> None:
    opened = Database(file_address(file))
    with pytest.raises(StoreError) as caught, opened.writing() as session:
        session.execute(text("INSERT INTO no_such_table VALUES (:secret)"), {"secret": "something private"})
    assert "answered with an error" in str(caught.value)
    assert "something private" not in f"{caught.value} {caught.value.__cause__}"

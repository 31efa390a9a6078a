"""Tables are made and brought up to date by themselves, once, whoever comes first; a newer database is left alone."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from recsys.errors import StoreError
from recsys.settings import FusionSettings
from recsys.store.database import Database
from recsys.store.migrations import VERSION_TABLE, _scripts, current
from recsys.store.presets import PresetStore
from recsys.store.records import Measurement, PresetSettings
from recsys.store.tables import Base
from tests.store._presets import draft, measured

LATEST = str(_scripts().get_current_head())
ROOT = Path(__file__).resolve().parents[2]

PERSON = """
import sys, time
from pathlib import Path
from recsys.store.database import Database
from recsys.store.presets import PresetStore
from tests.store._presets import draft, measured

address, number, go = sys.argv[1:]
Path(go + number).touch()
while not Path(go).exists():
    time.sleep(0.001)
made = PresetStore(Database(address), "demo").create_all([(draft(), measured())], mark="copy", by=number)
print(made[0].name)
"""


def tables(session: Session) -> dict[str, list[tuple[str, str]]]:
    """Every table in the database, with its columns and their types."""
    found = inspect(session.connection())
    return {
        table: [(column["name"], str(column["type"])) for column in found.get_columns(table)]
        for table in found.get_table_names()
    }


def set_version(database: Database, version: str) -> None:
    with database.writing() as session:
        session.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = :version"), {"version": version})


def test_the_steps_lead_to_the_tables_that_the_code_uses(database: Database) -> None:
    with database.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, Base.metadata) == []
        assert current(session.connection()) == (LATEST,)
        assert set(tables(session)) == {*Base.metadata.tables, VERSION_TABLE}


def test_the_comparison_would_notice_a_difference(database: Database) -> None:
    with database.reading() as session:
        for change in (
            "ALTER TABLE shelfwise_preset ADD COLUMN extra TEXT",
            "DROP INDEX shelfwise_preset_default",
        ):
            session.execute(text(change))
        context = MigrationContext.configure(session.connection(), opts={"version_table": VERSION_TABLE})
        said = str(compare_metadata(context, Base.metadata))
    assert "remove_column" in said
    assert "shelfwise_preset_default" in said


def test_the_two_partial_indexes_are_partial(database: Database) -> None:
    """The comparison above does not look at the conditions of indexes."""
    with database.reading() as session:
        kind = session.connection().dialect.name
        where = (
            "SELECT sql FROM sqlite_master WHERE type = 'index'"
            if kind == "sqlite"
            else "SELECT indexdef FROM pg_indexes WHERE tablename = 'shelfwise_preset'"
        )
        made = " ".join(str(sql) for sql in session.scalars(text(where)))
    for index, condition in (
        ("shelfwise_preset_name", "deleted_at IS NULL"),
        ("shelfwise_preset_default", "is_default"),
    ):
        assert condition in made.partition(f"UNIQUE INDEX {index} ")[2].partition("WHERE")[2].partition("INDEX")[0]


def test_opening_again_changes_nothing(address: str) -> None:
    made = PresetStore(Database(address), "demo").create(draft(), measured())
    for _ in range(2):
        again = Database(address)
        assert PresetStore(again, "demo").presets() == (made,)
        with again.reading() as session:
            assert session.scalars(text(f"SELECT version_num FROM {VERSION_TABLE}")).all() == [LATEST]
        again._engine.dispose()


def test_rows_of_the_first_version_are_read_as_they_were_meant(database: Database) -> None:
    """As version 1 wrote them: weights in whole numbers too, and settings that name no shoppers."""
    settings = (
        '{"weights": {"collaborative": 1, "content": 0.25, "semantic": 0.5, "context": 0}, "diversity": 0.3, "method":'
        ' "msd", "k": 20, "scenario": {"daypart": "evening", "moment": "2026-05-31T20:00:00+00:00"}, "only_available":'
        ' false, "categories": ["Tents"]}'
    )
    measured = '{"ndcg": {"mean": 0.25, "low": null, "high": null}}'
    with database.writing() as session:
        session.execute(
            text(
                "INSERT INTO shelfwise_preset VALUES ('p1', 'demo', 'Old', 'old', 'As it was', '[\"a\"]', :settings,"
                " 'ndcg', NULL, FALSE, 3, '2025-01-02 03:04:05', 'ann', NULL)"
            ),
            {"settings": settings},
        )
        session.execute(
            text(
                "INSERT INTO shelfwise_preset_save VALUES (1, 'p1', '2025-01-02 03:04:05', 'ann', :settings, :metrics,"
                " 500, 'last', 'panel', 'first')"
            ),
            {"settings": settings, "metrics": measured},
        )
    (preset,) = PresetStore(database, "demo").presets()
    assert preset.settings == PresetSettings(
        weights=FusionSettings(1, 0.25, 0.5, 0),
        diversity=0.3,
        method="msd",
        k=20,
        scenario={"daypart": "evening", "moment": "2026-05-31T20:00:00+00:00"},
        only_available=False,
        categories=("Tents",),
    )
    assert preset.saves[0].settings == preset.settings
    assert preset.measured == Measurement(
        {"ndcg": {"mean": 0.25, "low": None, "high": None}}, 500, "last", "panel", "first"
    )
    assert (preset.version, preset.who, preset.tags, preset.is_shipped) == (3, "ann", ("a",), False)


def test_a_step_that_fails_leaves_nothing_behind(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("the power went out")

    with monkeypatch.context() as patch:
        patch.setattr(op, "create_index", fail)
        with pytest.raises(StoreError, match="the power went out"):
            PresetStore(Database(address), "demo").presets()
    database = Database(address)
    with database._engine.connect() as connection:
        assert inspect(connection).get_table_names() == []
    assert PresetStore(database, "demo").create(draft(), measured()).version == 1
    database._engine.dispose()


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(address: str, database: Database) -> None:
    PresetStore(database, "demo").create(draft(), measured())
    set_version(database, "9876")
    with database.reading() as session:
        before = tables(session)
    old = Database(address)
    said = (
        r"was last used by a newer Shelfwise \(its tables are of step '9876', this version knows them up to"
        rf" '{LATEST}'\); nothing in it was touched: update Shelfwise, or name another database with"
    )
    for _ in range(2):
        with pytest.raises(StoreError, match=said):
            PresetStore(old, "demo").presets()
    with database.reading() as session:
        assert tables(session) == before
        assert session.scalars(text(f"SELECT version_num FROM {VERSION_TABLE}")).all() == ["9876"]
    set_version(database, LATEST)
    assert len(PresetStore(old, "demo").presets()) == 1


def test_several_processes_that_start_at_once_share_one_database(address: str, tmp_path: Path) -> None:
    go = tmp_path / "go"
    numbers = [str(number) for number in range(4)]
    people = [
        subprocess.Popen(
            [sys.executable, "-c", PERSON, address, number, str(go)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in numbers
    ]
    while not all((tmp_path / f"go{number}").exists() or people[int(number)].poll() for number in numbers):
        pass
    go.touch()
    said = [person.communicate(timeout=60) for person in people]
    assert [person.returncode for person in people] == [0] * 4, said
    expected = ["Fresh picks", "Fresh picks (copy)", "Fresh picks (copy 2)", "Fresh picks (copy 3)"]
    assert {out.strip() for out, _ in said} == set(expected)
    opened = PresetStore(Database(address), "demo")
    assert [preset.name for preset in opened.presets()] == expected
    assert {preset.who for preset in opened.presets()} == set(numbers)


def test_optuna_keeps_its_trials_in_the_same_database(address: str) -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    database = Database(address)
    store = PresetStore(database, "demo")
    made = store.create(draft(), measured())
    url = database._url.render_as_string(hide_password=False)
    storage = optuna.storages.RDBStorage(url)
    study = optuna.create_study(storage=storage, study_name="weights")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    assert store.presets() == (made,)
    again = Database(address)
    assert PresetStore(again, "demo").presets() == (made,)
    with again.reading() as session:
        assert {VERSION_TABLE, "alembic_version", "trials"} <= set(tables(session))
    storage.engine.dispose()
    again._engine.dispose()
    database._engine.dispose()

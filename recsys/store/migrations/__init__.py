"""Steps that bring a database of any earlier version to the tables of this one; they run by themselves on first use.

A step is a file in `versions/`, named after its number, that is never changed once it has been released. To add one:
change `recsys.store.tables`, write the next step with `upgrade()` by hand or from what
`alembic.autogenerate.produce_migrations` proposes, and let the tests compare the outcome with the tables.
"""

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

from recsys.errors import StoreError

VERSION_TABLE = "shelfwise_version"
"""Where a database says how far it is; Optuna keeps its own `alembic_version` beside it."""

_ONE_AT_A_TIME = threading.Lock()
"""Alembic hands its steps the connection through a global."""


def current(connection: Connection) -> tuple[str, ...]:
    """Number of the last step that a database has taken, in a tuple, or () for one that holds nothing of ours."""
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_heads()


def upgrade(reader: Engine, writer: Engine, where: str) -> None:
    """Take every step that is missing, in one transaction: all of them or none.

    `reader`: connections that only look, so that a database which is up to date is not held up.
    `writer`: connections on which one at a time begins a transaction, whatever the process.
    `where`: the database, as messages name it.
    Raises StoreError: a newer version of the app has been here; nothing is touched.
    """
    scripts = _scripts()
    with reader.connect() as connection:
        if _is_done(scripts, current(connection), where):
            return
    with _ONE_AT_A_TIME, writer.begin() as connection:
        if not _is_done(scripts, current(connection), where):
            _run(scripts, connection)


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(Path(__file__).parent)


def _is_done(scripts: ScriptDirectory, reached: Iterable[str], where: str) -> bool:
    known = {script.revision for script in scripts.walk_revisions()}
    head = str(scripts.get_current_head())
    for revision in reached:
        if revision not in known:
            raise StoreError(
                f"{where} was last used by a newer Shelfwise (its tables are of step {revision!r}, this version knows"
                f" them up to {head!r}); nothing in it was touched: update Shelfwise, or name another database with"
                " RECSYS_DATABASE_URL"
            )
    return head in reached


def _run(scripts: ScriptDirectory, connection: Connection) -> None:
    def steps(reached: Any, context: MigrationContext) -> Any:
        return scripts._upgrade_revs("head", reached)

    with EnvironmentContext(Config(), scripts, fn=steps) as environment:
        environment.configure(connection=connection, version_table=VERSION_TABLE)
        environment.run_migrations()

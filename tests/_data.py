"""Real data for tests, if there is any here, and data folders made of tables."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.data.writing import FolderWriter


def shared_data(name: str) -> Path:
    """Folder of one real data set, such as "steam_au"; the test is skipped, saying so, where there is none.

    It is looked for in the folder that RECSYS_TEST_DATA names, or else in `shared/data` beside the repository.
    """
    repository = Path(__file__).resolve().parents[1]
    home = Path(os.environ.get("RECSYS_TEST_DATA") or repository.parent / "shared" / "data")
    if not (home / name).is_dir():
        pytest.skip(f"no real data {name!r} in {home}; set RECSYS_TEST_DATA to the folder that holds it")
    return home / name


def thinned(name: str, one_in: int) -> dict[str, pd.DataFrame]:
    """Tables of a real data set by short name: one in so many shoppers, what they had, and one in so many of the rest.

    Whatever goes wrong for all shoppers goes wrong for some of them. Acts on unknown products are left out.
    """
    place = shared_data(name)
    tables = {table: pd.read_parquet(place / f"{table}.parquet") for table in ("items", "reviews", "events")}
    known = tables["items"]["item_id"]
    acts = {table: tables[table][tables[table]["item_id"].isin(known)] for table in ("reviews", "events")}
    everybody = sorted({each for table in acts.values() for each in table["user_id"]})
    acts = {table: frame[frame["user_id"].isin(everybody[::one_in])] for table, frame in acts.items()}
    touched = known.isin(pd.concat([frame["item_id"] for frame in acts.values()]))
    return {**acts, "items": tables["items"][touched | (np.arange(len(touched)) % one_in == 0)]}


def shared_case(name: str) -> Path:
    """Folder of one shop that went wrong once, such as "j_dislikes_a_category"; skipped, saying so, without it.

    They are looked for in the folder `cases` beside that of the real data (`shared_data`).
    """
    repository = Path(__file__).resolve().parents[1]
    home = Path(os.environ.get("RECSYS_TEST_DATA") or repository.parent / "shared" / "data").parent / "cases"
    if not (home / name).is_dir():
        pytest.skip(f"no case {name!r} in {home}; set RECSYS_TEST_DATA to the folder beside that of the cases")
    return home / name


def write_folder(out: Path, *, extra: Mapping[str, bytes] | None = None, **tables: pd.DataFrame) -> None:
    """Write tables in canonical form, by short name, and further files by name, as one data folder."""
    with FolderWriter(out, extra=tuple(extra or ())) as folder:
        for table, frame in tables.items():
            folder.write(table, frame)
        for name, content in (extra or {}).items():
            folder.path(name).write_bytes(content)

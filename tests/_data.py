"""Where the real data for tests stands, if it stands anywhere."""

import os
from pathlib import Path

import pytest


def shared_data(name: str) -> Path:
    """Folder of one real data set, such as "steam_au"; the test is skipped, saying so, where there is none.

    It is looked for in the folder that RECSYS_TEST_DATA names, or else in `shared/data` beside the repository.
    """
    repository = Path(__file__).resolve().parents[1]
    home = Path(os.environ.get("RECSYS_TEST_DATA") or repository.parent / "shared" / "data")
    if not (home / name).is_dir():
        pytest.skip(f"no real data {name!r} in {home}; set RECSYS_TEST_DATA to the folder that holds it")
    return home / name

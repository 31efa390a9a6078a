"""One very small demo shop with its model, made by the commands themselves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests._demo import shared_folder
from tests.cli._run import Said, run


@pytest.fixture(scope="package")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with `shop` and `model`, for all workers; read only. The encoder's cache lies beside them.

    Of the package, so that later tests have their own cache again.
    """
    folder = shared_folder(tmp_path_factory) / "cli"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RECSYS_CACHE_DIR", str(folder / "cache"))
        with FileLock(f"{folder}.lock"):
            if not (folder / "done").exists():
                made = run("demo", "--out", folder / "shop", "--items", 60, "--shoppers", 60, "--seed", 1)
                assert made.status == 0, made.err
                trained = run("train", "--data", folder / "shop", "--out", folder / "model")
                assert trained.status == 0, trained.err
                (folder / "done").touch()
        yield folder


@pytest.fixture(scope="package")
def panel(place: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    """The folder of a panel of the shop, each shopper's last product held out, and what the command said; read only."""
    folder = tmp_path_factory.mktemp("panels") / "panel"
    return folder, run("panel", "--data", place / "shop", "--out", folder, "--split", "last")


@pytest.fixture(scope="package")
def temporal_panel(place: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    """The same, held out by time; read only."""
    folder = tmp_path_factory.mktemp("panels") / "temporal"
    return folder, run("panel", "--data", place / "shop", "--out", folder, "--split", "temporal")

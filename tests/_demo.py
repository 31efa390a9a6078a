"""One small demo shop with a trained model, made once a session and shared by page tests and browser tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from recsys.jobs.paths import AppPaths

ROOT = Path(__file__).resolve().parents[1]
ITEMS, SHOPPERS = 300, 300


def recsys(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run `python -m recsys` with everything it keeps inside `home`; fails with what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "recsys", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment(home)},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"python -m recsys {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}"
    return done


def environment(home: Path) -> dict[str, str]:
    """Variables that keep the app inside one folder: its shops, models and jobs, and beside them its cache."""
    return {"RECSYS_HOME": str(home), "RECSYS_MODEL": "", "RECSYS_CACHE_DIR": str(home / "cache")}


def build(home: Path) -> Path:
    """Make the shop and train on it, unless that was done; workers that come at the same time wait for the first.

    Parameters
    ----------
    home : what RECSYS_HOME will name; its layout is that of `recsys.jobs.paths.AppPaths`
    """
    with FileLock(f"{home}.lock"):
        done = home / ".built"
        if not done.exists():
            place = AppPaths(home)
            home.mkdir(exist_ok=True)
            recsys("demo", "--items", str(ITEMS), "--shoppers", str(SHOPPERS), "--out", str(place.data), home=home)
            recsys("train", "--data", str(place.data), "--out", str(place.model), home=home)
            done.touch()
    return home


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder that all workers of one run have in common; without workers, that of the run itself."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A RECSYS_HOME with a small demo shop and its model. Read only: a test that changes it takes a copy."""
    return build(shared_folder(tmp_path_factory) / "demo_home")

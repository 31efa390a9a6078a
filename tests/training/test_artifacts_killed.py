"""Whoever is killed while saving, at whatever moment, leaves one whole model."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from recsys.training.artifacts import Artifact, open_artifact, save_artifact

_SAVE_FOREVER = """
import itertools, sys
from pathlib import Path
from tests.training.test_artifacts_killed import save

for version in itertools.count(int(sys.argv[2])):
    save(Path(sys.argv[1]), version)
    print(version, flush=True)
"""
ROOT = Path(__file__).resolve().parents[2]


def save(folder: Path, version: int) -> Artifact:
    """A model of four parts, each of which tells its version."""
    arrays = {name: {"version": np.full(2000, version)} for name in ("first", "second", "third")}
    return save_artifact(folder, arrays=arrays, tables={"last": pa.table({"version": [version]})}, facts={})


def version_of(artifact: Artifact) -> int:
    """The version that every part agrees on."""
    told = {int(value) for name in ("first", "second", "third") for value in artifact.arrays(name)["version"]}
    told |= set(artifact.table("last")["version"].to_pylist())
    assert len(told) == 1, f"the model mixes versions {told}"
    return told.pop()


def test_killed_at_any_moment_one_whole_model_remains(tmp_path: Path) -> None:
    delays = np.random.default_rng(0).uniform(0, 0.05, 10)
    version = version_of(save(tmp_path / "m", 0))
    for delay in delays:
        command = [sys.executable, "-c", _SAVE_FOREVER, str(tmp_path / "m"), str(version + 1)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            announced = int(writer.stdout.readline())  # it is in the middle of the next one from now on
            time.sleep(delay)
            os.kill(writer.pid, signal.SIGKILL)
        found = version_of(open_artifact(tmp_path / "m"))
        assert found >= announced > version
        version = found
    saved = save(tmp_path / "m", version + 1)
    assert len(list((tmp_path / "m").iterdir())) == len(saved.manifest["files"]) + 1  # what the killed left is gone


def test_two_that_save_at_once_do_not_take_each_others_files_away(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def write(versions: range) -> None:
        try:
            for version in versions:
                save(tmp_path / "m", version)
        except BaseException as error:
            failures.append(error)

    writers = [threading.Thread(target=write, args=(range(start, start + 20),)) for start in (0, 100)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    assert version_of(open_artifact(tmp_path / "m")) in (19, 119)

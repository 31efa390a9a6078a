"""Whoever is killed while saving, at whatever moment, leaves one whole model."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from recsys.artifacts import folder as artifacts
from recsys.artifacts.folder import Artifact, open_artifact, save_artifact

_SAVE_FOREVER = """
import itertools, sys
from pathlib import Path
from tests.artifacts.test_killed import save

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
    delays = np.random.default_rng(0).uniform(0, 0.05, 4)
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


class Dead(BaseException):
    """What a process that was killed would say if it could."""


def test_killed_before_any_change_on_disk_one_whole_model_remains(tmp_path: Path) -> None:
    """The moments between two changes are too short to be hit by chance, so each is tried."""
    n_changes = 0
    while save_and_die(tmp_path / f"after-{n_changes}", n_changes):
        n_changes += 1
    assert n_changes > 10  # four parts written and renamed, the manifest renamed, four old parts removed


def save_and_die(folder: Path, n_changes: int) -> bool:
    """Save over an earlier model with a disk that takes so many changes and no more; False if they were enough."""
    save(folder, 0)
    left = n_changes

    def until_death(change: Callable[..., object]) -> Callable[..., object]:
        def changed(*arguments: object, **options: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise Dead
            return change(*arguments, **options)

        return changed

    died = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", until_death(os.replace))
        patch.setattr(Path, "unlink", until_death(Path.unlink))
        patch.setattr(artifacts, "_write_part", until_death(artifacts._write_part))
        try:
            save(folder, 1)
        except Dead:
            died = True
    assert version_of(open_artifact(folder)) in ((0, 1) if died else (1,))
    return died


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

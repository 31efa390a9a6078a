"""A long job in a process of its own: watched, stopped, and told apart from one that died."""

import dataclasses
import fcntl
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from recsys import demo
from recsys.artifacts.folder import open_artifact
from recsys.errors import DataError
from recsys.jobs import Job, JobStatus
from recsys.jobs import record as records
from recsys.jobs.paths import AppPaths
from recsys.jobs.shop_jobs import DEMO, demo_job_at, start_demo_job
from recsys.progress import Progress
from recsys.training import fit
from tests._data import write_folder

Training = Callable[[Progress], None]
STAGES = tuple(DEMO.usual_shares)
START_DEMO = "from recsys.jobs.shop_jobs import DEMO; DEMO.main()"


def run_demo_work(home: AppPaths) -> int:
    """Do the job in this process."""
    return DEMO.run(demo_job_at(home), {"home": str(home.path)})


@pytest.fixture
def home(tmp_path: Path) -> Iterator[AppPaths]:
    """An empty home; the process's own way to be stopped is put back after the test."""
    before = signal.getsignal(signal.SIGTERM)
    yield AppPaths(tmp_path)
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Training], None]:
    """Let training do something else, and the demo shop be there at once."""

    def install(job: Training) -> None:
        monkeypatch.setattr(fit, "train", lambda data, model, progress: job(progress))
        monkeypatch.setattr(demo, "generate_demo", lambda out, progress: progress("stocking the shelves", 1, 1))

    return install


def test_a_home_without_a_job_has_none(home: AppPaths) -> None:
    assert demo_job_at(home).status().state == "waiting"


def test_a_job_that_ends_is_done(home: AppPaths, jobs: Callable[[Training], None]) -> None:
    seen: list[Any] = []

    def job(progress: Progress) -> None:
        progress("encoding phrases", 3, 9)
        seen.append(demo_job_at(home).status())

    jobs(job)
    assert run_demo_work(home) == 0
    status = seen[0]
    assert (status.state, status.stage, status.done, status.total) == ("running", "Understanding words", 3, 9)
    assert [state for _, state in status.stages] == ["done", "done", "done", "running", "waiting", "waiting"]
    ended = demo_job_at(home).status()
    assert (ended.state, ended.message) == ("done", "")
    assert ended.stages == tuple((name, "done") for name in STAGES)
    assert ended.elapsed_s == demo_job_at(home).status().elapsed_s  # the clock stops with the job


def test_every_stage_that_a_person_sees_is_reached_and_a_model_trained_elsewhere_is_left_alone(
    home: AppPaths, tiny: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_CACHE_DIR", str(home.path / "cache"))
    write_folder(home.data, **tiny)
    places: list[int] = []
    write = records.write
    monkeypatch.setattr(records, "write", lambda path, facts: (places.append(facts["stage"]), write(path, facts)))
    chosen = home.path / "elsewhere"
    assert run_demo_work(AppPaths(home.path, chosen_model=chosen)) == 0
    assert places == sorted(places)
    assert set(places) == set(range(len(STAGES)))
    assert not chosen.exists()
    assert open_artifact(home.path / "model").manifest["data"]["n_items"] == 8


def test_a_stop_signal_cancels_the_job(home: AppPaths, jobs: Callable[[Training], None]) -> None:
    def job(progress: Progress) -> None:
        progress("fitting the context model", 0, 2)
        demo_job_at(home).cancel()
        progress("fitting the context model", 1, 2)
        raise AssertionError("the job went on")

    jobs(job)
    assert run_demo_work(home) == 130
    status = demo_job_at(home).status()
    assert status.state == "cancelled"
    assert status.message == "stopped while fitting the context model; what was there before is unchanged"
    assert dict(status.stages)["Learning tastes"] == "cancelled"


def test_the_projects_own_errors_are_told_in_their_words(home: AppPaths, jobs: Callable[[Training], None]) -> None:
    error = DataError("no rows", file="items.parquet", remedy="add products")

    def job(progress: Progress) -> None:
        raise error

    jobs(job)
    assert run_demo_work(home) == 2
    assert (demo_job_at(home).status().state, demo_job_at(home).status().message) == ("failed", str(error))


def test_the_unexpected_is_told_and_left_to_the_log(home: AppPaths, jobs: Callable[[Training], None]) -> None:
    def job(progress: Progress) -> None:
        raise MemoryError("too small")

    jobs(job)
    with pytest.raises(MemoryError):
        run_demo_work(home)
    status = demo_job_at(home).status()
    assert status.state == "failed"
    assert status.message == "something unexpected went wrong (MemoryError: too small); the log has more"


def test_a_second_run_leaves_the_first_alone(home: AppPaths, jobs: Callable[[Training], None]) -> None:
    def job(progress: Progress) -> None:
        raise AssertionError("two at once")

    jobs(job)
    with (home.path / "demo.work.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert run_demo_work(home) == 0


def record(home: AppPaths, **changes: object) -> None:
    """Write a job's state as its process would have."""
    facts = records.facts(STAGES, 3, 1, 2, time.time() - 60)
    demo_job_at(home).path("json").write_text(json.dumps({**facts, **changes}))


def test_a_job_that_was_killed_is_failed_after_a_while(home: AppPaths) -> None:
    record(home)
    assert demo_job_at(home).status().state == "running"
    record(home, updated_at=time.time() - 30)
    status = demo_job_at(home).status()
    assert status.state == "failed"
    assert status.message == "the job ended without a word (was it killed?); start it again"


def test_a_silent_process_that_lives_is_running(home: AppPaths) -> None:
    record(home, updated_at=time.time() - 30)
    with (home.path / "demo.work.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert demo_job_at(home).status().state == "running"


@pytest.mark.parametrize("state", ["running", "done"])
@pytest.mark.parametrize("alive", [True, False])
def test_only_a_living_job_that_told_its_process_is_signalled(
    home: AppPaths, monkeypatch: pytest.MonkeyPatch, state: str, alive: bool
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append(pid))
    with (home.path / "demo.work.lock").open("w") as lock:
        if alive:
            fcntl.flock(lock, fcntl.LOCK_EX)
        record(home, state=state, pid=0)  # 0 would be this process and all of its group
        demo_job_at(home).cancel()
        assert sent == []
        record(home, state=state, pid=4321)
        demo_job_at(home).cancel()
    assert sent == ([4321] if alive and state == "running" else [])


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b"[]", b"{}", b'{"state": "running"}', b"[" * 100_000, b'{"stage": 99}'],
)
def test_a_damaged_record_is_a_failed_job(home: AppPaths, content: bytes) -> None:
    demo_job_at(home).path("json").write_bytes(content)
    job = demo_job_at(home)
    assert (job.status().state, job.status().message) == (
        "failed",
        "the record of this job is damaged; start it again",
    )
    job.cancel()


@pytest.mark.parametrize(
    "changes", [{"stage": 99}, {"stage": -1}, {"state": "odd"}, {"pid": "1"}, {"started_at": None}]
)
def test_a_record_with_odd_values_is_a_failed_job(home: AppPaths, changes: dict[str, object]) -> None:
    record(home, **changes)
    assert demo_job_at(home).status().message == "the record of this job is damaged; start it again"


class _Started:
    """Stands in for the process of a job."""

    commands: list[list[str]]

    def __init__(self, command: list[str], **options: object) -> None:
        self.commands.append(command)
        self.stdin = io.BytesIO()


def test_two_starts_are_one_job(home: AppPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    _Started.commands = []
    monkeypatch.setattr(subprocess, "Popen", _Started)
    first, second = start_demo_job(home), start_demo_job(home)
    assert first == second
    assert _Started.commands == [[sys.executable, "-c", START_DEMO, str(home.path), "demo"]]
    assert second.status().state == "running"


def test_what_ended_or_is_damaged_can_be_started_again(home: AppPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    _Started.commands = []
    monkeypatch.setattr(subprocess, "Popen", _Started)
    for n_started, content in enumerate([b"nonsense", None], start=1):
        if content is None:
            record(home, state="cancelled")
        else:
            demo_job_at(home).path("json").write_bytes(content)
        assert start_demo_job(home).status().state == "running"
        assert len(_Started.commands) == n_started


def wait_for(job: Job, reached: Callable[[JobStatus], bool], seconds: float = 120) -> JobStatus:
    """The first status that is what the test waits for."""
    end = time.monotonic() + seconds
    while not reached(status := job.status()):
        assert time.monotonic() < end, f"still {dataclasses.asdict(status)}"
        time.sleep(0.05)
    return status


def process_of(home: AppPaths) -> int:
    """The process that a job says it is, 0 before it says so."""
    facts = records.read(demo_job_at(home).path("json"))
    return facts["pid"] if facts else 0


@pytest.mark.slow
def test_a_real_job_trains_is_stopped_and_is_killed(
    home: AppPaths, tiny: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_CACHE_DIR", str(home.path / "cache"))
    write_folder(home.data, **tiny)
    job = start_demo_job(home)
    assert wait_for(job, lambda status: status.state != "running").state == "done", (
        home.path / "demo.work.log"
    ).read_text()
    trained = open_artifact(home.model).model_id

    job = start_demo_job(home)
    wait_for(job, lambda status: process_of(home) > 0)
    job.cancel()
    assert wait_for(job, lambda status: status.state != "running").state == "cancelled"

    job = start_demo_job(home)
    wait_for(job, lambda status: process_of(home) > 0)
    os.kill(process_of(home), signal.SIGKILL)
    assert "ended without a word" in wait_for(job, lambda status: status.state != "running").message
    assert open_artifact(home.model).model_id == trained

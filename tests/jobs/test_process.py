"""Long jobs in processes of their own: seen from elsewhere, started once, stopped, and never silently dead."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from recsys.errors import RecsysError
from recsys.jobs import NEVER_STARTED, Job, JobKind, JobStatus, Reporter, Stage, kind, record
from recsys.jobs.record import LOCK_VARIABLE, is_locked
from tests._job import JOB, STAGES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for works; what still runs there after the test ends."""
    yield tmp_path
    (tmp_path / "hush").unlink(missing_ok=True)
    (tmp_path / "end").touch()
    wait_for(lambda: not is_locked(Job(tmp_path, "count").path("lock")))


def start(folder: Path) -> Job:
    """Start the counting job of `tests._job`."""
    return JOB.start(Job(folder, "count"), {"where": folder.absolute()})


def do(folder: Path, job: Callable[..., None], name: str = "count", stages: tuple[Stage, ...] = JOB.stages_of()) -> int:
    """Do a job in this process."""
    return JobKind("tests", job, stages).run(Job(folder, name), {})


def wait_for(reached: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def ended(job: Job) -> JobStatus:
    """How the job ended, once it has."""
    wait_for(lambda: job.status().state != "running")
    return job.status()


def counted(job: Job) -> JobStatus:
    """The job under way, with something published."""
    wait_for(lambda: job.status().result)
    return job.status()


def starts(folder: Path) -> int:
    """How many processes have been at the job."""
    return len((folder / "starts").read_text().splitlines())


def test_a_job_that_never_was_started_waits(folder: Path) -> None:
    job = Job(folder, "count")
    assert job.status() == NEVER_STARTED
    job.cancel()
    job.forget()
    assert list(folder.iterdir()) == []


def test_progress_and_results_are_seen_from_another_process_and_outlive_the_starter(folder: Path) -> None:
    code = f"from pathlib import Path; from tests.jobs.test_process import start; start(Path({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)  # the starter has gone when this returns
    job = Job(folder, "count")
    status = counted(job)
    assert (status.state, status.stage, status.total) == ("running", "Counting", 10_000)
    assert status.stages == (("Setting up", "done"), ("Counting", "running"))
    assert status.result["names"] == ["tent", "stove"]
    wait_for(lambda: job.status().done > status.done and job.status().result["steps"] > status.result["steps"])

    (folder / "end").touch()
    status = ended(job)
    assert (status.state, status.message) == ("done", "")
    assert status.stages == (("Setting up", "done"), ("Counting", "done"))
    assert status.result["steps"] == int((folder / "steps").read_text())
    assert status.elapsed_s == job.status().elapsed_s  # the clock stops with the job
    assert job.path("log").read_text() == "hello from the job\n"
    assert not job.path("stop").exists()


def test_a_cancelled_job_keeps_what_it_published_and_goes_on_when_started_again(folder: Path) -> None:
    job = start(folder)
    counted(job)
    job.cancel()
    status = ended(job)
    assert status.state == "cancelled"
    assert status.message == "stopped while Counting; what was there before is unchanged"
    assert dict(status.stages)["Counting"] == "cancelled"
    steps = status.result["steps"]
    assert steps > 0

    assert start(folder).status().result == {}
    assert counted(job).result["steps"] > steps
    assert starts(folder) == 2


def test_a_job_can_be_cancelled_before_its_process_has_said_a_word(folder: Path) -> None:
    job = start(folder)
    assert job.status().stage == "Setting up"
    job.cancel()
    assert job.status().is_stopping
    status = ended(job)
    assert status.state == "cancelled"
    assert not status.is_stopping
    assert not (folder / "starts").exists()


def test_a_wish_to_stop_is_not_left_to_the_next_who_works(folder: Path) -> None:
    (folder / "end").touch()
    Job(folder, "count").path("stop").touch()
    assert ended(start(folder)).state == "done"
    Job(folder, "count").path("stop").touch()
    assert do(folder, lambda reporter: reporter("Counting")) == 0


def test_a_killed_job_is_told_as_failed_and_can_be_started_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "_STALE_S", 0.5)
    job = start(folder)
    counted(job)
    (folder / "hush").touch()
    time.sleep(0.7)
    assert job.status().state == "running"  # silent, but alive
    os.kill(int((folder / "starts").read_text()), signal.SIGKILL)
    status = ended(job)
    assert status.state == "failed"
    assert status.message == "the job ended without a word (was it killed?); start it again"
    (folder / "hush").unlink()
    assert start(folder).status().state == "running"
    counted(job)


def test_a_process_that_never_gets_to_its_job_has_failed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "_STALE_S", 0.5)
    job = JobKind("tests._no_such_module", JOB.do, JOB.stages).start(Job(folder, "count"), {})
    assert "ended without a word" in ended(job).message
    assert "_no_such_module" in job.path("log").read_text()


def test_many_who_start_at_once_join_one_job(folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(start, [folder] * 8))
    assert set(jobs) == {Job(folder, "count")}
    counted(jobs[0])
    assert start(folder) == jobs[0]
    time.sleep(0.3)
    assert starts(folder) == 1


def test_what_has_just_ended_can_be_started_at_once(folder: Path) -> None:
    (folder / "end").touch()
    for n_started in range(1, 4):
        assert ended(start(folder)).state == "done"
        assert starts(folder) == n_started


def test_who_looks_does_not_keep_others_from_working(folder: Path) -> None:
    n_done, stop = 0, threading.Event()

    def look() -> None:
        while not stop.is_set():
            is_locked(Job(folder, "count").path("lock"))

    def job(reporter: Reporter) -> None:
        nonlocal n_done
        n_done += 1

    watcher = threading.Thread(target=look)
    watcher.start()
    for _ in range(50):
        assert do(folder, job) == 0
    stop.set()
    watcher.join()
    assert n_done == 50


def test_jobs_of_one_folder_do_not_meet(folder: Path) -> None:
    job = start(folder)
    counted(job)
    assert do(folder, lambda reporter: reporter.publish({"a": 1}), "other", (Stage("Alone"),)) == 0
    assert Job(folder, "other").status().result == {"a": 1}
    assert job.status().state == "running"


def test_a_running_job_cannot_be_forgotten_one_that_ended_can(folder: Path) -> None:
    job = start(folder)
    counted(job)
    job.forget()
    assert job.status().state == "running"
    (folder / "end").touch()
    ended(job)
    job.forget()
    assert job.status() == NEVER_STARTED
    assert job.path("log").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_the_job_and_mean_what_they_did_before_afterwards(folder: Path, number: signal.Signals) -> None:
    def job(reporter: Reporter) -> None:
        os.kill(os.getpid(), number)
        reporter("Counting", 1, 2)
        raise AssertionError("the job went on")

    before = signal.getsignal(number)
    assert do(folder, job) == 130
    assert Job(folder, "count").status().state == "cancelled"
    assert signal.getsignal(number) is before


def test_a_lock_of_something_else_is_not_taken_for_ones_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (folder / "other").open("w") as other:
        for said in (str(other.fileno()), "99999", "-1", "x", "9" * 30):
            monkeypatch.setenv(LOCK_VARIABLE, said)
            assert do(folder, lambda reporter: None) == 0
            assert Job(folder, "count").status().state == "done"
            assert LOCK_VARIABLE not in os.environ
        assert not other.closed


def test_stages_are_known_by_their_name_by_the_map_or_by_a_first_word_and_never_go_back(folder: Path) -> None:
    stages = (Stage("Reading", ("reading",)), Stage("Scoring the shoppers"), Stage("Saving", ("writing",)))
    seen: list[str] = []

    def job(reporter: Reporter) -> None:
        for said in ("unknown", "Scoring the shoppers", "reading again", "unknown", "writing the panel"):
            reporter(said)
            seen.append(Job(folder, "panel").status().stage)

    assert do(folder, job, "panel", stages) == 0
    assert seen == ["Reading", *[stages[1].title] * 3, "Saving"]


def test_the_record_is_written_now_and_then_and_holds_the_last_word(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Mapping[str, Any]] = []
    write = record.write

    def count(path: Path, facts: Mapping[str, Any]) -> None:
        written.append(facts)
        write(path, facts)

    monkeypatch.setattr(record, "write", count)
    monkeypatch.setattr(kind, "_WRITE_EVERY_S", 60.0)

    def job(reporter: Reporter) -> None:
        for step in range(1000):
            reporter("Counting", step, 1000)
            reporter.publish({"step": step})

    assert do(folder, job) == 0
    assert len(written) == 4  # the start, the second stage, the first result, the end
    assert Job(folder, "count").status().result == {"step": 999}


def test_results_are_copied_and_must_be_small_and_of_json(folder: Path) -> None:
    reporter = Reporter(Job(folder, "count"), JOB.stages_of())
    result = {"best": {"value": 0.5, "name": "caf\ud800"}, "unknown": math.nan}
    reporter.publish(result)
    result["best"] = {}
    seen = Job(folder, "count").status().result
    assert seen["best"] == {"value": 0.5, "name": "caf?"}
    assert math.isnan(seen["unknown"])
    with pytest.raises(ValueError, match=r"600,012 bytes are too many to publish \(at most 500,000\); write a file"):
        reporter.publish({"long": "x" * 600_000})
    with pytest.raises(TypeError, match="not JSON serializable"):
        reporter.publish({"path": folder})


def test_a_failure_of_any_length_and_letters_can_be_read(folder: Path) -> None:
    def job(reporter: Reporter) -> None:
        raise RecsysError("no room for \udcff " + "x" * 2_000_000)

    assert do(folder, job) == 1
    status = Job(folder, "count").status()
    assert status.state == "failed"
    assert status.message.startswith("no room for ? xxx")


def test_a_folder_that_cannot_be_written_to_is_named(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(RecsysError, match=r"the job 'count' cannot be started in the folder .*file.*; check that"):
        start(folder / "file")


def test_a_system_without_processes_leaves_no_record(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(RecsysError, match="Resource temporarily unavailable"):
        start(folder)
    assert Job(folder, "count").status() == NEVER_STARTED


def test_a_record_from_the_future_is_not_running_for_ever(folder: Path) -> None:
    facts = {**record.facts(STAGES, 0, 0, 0, time.time()), "updated_at": time.time() + 1e6}
    record.write(Job(folder, "count").path("json"), facts)
    assert Job(folder, "count").status().state == "failed"


HOSTILE: list[dict[str, object]] = [
    {"state": "odd"},
    {"state": "waiting"},
    {"state": ["running"]},
    {"stages": []},
    {"stages": [1, 2]},
    {"stages": ["half a \ud800 character"]},
    {"stage": 2},
    {"stage": -1},
    {"stage": True},
    {"done": -1},
    {"total": 10**300},
    {"message": None},
    {"message": "\udfff"},
    {"result": []},
    {"result": {"deep": "\ud83d"}},
    {"result": {"long": "x" * 1_000_000}},
    {"pid": 2**64},
    {"pid": -1},
    {"started_at": math.nan},
    {"started_at": -math.inf},
    {"updated_at": 1e300},
    {"updated_at": "now"},
]


@pytest.mark.parametrize("changes", HOSTILE, ids=lambda changes: repr(changes)[:40].encode("ascii", "replace").decode())
def test_a_record_with_odd_values_is_a_failed_job(folder: Path, changes: dict[str, object]) -> None:
    job = Job(folder, "count")
    facts = {**record.facts(STAGES, 1, 1, 2, time.time() - 60), **changes}
    job.path("json").write_text(json.dumps(facts))
    status = job.status()
    assert (status.state, status.message) == ("failed", "the record of this job is damaged; start it again")
    assert (status.stages, status.result, round(status.elapsed_s)) == ((), {}, 0)
    job.cancel()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"null", b"[" * 100_000, b"9" * 10_000])
def test_a_damaged_record_is_a_failed_job_that_can_be_started_again(folder: Path, content: bytes) -> None:
    job = Job(folder, "count")
    job.path("json").write_bytes(content)
    assert job.status().message == "the record of this job is damaged; start it again"
    (folder / "end").touch()
    assert ended(start(folder)).state == "done"

"""A search in a process of its own: seen while it runs, stopped, resumed, and never with a password left behind."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from recsys.errors import RecsysError
from recsys.jobs import Job, JobStatus
from recsys.jobs.search_job import JOB, read_request, read_result, search_job_at, start_search
from recsys.settings import FusionSettings
from recsys.tuning.goals import Constraint, Goal
from recsys.tuning.search import SearchResult, SearchSettings, find_weights
from tests.tuning.test_search import Engines, engines, without_time

__all__ = ["engines"]  # a fixture

GOAL = Goal("ndcg", (Constraint("ild", 0.3),))


def wait_for(reached: Callable[[], object], seconds: float = 120) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def ended(job: Job) -> JobStatus:
    wait_for(lambda: job.status().state != "running")
    return job.status()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for a search; one that still runs when the test ends is stopped."""
    yield tmp_path / "search"
    job = search_job_at(tmp_path / "search")
    job.cancel()
    ended(job)


def test_a_search_is_seen_stopped_and_resumed_from_another_process(
    panel_folders: tuple[Path, Path], engines: Engines, folder: Path, tmp_path: Path
) -> None:
    address = f"sqlite:///{tmp_path / 'shop.sqlite3'}"
    job = start_search(folder, panel_folders[0], GOAL, 2000, address)
    assert read_result(job) is None
    wait_for(lambda: job.status().result.get("so_far") or job.status().state != "running")
    assert job.status().state == "running", job.status().message + job.path("log").read_text()
    status = job.status()
    assert (status.state, status.stage, status.total) == ("running", "Trying variety", 2000)
    so_far = status.result["so_far"]
    assert so_far["n_trials"] >= 10
    assert set(so_far["best"]) == {"weights", "diversity", "method", "metrics"}
    assert so_far["front_metrics"] == ["ndcg", "ild"]
    assert so_far["panel_ids"] == {each.panel.role: each.panel.panel_id for each in engines}
    assert start_search(folder, panel_folders[0], GOAL, 2000, None) == job  # joins it
    for goal, n_trials in ((Goal("mrr"), 2000), (GOAL, 5)):
        with pytest.raises(RecsysError, match="another search of this shop is under way"):
            start_search(folder, panel_folders[0], goal, n_trials, None)
    assert read_request(job) == (GOAL, 2000)
    job.cancel()
    assert ended(job).state == "cancelled"
    assert read_result(job) is None
    kept = int(job.status().result["so_far"]["n_trials"])
    job = start_search(folder, panel_folders[0], GOAL, kept, address, default=FusionSettings(1, 0, 0, 0))
    assert ended(job).state == "done", job.path("log").read_text()
    found = read_result(job)
    assert found is not None
    assert (found.goal, found.n_trials) == (GOAL, kept)
    default = FusionSettings(1, 0, 0, 0)
    again = find_weights(*engines, GOAL, SearchSettings(kept), database_url=address, default=default)
    assert without_time(found) == without_time(again)
    assert job.path("log").read_text() == ""
    start_search(folder, tmp_path / "nowhere", Goal("mrr"), 5, None)
    assert ended(job).state == "failed"
    assert read_result(job) == found  # until another search finishes
    kinds = ["found.json", "wanted.json", "work.json", "work.lock", "work.log"]
    assert sorted(path.name for path in folder.iterdir()) == [f"search.{kind}" for kind in kinds]


def test_a_panel_that_cannot_be_opened_is_said(folder: Path, tmp_path: Path) -> None:
    job = start_search(folder, tmp_path / "nowhere", GOAL, 5, None)
    status = ended(job)
    assert status.state == "failed"
    assert "nowhere" in status.message
    assert read_result(job) is None


SECRET = "postgresql://ann:secret@db.example/shop"


def test_a_password_comes_to_the_process_and_stands_in_no_file_and_no_command(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands, real = [], subprocess.Popen

    def note(command: list[str], **options: Any) -> Any:
        commands.append(command)
        # What the process was asked goes into a file that only this test reads.
        return real([sys.executable, "-c", "import sys; print(sys.stdin.read())"], **options)

    monkeypatch.setattr(subprocess, "Popen", note)
    job = start_search(folder, tmp_path / "nowhere", GOAL, 5, SECRET, seed=3, default=FusionSettings(1, 0, 0, 0))
    wait_for(lambda: job.path("log").read_text().endswith("}\n"))
    request = json.loads(job.path("log").read_text())
    assert request["database_url"] == SECRET
    assert (Goal.from_json(request["goal"]), request["n_trials"], request["seed"]) == (GOAL, 5, 3)
    assert request["default"]["collaborative"] == 1
    assert commands == [
        [sys.executable, "-c", "from recsys.jobs.search_job import JOB; JOB.main()", str(folder), "search"]
    ]
    for path in folder.iterdir():
        assert path == job.path("log") or "secret" not in path.read_text()
    job.forget()


def test_nothing_is_under_way_where_no_process_starts(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-python"))
    with pytest.raises(RecsysError, match="cannot be started in the folder"):
        start_search(folder, tmp_path / "nowhere", GOAL, 5, SECRET)
    assert search_job_at(folder).status().state == "waiting"


_START = """
import sys
from pathlib import Path
from recsys.errors import RecsysError
from recsys.tuning.goals import Goal
from recsys.jobs.search_job import start_search
folder, panel, goal = Path(sys.argv[1]), Path(sys.argv[2]), Goal(sys.argv[3])
print("ready", flush=True)
for line in sys.stdin:
    number = int(line)
    try:
        start_search(folder, panel, goal, number, f"sqlite:///{number}", seed=number)
        print("started", flush=True)
    except RecsysError as problem:
        print("refused" if "another search" in str(problem) else problem, flush=True)
"""


def test_of_many_starts_at_once_one_is_searched_and_all_others_are_refused(folder: Path, tmp_path: Path) -> None:
    """Processes start different searches at the same moment; the process that does search has one of them, whole."""
    goals = ["ndcg", "mrr", "recall", "ild"]
    with ExitStack() as stack:
        pipes = []
        for goal in goals:
            command = [sys.executable, "-c", _START, str(folder), str(tmp_path / "nowhere"), goal]
            each = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            stack.enter_context(each)
            assert each.stdin is not None
            assert each.stdout is not None
            pipes.append((each.stdin, each.stdout))
        assert [told.readline() for _, told in pipes] == ["ready\n"] * len(goals)
        for attempt in range(3):
            for number, (ask, _) in enumerate(pipes, start=10 * attempt + 1):
                ask.write(f"{number}\n")
                ask.flush()
            outcomes = [told.readline().strip() for _, told in pipes]
            assert set(outcomes) <= {"started", "refused"}
            # A search of a panel that is not there ends at once, so that more than one may have had its turn.
            job = search_job_at(folder)
            assert ended(job).state == "failed"
            wanted = read_request(job)
            assert wanted is not None
            position = wanted[1] - 10 * attempt - 1
            assert outcomes[position] == "started"
            assert wanted[0] == Goal(goals[position])


def test_what_a_process_is_asked_is_what_its_own_starter_asked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second start comes exactly between what the first one writes and its process: it writes nothing."""
    from recsys.jobs import kind as module

    begun, real = [], module._start_process

    def second_first(job: Job, command: list[str], request: str, lock: int, **rest: bool) -> None:
        begun.append(job)
        with pytest.raises(RecsysError, match="another search"):
            start_search(folder, tmp_path / "nowhere", Goal("mrr"), 7, None)
        asked = json.loads(request)
        assert (Goal.from_json(asked["goal"]), asked["n_trials"], asked["seed"]) == (GOAL, 5, 3)
        real(job, command, request, lock, **rest)

    monkeypatch.setattr(module, "_start_process", second_first)
    job = start_search(folder, tmp_path / "nowhere", GOAL, 5, None, seed=3)
    ended(job)
    assert len(begun) == 1
    assert read_request(job) == (GOAL, 5)


def test_two_sessions_that_start_the_same_search_share_it(folder: Path, tmp_path: Path) -> None:
    barrier = threading.Barrier(6)

    def session(_: int) -> Job:
        barrier.wait()
        return start_search(folder, tmp_path / "nowhere", GOAL, 5, None)

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(session, range(6)))) == 1
    assert ended(search_job_at(folder)).state == "failed"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecsysError, match="cannot be started in the folder"):
        start_search(tmp_path / "file" / "inside", tmp_path, GOAL, 5, None)


@pytest.mark.parametrize("saved", [{}, [], "all", {"goal": {"metric": "beauty"}}])
def test_a_result_that_cannot_be_read_is_none(tmp_path: Path, saved: object) -> None:
    job = search_job_at(tmp_path)
    assert read_result(job) is None
    (tmp_path / "search.found.json").write_text(json.dumps(saved))
    assert read_result(job) is None


def test_every_report_of_a_search_belongs_to_a_stage(engines: Engines) -> None:
    seen: set[str] = set()

    def note(stage: str, done: int = 0, total: int = 0) -> None:
        seen.add(stage.split(" ", 1)[0])

    found = find_weights(*engines, GOAL, SearchSettings(3), progress=note)
    assert isinstance(found, SearchResult)
    reports = [set(stage.reports) for stage in JOB.stages_of()]
    assert seen <= set().union(*reports)
    assert all(reports)

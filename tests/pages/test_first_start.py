"""The first start: progress from the first moment, cancel and retry, and what is said when a model cannot be opened."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._shared import job_progress
from pages._shared.job_progress import fraction_done, remaining_s
from recsys.errors import RecsysError
from recsys.jobs import NEVER_STARTED, JobStatus
from recsys.jobs.paths import AppPaths
from recsys.jobs.shop_jobs import DEMO
from tests._demo import ROOT, demo_home  # noqa: F401  (a fixture)
from tests.pages._seen import text

STAGES = tuple(DEMO.usual_shares)


def status(state: str = "running", current: int = 3, done: int = 50, total: int = 100, message: str = "") -> JobStatus:
    """A job somewhere on its way."""
    states = ["done"] * current + [state] + ["waiting"] * (len(STAGES) - current - 1)
    stages = tuple(zip(STAGES, states, strict=True))
    return JobStatus(state, STAGES[current], done, total, stages, message, 12.0)  # type: ignore[arg-type]


class PretendJob:
    """A job that stands where it is told to."""

    def __init__(self, now: JobStatus) -> None:
        self.now, self.cancelled = now, False

    def status(self) -> JobStatus:
        return self.now

    def cancel(self) -> None:
        self.cancelled = True
        self.now = status("cancelled")


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppPaths:
    """A home without a model."""
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    monkeypatch.delenv("RECSYS_MODEL", raising=False)
    monkeypatch.chdir(ROOT)
    return AppPaths(tmp_path)


def opened(name: str = "app.py") -> AppTest:
    """A page as a first visitor finds it."""
    page = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    page = page if name == "app.py" else page.switch_page(name)
    page.run()
    assert not page.exception
    return page


def pretend(monkeypatch: pytest.MonkeyPatch, job: PretendJob | None) -> list[AppPaths]:
    """Put a pretend job in place; gives the homes for which a job was started."""
    started: list[AppPaths] = []
    jobs = {"now": job or PretendJob(NEVER_STARTED)}

    def start(home: AppPaths) -> PretendJob:
        started.append(home)
        jobs["now"] = PretendJob(status(current=0, done=10))
        return jobs["now"]

    monkeypatch.setattr(job_progress, "demo_job_at", lambda home: jobs["now"])
    monkeypatch.setattr(job_progress, "start_demo_job", start)
    return started


@pytest.mark.parametrize("name", ["app.py", "pages/1_Recommendations.py"])
def test_every_page_starts_the_demo_and_shows_its_stages(
    empty_home: AppPaths, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    started = pretend(monkeypatch, None)
    seen = text(opened(name))
    assert started == [empty_home]
    assert all(stage in seen for stage in STAGES)
    assert "10 of 100" in seen


def test_a_job_under_way_is_joined_not_started_again(empty_home: AppPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    started = pretend(monkeypatch, PretendJob(status()))
    seen = text(opened())
    assert started == []
    assert "50 of 100" in seen
    assert "12 s · about" in seen


def test_cancel_stops_it_and_retry_starts_it(empty_home: AppPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    job = PretendJob(status())
    started = pretend(monkeypatch, job)
    page = opened()
    page.button(key="cancel").click().run()
    assert job.cancelled
    assert "Stopped. Nothing was changed." in text(page)
    assert "to go" not in text(page)
    page.button(key="retry").click().run()
    assert started == [empty_home]
    assert "10 of 100" in text(page)


def test_a_failure_says_why_with_its_words_escaped(empty_home: AppPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, PretendJob(status("failed", message="the disk is full <b>")))
    page = opened()
    assert "the disk is full <b>" in text(page)
    assert page.button(key="retry").label == "Try again"


def test_a_damaged_model_is_named_and_can_be_made_anew(empty_home: AppPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    started = pretend(monkeypatch, None)
    empty_home.model.mkdir(parents=True)
    (empty_home.model / "manifest.json").write_text("{broken")
    page = opened()
    assert page.header[0].value == "This model cannot be opened"
    page.button(key="remake").click().run()
    assert started == [empty_home]


def test_why_a_damaged_model_cannot_be_made_anew_is_said(empty_home: AppPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(home: AppPaths) -> None:
        raise RecsysError("the disk is full")

    pretend(monkeypatch, None)
    monkeypatch.setattr(job_progress, "start_demo_job", refuse)
    empty_home.model.mkdir(parents=True)
    (empty_home.model / "manifest.json").write_text("{broken")
    page = opened()
    page.button(key="remake").click().run()
    assert "It could not be started. The disk is full." in text(page)


@pytest.mark.parametrize("name", ["app.py", "pages/1_Recommendations.py"])
@pytest.mark.parametrize(
    ("manifest", "said"), [(None, "No model in"), ("{broken", "is not JSON"), ("{}", "is not a Shelfwise model")]
)
def test_a_named_model_that_cannot_be_opened_is_explained_and_no_demo_shop_is_made(
    empty_home: AppPaths, monkeypatch: pytest.MonkeyPatch, name: str, manifest: str | None, said: str
) -> None:
    started = pretend(monkeypatch, None)
    chosen = empty_home.path / "my <model>"
    monkeypatch.setenv("RECSYS_MODEL", str(chosen))
    if manifest is not None:
        chosen.mkdir()
        (chosen / "manifest.json").write_text(manifest)
    page = opened(name)
    assert page.title[0].value == "The model you named cannot be opened"
    assert f"RECSYS_MODEL names the folder {chosen}" in text(page)
    assert said in text(page)
    assert page.code[0].value == f"python -m recsys train --data DIR --out '{chosen}'"
    assert not page.button
    assert started == []


def test_a_model_trained_elsewhere_is_opened_without_the_demo_note(
    empty_home: AppPaths,
    demo_home: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started = pretend(monkeypatch, None)
    monkeypatch.setenv("RECSYS_MODEL", str(AppPaths(demo_home).model))
    page = opened()
    assert page.title[0].value == "The shop at a glance"
    assert "made up" not in text(page)
    assert started == []


def test_the_share_done_grows_with_stages_and_counts() -> None:
    stands = [status(current=stage, done=done) for stage in range(6) for done in (0, 50, 100)]
    shares = [fraction_done(stand, job_progress.DEMO_SHOP.usual_shares) for stand in stands]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == pytest.approx(1)


def test_time_to_go_follows_by_proportion_and_is_not_guessed_early() -> None:
    assert remaining_s(30, 0.25) == 90
    assert remaining_s(2, 0.25) is None
    assert remaining_s(30, 0.01) is None

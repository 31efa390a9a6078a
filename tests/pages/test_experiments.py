"""The experiments page: what is shown of results, what is offered, and what is said where nothing can be run."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pages.experiments import page as experiments_page
from recsys.errors import InputError
from recsys.jobs import record
from recsys.jobs.paths import AppPaths
from recsys.jobs.shop_jobs import experiments_job_at, results_folder, start_experiments
from recsys.studies.registry import EXPERIMENTS
from recsys.studies.report import write_results
from tests.pages._seen import html, text
from tests.pages.conftest import OpenPage
from tests.studies.test_report import HOSTILE, RESULT


@pytest.fixture
def folder(page_home: Path) -> Iterator[Path]:
    """Where the page looks for results; empty at first, and afterwards."""
    place = results_folder(AppPaths(page_home), "last")
    shutil.rmtree(place, ignore_errors=True)
    yield place
    shutil.rmtree(place, ignore_errors=True)


def left(folder: Path, state: str, message: str = "", result: dict[str, object] | None = None) -> None:
    """Leave a record as the process of the experiments does."""
    stages = [each.title for each in EXPERIMENTS.values()]
    work = experiments_job_at(folder)
    work.path("json").parent.mkdir(parents=True, exist_ok=True)
    facts = record.facts(stages, 0, 3, 10, time.time() - 9, state=state, message=message, result=result or {})
    record.write(work.path("json"), facts)


def test_before_anything_was_run_one_button_runs_all(
    open_page: OpenPage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(experiments_page, "start_experiments", lambda home, split, names: asked.append((split, names)))
    page = open_page("Experiments")
    assert text(page).count("Not run yet.") == len(EXPERIMENTS)
    assert page.button(key="run_missing").label == "Run all experiments"
    page.button(key="run_missing").click().run()
    assert asked == [("last", list(EXPERIMENTS))]


def test_a_result_is_told_with_its_plots_tables_protocol_and_command(open_page: OpenPage, folder: Path) -> None:
    write_results(folder, [RESULT])
    page = open_page("Experiments", query={"experiment": EXPERIMENTS[RESULT.experiment].title})
    said = text(page)
    for words in (
        "Together they are better.",
        "Few shoppers.",
        "0.4000 to 0.6000",
        "--split last --min-interactions 3",
    ):
        assert words in said, words
    assert len(page.get("plotly_chart")) == len(RESULT.plots)
    assert [button.label for button in page.get("download_button")] == ["Report", "Table (CSV)"]
    assert HOSTILE in said
    assert HOSTILE not in html(page)  # but as text
    missing = [name for name in EXPERIMENTS if name != RESULT.experiment]
    assert page.button(key="run_missing").label == "Run what is missing"
    assert missing


def test_the_overview_tells_every_finding_and_leads_to_it(open_page: OpenPage, folder: Path) -> None:
    write_results(folder, [RESULT])
    left(folder, "done", result={"not_available": {"clicks": "nobody clicked anything"}})
    page = open_page("Experiments")
    said = text(page)
    assert RESULT.conclusion[0] in said
    assert "This shop’s data do not allow it: Nobody clicked anything." in said
    assert not page.get("plotly_chart")
    page.button(key=f"open_{RESULT.experiment}").click().run()
    assert len(page.get("plotly_chart")) == len(RESULT.plots)
    assert EXPERIMENTS[RESULT.experiment].question in text(page)


def test_why_a_shop_cannot_have_one_is_told(open_page: OpenPage, folder: Path) -> None:
    left(folder, "done", result={"not_available": {"ablation": "nobody bought anything"}})
    page = open_page("Experiments", query={"experiment": "Ablation"})
    assert "This shop’s data do not allow it." in text(page)
    assert "Nobody bought anything." in text(page)


@pytest.mark.parametrize(
    ("state", "said"),
    [("failed", "The disk is full. Those that were finished are kept."), ("cancelled", "Stopped; experiments that")],
)
def test_what_ended_badly_is_said_and_loses_nothing(open_page: OpenPage, folder: Path, state: str, said: str) -> None:
    write_results(folder, [RESULT])
    left(folder, state, "the disk is full" if state == "failed" else "")
    page = open_page("Experiments")
    assert said in text(page)
    assert "Together they are better." in text(page)


def test_without_the_data_nothing_can_be_started(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="start the dashboard with RECSYS_DATA=DIR"):
        start_experiments(AppPaths(tmp_path, tmp_path / "model"), "last", ["ablation"])


def test_experiments_run_in_a_process_of_their_own_and_are_kept(page_home: Path, folder: Path) -> None:
    home = AppPaths(page_home)
    work = start_experiments(home, "last", ["ablation"])
    assert start_experiments(home, "last", ["ablation"]) == work  # who comes second joins
    end = time.monotonic() + 240
    while work.status().state == "running" and time.monotonic() < end:
        time.sleep(0.2)
    assert work.status().state == "done", work.status().message
    assert (folder / "ablation.json").exists()
    assert (folder / "report.html").exists()

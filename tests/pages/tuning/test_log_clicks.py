"""The section "Clicks by the log": estimates, refusals, and what is there before the log is judged."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from pages.tuning.log_clicks import TEMPERATURES
from recsys.jobs import record
from recsys.jobs.paths import AppPaths
from recsys.jobs.shop_jobs import LOG, log_job_at
from recsys.offpolicy import logged_set
from recsys.offpolicy.estimators import main_estimator
from recsys.offpolicy.logged_set import LoggedEvaluationSet, MixQuery, build_logged_set
from recsys.schema import IMPRESSIONS
from recsys.settings import FusionSettings
from recsys.text.phrasebook import build_phrasebook
from tests._encoder import WordEncoder
from tests.pages._seen import html, text
from tests.pages.tuning.conftest import OpenRoom

SECTION = "Clicks by the log"
ONE = {"collaborative": "100", "content": "0", "semantic": "0", "context": "0"}


@pytest.fixture(scope="module")
def sliders(tuning_home: Path) -> Iterator[LoggedEvaluationSet]:
    """The log of the room's shop, judged, while the tests of this file run."""
    home = AppPaths(tuning_home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logged_set, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
        build_logged_set(home.data, home.judged_log)
    yield LoggedEvaluationSet.open(home.judged_log)
    shutil.rmtree(home.judged_log)


def test_before_the_log_is_judged_its_progress_is_shown(open_room: OpenRoom, tuning_home: Path) -> None:
    home = AppPaths(tuning_home)
    assert not home.judged_log.exists()
    page = open_room(SECTION)
    assert 'class="sw-lede"' in html(page)
    assert "Judging logged pages" in html(page)
    work = log_job_at(home)
    work.cancel()
    while work.status().state == "running":
        pass
    work.forget()
    shutil.rmtree(home.judged_log, ignore_errors=True)


def test_what_cannot_be_read_is_said_and_not_made_again_by_itself(open_room: OpenRoom, tuning_home: Path) -> None:
    home = AppPaths(tuning_home)
    home.judged_log.mkdir(parents=True)
    (home.judged_log / "manifest.json").write_text("{}")
    work = log_job_at(home)
    work.folder.mkdir(exist_ok=True)
    record.write(work.path("json"), record.facts(tuple(LOG.usual_shares), 0, 0, 0, 0.0, state="done"))
    try:
        page = open_room(SECTION)
        assert 'class="sw-notice"' in html(page)
        assert work.status().state == "done"
        assert [each.label for each in page.button if each.key == "log_retry"] == ["Try again"]
    finally:
        work.forget()
        shutil.rmtree(home.judged_log)


def test_a_shop_without_a_log_says_what_would_bring_one(open_room: OpenRoom, tuning_home: Path) -> None:
    log = AppPaths(tuning_home).data / IMPRESSIONS.file
    log.rename(log.with_suffix(".away"))
    try:
        assert "No log of impressions" in text(open_room(SECTION))
        assert "add impressions.parquet to its data" in text(open_room(SECTION))
    finally:
        log.with_suffix(".away").rename(log)


def test_a_log_that_can_say_nothing_is_refused_and_not_judged(open_room: OpenRoom, tuning_home: Path) -> None:
    home = AppPaths(tuning_home)
    log = home.data / IMPRESSIONS.file
    shutil.copy2(log, log.with_suffix(".away"))
    try:
        table = pd.read_parquet(log)
        table[table["click"] == 1].to_parquet(log)
        page = open_room(SECTION)
        assert "This log cannot be asked" in text(page)
        assert "was clicked" in text(page)
        assert not [each for each in page.button if str(each.key).startswith("log_")]
        assert log_job_at(home).status().state == "waiting"
    finally:
        log.with_suffix(".away").replace(log)


def test_the_setting_on_the_sliders_is_what_is_estimated(open_room: OpenRoom, sliders: LoggedEvaluationSet) -> None:
    page = open_room(SECTION, against="Equal weights", **ONE)
    answer = sliders.answer(MixQuery(FusionSettings.only("collaborative")))
    said = text(page)
    told = answer.found.estimates[main_estimator(answer.found.estimates)]
    assert f"<strong>{100 * told.mean:.2f}%" in html(page)
    assert f"95% interval {100 * told.low:.2f}% to {100 * told.high:.2f}%" in said
    assert answer.truth is not None
    assert f"whose simulator knows the truth: {100 * answer.truth:.2f}%" in said
    assert "Against equal weights" in said
    assert answer.found.support is not None
    assert f"{answer.found.support.n_effective:,.0f}" in said
    page.slider(key="collaborative").set_value(0)
    page.slider(key="semantic").set_value(100).run()
    others = sliders.answer(MixQuery(FusionSettings.only("semantic"))).found.estimates
    other = others[main_estimator(others)]
    assert f"<strong>{100 * other.mean:.2f}%" in html(page)


def test_a_list_is_refused_with_the_reason_and_no_estimate_is_drawn(
    open_room: OpenRoom, sliders: LoggedEvaluationSet
) -> None:
    page = open_room(SECTION, follow="As its list", **ONE)
    refusal = sliders.answer(MixQuery(FusionSettings.only("collaborative"), 0.0)).found.refusal
    assert refusal
    assert f"clicked: {refusal}" in text(page)
    assert "of places would be clicked" not in text(page)
    assert len(page.get("plotly_chart")) == 0


def test_every_way_of_following_stands_in_the_table(open_room: OpenRoom, sliders: LoggedEvaluationSet) -> None:
    page = open_room(SECTION, follow="Closely", **ONE)
    table = html(page).partition('<table class="sw-guard sw-log">')[2].partition("</table>")[0]
    for follow, temperature in TEMPERATURES.items():
        row = table.partition(f'<th scope="row">{follow}</th>')[2].partition("</tr>")[0]
        found = sliders.answer(MixQuery(FusionSettings.only("collaborative"), temperature))
        assert found.truth is not None
        assert f"{100 * found.truth:.2f}%" in row
        estimates = found.found.estimates
        told = found.found.refusal or f"{100 * estimates[main_estimator(estimates)].mean:.2f}%"
        assert told.split(";")[0] in row
    assert table.count('aria-current="true"><th scope="row">Closely') == 1


def test_controls_that_the_log_is_not_asked_about_are_named(open_room: OpenRoom, sliders: LoggedEvaluationSet) -> None:
    assert "Not part of this" not in text(open_room(SECTION))
    page = open_room(SECTION, diversity="0.4", shoppers="Warm", device="mobile")
    said = text(page)
    assert "Not part of this: variety; imagined circumstances" in said
    assert "the choice of test shoppers, since all visitors of the log count" in said


def test_a_shelf_that_leaves_pages_empty_says_so(open_room: OpenRoom, sliders: LoggedEvaluationSet) -> None:
    rare = str(sliders.items.query("available")["category"].value_counts().index[-1])
    bare = sliders.judged.eligible[:, (sliders.items["category"] == rare).to_numpy()].any(1).all()
    page = open_room(SECTION, category=rare, only_available="true")
    assert bare or "logged pages nothing that these filters leave was on the shelf" in text(page)

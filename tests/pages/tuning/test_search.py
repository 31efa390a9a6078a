"""The section "Find good weights": goals are picked, a search from button to result, and what is done with it."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.tuning.search import form as asking
from pages.tuning.search import goal_search
from pages.tuning.search.form import EXAMPLES, MOST_CONDITIONS
from recsys.errors import RecsysError
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS
from recsys.jobs import Job, State, record
from recsys.jobs.paths import AppPaths
from recsys.jobs.search_job import JOB, read_request, read_result, search_job_at
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.panel.segments import Segment
from recsys.settings import COMPONENTS
from recsys.store.presets import PresetStore
from recsys.tuning.goals import Constraint, Goal, GoalEvaluator, describe_goal, save_goal, saved_goal
from recsys.tuning.search import SearchResult, SearchSettings, constraint_outcomes, find_weights
from tests.pages._seen import addressed, html, text
from tests.pages.tuning.conftest import OpenRoom
from tests.pages.tuning.presets.conftest import store
from tests.store._presets import find

__all__ = ["store"]  # a fixture

SECTION = "Find good weights"
STAGES = tuple(JOB.usual_shares)
Engines = tuple[LiveEngine, LiveEngine]
GOAL = Goal("ndcg", (Constraint("ild", 0.3),))


@pytest.fixture
def work(tuning_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    """The search of the shop on screen; none at first, and none left behind."""
    monkeypatch.setitem(asking.EFFORTS, "Quick", 4)  # type: ignore[attr-defined]
    folder = tuning_home / "searches" / AppPaths(tuning_home).panel("last").name
    found = search_job_at(folder)
    yield found
    found.cancel()
    until(lambda: found.status().state != "running")
    for path in folder.glob("*"):
        path.unlink(missing_ok=True)  # a process that has just ended still tidies up


@pytest.fixture(scope="module")
def engines(panels: tuple[Panel, Panel]) -> Engines:
    validation, test = panels
    return LiveEngine(validation), LiveEngine(test)


@pytest.fixture(scope="module")
def example(engines: Engines) -> SearchResult:
    """What a small search finds for a goal that cannot be reached."""
    return find_weights(*engines, Goal("ndcg", (Constraint("ild", 0.95),), k=5), SearchSettings(2))


def show(work: Job, found: dict[str, object]) -> None:
    """Leave a result as the process of a search does."""
    (work.folder / "search.found.json").parent.mkdir(parents=True, exist_ok=True)
    (work.folder / "search.found.json").write_text(json.dumps(found))
    leave(work, found["goal"], record.facts(STAGES, 4, 0, 0, time.time() - 9, state="done"))


def leave(work: Job, goal: object, facts: dict[str, object]) -> None:
    """Leave the record of a search."""
    work.folder.mkdir(parents=True, exist_ok=True)
    (work.folder / "search.wanted.json").write_text(json.dumps({"goal": goal, "n_trials": 9}))
    record.write(work.path("json"), facts)


def stopped(work: Job, engines: Engines, *, panel_id: str = "") -> None:
    """Leave a search for GOAL that was stopped after its first settings."""
    metrics = dict.fromkeys(LIVE_METRICS, 0.1)
    best = {"weights": dict.fromkeys(COMPONENTS, 0.25), "diversity": 0.2, "method": "mmr", "metrics": metrics}
    so_far = {
        "n_trials": 3,
        "wanted": 9,
        "best": best,
        "front_metrics": ["ndcg", "ild"],
        "front": [[0.1, 0.1]],
        "panel_ids": {each.panel.role: panel_id or each.panel.panel_id for each in engines},
    }
    result = {"so_far": so_far}
    facts = record.facts(STAGES, 2, 0, 0, time.time() - 9, state="cancelled", result=result)
    leave(work, GOAL.as_json(), facts)


@pytest.fixture(scope="module")
def sought(engines: Engines) -> SearchResult:
    """What a small search finds for GOAL."""
    return find_weights(*engines, GOAL, SearchSettings(4))


def until(holds: Callable[[], bool], timeout_s: float = 120) -> None:
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.1)


def on_sliders(page: AppTest) -> list[int]:
    return [page.slider(key=name).value for name in COMPONENTS]


def keys(page: AppTest) -> set[str]:
    return {button.key for button in page.button}


def doubtful(**changed: object) -> str:
    """The document of a goal that is picked but makes no sense."""
    return json.dumps({**GOAL.as_json(), **changed})


def picked(page: AppTest) -> Goal:
    """The goal that the address of the page holds."""
    goal = saved_goal(addressed(page)["goal"])
    assert goal is not None
    return goal


def test_a_goal_is_picked_and_stands_in_the_address(open_room: OpenRoom, work: Job) -> None:
    page = open_room(SECTION)
    assert f"Goal: {describe_goal(Goal('ndcg'))}" in text(page)
    assert "goal" not in addressed(page)
    assert not page.button(key="search").disabled
    page.selectbox(key="goal_k").set_value(20).run()
    page.button(key="goal_add").click().run()
    assert picked(page) == Goal("ndcg", (Constraint("ild", 0, "equal"),), k=20)
    page.selectbox(key="goal_metric_0").set_value("coverage").run()
    page.selectbox(key="goal_kind_0").set_value("at least").run()
    page.number_input(key="goal_value_0").set_value(12.5).run()
    page.selectbox(key="goal_device").set_value("desktop").run()
    goal = Goal("ndcg", (Constraint("coverage", 0.125),), Segment.of(device="desktop"), 20)
    assert picked(page) == goal
    assert describe_goal(goal) in text(page)
    assert f"{METRICS['coverage'].label} {METRICS['coverage'].asks}" in text(page)
    page.selectbox(key="goal_metric").set_value("gini").run()
    assert picked(page) == replace(goal, metric="gini")
    page.button(key="goal_remove_0").click().run()
    page.selectbox(key="goal_device").set_value("Any").run()
    assert picked(page) == Goal("gini", k=20)
    assert not page.exception


@pytest.mark.parametrize(("removed", "left"), [(0, [("coverage", False)]), (1, [("ild", True)])])
def test_a_condition_changed_while_one_is_taken_out(
    open_room: OpenRoom, removed: int, left: list[tuple[str, bool]]
) -> None:
    goal = Goal("ndcg", (Constraint("ild", 0.4), Constraint("coverage", 0.2)))
    page = open_room(SECTION, goal=save_goal(goal))
    page.selectbox(key="goal_kind_1").set_value("at most")
    page.button(key=f"goal_remove_{removed}").click().run()  # both in one run, as after two quick clicks
    assert not page.exception
    assert [(each.metric, each.at_least) for each in picked(page).constraints] == left


def test_a_link_with_a_goal_opens_on_it_and_the_usual_goal_needs_no_parameter(open_room: OpenRoom, work: Job) -> None:
    goal = Goal("novelty", (Constraint("ndcg", 0.02, "best"), Constraint("popularity_lift", 0.4, at_least=False)), k=5)
    page = open_room(SECTION, goal=save_goal(goal))
    assert (page.selectbox(key="goal_metric").value, page.selectbox(key="goal_k").value) == ("novelty", 5)
    assert [page.selectbox(key=f"goal_kind_{n}").value for n in (0, 1)] == ["within % of the best", "at most"]
    assert [page.number_input(key=f"goal_value_{n}").value for n in (0, 1)] == [2, 40]  # in percent
    page.button(key="example_Best nDCG").click().run()
    assert "goal" not in addressed(page)
    assert page.selectbox(key="goal_metric").value == "ndcg"


def test_a_bound_begins_where_equal_weights_stand(open_room: OpenRoom, work: Job, engines: Engines) -> None:
    page = open_room(SECTION, goal=save_goal(Goal("ndcg", (Constraint("ild", 0, "equal"),))))
    judge = GoalEvaluator(engines[0], Goal("ndcg"))
    equal = judge.measure(judge.equal).metrics
    for kind, at_least in (("at least", True), ("at most", False)):
        page.selectbox(key="goal_kind_0").set_value(kind).run()
        (bound,) = picked(page).constraints
        assert bound.at_least == at_least
        assert 0 <= bound.slack(equal["ild"], 0.0) < 0.02
    page.selectbox(key="goal_metric_0").set_value("coverage").run()
    assert picked(page).constraints[0].value == pytest.approx(equal["coverage"], abs=0.01)


@pytest.mark.parametrize(
    "link", ["best nDCG with diversity at least 0.6", "", "{", "{}", '{"metric":"beauty"}', doubtful(k=0), "[1]"]
)
def test_a_link_that_holds_no_goal_starts_from_the_usual_one(open_room: OpenRoom, work: Job, link: str) -> None:
    page = open_room(SECTION, goal=link)
    assert not page.exception
    assert page.selectbox(key="goal_metric").value == "ndcg"
    assert not page.button(key="search").disabled
    written = link[:1] in ("b", "[")
    assert ("Goals are picked now instead of written." in text(page)) == written
    assert ("The goal of this link cannot be read." in text(page)) == link.startswith("{")
    assert link in text(page) or not written
    page.button(key="example_More novelty").click().run()
    assert picked(page) == EXAMPLES["More novelty"]
    assert "of this link" not in text(page)


def condition(metric: str, value: float, against: str = "value", at_least: bool = True) -> dict[str, object]:
    return {"metric": metric, "value": value, "against": against, "at_least": at_least}


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        (doubtful(constraints=[condition("ild", 70)]), "variety (ILD) cannot be 70"),
        (doubtful(constraints=[condition("coverage", 30)]), "give 0% to 100%"),
        (doubtful(constraints=[condition("ndcg", 2, "best")]), "within 200%"),
        (doubtful(constraints=[condition("gini", 0, "equal")]), "better the lower it is"),
        (doubtful(constraints=[condition("ild", 0.2), condition("ild", 0.3)]), "bounded twice from the same side"),
        (doubtful(constraints=[condition("ild", 0.3), condition("ild", 0.2, at_least=False)]), "at once"),
        (doubtful(segment={"home": "Atlantis"}), "fewer than 20 are too few to choose by"),
        (doubtful(segment={"home": "<img src=x onerror=alert(1)>"}), "fewer than 20 are too few to choose by"),
        (doubtful(k=15), "lists of 15 cannot be shown in this room; ask for 5, 10, 20, 30 or 50"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_starts(
    open_room: OpenRoom, work: Job, goal: str, said: str
) -> None:
    page = open_room(SECTION, goal=goal)
    assert said.casefold() in text(page).casefold()
    assert page.button(key="search").disabled
    assert "<img src=x" not in html(page)
    assert not page.exception


def test_a_length_that_no_control_shows_can_be_searched_elsewhere_but_not_gone_on_with_here(
    open_room: OpenRoom, work: Job, example: SearchResult
) -> None:
    assert example.settings.n == example.goal.k == 5
    show(work, replace(example, goal=Goal("ndcg", k=15), settings=replace(example.settings, n=15)).as_json())
    page = open_room(SECTION)
    page.button(key="search_further").click().run()
    assert "Lists of 15 cannot be shown in this room" in text(page)
    assert work.status().state == "done"


def test_no_more_conditions_than_can_be_held(open_room: OpenRoom, work: Job) -> None:
    page = open_room(SECTION)
    for _ in range(MOST_CONDITIONS):
        page.button(key="goal_add").click().run()
    assert len({each.metric for each in picked(page).constraints}) == MOST_CONDITIONS
    assert page.button(key="goal_add").disabled
    assert not page.button(key="search").disabled
    page.button(key="goal_remove_2").click().run()
    assert len(picked(page).constraints) == MOST_CONDITIONS - 1


def test_a_search_runs_beside_the_page_and_its_result_goes_further(open_room: OpenRoom, work: Job) -> None:
    page = open_room(SECTION, goal=save_goal(GOAL))
    page.button(key="search").click().run()
    assert read_request(work) == (GOAL, 4)
    assert "Everybody who opens this shop sees this search" in text(page) or work.status().state == "done"
    page.slider(key="semantic").set_value(80).run()  # the room stays usable
    assert not page.exception
    until(lambda: work.status().state != "running")
    assert work.status().state == "done", work.status().message
    page.run()
    found, seen = read_result(work), text(page)
    assert found is not None
    assert goal_search.finding_text(found) in seen
    for references in (found.against_equal, found.against_default):
        assert goal_search.change_text(references["ndcg"]) in seen
    assert "never used" not in seen
    assert f"for {describe_goal(found.goal)}" in seen
    assert "What had to hold" in seen
    assert f"{found.n_trials} settings with variety" in seen
    assert all(f'data-metric="{name}"' in html(page) for name in LIVE_METRICS)
    assert page.slider(key="semantic").value == 80
    assert not page.exception

    page.query_params["goal"] = save_goal(Goal("novelty"))  # the button is about the result, not about the box
    page.button(key="search_further").click().run()
    assert read_request(work) == (GOAL, goal_search.more_trials(4))
    until(lambda: work.status().done > 0 or work.status().state != "running")
    assert work.status().done >= 4 or work.status().stage != STAGES[2]  # nothing is tried twice


def test_what_was_found_goes_on_the_sliders_into_a_comparison_and_into_a_preset(
    open_room: OpenRoom, work: Job, sought: SearchResult, store: PresetStore
) -> None:
    show(work, sought.as_json())
    page, found = open_room(SECTION), sought
    wanted = [round(100 * share) for share in found.settings.fusion.normalised().values()]
    page.button(key="load_found").click().run()
    assert on_sliders(page) == wanted
    assert page.slider(key="diversity").value == pytest.approx(found.settings.diversity)
    assert page.button(key="load_found").disabled
    page.button(key="compare_found").click().run()
    assert page.segmented_control(key="room").value == "Side by side"
    assert not page.exception
    page.segmented_control(key="room").set_value(SECTION).run()
    page.button(key="save_found").click().run()
    assert page.segmented_control(key="room").value == "Presets"
    assert page.text_input(key="preset_goal").value == describe_goal(found.goal)
    assert page.text_input(key="preset_name").value.startswith("nDCG@10 as high as possible")
    assert goal_search.finding_text(found) in page.text_area(key="preset_description").value
    assert on_sliders(page) == wanted
    page.text_input(key="preset_who").set_value("Ann")
    page.button(key="preset_save").click().run()
    assert not page.exception
    made = find(store, describe_goal(GOAL))
    assert made is not None
    assert saved_goal(made.goal) == GOAL
    assert f"Goal: {describe_goal(GOAL)}" in text(page)


def test_another_point_of_the_front_can_be_loaded(open_room: OpenRoom, work: Job, sought: SearchResult) -> None:
    show(work, sought.as_json())
    page, found = open_room(SECTION), sought
    box = next(box for box in page.selectbox if box.key.startswith("front_point"))
    box.set_value(len(found.front) - 1).run()
    page.button(key="load_point").click().run()
    assert on_sliders(page) == [round(100 * share) for share in found.front[-1].settings.fusion.normalised().values()]


def test_who_a_goal_is_for_is_loaded_with_it(open_room: OpenRoom, work: Job, example: SearchResult) -> None:
    show(work, replace(example, goal=Goal("ndcg", segment=Segment.of(device="desktop"))).as_json())
    page = open_room(SECTION)
    assert "test shoppers of this goal (shoppers on desktop)" in text(page)
    page.button(key="load_found").click().run()
    assert page.selectbox(key="device").value == "desktop"
    assert page.toggle(key="same_context").value


def test_a_stopped_search_says_so_and_goes_on(open_room: OpenRoom, work: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(asking.EFFORTS, "Quick", 2000)  # type: ignore[attr-defined]
    page = open_room(SECTION, goal=save_goal(GOAL))
    page.button(key="search").click().run()
    until(lambda: bool(work.status().result))
    page.run()
    assert "Best so far" in text(page)
    assert page.button(key="search").disabled
    page.button(key="search_cancel").click().run()
    until(lambda: work.status().state != "running")
    page.run()
    assert work.status().state == "cancelled"
    assert "Stopped." in text(page)
    assert "Settings tried so far are kept" in text(page)
    assert "This was found on other data" not in text(page)
    page.button(key="search_retry").click().run()
    assert work.status().state == "running"
    assert read_request(work) == (GOAL, 2000)


def test_a_second_search_of_the_same_shop_is_refused(
    open_room: OpenRoom, work: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(asking.EFFORTS, "Quick", 2000)  # type: ignore[attr-defined]
    other = open_room(SECTION, goal=save_goal(Goal("novelty")))  # looks at the page before anybody searches
    page = open_room(SECTION, goal=save_goal(GOAL))
    page.button(key="search").click().run()
    other.button(key="search").click().run()
    assert read_request(work) == (GOAL, 2000)
    assert f"Searching: {describe_goal(GOAL)}" in text(other)
    assert other.button(key="search").disabled


def test_a_database_that_is_away_stops_the_search_with_words(
    open_room: OpenRoom, work: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        goal_search, "database_url", lambda home: "postgresql://ann:secret@127.0.0.1:1/shop?connect_timeout=1"
    )
    page = open_room(SECTION, goal=save_goal(GOAL))
    page.button(key="search").click().run()
    until(lambda: work.status().state != "running")
    page.run()
    assert "It could not be finished." in text(page)
    assert "the PostgreSQL database 'shop' at 127.0.0.1:1 cannot be reached" in text(page)
    assert "start the server or check RECSYS_DATABASE_URL, then try again" in text(page)
    assert "OperationalError" not in text(page)
    assert "Settings tried so far are kept" not in text(page)
    assert work.status().stage == STAGES[0]
    assert "secret" not in html(page)
    assert "search_retry" in keys(page)
    assert not any("secret" in path.read_text(errors="replace") for path in work.folder.glob("*"))


def test_a_search_that_cannot_start_says_why(open_room: OpenRoom, work: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*rest: object) -> None:
        raise RecsysError("the disk is full; make room")

    monkeypatch.setattr(goal_search, "start", refuse)
    page = open_room(SECTION)
    page.button(key="search").click().run()
    assert "It could not be started." in text(page)
    assert "The disk is full; make room." in text(page)


def test_a_killed_search_says_so(open_room: OpenRoom, work: Job) -> None:
    facts = record.facts(STAGES, 2, 5, 9, time.time() - 60, pid=0)
    leave(work, GOAL.as_json(), {**facts, "updated_at": time.time() - 60})
    page = open_room(SECTION)
    assert "the job ended without a word (was it killed?)" in text(page)
    assert not page.button(key="search").disabled


def test_a_result_of_other_data_is_shown_as_outdated(open_room: OpenRoom, work: Job, example: SearchResult) -> None:
    show(work, {**example.as_json(), "panel_ids": {"validation": "another", "test": "another"}})
    page = open_room(SECTION)
    assert "This was found on other data." in text(page)
    assert "search_again" in keys(page)
    assert page.button(key="search_further").disabled


def test_what_a_stopped_search_found_on_other_data_is_shown_as_outdated(
    open_room: OpenRoom, work: Job, engines: Engines
) -> None:
    stopped(work, engines)
    assert "This was found on other data." not in text(open_room(SECTION))
    stopped(work, engines, panel_id="another")
    seen = text(open_room(SECTION))
    assert "This was found on other data." in seen
    assert "Settings tried so far are kept" not in seen


@pytest.mark.parametrize("state", ["cancelled", "failed", "running"])
def test_the_last_finished_result_stays_until_the_next_one_finishes(
    open_room: OpenRoom, work: Job, engines: Engines, example: SearchResult, state: State
) -> None:
    show(work, example.as_json())
    facts = record.facts(STAGES, 1, 0, 0, time.time(), state=state)
    leave(work, Goal("novelty").as_json(), facts)
    page = open_room(SECTION)
    assert f"The last search that finished: {describe_goal(example.goal)}" in text(page)
    assert describe_goal(Goal("novelty")) in text(page)
    assert goal_search.finding_text(example) in text(page)
    assert page.button(key="search_further").disabled == (state == "running")
    page.button(key="load_found").click().run()
    assert on_sliders(page) == [round(100 * share) for share in example.settings.fusion.normalised().values()]


def test_settings_near_the_best_are_said_to_be_within_one_standard_error(example: SearchResult) -> None:
    said = goal_search.trials_text(replace(example, n_tied=56))
    assert "56 of them are within one standard error of the best" in said
    assert "as good" not in said


def test_where_nothing_keeps_all_conditions_it_says_what_to_ask_instead(
    open_room: OpenRoom, work: Job, example: SearchResult, engines: Engines
) -> None:
    show(work, example.as_json())
    page = open_room(SECTION)
    assert "Nothing that was tried keeps all conditions safely" in text(page)
    (said,) = goal_search.shortfall_texts(example)
    assert said in text(page)
    assert said.startswith("Variety (ILD) at least 0.95: ")
    page.button(key="ask_instead").click().run()
    easier = goal_search.easier_goal(example)
    assert easier is not None
    assert picked(page) == easier
    judge = GoalEvaluator(engines[0], easier)
    assert judge.measure(example.settings).is_inside
    assert easier.constraints[0].value > 0.5
    assert all(goal_search.is_kept(kept) for kept in constraint_outcomes(judge, example.settings))


def test_what_was_found_before_a_metric_existed_is_shown_without_it(example: SearchResult) -> None:
    names = ("validation", "test", "against_equal", "against_default")
    older = {name: {key: each for key, each in getattr(example, name).items() if key != "coverage"} for name in names}
    told = goal_search.metrics_html(replace(example, **older), ClickProbabilities())
    assert 'data-metric="gini"' in told
    assert 'data-metric="coverage"' not in told


def test_a_result_of_another_version_can_be_replaced(open_room: OpenRoom, work: Job, example: SearchResult) -> None:
    show(work, {"goal": example.goal.as_json(), "strange": 1})
    page = open_room(SECTION)
    assert "What the last search found cannot be read" in text(page)
    assert not page.button(key="search").disabled

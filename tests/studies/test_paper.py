"""The paper's table: one setting chosen on validation, lifts on test with paired intervals."""

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from recsys.artifacts.folder import open_artifact
from recsys.errors import DataError
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.offpolicy.click_models.conditional_logit import simulated
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import PANEL, ROLES
from recsys.settings import WHOLE_CATALOGUE, FusionSettings, RankingSettings
from recsys.studies import paper
from recsys.studies.paper import MEASURED, Candidate, candidates, frontier, lifts, measured, nearby, paper_lift
from recsys.studies.registry import EXPERIMENTS
from recsys.studies.result import Result
from recsys.studies.workspace import ExperimentSettings, Workspace
from tests.studies.conftest import PreparedWorkspace


@pytest.fixture(scope="module", autouse=True)
def few_tried() -> Iterator[None]:
    """Fewer settings are looked at, which is quicker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paper, "STRENGTHS", (0.0, 0.3, 0.6))
        patch.setattr(paper, "N_BASES", 2)
        yield


@pytest.fixture(scope="module")
def result(workspace: Workspace) -> Result:
    return EXPERIMENTS["paper"].run(workspace, ExperimentSettings())


def test_the_papers_lifts_are_those_that_it_claims() -> None:
    claimed = {"precision": 0.093, "recall": 0.132, "f1": 0.113, "ctr": 0.125, "ild": 0.412}
    for name, lift in claimed.items():
        assert paper_lift(name) == pytest.approx(lift, abs=6e-4)


def test_the_document_has_the_keys_of_the_contract(result: Result) -> None:
    told = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert isinstance(told["protocol"], str)
    for name in MEASURED:
        assert set(told["lifts"][name]) == set(told["full"][name]) == {"mean", "low", "high"}
        expected = told["full"][name]["mean"] / told["traditional"][name]["mean"] - 1
        assert told["lifts"][name]["mean"] == pytest.approx(expected)


def test_the_setting_is_the_best_of_all_tried_on_validation(workspace: Workspace, result: Result) -> None:
    validation, _ = workspace.engines("last", 1, 0)
    chosen = result.figures["chosen"]
    weights = {"collaborative": 0.5, "content": 0.5, "semantic": 0, "context": 0}
    tried = candidates(validation, RankingSettings(FusionSettings(**weights), WHOLE_CATALOGUE), 10)
    assert len({each.settings for each in tried}) == len(tried)
    assert max(each.worst for each in tried) >= tried[0].worst
    assert chosen["validation_lifts"].keys() == set(MEASURED)


def test_a_lift_is_a_ratio_of_means_with_its_own_interval(workspace: Workspace) -> None:
    _, test = workspace.engines("last", 1, 0)
    old = test.measure(RankingSettings(FusionSettings(1, 0, 0, 0), WHOLE_CATALOGUE)).lists
    new = test.measure(RankingSettings(FusionSettings(0, 1, 0, 0), WHOLE_CATALOGUE)).lists
    for name, lift in lifts(new, old).items():
        expected = np.nanmean(new.values[name]) / np.nanmean(old.values[name]) - 1
        assert lift.mean == pytest.approx(expected)
        assert np.isnan(lift.low) or lift.low < lift.mean < lift.high
    assert all(lift.mean == 0 for lift in lifts(old, old).values())


def test_the_first_sentence_counts_what_was_reached(result: Result) -> None:
    told = result.figures["lifts"]
    reached = sum(told[n]["mean"] >= paper_lift(n) and (told[n]["low"] or -1) > 0 for n in MEASURED)
    assert result.conclusion[0].startswith(f"{reached} of {len(MEASURED)} of the paper")


def test_it_says_what_the_lifts_rest_on(result: Result, workspace: Workspace) -> None:
    rows = {row["model"]: row for row in result.tables[1].rows}
    assert rows["As chosen"]["recall"] == result.figures["lifts"]["recall"]["mean"]
    weights = result.figures["chosen"]["weights"]
    for name, share in weights.items():
        assert (f"As chosen, without {name}" in rows) == (0 < share < 1)
    assert f"Language has {weights['semantic']:.0%}" in result.conclusion[2]


def test_the_click_rate_is_that_of_the_panel_and_called_what_it_is(workspace: Workspace, result: Result) -> None:
    _, test = workspace.engines("last", 1, 0)
    chosen = result.figures["chosen"]
    full = RankingSettings(
        FusionSettings(**chosen["weights"]), WHOLE_CATALOGUE, 10, chosen["diversity"], chosen["method"]
    )
    told = {name: result.figures[name]["ctr"] for name in ("traditional", "full", "lifts")}
    assert told["full"]["mean"] == pytest.approx(test.measure(full).lists.values["ctr"].mean())
    assert told["lifts"]["mean"] == pytest.approx(told["full"]["mean"] / told["traditional"]["mean"] - 1)
    assert told["lifts"]["low"] < told["lifts"]["mean"] < told["lifts"]["high"]
    assert result.figures["ctr_source"] == "simulator"
    row = next(row for row in result.tables[0].rows if str(row["metric"]).startswith("Click rate"))
    assert row["metric"] == "Click rate (true, by the simulator)"
    assert row["paper_lift"] == pytest.approx(0.125)
    assert any("simulator" in sentence and "+12.5%" in sentence for sentence in result.conclusion)


@pytest.fixture
def fewer_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which setting is chosen does not matter."""
    monkeypatch.setattr(paper, "N_BASES", 1)
    monkeypatch.setattr(paper, "MOST_MOVES", 0)


@pytest.mark.usefixtures("fewer_still")
def test_of_very_many_validation_shoppers_some_choose(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(paper, "MAX_ASKED", 30)
    monkeypatch.setattr(paper, "_climb", lambda start, tried, engine, *rest: asked.append(len(engine.panel)))
    told = EXPERIMENTS["paper"].run(workspace, ExperimentSettings())
    assert set(asked) == {30}
    assert "in standard errors, on 30 validation shoppers: " in told.protocol or (
        "that the paper reports, on 30 validation shoppers: " in told.protocol
    )


@pytest.mark.usefixtures("fewer_still")
def test_a_simulated_click_rate_says_so_and_counts_for_nothing(workspace: Workspace) -> None:
    told = EXPERIMENTS["paper"].run(Simulated(workspace.data_folder, workspace.work_folder), ExperimentSettings())
    assert "Click rate (simulated)" in [row["metric"] for row in told.tables[0].rows]
    assert "Click rate (simulated): nobody was shown these lists" in told.tables[0].note
    lifts_told = told.figures["lifts"]
    reached = sum(lifts_told[n]["mean"] >= paper_lift(n) and (lifts_told[n]["low"] or -1) > 0 for n in MEASURED)
    assert told.conclusion[0].startswith(f"{reached} of {len(MEASURED)} of")
    assert told.conclusion[-1].startswith("Click rate (simulated): ")
    assert "not counted among the lifts" in told.conclusion[-1]
    assert "ctr" not in told.figures["chosen"]["validation_lifts"]


@pytest.mark.usefixtures("fewer_still")
def test_without_a_click_rate_the_keys_stay_and_the_reason_is_told(workspace: Workspace) -> None:
    class Without(PreparedWorkspace):
        def engines(self, *asked: object, **more: object) -> tuple[LiveEngine, LiveEngine]:
            nothing = ClickProbabilities(facts={"source": "none", "no_choices": "only 12 choices"})
            one, other = super().engines(*asked, **more)
            return LiveEngine(replace(one.panel, clicks=nothing)), LiveEngine(replace(other.panel, clicks=nothing))

    told = EXPERIMENTS["paper"].run(Without(workspace.data_folder, workspace.work_folder), ExperimentSettings())
    for name in ("traditional", "full", "lifts", "ctr_source"):
        assert (told.figures[name]["ctr"] if name != "ctr_source" else told.figures[name]) is None
    assert "There is no click rate of these lists: only 12 choices." in told.conclusion
    assert len(told.tables[0].rows) == len(MEASURED)


class Simulated(PreparedWorkspace):
    """The same panel, with clicks simulated from choices."""

    def engines(self, *asked: object, **more: object) -> tuple[LiveEngine, LiveEngine]:
        artifact = open_artifact(self.data_folder.parent / "whole", PANEL)
        clicks = simulated({role: artifact.arrays(role) for role in ROLES})
        one, other = (
            LiveEngine(replace(each.panel, clicks=_with_reason(clicks[each.panel.role])))
            for each in super().engines(*asked, **more)
        )
        return one, other


def _with_reason(clicks: ClickProbabilities) -> ClickProbabilities:
    return replace(clicks, facts={**clicks.facts, "no_log": "there is no log"})


def test_the_frontier_of_validation_is_shown_on_test_as_hindsight(result: Result, workspace: Workspace) -> None:
    series = {one.name: one for one in next(plot for plot in result.plots if plot.name == "frontier").series}
    front, later = series["frontier, on validation"], series["the same settings, on test"]
    assert len(front.x) == len(later.x)
    assert list(front.y) == sorted(front.y)  # less recall, more diversity
    assert list(front.x) == sorted(front.x, reverse=True)
    assert series["chosen, on test"].x[0] == result.figures["lifts"]["recall"]["mean"]


def test_no_lift_is_told_over_a_model_that_finds_nothing(workspace: Workspace) -> None:
    _, test = workspace.engines("last", 1, 0)
    lists = test.measure(RankingSettings(filters=WHOLE_CATALOGUE)).lists
    nothing = replace(lists, values={**lists.values, "recall": np.zeros_like(lists.values["recall"])})
    with pytest.raises(DataError, match="the traditional model finds nothing that the shoppers chose"):
        paper.measured([], test, nothing)


def test_settings_nearby_are_one_move_away() -> None:
    settings = RankingSettings(FusionSettings(0.05, 0, 0, 0.95), WHOLE_CATALOGUE, 10, 0.98, "msd")
    around = nearby(settings)
    moved = [each for each in around if each.fusion == settings.fusion]
    assert [each.diversity for each in moved] == [0.93, 1.0, 0.96]
    shifted = {tuple(each.fusion.as_dict().values()) for each in around if each.fusion != settings.fusion}
    assert shifted == {
        (0.0, 0.05, 0.0, 0.95),
        (0.0, 0.0, 0.05, 0.95),
        (0.0, 0.0, 0.0, 1.0),
        (0.1, 0.0, 0.0, 0.9),
        (0.05, 0.05, 0.0, 0.9),
        (0.05, 0.0, 0.05, 0.9),
    }
    assert all((each.n, each.method, each.filters) == (10, "msd", WHOLE_CATALOGUE) for each in around)


def test_the_search_ends_where_no_move_is_better(workspace: Workspace) -> None:
    validation, _ = workspace.engines("last", 1, 0)
    traditional = RankingSettings(FusionSettings(0.7, 0.3, 0, 0), WHOLE_CATALOGUE)
    tried = {each.settings: each for each in candidates(validation, traditional, 10)}
    best = max(tried.values(), key=lambda each: each.merit)
    for near in nearby(best.settings):
        assert tried[near].merit <= best.merit
    assert {each.method for each in tried} == {"mmr", "dpp", "msd"}


def tried_with(*lifted: tuple[float, float]) -> list[Candidate]:
    """Settings with these lifts of accuracy and of diversity."""
    errors = {**dict.fromkeys(MEASURED, 0.05), "ild": 0.001}
    return [Candidate(RankingSettings(), {**dict.fromkeys(MEASURED, up), "ild": ild}, errors) for up, ild in lifted]


@pytest.mark.parametrize(
    ("lifted", "best"),
    [
        ([(0.1, 0.1), (0.05, 0.2), (-0.1, 0.9)], 1),  # none reaches all: the nearest
        ([(0.14, 0.9), (0.1, 0.42)], 0),  # what reaches all comes first
        ([(0.18, 0.57), (0.25, 0.43)], 1),  # of two that do, the surer: accuracy is known less well than diversity
        ([(0.18, 0.57), (0.25, 0.412)], 0),  # but not by a hair
    ],
)
def test_what_reaches_every_lift_is_chosen_by_how_surely(lifted: list[tuple[float, float]], best: int) -> None:
    tried = tried_with(*lifted)
    assert max(tried, key=lambda each: each.merit) is tried[best]


def test_errors_are_those_of_a_ratio_of_means(workspace: Workspace) -> None:
    validation, _ = workspace.engines("last", 1, 0)
    old, new = (RankingSettings(FusionSettings(*mix), WHOLE_CATALOGUE) for mix in ((1, 0, 0, 0), (0.3, 0, 0.2, 0.5)))
    (candidate,) = measured([new], validation, base := validation.measure(old).lists)
    now, draws = validation.measure(new).lists, np.random.default_rng(0)
    for name in ("recall", "ild"):
        rows = draws.integers(0, len(base.ranked), (4000, len(base.ranked)))
        ratios = np.nanmean(now.values[name][rows], axis=1) / np.nanmean(base.values[name][rows], axis=1)
        assert candidate.errors[name] == pytest.approx(ratios.std(), rel=0.15)


def test_the_frontier_holds_what_nothing_beats_in_both() -> None:
    tried = tried_with((0.1, 0.2), (0.3, 0.1), (0.2, 0.05), (0.3, 0.0), (0.0, 0.2), (-0.1, 0.6))
    assert [each.lifts["ild"] for each in frontier(tried)] == [0.1, 0.2, 0.6]
    assert frontier(tried[:1]) == tried[:1]

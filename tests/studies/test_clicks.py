"""The experiment on clicks: a demo shop whose truth is known, a log without a shop, and data without a log."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.demo.oracle import ClickSimulator
from recsys.errors import DataError
from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy import logged_set
from recsys.offpolicy.logged_set import MAIN_TEMPERATURE
from recsys.settings import WHOLE_CATALOGUE, Context, RankingSettings
from recsys.studies import clicks
from recsys.studies.clicks import PAPER_LIFT, ClickFigures, conclusion
from recsys.studies.clicks_policies import ESTIMATED, TRUTH, ClickLift
from recsys.studies.models import chosen_weights
from recsys.studies.paper import paper_lift
from recsys.studies.registry import EXPERIMENTS
from recsys.studies.report import figure
from recsys.studies.result import Result
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.text.phrasebook import build_phrasebook
from recsys.training.weights import TRADITIONAL
from tests._encoder import WordEncoder
from tests.offpolicy.conftest import bandit_folder

__all__ = ["bandit_folder"]  # a fixture

N_LOGS = 4


@pytest.fixture(scope="module")
def result(workspace: Workspace) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logged_set, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
        patch.setattr(clicks, "N_LOGS", N_LOGS)
        return EXPERIMENTS["clicks"].run(workspace, ExperimentSettings())


def test_the_document_reads_back_and_has_no_holes(result: Result) -> None:
    told = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert Result.from_json(told).as_json() == result.as_json()
    assert told["figures"] == ["clicks"]
    assert all(figure(plot).data for plot in result.plots)


def test_every_setting_stands_beside_the_truth_and_lists_are_refused(result: Result) -> None:
    by_name = {each["policy"]: each for each in result.figures["clicks"]["policies"]}
    for mix in ("traditional", "full"):
        listed, soft = by_name[f"{mix} as a list of 4"], by_name[f"{mix} at temperature 1"]
        assert "what the log tells of this policy is worth" in listed["refusal"]
        assert not listed["estimates"]
        assert listed["known"]["mean"] > soft["known"]["mean"] > 0
        assert soft["refusal"] == ""
        assert soft["estimates"]["ips"]["low"] < soft["known"]["mean"] < soft["estimates"]["ips"]["high"]
    assert "full as a list of 4" in result.conclusion[-1]
    assert "full at temperature 1" not in result.conclusion[-1]


def test_estimators_are_tried_on_simulated_logs(result: Result) -> None:
    simulated = {each["temperature"]: each for each in result.figures["clicks"]["simulated"]}
    assert set(simulated) == {0.5, 1.0}
    assert simulated[1.0]["n_logs"] == N_LOGS
    assert simulated[1.0]["estimators"]["ips"]["n"] == N_LOGS
    assert set(simulated[1.0]["estimators"]) == {"ips", "snips", "dm", "dr", "switch_dr"}


def test_the_true_lift_of_lists_is_that_of_its_click_rates(result: Result) -> None:
    lifts = {(each["where"], each["how"]): each for each in result.figures["clicks"]["lifts"]}
    on_sale = lifts["test shoppers, lists of 4 from what was on sale", "truth"]
    assert on_sale["lift"]["mean"] == pytest.approx(on_sale["full"] / on_sale["traditional"] - 1)
    assert on_sale["lift"]["low"] < on_sale["lift"]["mean"] < on_sale["lift"]["high"]
    assert result.conclusion[0].startswith(
        "By the simulator's truth, on test shoppers, lists of 4 from what was on sale"
    )
    assert paper_lift("ctr") == pytest.approx(PAPER_LIFT)
    truth = lifts["logged pages, policies at temperature 1", "truth"]
    told = lifts["logged pages, policies at temperature 1", "estimated, doubly robust"]
    assert truth["lift"]["mean"] == pytest.approx(truth["full"] / truth["traditional"] - 1)
    assert told["lift"]["mean"] == pytest.approx(told["full"] / told["traditional"] - 1)


def test_lists_from_the_whole_catalogue_are_those_of_the_live_evaluation(workspace: Workspace, result: Result) -> None:
    validation, test = workspace.engines("last", 1, 0)
    fusion = chosen_weights(validation, 10)[TRADITIONAL]
    lists = test.measure(RankingSettings(fusion, WHOLE_CATALOGUE, 4)).lists.ranked
    truth, shoppers = (
        ClickSimulator.open(workspace.data_folder, test.panel.items["item_id"].tolist()),
        test.panel.shoppers,
    )
    contexts = [
        Context.at(datetime.fromtimestamp(moment, UTC), device=device or None, region=region or None)
        for moment, device, region in zip(shoppers["moment_s"], shoppers["device"], shoppers["region"], strict=True)
    ]
    utilities = truth.utilities(shoppers["user_id"].tolist(), contexts)
    rates = truth.rates(np.take_along_axis(utilities, lists, 1), np.arange(1, 5))
    told = {each["where"]: each for each in result.figures["clicks"]["lifts"]}
    assert told["test shoppers, lists of 4 from the whole catalogue"]["traditional"] == pytest.approx(
        float(rates.mean())
    )


@pytest.mark.parametrize(
    ("low", "mean", "verdict"),
    [(0.13, 0.2, "more than the paper's"), (0.1, 0.2, "though the interval reaches below"), (0.0, 0.1, "short of")],
)
def test_the_verdict_heeds_the_interval(low: float, mean: float, verdict: str) -> None:
    lift = ClickLift("test shoppers", TRUTH, "full", 0.2, 0.2 * (1 + mean), Interval(mean, low, 0.3, 100))
    assert verdict in conclusion(ClickFigures([], [lift], []))[0]


@pytest.mark.parametrize(
    ("low", "said"), [(-0.1, "not told from none"), (0.1, "surely not none"), (np.nan, "not told from none")]
)
def test_an_estimated_lift_stands_with_what_it_can_tell_and_the_truth(low: float, said: str) -> None:
    where = f"logged pages, policies at temperature {MAIN_TEMPERATURE:g}"
    estimated = ClickLift(where, ESTIMATED, "full", 0.1, 0.12, Interval(0.2, low, 0.3, 100))
    truth = ClickLift(where, TRUTH, "full", 0.1, 0.11, Interval(0.1, np.nan, np.nan, 0))
    (sentence,) = conclusion(ClickFigures([], [estimated, truth], []))
    assert said in sentence
    assert sentence.endswith("the truth is +10.0%.")


def test_a_log_without_a_shop_is_judged_by_its_policies_alone(bandit_folder: Path) -> None:
    with Workspace(bandit_folder) as workspace:
        found = EXPERIMENTS["clicks"].run(workspace)
    told = {each["policy"]: each for each in found.figures["clicks"]["policies"]}
    assert set(told) == {"bts", "random"}
    assert told["bts"]["estimates"]["dr"]["low"] < told["bts"]["known"]["mean"]
    assert told["bts"]["estimates"]["dr"]["high"] > told["bts"]["known"]["mean"]
    assert any("of no shop with reviews" in each for each in found.caveats)
    assert not found.figures["clicks"]["lifts"]
    json.dumps(found.as_json(), allow_nan=False)


def test_reviews_without_impressions_are_refused_with_the_reason(tiny: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    for name in ("items", "reviews", "events"):
        tiny[name].to_parquet(tmp_path / f"{name}.parquet")
    with Workspace(tmp_path) as workspace, pytest.raises(DataError, match="there are no logged impressions"):
        EXPERIMENTS["clicks"].run(workspace)


def test_too_little_history_is_refused_where_no_policy_can_judge_another(
    tiny: dict[str, pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logged_set, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
    early = pd.to_datetime("2024-01-01T00:00", utc=True) + pd.to_timedelta(np.arange(6), unit="h")
    tiny["impressions"] = tiny["impressions"].assign(timestamp=early, policy="random")
    for name, table in tiny.items():
        table.to_parquet(tmp_path / f"{name}.parquet")
    with Workspace(tmp_path) as workspace, pytest.raises(DataError, match="no setting of the sliders could be judged"):
        EXPERIMENTS["clicks"].run(workspace)

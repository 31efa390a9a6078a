"""The paper's table: one setting chosen on validation, lifts on test with paired intervals."""

import json

import numpy as np
import pytest

from recsys.evaluation.experiments.paper import MEASURED, candidates, lifts, paper_lift
from recsys.evaluation.experiments.registry import EXPERIMENTS, ExperimentSettings
from recsys.evaluation.experiments.result import Result
from recsys.evaluation.experiments.workspace import Workspace
from recsys.evaluation.live.engine import WHOLE_CATALOGUE
from recsys.settings import FusionSettings, RankingSettings


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
    first = result.conclusion[0]
    assert first.startswith("All of" if reached == len(MEASURED) else f"{reached} of {len(MEASURED)} of the paper")


def test_it_says_what_the_lifts_rest_on(result: Result, workspace: Workspace) -> None:
    rows = {row["model"]: row for row in result.tables[1].rows}
    assert rows["As chosen"]["recall"] == result.figures["lifts"]["recall"]["mean"]
    weights = result.figures["chosen"]["weights"]
    for name, share in weights.items():
        assert (f"As chosen, without {name}" in rows) == (0 < share < 1)
    language = "Language has no part in it" if not weights["semantic"] else f"Language has {weights['semantic']:.0%}"
    assert language in result.conclusion[-1]
    assert "The traditional model with the same variety alone reaches recall" in result.conclusion[-1]

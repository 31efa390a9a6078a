"""The multi-task study: what it learns is measured as it would be served, and concluded without claiming more."""

import json

import numpy as np
import pytest

from recsys.evaluation.statistics.paired import differences
from recsys.ranking.rank import Standardised
from recsys.scorers.base import Requests
from recsys.settings import COMPONENTS, WHOLE_CATALOGUE, FusionSettings, RankingSettings
from recsys.studies import multitask
from recsys.studies.format import in_words
from recsys.studies.models import tuned
from recsys.studies.multitask import (
    TODAY,
    TUNED,
    WEIGHTS_ALONE,
    LearningRole,
    ModelFigures,
    MultitaskFigures,
    MultitaskModel,
)
from recsys.studies.registry import EXPERIMENTS
from recsys.studies.result import Result
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.text.phrasebook import build_phrasebook
from recsys.training.pairs import SEMANTIC
from tests._encoder import WordEncoder

SETTINGS = ExperimentSettings(k=10)
ABLATIONS = (WEIGHTS_ALONE, "without the rating term", "without the ranking term")


@pytest.fixture(scope="module", autouse=True)
def quick_encoder():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multitask, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
        patch.setattr(multitask, "LAMBDAS", (0.0, 3.0))
        yield


@pytest.fixture(scope="module")
def shops(workspace: Workspace) -> tuple[LearningRole, LearningRole]:
    return LearningRole.both(workspace, SETTINGS)


@pytest.fixture(scope="module")
def result(workspace: Workspace) -> Result:
    return EXPERIMENTS["multitask"].run(workspace, SETTINGS)


def test_it_starts_from_the_very_scores_of_the_live_evaluation(shops: tuple[LearningRole, LearningRole]) -> None:
    for shop in shops:
        identity = np.eye(shop.semantic.space.n_dims, dtype=np.float32)
        held = shop.role.engine.panel.scores.static[:, SEMANTIC]
        found = shop.scored_by(identity).panel.scores.static
        np.testing.assert_allclose(found[:, SEMANTIC], held, atol=2e-3)
        np.testing.assert_array_equal(found[:, :SEMANTIC], shop.role.engine.panel.scores.static[:, :SEMANTIC])


def test_a_head_moves_the_semantic_scores_as_it_would_when_served(shops: tuple[LearningRole, LearningRole]) -> None:
    shop = shops[1]
    n_dims = shop.semantic.space.n_dims
    head = np.diag(np.linspace(0.2, 2, n_dims)).astype(np.float32)
    user = 7
    row = shop.role.held_out.users()[user]
    raw = shop.semantic.with_head(head).score(Requests.one(int(row), shop.role.engine.panel.contexts[user]))
    panel = shop.role.engine.panel
    expected = Standardised.of(raw, panel.counting([user])[0]).values[0]
    np.testing.assert_allclose(shop.scored_by(head).panel.scores.static[user, SEMANTIC], expected, atol=2e-3)
    assert not np.allclose(expected, shop.role.engine.panel.scores.static[user, SEMANTIC], atol=0.1)


def test_test_choices_are_not_learned_from(shops: tuple[LearningRole, LearningRole]) -> None:
    validation, test = shops
    assert len(validation.pairs) < len(test.pairs)
    for shop in shops:
        assert not shop.role.train.seen()[shop.role.held_out.user_rows, shop.role.held_out.item_rows].any()
    assert not validation.role.train.seen()[test.role.held_out.user_rows, test.role.held_out.item_rows].any()


def test_every_variant_has_its_row_and_todays_is_that_of_the_tuning_room(
    result: Result, shops: tuple[LearningRole, LearningRole]
) -> None:
    rows = {str(row["model"]): row for row in result.tables[0].rows}
    assert {TODAY, TUNED, "weights alone", "lambda 0", "lambda 3"} <= set(rows)
    assert {"without the rating term", "without the ranking term"} <= set(rows)
    fusion = tuned(shops[0].role.engine, 10)
    today = shops[1].role.engine.measure(RankingSettings(fusion, WHOLE_CATALOGUE, 10)).lists
    assert rows[TODAY]["ndcg"] == pytest.approx(today.values["ndcg"].mean())
    assert rows[TODAY]["ild"] == pytest.approx(np.nanmean(today.values["ild"]))
    assert rows[TODAY]["ndcg_change"] is None
    assert all(rows[name]["map"] in ("used", "dropped", "") for name in rows)
    assert set(result.figures["models"][result.figures["chosen"]]["weights"]) == set(COMPONENTS)


def test_a_map_that_does_not_beat_the_identity_is_dropped(result: Result) -> None:
    learned = [row for row in result.tables[0].rows if row.get("map_gain") is not None]
    assert learned
    for row in learned:
        assert row["map"] == ("used" if row["map_gain"] > 0 else "dropped")


def test_the_conclusion_says_what_the_intervals_say(result: Result) -> None:
    change = result.figures["models"][TUNED]["on_validation"]["change"]
    shown = change["low"] is not None and change["low"] > 0
    assert ("earns a place in training" in result.conclusion[1]) == shown
    assert ("not shown to earn a place" in result.conclusion[1]) != shown
    assert in_words(Result.from_json(json.loads(json.dumps(result.as_json(), allow_nan=False))))


def test_a_model_that_learned_nothing_is_left_out_of_the_sweep(shops: tuple[LearningRole, LearningRole]) -> None:
    lists, facts = shops[1].lists(None, FusionSettings()), shops[1].role.engine.panel.facts
    models = {
        name: MultitaskModel(name, epochs, FusionSettings(), lists, lists)
        for name, epochs in {TODAY: None, TUNED: 2, "lambda 0": 2, "lambda 3": 0, **dict.fromkeys(ABLATIONS, 2)}.items()
    }
    found = MultitaskFigures(
        {name: ModelFigures.of(each, models[TODAY], facts, facts, 0) for name, each in models.items()}, "lambda 0"
    )
    assert found.sweep == ["lambda 0"]
    assert multitask.plots(found, 10)[0].series[0].x == (found.models["lambda 0"].means["ild"].mean,)
    assert all(each.on_test["ndcg"].verdict == "unclear" for each in found.models.values())
    assert "earns" not in " ".join(multitask.conclusion(found))


def test_changes_are_against_today_on_the_same_shoppers(shops: tuple[LearningRole, LearningRole]) -> None:
    test, today = shops[1], FusionSettings(0.4, 0.1, 0.3, 0.2)
    lists, other = test.lists(None, today), test.lists(None, FusionSettings(1, 0, 0, 0))
    found = differences(other, lists, test.role.engine.panel.facts)["ndcg"]
    assert found.old == pytest.approx(lists.values["ndcg"].mean())

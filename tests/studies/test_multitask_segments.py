"""Weights per segment in the multi-task study: served to whom they belong, compared with care, told as measured."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.evaluation.statistics.paired import Difference, Verdict
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import WHOLE_CATALOGUE, LiveEngine
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import FusionSettings, RankingSettings
from recsys.studies.multitask import models as multitask_models
from recsys.studies.multitask import segments
from recsys.studies.multitask.models import WEIGHTS_ALONE, Model, Shop
from recsys.studies.multitask.segments import (
    EVERYONE,
    WITH_MAP,
    Apart,
    asked_about,
    compared,
    said_of_segments,
    segments_table,
)
from recsys.studies.multitask.study import variants
from recsys.studies.registry import ExperimentSettings
from recsys.studies.workspace import Workspace
from recsys.text.phrasebook import build_phrasebook
from recsys.training.pairs import Pairs
from tests._encoder import WordEncoder

SETTINGS = ExperimentSettings(k=10)
HOT, WARM, ONE = FusionSettings(1, 0, 0, 0), FusionSettings(0, 0, 0, 1), FusionSettings()
BEST = "weights per segment, pull 0.003"


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    """What the weights were learned from: two of hot shoppers, three of warm ones."""
    empty = np.zeros((5, 1), np.float32)
    return Pairs(*[empty] * 10, np.array([12, 30, 1, 4, 9]))


@pytest.fixture(scope="module")
def shop(workspace: Workspace, pairs: Pairs) -> Shop:
    """Test shoppers; nothing is learned from them here."""
    engine = workspace.engines("last", 1, 0)[1]
    data = workspace.data
    return Shop(data, data, None, engine, SemanticScorer(), pairs, SETTINGS)


@pytest.fixture(scope="module")
def models(shop: Shop) -> dict[str, Model]:
    by_segment = {"hot": HOT, "warm": WARM, "cold": ONE}
    one, own = shop.lists(None, ONE), shop.lists(None, ONE, by_segment)
    found = {name: Model(name, 0.0, 2, ONE, one, one) for name in (WEIGHTS_ALONE, "lambda 0")}
    for name in variants(0, ["hot", "warm"]).keys() - found.keys():
        best = name in (BEST, WITH_MAP)
        found[name] = Model(name, 0.0, 2 if best else 0, ONE, own, own if best else one, by_segment=by_segment)
    return found


def test_everyone_is_served_by_the_weights_of_their_segment(shop: Shop) -> None:
    found = shop.lists(None, ONE, {"hot": HOT, "warm": WARM})
    activity = shop.engine.panel.shoppers["activity"].to_numpy(object)
    assert set(activity) == {"hot", "warm"}
    for name, weights in {"hot": HOT, "warm": WARM}.items():
        alone = shop.engine.measure(RankingSettings(weights, WHOLE_CATALOGUE, SETTINGS.k)).lists
        inside = activity == name
        np.testing.assert_array_equal(found.ranked[inside], alone.ranked[inside])
        assert not np.array_equal(found.ranked[~inside], alone.ranked[~inside])
        np.testing.assert_array_equal(found.values["ndcg"][inside], alone.values["ndcg"][inside])
    some = shop.lists(None, ONE, {"hot": HOT})
    np.testing.assert_array_equal(some.ranked[activity == "warm"], shop.lists(None, ONE).ranked[activity == "warm"])


def test_the_table_counts_everybody_once_and_adds_up(shop: Shop, models: dict[str, Model]) -> None:
    found = compared(models, shop, shop)
    assert [each.model.name for each in found] == [BEST, WITH_MAP]
    rows = {row["shoppers"]: row for row in segments_table(found, 10).rows if row["model"] == BEST}
    assert list(rows) == ["hot", "warm", EVERYONE]
    assert rows["hot"]["weights"] == "collaborative 100%"
    assert (rows["hot"]["n_pairs"], rows["warm"]["n_pairs"], rows[EVERYONE]["n_pairs"]) == (2, 3, 5)
    assert rows["hot"]["n"] + rows["warm"]["n"] == rows[EVERYONE]["n"] == len(shop.engine.panel)
    for name in ("one", "own", "change"):
        together = sum(rows[each][name] * rows[each]["n"] for each in ("hot", "warm"))
        assert together == pytest.approx(rows[EVERYONE][name] * rows[EVERYONE]["n"])
    assert rows[EVERYONE]["one"] == pytest.approx(shop.lists(None, ONE).values["ndcg"].mean())


def test_the_pull_is_chosen_among_those_that_learned_anything(shop: Shop, models: dict[str, Model]) -> None:
    other = "weights per segment, pull 0.0003"
    assert compared({**models, other: replace(models[other], epochs=0)}, shop, shop)[0].model.name == BEST
    better = replace(models[other].validation, values={"ndcg": models[other].validation.values["ndcg"] + 1})
    again = {**models, other: replace(models[other], epochs=1, validation=better)}
    assert compared(again, shop, shop)[0].model.name == other


def test_with_one_segment_nothing_is_learned_for_it_and_that_is_said() -> None:
    assert not any(each.segments for each in variants(0, ["warm"]).values())
    assert sum(each.segments for each in variants(0, ["hot", "warm"]).values()) == len(segments.PULLS) + 1
    assert said_of_segments([], ["warm"]) == (
        "All shoppers asked about are warm, so there are no segments to learn weights for.",
    )


@pytest.mark.parametrize(
    ("verdict", "low", "words"),
    [("better", 0.001, "they pay."), ("worse", -0.05, "they cost."), ("unclear", -0.01, "they are not shown to pay.")],
)
def test_the_sentence_claims_what_the_interval_carries(verdict: Verdict, low: float, words: str) -> None:
    change = Difference("ndcg", 0.2, 0.1, Interval(0.01, low, 0.02, 50), verdict, 10)
    model = Model(BEST, None, 2, ONE, None, None)
    counts = {"hot": 9, "warm": 8, "cold": 0, EVERYONE: 17}
    apart = Apart(model, counts, counts, {"warm": change, "cold": change, EVERYONE: change})
    said = said_of_segments([apart, apart], ["warm", "cold"])
    assert words in said[0]
    assert said[0].startswith(
        f"Weights of their own for warm and cold shoppers ({BEST}) change nDCG on test by +0.0100"
    )
    assert "By segment: warm +0.0100 (" in said[0]
    assert said[1].startswith("With a map learned too, weights of their own for warm and cold shoppers")
    assert said[2] == "No pair to learn from has a cold shopper; these have the weights in common."
    stayed = said_of_segments([replace(apart, model=replace(model, epochs=0)), apart], ["warm", "cold"])
    assert stayed[0] == (
        f"Weights of their own for warm and cold shoppers ({BEST}) stay as today's: the objective itself found nothing "
        "better."
    )
    assert stayed[1:] == said[1:]


@pytest.mark.parametrize("cold", [False, True])
def test_cold_shoppers_are_learned_from_where_they_are_asked_about(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, cold: bool
) -> None:
    validation, test = workspace.engines("last", 1, 0)
    if cold:
        told = test.panel.shoppers.assign(activity=["cold", *test.panel.shoppers["activity"][1:]])
        test = LiveEngine(replace(test.panel, shoppers=told))
    asked = []

    def pairs_of(*given: object, with_cold: bool) -> None:
        asked.append(with_cold)

    class Prepared(Workspace):
        def engines(self, *given: object, **more: object) -> tuple[LiveEngine, LiveEngine]:
            return validation, test

    monkeypatch.setattr(multitask_models, "training_pairs", pairs_of)
    monkeypatch.setattr(multitask_models, "make_phrasebook", _quick)
    shops = Shop.both(Prepared(workspace.data_folder, workspace.place), SETTINGS)
    assert asked == [cold, cold]
    assert asked_about(shops) == (["hot", "warm", "cold"] if cold else ["hot", "warm"])


def _quick(data: Dataset, *rest: object) -> Mapping[str, object]:
    return build_phrasebook(data, WordEncoder())

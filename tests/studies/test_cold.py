"""New products and levels: chosen on validation, fair to ties, and told no further than the intervals go."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.evaluation.protocols.rewinds import new_product_rewind
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.settings import COMPONENTS, FusionSettings
from recsys.studies.ablation import chosen_weights, models_on
from recsys.studies.cold import levels as cold_segments
from recsys.studies.cold.comparisons import Against, Found, against, found_of, over_products
from recsys.studies.cold.levels import Level, by_level, product_levels, tuned_by_shopper
from recsys.studies.cold.new_products import (
    KNOWN,
    MIXES,
    Asked,
    NewModel,
    accuracy,
    ask,
    chosen_for_new,
    label_of,
    models_for_new,
)
from recsys.studies.cold.summary import NO_WORDS, against_simple, words_by_level
from recsys.studies.format import in_words
from recsys.studies.registry import EXPERIMENTS, ExperimentSettings
from recsys.studies.result import Result
from recsys.studies.workspace import Workspace

SETTINGS = ExperimentSettings(k=10)
SIMPLE = ("random", "popularity", "recent_popularity", "item_knn", "ease")


@pytest.fixture(scope="module")
def place(workspace: Workspace, new_product_folder: Path) -> Workspace:
    """The prepared panel of new products where one is asked for, else that of last choices."""

    class Prepared(Workspace):
        def engines(self, split: str, *asked: object, **more: object) -> tuple[LiveEngine, LiveEngine]:
            folder = new_product_folder if split == "new_products" else new_product_folder.parent / "whole"
            validation, test = Panel.open(folder)
            return LiveEngine(validation), LiveEngine(test)

    return Prepared(workspace.data_folder, workspace.place)


@pytest.fixture(scope="module")
def asked(place: Workspace) -> tuple[Asked, Asked]:
    validation, test, _ = ask(place, SETTINGS)
    return validation, test


@pytest.fixture(scope="module")
def result(place: Workspace) -> Result:
    return EXPERIMENTS["cold"].run(place, SETTINGS)


def test_shoppers_are_shown_the_new_products_or_all_that_they_do_not_have(
    asked: tuple[Asked, Asked], place: Workspace
) -> None:
    replay = new_product_rewind(place.data)
    for role, each in zip(("validation", "test"), asked, strict=True):
        rows, everyone = each.rows, np.arange(len(each.rows))
        np.testing.assert_array_equal(replay.held_out(role).relevant()[replay.held_out(role).users()].indices, rows)
        new, whole = (each.wanted[name].eligible for name in ("new", "whole"))
        assert new[everyone, rows].all()
        assert whole[everyone, rows].all()
        assert (new <= whole).all()
        np.testing.assert_array_equal(new, replay.fold_of[None, :] == replay.fold_of[rows][:, None])
        assert 0 < (~whole).sum(axis=1).mean() < 40  # what shoppers have


def test_a_simple_model_is_worth_what_chance_is_among_new_products(asked: tuple[Asked, Asked]) -> None:
    own = dict.fromkeys(MIXES, FusionSettings())
    models = models_for_new(asked[1], "new", own, own, 10)
    for name in SIMPLE:
        np.testing.assert_allclose(models[name].values["recall"], 10 / 60)
        assert models[name].kind == "simple"
    whole = models_for_new(asked[1], "whole", own, own, 10)
    assert whole["popularity"].values["ndcg"].mean() < whole["random"].values["ndcg"].mean()


def test_weights_are_the_best_of_their_kind_on_validation_shoppers(asked: tuple[Asked, Asked]) -> None:
    wanted = asked[0].wanted["new"]
    chosen = chosen_for_new(wanted, 10)
    for names, fusion in chosen.items():
        shares = fusion.normalised()
        assert {name for name, share in shares.items() if share} <= set(names)
        best = accuracy(wanted, np.array(list(shares.values()), np.float32), 10)["ndcg"].mean()
        for one in names:
            alone = np.array([float(name == one) for name in COMPONENTS], np.float32)
            assert accuracy(wanted, alone, 10)["ndcg"].mean() <= best + 1e-9


def test_every_model_has_its_row_and_the_lead_is_that_of_the_same_shoppers(result: Result) -> None:
    for ranking, table in zip(("new", "whole"), result.tables[:2], strict=True):
        rows = {str(row["model"]): row for row in table.rows}
        expected = {*map(label_of, (*SIMPLE, *COMPONENTS, "traditional", "full", "full" + KNOWN)), "All but semantic"}
        assert expected <= set(rows)
        figures = result.figures["new_products"][ranking]
        lead = figures["full"]["ndcg"]["mean"] - figures["ease"]["ndcg"]["mean"]
        assert rows["EASE"]["lead"] == pytest.approx(lead) == pytest.approx(figures["ease"]["lead"]["shoppers"]["mean"])
        assert "lead" not in rows["All components"]
        assert all(0 < row["p"] <= 1 for name, row in rows.items() if name != "All components")


def test_each_product_counts_once_however_many_chose_it() -> None:
    values, rows = np.array([1.0, 1.0, 1.0, 0.0]), np.array([7, 7, 7, 2], np.int32)
    assert over_products(values, rows).mean == pytest.approx(0.5)
    many = np.repeat(np.arange(200, dtype=np.int32), 5)
    found = over_products(np.random.default_rng(0).normal(0.3, 1, 200)[many], many)
    alone = over_products(np.random.default_rng(0).normal(0.3, 1, 200), np.arange(200, dtype=np.int32))
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high))


def interval(low: float, high: float) -> Interval:
    return Interval((low + high) / 2, low, high, 100)


@pytest.mark.parametrize(
    ("shoppers", "products", "said"),
    [
        (interval(0.1, 0.2), interval(0.1, 0.2), "better"),
        (interval(0.1, 0.2), interval(-0.1, 0.2), "unclear"),
        (interval(0.1, 0.2), Interval(0.1, float("nan"), float("nan"), 5), "unclear"),
        (interval(-0.2, -0.1), interval(-0.2, -0.1), "worse"),
        (interval(-0.2, -0.1), interval(0.1, 0.2), "unclear"),
    ],
)
def test_better_is_what_both_intervals_say(shoppers: Interval, products: Interval, said: str) -> None:
    assert Against(shoppers, products, 0.01).verdict == said


def drawn(full: float, simple: float, seed: int = 0) -> Found:
    """Two models on 400 shoppers of 100 products."""
    rng = np.random.default_rng(seed)
    rows = np.arange(400, dtype=np.int32) % 100

    def model(name: str, kind: str, mean: float) -> NewModel:
        values = rng.normal(mean, 0.05, 400)
        return NewModel(name, kind, {"ndcg": values, "recall": values}, None)

    return found_of({"popularity": model("popularity", "simple", simple), "full": model("full", "mix", full)}, rows)


def test_the_conclusion_claims_a_lead_only_where_there_is_one() -> None:
    assert "above every simple model" in against_simple("new", drawn(0.3, 0.1))
    assert "not shown to be above Popularity" in against_simple("new", drawn(0.1, 0.1))
    assert "not shown to be above Popularity" in against_simple("new", drawn(0.1, 0.3))
    shown = drawn(0.3, 0.1)
    lead = shown.lead["popularity"]
    unsure = replace(shown, lead={"popularity": replace(lead, by_products=interval(-0.1, 0.2))})
    assert "for these shoppers, which is not shown for the average product" in against_simple("new", unsure)


def test_words_pay_only_where_their_interval_says_so() -> None:
    def level(name: str, lead: Interval) -> Level:
        return Level("products", name, 100, {}, {NO_WORDS: lead})

    said = words_by_level([level("hot", interval(0.1, 0.2)), level("warm", interval(-0.2, -0.1))])
    assert "words pay for hot products (+0.1500" in said
    assert "they cost for warm products" in said
    unsure = words_by_level([level("hot", interval(-0.1, 0.3))])
    assert "words are not shown to pay for hot products" in unsure
    assert "no list depends on words" in words_by_level([level("hot", interval(0.0, 0.0))])


def test_holm_corrects_over_all_that_are_compared() -> None:
    found = drawn(0.11, 0.1)
    more = {f"other {place}": found.models["popularity"] for place in range(5)} | dict(found.models)
    rows = np.arange(400, dtype=np.int32) % 100
    corrected = against(more, "full", rows)["popularity"].p_corrected
    assert corrected >= found.lead["popularity"].p_corrected


def test_levels_share_the_shoppers_out_and_only_their_products_count(place: Workspace) -> None:
    validation, test = place.engines("last", 1, 0)
    models = models_on(test, chosen_weights(validation, 10), 10)
    levels = by_level(test, models)
    for of in ("products", "shoppers"):
        assert sum(each.n for each in levels if each.of == of) == len(test.panel)
        weighed = sum(each.n * each.ndcg["full"].mean for each in levels if each.of == of)
        assert weighed / len(test.panel) == pytest.approx(models["full"].lists.values["ndcg"].mean())
    masks = product_levels(test.panel)
    assert sum(mask.sum() for mask in masks.values()) == test.panel.n_items
    wanted = test.panel.popularity[test.panel.relevant.values]
    assert next(each.n for each in levels if (each.of, each.name) == ("products", "hot")) == (wanted >= 10).sum()


def test_a_level_of_few_shoppers_keeps_the_weights_of_everybody(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    validation, test = place.engines("last", 1, 0)
    common = FusionSettings(1, 1, 1, 1)
    monkeypatch.setattr(cold_segments, "FEWEST_TO_TUNE", 10_000)
    tuned = tuned_by_shopper(validation, test, common, SETTINGS)
    assert all(each.fusion is None and each.change.mean == 0 for each in tuned)
    monkeypatch.setattr(cold_segments, "FEWEST_TO_TUNE", 1)
    tuned = tuned_by_shopper(validation, test, common, SETTINGS)
    everyone = tuned[-1]
    assert everyone.n_test == sum(each.n_test for each in tuned[:-1]) == len(test.panel)
    gained = sum(each.n_test * each.change.mean for each in tuned[:-1]) / everyone.n_test
    assert everyone.change.mean == pytest.approx(gained)


def test_the_result_is_told_and_kept(result: Result) -> None:
    assert in_words(Result.from_json(json.loads(json.dumps(result.as_json(), allow_nan=False))))
    assert "things that anybody did with the new products" in " ".join(result.caveats)
    assert {plot.name for plot in result.plots} == {"new_products", "lead_by_products", "lead_by_shoppers"}
    verdicts = {
        each["lead"]["verdict"] for name, each in result.figures["new_products"]["new"].items() if name in SIMPLE
    }
    assert ("above every simple model, none" in result.conclusion[0]) == (verdicts == {"better"})

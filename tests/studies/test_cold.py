"""New products and levels: chosen on validation, fair to ties, and concluded no further than the intervals go."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.evaluation.protocols.rewinds import new_product_rewind
from recsys.evaluation.statistics.significance import Interval, verdict_of
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.settings import COMPONENTS, FusionSettings
from recsys.studies import cold
from recsys.studies.cold_new_products import (
    KNOWN,
    MIXES,
    LevelScores,
    NewModel,
    NewProductRole,
    RankingFigures,
    accuracy,
    by_level,
    chosen_for_new,
    compare_models,
    label_of,
    models_for_new,
    new_product_roles,
    over_products,
    product_levels,
    rewind_of,
    verdict_of_both,
)
from recsys.studies.format import in_words
from recsys.studies.models import chosen_weights, models_on
from recsys.studies.registry import EXPERIMENTS
from recsys.studies.result import Result
from recsys.studies.workspace import ExperimentSettings, Workspace

SETTINGS = ExperimentSettings(k=10)
Roles = tuple[NewProductRole, NewProductRole]
SIMPLE = ("random", "popularity", "recent_popularity", "item_knn", "ease")


@pytest.fixture(scope="module")
def place(workspace: Workspace, new_product_folder: Path) -> Workspace:
    """The prepared panel of new products where one is asked for, else that of last choices."""

    class Prepared(Workspace):
        def engines(self, split: str, *asked: object, **more: object) -> tuple[LiveEngine, LiveEngine]:
            folder = new_product_folder if split == "new_products" else new_product_folder.parent / "whole"
            validation, test = Panel.open(folder)
            return LiveEngine(validation), LiveEngine(test)

    return Prepared(workspace.data_folder, workspace.work_folder)


@pytest.fixture(scope="module")
def roles(place: Workspace) -> Roles:
    validation, test, _ = new_product_roles(place, rewind_of(place, SETTINGS), SETTINGS)
    return validation, test


@pytest.fixture(scope="module")
def result(place: Workspace) -> Result:
    return EXPERIMENTS["cold"].run(place, SETTINGS)


def test_shoppers_are_shown_the_new_products_or_all_that_they_do_not_have(roles: Roles, place: Workspace) -> None:
    rewind = new_product_rewind(place.data)
    for role, each in zip(("validation", "test"), roles, strict=True):
        rows, everyone = each.rows, np.arange(len(each.rows))
        np.testing.assert_array_equal(rewind.held_out(role).relevant()[rewind.held_out(role).users()].indices, rows)
        new, whole = (each.pairs[name].eligible for name in ("new", "whole"))
        assert new[everyone, rows].all()
        assert whole[everyone, rows].all()
        assert (new <= whole).all()
        np.testing.assert_array_equal(new, rewind.fold_of[None, :] == rewind.fold_of[rows][:, None])
        assert 0 < (~whole).sum(axis=1).mean() < 40  # what shoppers have


def test_a_simple_model_is_worth_what_chance_is_among_new_products(
    roles: Roles,
) -> None:
    own = dict.fromkeys(MIXES, FusionSettings())
    models = models_for_new(roles[1], "new", own, own, 10)
    for name in SIMPLE:
        np.testing.assert_allclose(models[name].values["recall"], 10 / 60)
        assert models[name].weights is None
    whole = models_for_new(roles[1], "whole", own, own, 10)
    assert whole["popularity"].values["ndcg"].mean() < whole["random"].values["ndcg"].mean()


def test_weights_are_the_best_of_their_kind_on_validation_shoppers(
    roles: Roles,
) -> None:
    wanted = roles[0].pairs["new"]
    chosen = chosen_for_new(wanted, 10)
    for names, fusion in chosen.items():
        shares = fusion.factors()
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
        lead = figures["ndcg"]["full"]["mean"] - figures["ndcg"]["ease"]["mean"]
        measured = figures["lead"]["ease"]["shoppers"]["change"]["mean"]
        assert rows["EASE"]["lead"] == pytest.approx(lead) == pytest.approx(measured)
        assert rows["All components"]["lead"] is None
        assert all(0 < row["lead_p"] <= 1 for name, row in rows.items() if name != "All components")


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
    ("shoppers", "products", "verdict"),
    [
        (interval(0.1, 0.2), interval(0.1, 0.2), "better"),
        (interval(0.1, 0.2), interval(-0.1, 0.2), "unclear"),
        (interval(0.1, 0.2), Interval(0.1, float("nan"), float("nan"), 5), "unclear"),
        (interval(-0.2, -0.1), interval(-0.2, -0.1), "worse"),
        (interval(-0.2, -0.1), interval(0.1, 0.2), "unclear"),
    ],
)
def test_better_is_what_both_intervals_say(shoppers: Interval, products: Interval, verdict: str) -> None:
    assert verdict_of_both(verdict_of(shoppers), products) == verdict


def drawn(full: float, simple: float, seed: int = 0, n_others: int = 0) -> RankingFigures:
    """Models on 400 shoppers of 100 products."""
    rng = np.random.default_rng(seed)
    rows = np.arange(400, dtype=np.int32) % 100

    def model(mean: float) -> NewModel:
        values = rng.normal(mean, 0.05, 400)
        return NewModel({"ndcg": values, "recall": values})

    models = {"popularity": model(simple), "full": model(full)}
    others = {f"other {n}": models["popularity"] for n in range(n_others)}
    return compare_models(models | others | {"random": models["popularity"], cold.NO_WORDS: models["full"]}, rows)


def conclusion(found: RankingFigures, *levels: LevelScores) -> tuple[str, ...]:
    return cold.conclusion(cold.ColdFigures({"new": found}, levels, 400, 100, 0.1, 1.0))


@pytest.mark.parametrize(("full", "simple", "verdict"), [(0.3, 0.1, "better"), (0.1, 0.3, "worse")])
def test_the_conclusion_claims_a_lead_where_there_is_one(full: float, simple: float, verdict: str) -> None:
    found = drawn(full, simple)
    assert found.lead["popularity"].verdict == verdict
    assert f"{verdict}: Popularity and Random order" in conclusion(found)[0]


def test_a_lead_that_is_not_shown_for_the_average_product_is_not_claimed() -> None:
    found = drawn(0.3, 0.1)
    unsure = replace(found.lead["popularity"], verdict=verdict_of_both("better", interval(-0.1, 0.2)))
    said = conclusion(replace(found, lead=dict(found.lead) | {"popularity": unsure}))[0]
    assert "better: Random order" in said
    assert "no difference we can tell: Popularity" in said


def test_words_pay_by_level_only_where_their_interval_says_so() -> None:
    leads = {"hot": interval(0.1, 0.2), "warm": interval(-0.2, -0.1), "cold": interval(-0.1, 0.3)}
    levels = [LevelScores("products", name, 100, {}, {cold.NO_WORDS: lead}) for name, lead in leads.items()]
    said = conclusion(drawn(0.3, 0.1), *levels)[-1]
    assert "better: hot products; worse: warm products; no difference we can tell: cold products" in said


def test_holm_corrects_over_all_that_are_compared() -> None:
    few, many = (drawn(0.11, 0.1, n_others=n).lead["popularity"].shoppers.p for n in (0, 5))
    assert many >= few


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
    assert next(each.n for each in levels if (each.of, each.level) == ("products", "hot")) == (wanted >= 10).sum()


def test_the_result_reads_back_and_its_conclusion_names_every_verdict(result: Result) -> None:
    assert in_words(Result.from_json(json.loads(json.dumps(result.as_json(), allow_nan=False))))
    assert "things that anybody did with the new products" in " ".join(result.caveats)
    assert {plot.name for plot in result.plots} == {"new_products", "lead_by_products", "lead_by_shoppers"}
    lead = result.figures["new_products"]["new"]["lead"]
    better = result.conclusion[0].partition("better: ")[2].partition(";")[0]
    assert all((label_of(name) in better) == (each["verdict"] == "better") for name, each in lead.items())

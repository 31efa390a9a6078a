"""An explanation is the arithmetic of the score: 10,000 times, on a demo shop and on real data."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from recsys.data.dataset import Dataset
from recsys.explanations.decompose import scales
from recsys.ranking.rank import Standardised
from recsys.scorers.base import Requests
from recsys.scorers.collaborative import CollaborativeSettings, EngineName
from recsys.scorers.item_links import EASESettings, ItemKNNSettings
from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS, Context, Filters, FusionSettings, RankingSettings
from tests._data import shared_data
from tests.explanations._cases import (
    CLOSE,
    Shop,
    approx,
    check_arithmetic,
    check_explanation,
    named,
    rounding,
    settings,
    summed,
)
from tests.serving.test_recommender import LATER, USERS, make_model

N_CASES = 2_500


def hold_for_random_cases(shop: Shop, n_whole: int, seed: int, n_a_request: int = 25) -> None:
    """Explain at random; `n_whole` of the cases as a person would see them, all others by what the scorers say."""
    rng = np.random.default_rng(seed)
    n_requests = N_CASES // n_a_request
    whole = set(rng.choice(n_requests, n_whole, replace=False).tolist())
    worst, n_checked = 0.0, 0
    for number in range(n_requests):
        scored = shop.request(rng)
        for place in range(n_a_request):
            row, asked = int(rng.integers(shop.data.n_items)), settings(rng)
            if place == 0 and number in whole:
                found = shop.model.explain(scored, shop.data.item_ids[row], asked)
                error = check_explanation(shop, scored, found, asked)
            else:
                error = check_arithmetic(shop, scored, row, asked.fusion)
            worst, n_checked = max(worst, error), n_checked + 1
    print(f"largest error of {n_checked:,} explanations: {worst:.2e}")
    assert n_checked == N_CASES
    assert worst < CLOSE


@pytest.mark.slow
def test_thousands_of_explanations_sum_to_their_scores(shop: Shop) -> None:
    assert all(shop.users.values())  # hot, warm and cold shoppers take part
    hold_for_random_cases(shop, 80, seed=1)


@pytest.mark.slow
def test_thousands_of_explanations_of_real_reviews_sum_to_their_scores(tmp_path: Path) -> None:
    everybody = Dataset.read(shared_data("steam_au")).core(3)
    data = everybody.renumbered(np.arange(everybody.n_users) % 5 == 0, np.ones(everybody.n_items, bool))
    hold_for_random_cases(Shop(data, make_model(data, tmp_path / "steam")), 40, seed=2)


@pytest.mark.parametrize("user", USERS)
def test_every_product_of_the_small_shop_is_explained_to_its_score(
    model: Recommender, tiny_data: Dataset, user: str
) -> None:
    shop, everything = Shop(tiny_data, model), Filters(include_seen=True, only_available=False)
    for words in ("", "Light to carry, and dry."):
        scored = model.scores(user, words, Context.at(LATER, device="mobile", region="north"))
        for weights in ((1, 1, 1, 1), (0, 0, 1, 0), (1, 0, 0, 0), (0, 1, 0, 2)):
            asked = RankingSettings(FusionSettings(*weights), everything, n=8)
            listed = {item.item_id: item for item in model.rank(scored, asked).items}
            for item_id in tiny_data.item_ids:
                found = model.explain(scored, item_id, asked)
                assert check_explanation(shop, scored, found, asked) < rounding(found)
                assert found.score == listed[item_id].score
                as_listed = dict(listed[item_id].components)
                assert found.against_average == pytest.approx(as_listed, abs=rounding(found))
                assert (found.position.rank, found.position.rank_by_score) == (listed[item_id].rank,) * 2


@pytest.mark.parametrize("engine", ["lightfm", "item_knn", "ease"])
def test_every_engine_is_explained_to_its_score_whatever_is_left_out(
    tiny_data: Dataset, tmp_path: Path, engine: EngineName
) -> None:
    settings = CollaborativeSettings(
        engine, item_knn=ItemKNNSettings(30.0, shrinkage=1), ease=EASESettings(90.0, 2.0, 1.0)
    )
    shop = Shop(tiny_data, make_model(tiny_data, tmp_path / "model", {"collaborative": settings}))
    everything = Filters(include_seen=True, only_available=False)
    for user in (*USERS, "0042", None):
        for struck in ((), ("h:tent-2",), ("h:blanket", "h:lamp", "c:trend"), ("f:brand:Alder", "i:mug", "h:stove")):
            scored = shop.model.scores(user, "" if user else "warm", Context(region="north"), struck)
            for weights in ((1, 0, 0, 0), (4, 1, 3, 2)):
                asked = RankingSettings(FusionSettings(*weights), everything, n=8)
                for item_id in tiny_data.item_ids:
                    found = shop.model.explain(scored, item_id, asked)
                    assert check_explanation(shop, scored, found, asked) < rounding(found)
                    assert not set(struck) & set(named(found.of("collaborative")))


@pytest.mark.parametrize("engine", ["item_knn", "ease"])
def test_what_a_liked_product_adds_is_named_and_goes_with_it(
    tiny_data: Dataset, tmp_path: Path, engine: EngineName
) -> None:
    """Cleo likes a candle, a blanket and pegs; each part is exactly what the raw score loses without that product."""
    settings = CollaborativeSettings(engine, item_knn=ItemKNNSettings(shrinkage=1), ease=EASESettings(None, 2.0, 1.0))
    model = make_model(tiny_data, tmp_path / "model", {"collaborative": settings})
    scorer, cleo, tent = model.scorers["collaborative"], model.user_row("cleo"), model.item_row("tent-2")
    scored, asked = model.scores("cleo"), RankingSettings(FusionSettings.only("collaborative"))
    parts = {part.source["strike"]: part for part in model.explain(scored, "tent-2", asked).of("collaborative")}
    assert {"h:blanket"} <= set(parts) <= {"h:candle", "h:blanket", "h:00123"}
    worth = scales(scored.standardised, asked.fusion)["collaborative"]
    raw = scorer.score(Requests.one(cleo, scored.context))[0, tent]
    for name, part in parts.items():
        assert part.label == model.items.set_index("item_id")["title"][name[2:]]
        left = model.ablate(scored, (name,))
        without = scorer.score(left.requests)[0, tent]
        assert part.value == pytest.approx(worth * float(raw - without), rel=1e-4, abs=1e-6)


def test_quotes_of_every_product_are_verbatim(shop: Shop) -> None:
    semantic = shop.model.scorers["semantic"]
    places = np.arange(len(semantic.weights))
    for source in shop.model.documents.sources(places):
        shop.check_phrase(source)


def test_the_standing_is_the_place_on_the_list(shop: Shop) -> None:
    rng = np.random.default_rng(3)
    for _ in range(25):
        scored, asked = shop.request(rng), settings(rng)
        ranked = shop.model.rank(scored, asked)
        listed = {item.item_id: item for item in ranked.items}
        for item_id in [*listed][:4] + rng.choice(shop.data.item_ids.to_numpy(object), 4).tolist():
            standing = shop.model.explain(scored, item_id, asked).position
            assert (standing.n, standing.n_candidates) == (asked.n, ranked.n_candidates)
            if item_id in listed:
                assert standing.rank == listed[item_id].rank
                assert standing.rank_by_score == listed[item_id].rank_before_diversity
                assert standing.places_diversified == listed[item_id].rank_before_diversity - standing.rank
            else:
                assert standing.rank is None
                assert bool(standing.not_eligible) == (standing.rank_by_score is None)
                assert standing.places_diversified == 0


def test_what_cannot_be_listed_says_why_and_is_explained_all_the_same(model: Recommender) -> None:
    scored = model.scores("ann")
    reasons = {
        "stove": ("the shopper already has it", Filters()),
        "candle": ("it is not available", Filters()),
        "mug": ("the filter leaves out its category", Filters(categories=frozenset({"Tents"}))),
        "tent-4": ("the filter leaves out its price", Filters(price_high=20)),
    }
    for item_id, (reason, filters) in reasons.items():
        found = model.explain(scored, item_id, RankingSettings(filters=filters))
        assert found.position.not_eligible == reason
        assert (found.position.rank, found.position.rank_by_score) == (None, None)
        assert abs(found.residual) < rounding(found, 2e-6)


def test_pairs_point_to_the_phrases_whose_product_they_are(shop: Shop) -> None:
    rng = np.random.default_rng(4)
    for _ in range(12):
        scored, asked = shop.request(rng), RankingSettings()
        row = int(rng.integers(shop.data.n_items))
        found = shop.model.explain(scored, shop.data.item_ids[row], asked)
        theirs = found.of("semantic")
        assert bool(found.pairs) == bool(found.shopper_phrases and theirs)
        assert [abs(pair.value) for pair in found.pairs] == sorted((abs(p.value) for p in found.pairs), reverse=True)
        shopper, product = shop.model.explainer.sides(scored, row)
        here = {name: at for at, name in enumerate(shop.model.explainer.exclusion_names(shopper.places)) if name}
        there = {name: at for at, name in enumerate(shop.model.explainer.exclusion_names(product.places))}
        worth = found.components["semantic"] / float(product.values(shopper).sum() or 1)
        for pair in found.pairs[:100]:
            strike = found.shopper_phrases[pair.shopper].source.get("strike")
            if strike:
                one, other = here[strike], there[theirs[pair.product].source["strike"]]
                product_of = shopper.vectors[one] @ shopper.metric @ product.vectors[other]
                expected = worth * shopper.coefficients[one] * product.coefficients[other] * product_of
                assert pair.value == pytest.approx(expected, rel=1e-2, abs=1e-6)


def test_all_pairs_of_a_small_product_sum_to_the_semantic_component(model: Recommender, tiny_data: Dataset) -> None:
    for user in ("ann", "eli"):
        scored = model.scores(user, "warm and light")
        for item_id in tiny_data.item_ids:
            found = model.explain(scored, item_id)
            if len(found.shopper_phrases) * len(found.of("semantic")) <= 400:
                assert sum(pair.value for pair in found.pairs) == approx(found.components["semantic"])
                for place, part in enumerate(found.of("semantic")):
                    assert sum(pair.value for pair in found.pairs if pair.product == place) == approx(part.value)
                for place, part in enumerate(found.shopper_phrases):
                    assert sum(pair.value for pair in found.pairs if pair.shopper == place) == approx(part.value)


def test_a_component_without_weight_has_no_contributions(model: Recommender) -> None:
    found = model.explain(model.scores("ann"), "mug", RankingSettings(FusionSettings(0, 1, 0, 0)))
    assert {part.component for part in found.contributions} == {"content"}
    assert found.components["semantic"] == found.averages["semantic"] == 0
    assert (found.shopper_phrases, found.pairs) == ((), ())


def test_a_shopper_who_wrote_of_the_product_is_explained_exactly(model: Recommender, tiny_data: Dataset) -> None:
    seen = RankingSettings(filters=Filters(include_seen=True))
    shop = Shop(tiny_data, model)
    for user, item_id in (("ann", "stove"), ("ann", "lamp"), ("ben", "stove"), ("cleo", "mug"), ("eli", "lamp")):
        scored = model.scores(user)
        found = model.explain(scored, item_id, seen)
        assert check_explanation(shop, scored, found, seen) < rounding(found)
        both = set(named(found.of("semantic"))) & set(named(found.shopper_phrases))
        assert both or (user, item_id) == ("cleo", "mug")  # who gave stars only
        for strike in sorted(both):
            left = model.ablate(scored, [strike])
            told = model.explain(left, item_id, seen)
            assert check_explanation(shop, left, told, seen) < rounding(told)


def test_nothing_that_tells_products_apart_is_explained_as_nothing(
    tiny: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    alone = {name: table[table["item_id"] == "stove"] for name, table in tiny.items()}
    model = make_model(Dataset.from_frames(**alone), tmp_path / "alone")  # a shop of one product
    everything = RankingSettings(filters=Filters(include_seen=True, only_available=False))
    for scored in (model.scores("ann"), model.scores(None, "a stove"), model.scores("ann", ablated=["h:stove"])):
        found = model.explain(scored, "stove", everything)
        assert (found.score, found.baseline, found.contributions) == (0, 0, ())
        assert found.components == dict.fromkeys(COMPONENTS, 0)
        assert found.position.rank == found.position.rank_by_score == 1


def test_words_that_cancel_out_say_nothing(tmp_path: Path) -> None:
    """The same words in praise and in complaint, and no title in words: what is left of them is rounding."""
    items = pd.DataFrame({"item_id": list("abcd"), "title": ["!!!", "Tent nice", "Lamp bright", "Mug warm"]})
    now = pd.Timestamp("2026-01-01T10:00Z")
    rows = [
        (f"u{user}", item, rating, now, text)
        for user, stars in enumerate((4.0, 4.0, 4.0, 2.0, 1.0))
        for item, rating, text in (
            ("a", stars, "Good tent to have in the rain."),
            ("b", 5.0, "Solid tent here."),
            ("c", 4.0, "A lamp of light."),
        )
    ]
    reviews = pd.DataFrame(rows, columns=["user_id", "item_id", "rating", "timestamp", "text"])
    model = make_model(Dataset.from_frames(items, reviews), tmp_path / "cancelled")
    words = RankingSettings(FusionSettings(0, 0, 1, 0), Filters(include_seen=True))
    for scored in (model.scores("u0"), model.scores("u4"), model.scores(None, "a good tent")):
        for item_id in "abcd":
            found = model.explain(scored, item_id, words)
            assert abs(found.residual) < CLOSE
            assert summed(found.shopper_phrases) == approx(found.components["semantic"])


@pytest.mark.parametrize("deviation", [1e-5, 2e-6])
def test_scores_that_hardly_differ_are_explained_exactly_or_not_at_all(deviation: float) -> None:
    raw = np.zeros((4, 500), np.float32)
    raw[0] = 1 + deviation * np.random.default_rng(0).standard_normal(500)
    standardised = Standardised.of(raw)
    worth = scales(standardised, FusionSettings(1, 0, 0, 0))["collaborative"]
    told = worth * (raw[0].astype(np.float64) - standardised.mean[0])
    assert np.abs(told - standardised.values[0]).max() < CLOSE


def test_explaining_changes_nothing(shop: Shop) -> None:
    """Whatever is struck and explained in between, the same question gets the same answer, bit for bit."""
    rng = np.random.default_rng(6)
    users = [shop.users["hot"][0], shop.users["warm"][0], None]
    asked = [(user, "" if user else "a warm tent", shop.context(rng)) for user in users]
    before = [shop.model.scores(*each) for each in asked]
    told = [shop.model.explain(scored, shop.data.item_ids[7]) for scored in before]
    for _ in range(15):
        scored = shop.request(rng, n_strikes=8)
        item_id = shop.data.item_ids[int(rng.integers(shop.data.n_items))]
        shop.model.explain(scored, item_id)
        shop.model.read(scored, item_id)
        shop.model.quotes(scored, [item_id])
    for each, scored, explained in zip(asked, before, told, strict=True):
        again = shop.model.scores(*each)
        np.testing.assert_array_equal(again.standardised.values, scored.standardised.values)
        np.testing.assert_array_equal(again.profile, scored.profile)
        assert shop.model.explain(again, shop.data.item_ids[7]) == explained


@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    weights=st.lists(st.floats(0, 10), min_size=4, max_size=4).filter(lambda all_: max(all_) > 1e-3),
    factor=st.floats(0.01, 100),
    item=st.integers(0, 299),
    user=st.integers(0, 249),
)
def test_weights_count_by_their_shares_alone(
    shop: Shop, weights: list[float], factor: float, item: int, user: int
) -> None:
    scored = shop.model.scores(shop.model.users["user_id"][user])
    item_id = shop.data.item_ids[item]
    first, second = (
        shop.model.explain(scored, item_id, RankingSettings(FusionSettings(*(scale * w for w in weights))))
        for scale in (1, factor)
    )
    assert second.score == pytest.approx(first.score, abs=1e-5)
    assert first.components == pytest.approx(second.components, rel=1e-5, abs=1e-5)
    assert abs(first.residual) < 1e-5
    # A score is affine in the factors: doubling one adds what its component is worth beside the average.
    factors = FusionSettings(**first.weights).factors()
    for name in COMPONENTS:
        alone = RankingSettings(FusionSettings(**{**dict.fromkeys(COMPONENTS, 0.0), name: 1.0}))
        unit = shop.model.explainer.score_of(scored, item, alone.fusion)
        assert first.against_average[name] == pytest.approx(factors[name] * unit, abs=1e-5)


def test_the_same_shop_in_another_order_is_explained_the_same(
    tiny: dict[str, pd.DataFrame], tiny_data: Dataset, model: Recommender, tmp_path: Path
) -> None:
    order = [3, 7, 0, 5, 2, 6, 1, 4]
    moved = {**tiny, "items": tiny["items"].iloc[order].reset_index(drop=True)}
    other = make_model(Dataset.from_frames(**moved), tmp_path / "moved")
    asked = RankingSettings(FusionSettings(0, 1, 1, 1))  # LightFM draws by place, so it learns otherwise
    for user in USERS:
        found, there = (each.explain(each.scores(user), "tent-4", asked) for each in (model, other))
        assert there.score == pytest.approx(found.score, abs=1e-4)
        for name in ("content", "semantic", "context"):
            assert sorted(part.value for part in there.of(name)) == pytest.approx(
                sorted(part.value for part in found.of(name)), abs=1e-4
            )


def test_the_json_of_an_explanation_is_its_arithmetic(model: Recommender) -> None:
    found = model.explain(model.scores("ann", "warm"), "mug", replace(RankingSettings(), n=3))
    told = found.as_json()
    assert told["baseline"] + sum(told["components"].values()) - told["residual"] == pytest.approx(told["score"])
    assert sum(told["against_average"].values()) == approx(told["score"])
    assert summed(found.contributions) == approx(sum(told["components"].values()))
    assert told["standing"]["n"] == 3

"""Two moments: what moved between the lists, and which circumstance moved it."""

from datetime import timedelta

import numpy as np

from recsys.explanations.comparisons import compare_contexts
from recsys.serving.recommender import Recommender
from recsys.settings import Context, FusionSettings, RankingSettings
from tests.explanations._cases import Shop, approx
from tests.serving.test_recommender import LATER

LISTED = RankingSettings(FusionSettings(1, 1, 1, 2), n=4)


def test_circumstances_sum_to_the_difference_of_the_scores(shop: Shop) -> None:
    rng = np.random.default_rng(31)
    for _ in range(25):
        scored = shop.request(rng)
        contexts = [shop.context(rng) for _ in range(2)]
        first, second = (
            shop.model.scores(scored.user_id, scored.words, context, scored.ablated) for context in contexts
        )
        lists = [shop.model.rank(request, LISTED).items for request in (first, second)]
        moved = compare_contexts(shop.model, first, second, LISTED)
        assert [each.item_id for each in moved][: len(lists[1])] == [item.item_id for item in lists[1]]
        assert {each.item_id for each in moved} == {item.item_id for items in lists for item in items}
        for each in moved:
            places = [{item.item_id: item for item in items} for items in lists]
            for place, rank, score in zip(
                places, (each.rank_first, each.rank_second), (each.score_first, each.score_second), strict=True
            ):
                assert rank == (place[each.item_id].rank if each.item_id in place else None)
                assert rank is None or score == place[each.item_id].score
            assert sum(each.circumstances.values()) == approx(each.score_second - each.score_first)


def test_the_same_circumstances_move_nothing(model: Recommender) -> None:
    scored = model.scores("ann", "warm", Context.at(LATER, device="mobile", region="north"))
    for each in compare_contexts(model, scored, scored, LISTED):
        assert each.rank_first == each.rank_second
        assert set(each.circumstances.values()) == {0.0}
        assert each.reason == ""


def test_a_circumstance_that_is_stated_once_is_the_reason(model: Recommender) -> None:
    first, second = (model.scores("ann", context=context) for context in (Context(), Context(device="tablet")))
    moved = compare_contexts(model, first, second, RankingSettings(FusionSettings(0, 0, 0, 1), n=8))
    assert {name for each in moved for name in each.circumstances} == {"device", "trend"}
    assert "device" in {each.reason for each in moved}


def test_the_region_of_a_new_shopper_moves_through_the_collaborative_component_too(model: Recommender) -> None:
    settings = RankingSettings(FusionSettings(1, 0, 0, 0), n=4)
    first, second = (model.scores(None, "warm", Context(region=region)) for region in ("north", "south"))
    moved = compare_contexts(model, first, second, settings)
    assert any(abs(each.score_second - each.score_first) > 1e-3 for each in moved)
    for each in moved:
        assert sum(each.circumstances.values()) == approx(each.score_second - each.score_first)
        assert each.reason == "region"


def test_a_struck_circumstance_moves_nothing(model: Recommender) -> None:
    first, second = (
        model.scores("ann", context=Context(device=device), ablated=["c:device"]) for device in ("mobile", "tablet")
    )
    assert {each.reason for each in compare_contexts(model, first, second, LISTED)} == {""}


def test_a_later_moment_moves_by_the_trend_alone(model: Recommender) -> None:
    later = Context(moment=model.info.known_until + timedelta(days=60))
    moved = compare_contexts(model, model.scores("ann"), model.scores("ann", context=later), LISTED)
    assert {name for each in moved for name in each.circumstances} == {"trend"}
    assert any(each.reason == "trend" for each in moved)

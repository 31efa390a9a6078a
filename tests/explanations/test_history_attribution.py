"""Because of your history: each product left out in turn, against scoring and training without it."""

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.errors import UnknownItemError
from recsys.explanations.comparisons import MAX_PRODUCTS, history_attribution
from recsys.scorers.base import Requests
from recsys.scorers.fold_in import folded_in
from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS, Context, Filters, FusionSettings, RankingSettings
from tests.explanations._cases import Shop

ALL = RankingSettings(filters=Filters(include_seen=True, only_available=False), n=8)


def test_an_effect_is_the_score_with_the_product_minus_the_score_without(model: Recommender) -> None:
    scored, row = model.scores("ann", "warm"), model.item_row("mug")
    history = ["blanket", "lamp", "candle", "stove", "tent-2", "tent-2"]
    effects = history_attribution(model, scored, "mug", ALL, history)
    assert {effect.item_id for effect in effects} == set(history)
    sizes = [abs(effect.value) for effect in effects]
    assert sizes == sorted(sizes, reverse=True)
    for effect in effects:
        left = model.scores("ann", "warm", ablated=[f"h:{effect.item_id}"])
        scores = [model.explainer.score_of(each, row, ALL.fusion) for each in (scored, left)]
        assert effect.value == pytest.approx(scores[0] - scores[1], abs=1e-6)
        assert sum(effect.components.values()) == pytest.approx(effect.value, abs=1e-9)
        assert tuple(effect.components) == COMPONENTS
        assert effect.components["context"] == 0  # how wanted a product is lately is the shop's, not the shopper's
        assert effect.rank_without == model.explain(left, "mug", ALL).position.rank_by_score


def test_looking_at_a_product_without_liking_it_does_nothing(model: Recommender) -> None:
    (effect,) = history_attribution(model, model.scores("ann"), "mug", ALL, ["candle"])
    assert effect.value == pytest.approx(0, abs=1e-6)


def test_the_product_itself_is_not_left_out_and_the_latest_are(shop: Shop) -> None:
    user_id = shop.users["hot"][0]
    history = list(dict.fromkeys(shop.model.history(user_id)["item_id"]))
    assert len(history) > MAX_PRODUCTS
    told: list[tuple[str, int, int]] = []
    content = RankingSettings(FusionSettings(0, 1, 1, 0))
    effects = history_attribution(
        shop.model, shop.model.scores(user_id), history[0], content, history, lambda *each: told.append(each)
    )
    assert {effect.item_id for effect in effects} == set(history[1 : MAX_PRODUCTS + 1])
    assert [(done, total) for _, done, total in told] == [(n, MAX_PRODUCTS) for n in range(MAX_PRODUCTS + 1)]


def test_what_is_struck_already_stays_struck(model: Recommender) -> None:
    scored = model.scores("ann", ablated=["c:trend", "h:stove"])
    effects = {each.item_id: each for each in history_attribution(model, scored, "mug", ALL, ["stove", "blanket"])}
    assert effects["stove"].value == 0
    left = model.scores("ann", ablated=["c:trend", "h:stove", "h:blanket"])
    row = model.item_row("mug")
    expected = [model.explainer.score_of(each, row, ALL.fusion) for each in (scored, left)]
    assert effects["blanket"].value == pytest.approx(expected[0] - expected[1], abs=1e-6)


def test_no_history_is_no_effect_and_an_unknown_product_is_named(model: Recommender) -> None:
    assert history_attribution(model, model.scores("0042"), "mug", ALL, []) == ()
    with pytest.raises(UnknownItemError, match="product 'boat' is not among the 8 in the catalogue"):
        history_attribution(model, model.scores("ann"), "mug", ALL, ["boat"])


def test_what_cannot_be_listed_has_no_rank_without(model: Recommender) -> None:
    (effect,) = history_attribution(model, model.scores("ann"), "stove", RankingSettings(), ["blanket"])
    assert effect.rank_without is None
    assert effect.value


def test_the_folded_in_vector_scores_like_the_trained_one(shop: Shop) -> None:
    """All but the same scores; of the shopper's own part alone, which is small here, most are alike."""
    scorer = shop.model.scorers["collaborative"].lightfm
    vectors, biases = scorer.item_factors[:, :-1], scorer.item_factors[:, -1]
    scores, own_parts = [], []
    for row in range(shop.data.n_users):
        liked = scorer.like_rows[scorer.like_starts[row] : scorer.like_starts[row + 1]]
        if len(liked):
            offset = scorer.region_factors[scorer.homes[row], :-1]
            n_epochs, rate = scorer.settings.n_epochs, scorer.settings.learning_rate
            folded = vectors @ folded_in(vectors, biases, offset, liked, n_epochs, rate)
            trained = vectors @ (scorer.user_factors[row, :-1] - offset)
            shared = biases + vectors @ offset
            scores.append(np.corrcoef(folded + shared, trained + shared)[0, 1])
            own_parts.append(np.corrcoef(folded, trained)[0, 1])
    print(f"scores {np.min(scores):.3f} at worst; own parts {np.median(own_parts):.3f}, mean {np.mean(own_parts):.3f}")
    assert len(scores) > 200
    assert np.min(scores) > 0.95
    assert np.median(own_parts) > 0.8


def test_leaving_out_a_like_moves_the_collaborative_score_of_its_kind_down(shop: Shop) -> None:
    """A product itself should be scored lower by a shopper who never liked it, in nearly all cases."""
    scorer, moved = shop.model.scorers["collaborative"].lightfm, []
    likes = shop.data.positives()
    for user_row, item_row in likes[["user_row", "item_row"]].to_numpy()[::40].tolist():
        vector = scorer.effect_of(user_row, (item_row,))
        moved.append(float(vector @ scorer.item_factors[item_row, :-1]))
    assert np.mean(np.array(moved) > 0) > 0.9


def test_all_likes_left_out_leave_what_everybody_gets(shop: Shop) -> None:
    """Nothing of the likes is left, so far as folding in can say: the rest is the region and what is left over."""
    user_id = shop.users["warm"][0]
    had = [f"h:{item_id}" for item_id in dict.fromkeys(shop.model.history(user_id)["item_id"])]
    scored = shop.model.scores(user_id, ablated=had[:200])
    for name in ("content", "semantic"):
        assert not scored.standardised.lead[COMPONENTS.index(name)]
    trained = shop.model.scorers["collaborative"].score(Requests.one(shop.model.user_row(user_id), Context()))
    assert np.isfinite(trained).all()


def test_the_effect_is_the_same_each_time(model: Recommender, tiny_data: Dataset) -> None:
    scored = model.scores("ben")
    first, second = (history_attribution(model, scored, "stove", ALL, ["mug", "lamp", "tent-2"]) for _ in range(2))
    assert first == second

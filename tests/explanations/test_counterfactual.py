"""The smallest removal: it does what it says, and no smaller one does where it says so."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from recsys.explanations.counterfactual import MAX_SIZE, smallest_removal
from recsys.ranking.rank import ScoredRequest
from recsys.serving.recommender import Recommender
from recsys.settings import Context, Filters, FusionSettings, RankingSettings
from tests.explanations._cases import Shop, settings
from tests.serving.test_recommender import USERS

WORDS = RankingSettings(FusionSettings(0.1, 0.1, 1, 0.1), n=3)


def is_listed(model: Recommender, scored: ScoredRequest, asked: RankingSettings, item_id: str) -> bool:
    return item_id in [item.item_id for item in model.rank(scored, asked).items]


def without(model: Recommender, scored: ScoredRequest, parts: object) -> ScoredRequest:
    return model.ablate(scored, (*scored.ablated, *(part.source["strike"] for part in parts)))  # type: ignore[attr-defined]


@pytest.mark.parametrize("side", ["product", "shopper"])
def test_without_the_answer_the_product_is_off_the_list(shop: Shop, side: str) -> None:
    rng, found_some = np.random.default_rng(11), 0
    for _ in range(12):
        scored = shop.request(rng)
        asked = replace(settings(rng), fusion=FusionSettings(0.1, 0.1, 1, 0.1))
        items = shop.model.rank(scored, asked).items
        for item in (items[0], items[-1]):
            answer = smallest_removal(shop.model, scored, item.item_id, asked, side)
            if answer.phrases:
                found_some += 1
                assert answer.reason == ""
                assert 1 <= len(answer.phrases) <= MAX_SIZE
                assert not is_listed(shop.model, without(shop.model, scored, answer.phrases), asked, item.item_id)
                for one in answer.phrases:  # none of them is there for nothing
                    fewer = [part for part in answer.phrases if part is not one]
                    assert not fewer or is_listed(shop.model, without(shop.model, scored, fewer), asked, item.item_id)
            else:
                assert not answer.is_smallest
                assert answer.reason
    assert found_some >= 5


def test_no_smaller_set_does_it_where_the_answer_says_so(shop: Shop) -> None:
    rng, n_checked = np.random.default_rng(12), 0
    for _ in range(120):
        scored = shop.request(rng, n_strikes=0)
        asked = RankingSettings(FusionSettings(0.3, 0.1, 1, 0.3), n=int(rng.integers(5, 40)))
        items = shop.model.rank(scored, asked).items
        item_id = items[-1 - int(rng.integers(min(12, len(items))))].item_id
        answer = smallest_removal(shop.model, scored, item_id, asked)
        speaking = [part for part in shop.model.explain(scored, item_id, asked).of("semantic") if part.value > 0]
        size = len(answer.phrases)
        if answer.is_smallest and size > 1 and len(speaking) ** (size - 1) < 900:
            n_checked += 1
            for fewer in combinations(speaking, size - 1):
                assert is_listed(shop.model, without(shop.model, scored, fewer), asked, item_id)
        if n_checked == 4:
            break
    print(f"{n_checked} answers of more than one phrase were compared with every smaller set")
    assert n_checked >= 3


@pytest.mark.parametrize("user", USERS)
def test_every_smaller_set_of_the_small_shop_fails(model: Recommender, user: str) -> None:
    """Brute force over all sets of phrases that speak for a product."""
    scored = model.scores(user, "light, warm and dry", Context(device="mobile"))
    for item in model.rank(scored, WORDS).items:
        answer = smallest_removal(model, scored, item.item_id, WORDS)
        speaking = [part for part in model.explain(scored, item.item_id, WORDS).of("semantic") if part.value > 0]
        for size in range(1, min(len(answer.phrases) or len(speaking), 4)):
            for fewer in combinations(speaking, size):
                if not is_listed(model, without(model, scored, fewer), WORDS, item.item_id):
                    assert not answer.is_smallest
        if answer.phrases:
            assert not is_listed(model, without(model, scored, answer.phrases), WORDS, item.item_id)


def test_what_is_off_the_list_already_needs_nothing(model: Recommender) -> None:
    for item_id in ("stove", "candle"):  # the shopper has it; it is sold out
        answer = smallest_removal(model, model.scores("ann"), item_id, RankingSettings())
        assert answer.phrases == ()
        assert answer.reason == "it is not on the list as it is"


def test_what_words_do_not_hold_on_the_list_cannot_be_taken_off_by_them(model: Recommender) -> None:
    scored = model.scores("ann")
    content = RankingSettings(FusionSettings(1, 1, 0, 1), n=2)
    item_id = model.rank(scored, content).items[0].item_id
    for side in ("product", "shopper"):
        answer = smallest_removal(model, scored, item_id, content, side)
        assert answer.phrases == ()
        assert answer.reason == "no phrase speaks for it"
        assert not answer.is_smallest


def test_a_list_as_long_as_the_catalogue_cannot_be_left(model: Recommender) -> None:
    scored, whole = model.scores("eli"), RankingSettings(FusionSettings(0, 0, 1, 0), n=50)
    item_id = model.rank(scored, whole).items[0].item_id
    answer = smallest_removal(model, scored, item_id, whole)
    assert answer.phrases == ()
    assert answer.reason.endswith(
        "phrases that speak most for it, it is still listed: it does not hang on a few phrases"
    )


def test_with_diversity_the_answer_holds_for_the_list_that_is_shown(shop: Shop) -> None:
    for n, user_id in enumerate(shop.users["warm"][:5]):
        scored = shop.model.scores(user_id)
        asked = RankingSettings(FusionSettings(0.1, 0.1, 1, 0.1), n=8, diversity=0.5, method=("mmr", "dpp")[n % 2])
        item_id = shop.model.rank(scored, asked).items[-1].item_id
        answer = smallest_removal(shop.model, scored, item_id, asked)
        if answer.phrases:
            assert not is_listed(shop.model, without(shop.model, scored, answer.phrases), asked, item_id)
            assert len(answer.phrases) == 1 or not answer.is_smallest  # diversity may bring it back, so who knows


def test_a_shopper_whose_own_words_they_are_changes_with_them(model: Recommender) -> None:
    seen = RankingSettings(FusionSettings(0, 0, 1, 0), Filters(include_seen=True), n=2)
    scored = model.scores("ann")
    for item in model.rank(scored, seen).items:
        answer = smallest_removal(model, scored, item.item_id, seen)
        assert len(answer.phrases) <= 1 or not answer.is_smallest
        if answer.phrases:
            assert not is_listed(model, without(model, scored, answer.phrases), seen, item.item_id)


def test_what_is_struck_already_stays_struck(model: Recommender) -> None:
    asked = replace(WORDS, n=2)
    first = model.rank(model.scores("eli"), asked).items[0].item_id
    strike = model.explain(model.scores("eli"), first, asked).of("semantic")[-1].source["strike"]
    scored = model.scores("eli", ablated=["c:trend", strike])
    if is_listed(model, scored, asked, first):
        answer = smallest_removal(model, scored, first, asked)
        assert strike not in [part.source["strike"] for part in answer.phrases]
        assert not answer.phrases or not is_listed(model, without(model, scored, answer.phrases), asked, first)

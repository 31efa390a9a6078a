"""Profiles in themes: shares sum to all of it, the same each time, and quotes are verbatim."""

import numpy as np
import pytest

from recsys.explanations.themes import MAX_PHRASES, MAX_THEMES, N_EXAMPLES, N_WORDS, profile_of
from recsys.scorers.phrase_weights import PhraseSum
from recsys.serving.recommender import Recommender
from tests.explanations._cases import Shop


def test_shares_of_themes_and_the_rest_sum_to_all(shop: Shop) -> None:
    rng, seen_rest = np.random.default_rng(41), False
    for number in range(10):
        scored = shop.request(rng)
        row = int(rng.integers(shop.data.n_items))
        for profile in (shop.model.explainer.shopper_profile(scored), shop.model.explainer.product_profile(row)):
            whole = sum(theme.share for theme in profile.themes) + profile.rest
            assert whole == pytest.approx(1 if profile.n_phrases else 0, abs=1e-4), number
            assert len(profile.themes) <= MAX_THEMES
            shares = [theme.share for theme in profile.themes]
            assert shares == sorted(shares, reverse=True)
            grouped = sum(theme.n_phrases for theme in profile.themes)
            assert grouped <= min(profile.n_phrases, MAX_PHRASES)
            seen_rest |= grouped < profile.n_phrases
            for theme in profile.themes:
                assert len(theme.words) <= N_WORDS
                assert 1 <= len(theme.phrases) <= N_EXAMPLES
                for phrase in theme.phrases:
                    shop.check_phrase(phrase.source)
                    assert phrase.text == " ".join(phrase.source["text"].split())
    assert seen_rest


def test_the_same_side_gives_the_same_themes(shop: Shop) -> None:
    scored = shop.model.scores(shop.users["hot"][1])
    first, second = (shop.model.explainer.shopper_profile(scored) for _ in range(2))
    assert first == second


def test_typed_words_stand_in_the_rest(model: Recommender) -> None:
    profile = model.explainer.shopper_profile(model.scores(None, "Warm and light."))
    assert profile.themes == ()
    assert profile.rest == pytest.approx(1, abs=1e-5)
    assert profile.n_phrases == 1


def test_a_shopper_of_whom_nothing_is_known_has_no_themes(model: Recommender) -> None:
    profile = model.explainer.shopper_profile(model.scores("0042"))
    assert (profile.themes, profile.rest, profile.n_phrases) == ((), 0, 0)


def test_what_is_struck_is_not_believed_any_more(model: Recommender) -> None:
    scored = model.scores("ann", ablated=["r0", "h:blanket"])
    told = [phrase.source for theme in model.explainer.shopper_profile(scored).themes for phrase in theme.phrases]
    assert told
    assert not any(source["strike"].startswith("r0.") or source["item_id"] == "blanket" for source in told)


def test_one_phrase_said_again_and_again_is_one_theme(model: Recommender) -> None:
    semantic = model.scorers["semantic"]
    side = semantic.item_side(model.item_row("mug"))
    same = PhraseSum.of(side.places[:3], np.ones(3, np.float32), np.repeat(side.vectors[:1], 3, axis=0), side.metric)
    (theme,) = profile_of(same, model.documents).themes
    assert theme.share == pytest.approx(1, abs=1e-5)
    assert theme.n_phrases == 3

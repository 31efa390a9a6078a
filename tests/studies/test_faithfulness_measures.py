"""Taking phrases away: the short way gives what striking them gives, and the named phrases matter more than others."""

from pathlib import Path

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.errors import InputError, SettingsError
from recsys.explanations.decompose import scales
from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS, FusionSettings, RankingSettings
from recsys.studies.faithfulness import FaithfulnessSettings
from recsys.studies.faithfulness_measures import (
    MEASURES,
    MIN_PHRASES,
    AblatedScore,
    SampledItem,
    Stability,
    exactness,
    faithfulness,
    faithfulness_of,
    sample_recommendations,
    stability,
)
from tests.explanations._cases import Shop
from tests.explanations.conftest import shop  # noqa: F401  (a fixture)
from tests.serving.test_recommender import make_model


@pytest.fixture(scope="module")
def sampled(shop: Shop) -> list[SampledItem]:  # noqa: F811
    return sample_recommendations(shop.model, 60)


def test_the_sample_is_of_listed_products_and_repeats_itself(shop: Shop, sampled: list[SampledItem]) -> None:  # noqa: F811
    again = sample_recommendations(shop.model, 60)
    assert [(one.scored.user_id, one.item_id) for one in again] == [
        (one.scored.user_id, one.item_id) for one in sampled
    ]
    settings = RankingSettings(shop.model.info.default_weights)
    ranks = []
    for one in sampled[:20]:
        listed = [each.item_id for each in shop.model.rank(one.scored, settings).items]
        ranks.append(listed.index(one.item_id))
    assert len(set(ranks)) > 5


def test_taking_away_gives_what_striking_gives(shop: Shop, sampled: list[SampledItem]) -> None:  # noqa: F811
    model, fusion = shop.model, shop.model.info.default_weights
    for one in sampled[:8]:
        shopper, product = model.explainer.sides(one.scored, model.item_row(one.item_id))
        worth = scales(one.scored.standardised, fusion)["semantic"]
        taking = AblatedScore(product, shopper.against, worth)
        assert taking.whole == pytest.approx(
            sum(part.value for part in model.explain(one.scored, one.item_id).of("semantic")), abs=1e-5
        )
        names = model.explainer.exclusion_names(product.places)
        for row in range(0, len(product), 7):
            left = model.ablate(one.scored, [names[row]])
            raw = model.scorers["semantic"].score(left.requests)[0, model.item_row(one.item_id)]
            assert taking.without_each()[row] == pytest.approx(worth * raw, abs=1e-5)


def test_named_phrases_matter_more_than_random_ones(shop: Shop) -> None:  # noqa: F811
    sampled = sample_recommendations(shop.model, 160)  # a few phrases decide much: of 60, too few tell
    for side in ("product", "shopper"):
        report = faithfulness(shop.model, sampled, side)  # type: ignore[arg-type]
        assert report.n + report.n_skipped == len(sampled)
        assert report.n > 30
        assert set(report.measures) == set(MEASURES)
        comprehensive, sufficient, tau = (report.measures[name] for name in MEASURES)
        assert comprehensive.value.mean > 3 * comprehensive.control.mean > 0
        assert (comprehensive.difference.sign, sufficient.difference.sign) == (1, -1)
        assert tau.value.low > 0.2
        assert abs(tau.control.mean) < 0.1


def test_random_phrases_in_place_of_the_named_ones_show_nothing(shop: Shop, sampled: list[SampledItem]) -> None:  # noqa: F811
    """The control is fair: an explainer that names phrases at random does no better than it."""
    rng, gaps = np.random.default_rng(0), []
    model = shop.model
    for one in sampled:
        shopper, product = model.explainer.sides(one.scored, model.item_row(one.item_id))
        if len(product) >= MIN_PHRASES:
            taking = AblatedScore(product, shopper.against, 1.0)
            orders = [rng.permutation(len(product)) for _ in range(2)]
            gaps.append(taking.comprehensiveness(orders[0]) - taking.comprehensiveness(orders[1]))
    assert abs(np.mean(gaps)) < 3 * np.std(gaps) / np.sqrt(len(gaps))


def test_too_few_phrases_or_no_weight_are_skipped(tiny_data: Dataset, tmp_path: Path) -> None:
    model = make_model(tiny_data, tmp_path / "model")
    scored = model.scores("ann")
    rng = np.random.default_rng(0)
    assert faithfulness_of(model, scored, "mug", FusionSettings(), "product", rng) is None
    silent = FusionSettings(1, 0, 0, 0)
    assert faithfulness_of(model, scored, "mug", silent, "shopper", rng) is None


def test_a_shop_where_nobody_likes_anything_is_refused(tiny_data: Dataset, tmp_path: Path) -> None:
    rated = tiny_data.reviews.assign(rating=np.float32(1))
    gone = tiny_data.events.iloc[:0]
    from dataclasses import replace

    model = make_model(replace(tiny_data, reviews=rated, events=gone), tmp_path / "model")
    with pytest.raises(InputError, match="no shopper of this model liked anything"):
        sample_recommendations(model, 5)


def test_a_model_agrees_with_itself_and_less_with_another_seed(shop: Shop, sampled: list[SampledItem]) -> None:  # noqa: F811
    same = stability(shop.model, shop.model, sampled[:20])
    assert same.tau.mean == pytest.approx(1)
    assert same.same_top.mean == same.still_listed.mean == 1
    assert same.chance_top.mean < 0.5
    assert set(Stability.__slots__) == {"tau", "tau_collaborative", "same_top", "chance_top", "still_listed"}


def test_random_explanations_sum_and_quote_verbatim(shop: Shop) -> None:  # noqa: F811
    texts = dict(zip(shop.data.reviews["review_id"].tolist(), shop.data.reviews["text"].tolist(), strict=True))
    found = exactness(shop.model, texts, 60)
    assert found.n == 60
    assert max(found.residual, found.component_residual, found.side_residual) < 1e-4
    assert found.n_verbatim == found.n_quotes > 100
    wrong = exactness(shop.model, {review: f"x{text}" for review, text in texts.items()}, 20)
    assert wrong.n_verbatim < wrong.n_quotes  # the check can fail


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(SettingsError, match="n=0 and n_exact=5 are not usable"):
        FaithfulnessSettings(0, 5)


def test_components_are_named_in_the_order_of_the_score(shop: Shop, sampled: list[SampledItem]) -> None:  # noqa: F811
    one = sampled[0]
    model: Recommender = shop.model
    parts = model.explainer.components_of(one.scored, model.item_row(one.item_id), FusionSettings())
    assert list(parts) == list(COMPONENTS)

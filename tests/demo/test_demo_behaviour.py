"""What the demo's shoppers do follows from the hidden truth, and can be found again in the tables."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from recsys.demo.behaviour import MonthlyCandidates
from recsys.demo.reviewing import satisfaction
from recsys.demo.shop import VALUES, month_of
from recsys.demo.truth import POSITION_EFFECTS, World, true_click_rates
from recsys.errors import UnknownItemError, UnknownUserError
from recsys.settings import Context


def _context(row) -> Context:
    return Context.at(row.timestamp.to_pydatetime(), device=row.device, region=row.region)


def test_all_stars_occur_and_the_mean_is_about_four(shop):
    assert sorted(shop.reviews["rating"].unique()) == [1, 2, 3, 4, 5]
    assert 3.8 < shop.reviews["rating"].mean() < 4.3


def test_stars_follow_taste_times_quality(shop):
    truth, reviews = shop.truth, shop.reviews
    user, item = truth.user_rows(reviews["user_id"].tolist()), truth.item_rows(reviews["item_id"].tolist())
    content = satisfaction(World(truth.items, truth.shoppers, {}), user, item)
    by_star = pd.Series(content).groupby(reviews["rating"]).mean()
    assert by_star.is_monotonic_increasing
    assert np.corrcoef(content, reviews["rating"])[0, 1] > 0.35


def test_shoppers_buy_what_they_have_a_taste_for(shop):
    truth = shop.truth
    bought = shop.events[shop.events["event"] == "purchase"].head(3000)
    rng = np.random.default_rng(0)
    chosen = truth.utility(bought["user_id"].tolist(), bought["item_id"].tolist(), Context())
    others = rng.choice(shop.items["item_id"], len(bought)).tolist()
    at_random = truth.utility(bought["user_id"].tolist(), others, Context())
    assert np.mean(chosen > at_random) > 0.85


@pytest.mark.parametrize("dimension", sorted(VALUES))
def test_planted_circumstances_show_in_the_events(shop, dimension):
    """Log-lift of a category under a circumstance against its planted effect, over all values and categories."""
    events = shop.events.merge(shop.items[["item_id", "category"]], on="item_id")
    contexts = {
        "daypart": events["timestamp"].dt.hour // 6,
        "weekday": events["timestamp"].dt.day_of_week,
        "season": events["timestamp"].dt.month % 12 // 3,
    }
    codes = contexts.get(dimension)
    values = events[dimension].astype(str) if codes is None else codes.map(dict(enumerate(VALUES[dimension])))
    counts = pd.crosstab(values, events["category"]) + 5.0
    share = counts.div(counts.sum(axis=1), axis=0)
    lift = np.log(share / (counts.sum() / counts.to_numpy().sum()))
    planted = pd.DataFrame({value: shop.truth.effect(dimension, value) for value in VALUES[dimension]}).T
    lift = lift.loc[planted.index, planted.columns]
    centred = planted - planted.mean()
    assert np.corrcoef(lift.to_numpy().ravel(), centred.to_numpy().ravel())[0, 1] > 0.7
    strong = centred.abs().to_numpy() > 0.45
    assert (np.sign(lift.to_numpy()[strong]) == np.sign(centred.to_numpy()[strong])).mean() > 0.9


def test_propensities_sum_to_one_over_what_may_be_shown(shop):
    truth = shop.truth
    for row in shop.impressions.sample(40, random_state=0).itertuples():
        seconds = np.array([int(row.timestamp.timestamp())])
        candidates = MonthlyCandidates.of_month(truth.items, int(month_of(seconds)[0]))
        user = truth.user_rows(row.user_id)
        n = len(candidates.rows)
        shares = np.repeat(candidates.department_shares(truth.shoppers, user, seconds), n, axis=0)
        policy = np.full(n, 0 if row.policy == "explore" else 1)
        chances = candidates.propensity(shares, np.arange(n), policy)
        assert chances.sum() == pytest.approx(1)
        assert chances.min() > 0
        place = np.flatnonzero(candidates.rows == truth.item_rows(row.item_id)[0])
        assert chances[place] == pytest.approx(row.propensity_score)


def test_what_is_shown_is_as_frequent_as_its_propensity_says(shop):
    """The propensities of one policy in one month, drawn again many times: chi-square within its own spread."""
    truth, rng, n = shop.truth, np.random.default_rng(1), 60_000
    seconds = np.array([int(datetime(2026, 7, 15, tzinfo=UTC).timestamp())])
    candidates = MonthlyCandidates.of_month(truth.items, int(month_of(seconds)[0]))
    shares = candidates.department_shares(truth.shoppers, np.array([7]), seconds)
    for policy in (0, 1):
        drawn = candidates.draw(np.repeat(shares, n, axis=0), np.full(n, policy), rng)
        count = np.bincount(drawn, minlength=len(candidates.rows))
        everywhere = np.arange(len(candidates.rows))
        chance = candidates.propensity(
            np.repeat(shares, len(everywhere), axis=0), everywhere, np.full(len(everywhere), policy)
        )
        chi_square = ((count - n * chance) ** 2 / (n * chance)).sum()
        freedom = len(candidates.rows) - 1
        assert abs(chi_square - freedom) < 5 * np.sqrt(2 * freedom)


def test_inverse_propensities_average_to_one(shop):
    """Over the log, the mean of 1 / (propensity x products that may be shown) is 1 if the propensities are true."""
    months = month_of(shop.impressions["timestamp"].astype("datetime64[s, UTC]").astype("int64").to_numpy())
    candidates = {month: MonthlyCandidates.of_month(shop.truth.items, month) for month in np.unique(months).tolist()}
    weights = 1 / (shop.impressions["propensity_score"] * [len(candidates[month].rows) for month in months.tolist()])
    assert weights.mean() == pytest.approx(1, abs=5 * weights.std() / np.sqrt(len(weights)))


def test_clicks_follow_their_true_probability_and_fall_with_position(shop):
    seen = shop.impressions
    contexts = [_context(row) for row in seen.itertuples()]
    utility = shop.truth.utility(seen["user_id"].tolist(), seen["item_id"].tolist(), contexts)
    chance = true_click_rates(utility, seen["position"].to_numpy(int)).astype(float)
    assert seen["click"].mean() == pytest.approx(chance.mean(), abs=4 * np.sqrt(chance.mean() / len(seen)))
    upper = chance > np.quantile(chance, 0.8)
    assert seen["click"][upper].mean() == pytest.approx(chance[upper].mean(), rel=0.1)
    by_position = seen.groupby("position")["click"].mean()
    assert len(by_position) == len(POSITION_EFFECTS)
    assert by_position.iloc[0] > 1.5 * by_position.iloc[-1]


def test_driving_aspects_are_shares_of_what_speaks_for_a_product(shop):
    driving = shop.truth.driving_aspects("U00001", "P00001")
    assert sum(share for _, share in driving) == pytest.approx(1)
    assert [share for _, share in driving] == sorted((share for _, share in driving), reverse=True)


def test_unknown_ids_are_named(shop):
    with pytest.raises(UnknownUserError, match="shopper 'nobody' is not among the 1,500"):
        shop.truth.utility("nobody", "P00001", Context())
    with pytest.raises(UnknownItemError, match="product 'nothing' is not among the 1,000"):
        shop.truth.utility("U00001", "nothing", Context())


def test_what_people_write_of_shows_their_tastes(shop):
    """Shoppers write of the aspects that count for them more than of the others that apply."""
    truth, mentions = shop.truth, shop.truth.mentions
    tastes = truth.shoppers.taste[mentions["user"], mentions["aspect"]].astype(float)
    assert np.mean(tastes > 0.5) > 0.35
    assert np.mean(truth.shoppers.taste > 0.5) < 0.25

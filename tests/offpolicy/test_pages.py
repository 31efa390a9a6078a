"""Settings of the sliders judged by a demo shop's log, held against its hidden truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.errors import DataError
from recsys.offpolicy.estimators import estimate, lift, support
from recsys.offpolicy.logs import ClickLog
from recsys.offpolicy.pages import Pages, ScoredPages, eligible_on, middle_of
from recsys.offpolicy.policies import Simulator, SoftPolicy, top_lists
from recsys.settings import FusionSettings
from recsys.text.phrasebook import build_phrasebook
from tests._encoder import WordEncoder


def test_every_impression_belongs_to_its_page(shop_log: ClickLog) -> None:
    pages = Pages.after(shop_log, middle_of(shop_log))
    assert len(pages.shown) == pytest.approx(len(shop_log.impressions) / 2, rel=0.01)
    for name in ("time_s", "user_row", "device", "policy"):
        assert (pages.table[name].to_numpy()[pages.column("page")] == pages.column(name)).all()
    some = pages.some(np.array([3, 8]))
    assert len(some) == 2
    assert set(some.column("page")) == {0, 1}
    assert some.column("time_s").tolist() == pages.column("time_s")[np.isin(pages.column("page"), [3, 8])].tolist()


def test_what_happens_after_the_pages_changes_no_score(shop_log: ClickLog, judged: ScoredPages) -> None:
    """Reviews and purchases later than the first refit's pages are turned into others' and back into praise."""
    assert shop_log.data is not None
    cut = middle_of(shop_log)
    data = shop_log.data.until(cut)
    future = shop_log.data.reviews[shop_log.data.reviews["time_s"] >= cut].assign(rating=np.float32(1), text="Awful.")
    changed = replace(
        shop_log.data,
        reviews=pd.concat([data.reviews, future], ignore_index=True),
        events=data.events,
    )
    first = ScoredPages.of(replace(shop_log, data=changed), cut, build_phrasebook(shop_log.data, WordEncoder()))
    starts = np.quantile(judged.pages.table["time_s"], 1 / 6, method="lower")
    early = np.flatnonzero(judged.pages.table["time_s"] < starts)
    assert len(early) > 50
    assert (first.scores[early] == judged.scores[early]).all()
    assert (first.scores != judged.scores).any()


def test_only_what_is_on_the_shelf_and_not_had_can_be_shown(shop_log: ClickLog, judged: ScoredPages) -> None:
    assert shop_log.data is not None
    train = shop_log.data.until(middle_of(shop_log))
    eligible = eligible_on(judged.pages, shop_log, train)
    owned = train.seen()[judged.pages.table["user_row"].to_numpy()].toarray()
    assert owned.any()
    assert not (eligible & owned.astype(bool)).any()
    first, last = shop_log.availability()
    moments = judged.pages.table["time_s"].to_numpy()
    assert not eligible[moments[:, None] <= first].any()
    assert not eligible[moments[:, None] >= last].any()


def test_a_list_of_the_best_has_no_support_and_a_soft_policy_has(judged: ScoredPages) -> None:
    fusion = FusionSettings()
    listed = support(judged.listed(top_lists(judged.scores, fusion, judged.eligible, 4)))
    soft = support(judged.log(SoftPolicy(fusion).probabilities(judged.scores, judged.eligible))[0])
    assert "what the log tells of this policy is worth" in listed.refusal
    assert not soft.refusal
    assert soft.n_effective > 20 * listed.n_effective
    assert soft.mean_weight.low < 1 < soft.mean_weight.high


def test_estimates_hold_the_hidden_truth(judged: ScoredPages, simulator: Simulator) -> None:
    chances = SoftPolicy(FusionSettings()).probabilities(judged.scores, judged.eligible)
    truth, found = simulator.truth.rate(chances), estimate(judged.log(chances)[0])
    for name in ("ips", "snips", "dr"):
        assert found[name].low < truth < found[name].high, name
    assert found["dm"].mean == pytest.approx(truth, rel=0.2)


def test_a_lift_is_the_difference_over_the_old_estimate(judged: ScoredPages) -> None:
    mixes = (FusionSettings(), FusionSettings(0, 0, 0, 1))
    new, old = judged.log(*(SoftPolicy(each).probabilities(judged.scores, judged.eligible) for each in mixes))
    expected = estimate(new)["dr"].mean / estimate(old)["dr"].mean - 1
    assert lift(new, old).mean == pytest.approx(expected)
    assert lift(new, new).mean == 0


def test_pages_before_any_purchase_cannot_be_judged(tiny: dict[str, pd.DataFrame]) -> None:
    early = tiny["impressions"].assign(timestamp=pd.to_datetime("2024-01-01T00:00", utc=True))
    log = ClickLog.of(Dataset.from_frames(**{**tiny, "impressions": early}))
    book = build_phrasebook(log.data, WordEncoder())  # type: ignore[arg-type]
    with pytest.raises(DataError, match="nothing was liked or bought before the impressions"):
        ScoredPages.of(log, middle_of(log), book)
    with pytest.raises(DataError, match="no impression is later"):
        Pages.after(log, middle_of(log) + 1)


def test_simulated_logs_keep_the_pages_and_hold_the_truth(judged: ScoredPages, simulator: Simulator) -> None:
    chances = SoftPolicy(FusionSettings()).probabilities(judged.scores, judged.eligible)
    ((told, n_refused),) = simulator.accuracy([chances], 12, n_resamples=200)
    assert n_refused == 0
    assert told["ips"].n == 12
    assert 6 <= told["dr"].n <= 12
    assert told["dr"].held >= 0.75
    assert abs(told["ips"].bias) < 3 * told["ips"].rmse / np.sqrt(12)
    assert told["dm"].width < told["dr"].width
    again, _ = simulator.accuracy([chances], 12, n_resamples=200)[0]
    assert again == told


def test_redrawn_impressions_follow_the_shops_own_policy(judged: ScoredPages, simulator: Simulator) -> None:
    pages = judged.pages
    page, users = pages.column("page"), simulator.user_ids[pages.column("page")].tolist()
    asked = [pages.column(name) for name in ("time_s", "policy", "position")]
    drawn = [
        simulator.judge.redraw(users, *asked, page, simulator.truth.utilities, np.random.default_rng(seed))
        for seed in (0, 1)
    ]
    assert (drawn[0].item_rows != drawn[1].item_rows).mean() > 0.9
    explore = pages.column("policy") == "explore"
    given = pages.column("propensity")
    assert drawn[0].propensity[explore] == pytest.approx(given[explore], rel=1e-5)
    assert np.log(drawn[0].propensity).mean() == pytest.approx(np.log(given).mean(), abs=0.05)
    expected = float(simulator.judge.rates(simulator.truth.utilities[page, drawn[0].item_rows], asked[2]).mean())
    assert drawn[0].clicks.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected / len(page)))

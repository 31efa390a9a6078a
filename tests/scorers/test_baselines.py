"""The four baselines: the contract, numbers worked by hand, and the reference protocol on real data."""

from datetime import UTC, datetime

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import last_split
from recsys.scorers.base import NO_ROW, Fitting, Requests
from recsys.scorers.baselines import PopularityScorer, RecentPopularityScorer
from recsys.scorers.item_links import EASEScorer, ItemKNNScorer
from recsys.settings import Context
from tests._data import shared_data
from tests.scorers.contract import AsOfMomentContract, ScorerContract

DAY_S = 86_400


class TestPopularity(ScorerContract):
    scorer_class = PopularityScorer

    def test_counts_each_shopper_once(self, tiny_data):
        scores = PopularityScorer().fit(Fitting(tiny_data)).score(Requests.one(NO_ROW, Context()))
        assert dict(zip(tiny_data.item_ids, scores[0].tolist(), strict=True)) == {
            "tent-2": 2,
            "tent-4": 1,
            "stove": 2,
            "mug": 1,
            "lamp": 2,
            "candle": 1,
            "blanket": 2,
            "00123": 1,
        }


class TestRecentPopularity(AsOfMomentContract):
    scorer_class = RecentPopularityScorer

    def _at(self, data, moment, **settings):
        scorer = RecentPopularityScorer(**settings).fit(Fitting(data))
        context = Context(moment=datetime.fromisoformat(moment).replace(tzinfo=UTC)) if moment else Context()
        scores = scorer.score(Requests.one(NO_ROW, context))[0]
        return dict(zip(data.item_ids, scores.tolist(), strict=True))

    def test_the_week_before_counts_and_earlier_likes_settle_ties(self, tiny_data):
        scores = self._at(tiny_data, "2024-04-13T00:00")  # eli's lamp on the 8th, ben's on the 12th; 10 likes in all
        assert scores["lamp"] == pytest.approx(2 + 2 / 11)
        assert scores["tent-2"] == pytest.approx(2 / 11)
        assert scores["candle"] == pytest.approx(1 / 11)
        assert scores["00123"] == 0

    def test_the_window_holds_its_start_and_not_the_moment_itself(self, tiny_data):
        assert self._at(tiny_data, "2024-04-25T11:00")["00123"] == 0  # bought at this very moment
        assert self._at(tiny_data, "2024-04-25T11:00:01")["00123"] == pytest.approx(1 + 1 / 13)
        assert self._at(tiny_data, "2024-05-02T11:00")["00123"] == pytest.approx(1 + 1 / 13)
        assert self._at(tiny_data, "2024-05-02T11:00:01")["00123"] == pytest.approx(1 / 13)

    def test_without_a_moment_the_end_of_the_training_data_is_meant(self, tiny_data):
        assert self._at(tiny_data, None) == self._at(tiny_data, "2024-04-28T20:30:01")

    def test_before_all_likes_nothing_is_known(self, tiny_data):
        assert set(self._at(tiny_data, "2023-01-01T00:00").values()) == {0.0}

    def test_many_moments_agree_with_counting_each_by_itself(self, tiny_data):
        liked = tiny_data.positives()
        items, times_s = liked["item_row"].to_numpy(), liked["time_s"].to_numpy()
        rng = np.random.default_rng(0)
        moments_s = rng.integers(times_s.min() - 9 * DAY_S, times_s.max() + 9 * DAY_S, 300)
        moments_s[:50] = rng.choice(times_s, 50)
        contexts = tuple(Context(moment=datetime.fromtimestamp(int(moment), UTC)) for moment in moments_s)
        scorer = RecentPopularityScorer(window_days=3).fit(Fitting(tiny_data))
        scores = scorer.score(Requests(np.full(300, NO_ROW, np.int32), contexts))
        for row, moment in enumerate(moments_s):
            before = np.bincount(items[times_s < moment], minlength=8)
            recent = np.bincount(items[(times_s < moment) & (times_s >= moment - 3 * DAY_S)], minlength=8)
            np.testing.assert_allclose(scores[row], recent + before / (before.sum() + 1), rtol=1e-6)

    @pytest.mark.parametrize("days", [0, -1, float("nan")])
    def test_a_window_without_length_is_refused(self, days):
        with pytest.raises(ValueError, match=r"window_days=.* is not a length of time; give a number above 0"):
            RecentPopularityScorer(window_days=days)


@pytest.mark.parametrize("scorer", [PopularityScorer(), RecentPopularityScorer(), ItemKNNScorer(), EASEScorer()])
def test_a_shop_where_nobody_liked_anything_scores_zero(tiny, scorer):
    data = Dataset.from_frames(tiny["items"], tiny["reviews"].assign(rating=1))
    requests = Requests(np.array([0, NO_ROW], np.int32), (Context(), Context()))
    scores = scorer.fit(Fitting(data)).score(requests)
    assert scores.shape == (2, 8)
    assert not scores.any()


def test_the_reference_protocol_gives_the_known_figures():
    data = Dataset.read(shared_data("steam_au")).core(3)
    assert (data.n_users, data.n_items) == (5169, 976)
    split = last_split(data)
    held_out = split.test
    contexts = tuple(Context(moment=datetime.fromtimestamp(int(moment), UTC)) for moment in held_out.moments_s)
    seen = split.fit_test.seen()[held_out.user_rows].toarray()
    recall = {}
    for scorer in (PopularityScorer(), RecentPopularityScorer(), ItemKNNScorer(), EASEScorer()):
        scores = scorer.fit(Fitting(split.fit_test)).score(Requests(held_out.user_rows, contexts))
        top = np.argsort(np.where(seen, -np.inf, scores) * -1, axis=1, kind="stable")[:, :10]
        recall[scorer.name] = (top == held_out.item_rows[:, None]).any(1).mean()
    assert recall["popularity"] == pytest.approx(0.207, abs=0.008)
    assert recall["recent_popularity"] == pytest.approx(0.228, abs=0.008)
    assert recall["item_knn"] == pytest.approx(0.207, abs=0.008)
    assert recall["ease"] == pytest.approx(0.208, abs=0.008)

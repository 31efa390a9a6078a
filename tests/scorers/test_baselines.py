"""The four baselines: the contract, numbers worked by hand, and the reference protocol on real data."""

from datetime import UTC, datetime

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import last_split
from recsys.scorers import baselines
from recsys.scorers.base import NO_ROW, Exclusions, Fitting, Requests
from recsys.scorers.baselines import EASEScorer, ItemKNNScorer, PopularityScorer, RecentPopularityScorer
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


class ColdShoppersGetZeros:
    """For scorers that know a shopper by what the shopper liked."""

    def test_a_new_shopper_and_one_who_liked_nothing_get_zeros(self, tiny_data):
        rows = np.array([NO_ROW, tiny_data.user_row("0042"), tiny_data.user_row("ann")], np.int32)
        requests = Requests(rows, (Context(),) * 3)
        scorer = self.fitted(tiny_data)
        scores = scorer.score(requests)
        assert not scores[:2].any()
        assert scores[2].any()
        assert scorer.contributions(requests, 0, 0) == scorer.contributions(requests, 1, 0) == []

    def test_a_product_that_is_left_out_takes_its_links_with_it(self, tiny_data):
        ann, mug = tiny_data.user_row("ann"), tiny_data.item_row("mug")
        scorer = self.fitted(tiny_data)
        tent = tiny_data.item_row("tent-2")
        plain, left = (
            Requests.one(ann, Context(), None, without) for without in (Exclusions(), Exclusions(items=(tent,)))
        )
        gone = [part.value for part in scorer.contributions(plain, 0, mug) if part.source["item_id"] == "tent-2"]
        assert scorer.score(plain)[0, mug] - scorer.score(left)[0, mug] == pytest.approx(sum(gone), abs=1e-7)
        assert gone
        assert "tent-2" not in {part.source["item_id"] for part in scorer.contributions(left, 0, mug)}
        everything = Exclusions(items=tuple(range(tiny_data.n_items)))
        assert not scorer.score(Requests.one(ann, Context(), None, everything)).any()

    def test_parts_name_the_products_of_the_history(self, tiny_data):
        requests = Requests.one(tiny_data.user_row("ann"), Context())
        parts = self.fitted(tiny_data).contributions(requests, 0, tiny_data.item_row("mug"))
        assert {part.source["item_id"] for part in parts} <= {"tent-2", "stove", "blanket"}
        assert "Ridge tent for two" in {part.label for part in parts}


class TestItemKNN(ColdShoppersGetZeros, ScorerContract):
    scorer_class = ItemKNNScorer

    def _score(self, data, user_id, item_id, **settings):
        scorer = ItemKNNScorer(**settings).fit(Fitting(data))
        return scorer.score(Requests.one(data.user_row(user_id), Context()))[0, data.item_row(item_id)]

    def test_scores_worked_by_hand(self, tiny_data):
        # dora likes tent-4 (1 like) and stove (2 likes); ann, who likes stove too, likes blanket (2 likes).
        assert self._score(tiny_data, "dora", "blanket", shrinkage=0) == pytest.approx(1 / 2)
        assert self._score(tiny_data, "dora", "blanket", shrinkage=3) == pytest.approx(1 / 5)
        # ben likes tent-2, mug and lamp; ann alone links tent-2 to stove, nobody links the other two.
        assert self._score(tiny_data, "ben", "stove", shrinkage=0) == pytest.approx(1 / 2)
        # A product has no link to itself: stove reaches dora through tent-4 only.
        assert self._score(tiny_data, "dora", "stove", shrinkage=0) == pytest.approx(1 / np.sqrt(2))

    def test_only_the_nearest_neighbours_of_a_product_count(self, tiny_data):
        # Nearest to stove is tent-4 (0.71), then tent-2 and blanket (0.5), which are ann's.
        assert self._score(tiny_data, "ann", "stove", shrinkage=0, n_neighbours=3) == pytest.approx(1.0)
        assert self._score(tiny_data, "ann", "stove", shrinkage=0, n_neighbours=1) == 0

    def test_linking_products_in_blocks_gives_the_same_links(self, tiny_data, monkeypatch):
        requests = self.requests(tiny_data)
        whole = self.fitted(tiny_data).score(requests)
        monkeypatch.setattr(baselines, "ITEMS_AT_ONCE", 3)
        np.testing.assert_array_equal(self.fitted(tiny_data).score(requests), whole)

    @pytest.mark.parametrize("settings", [{"n_neighbours": 0}, {"shrinkage": -1.0}])
    def test_settings_that_make_no_sense_are_refused(self, settings):
        with pytest.raises(ValueError, match=r"n_neighbours=.*, shrinkage=.* are not usable; give at least 1 and"):
            ItemKNNScorer(**settings)


class TestEASE(ColdShoppersGetZeros, ScorerContract):
    scorer_class = EASEScorer

    def test_each_product_is_ridge_regressed_on_all_others(self, tiny_data):
        liked = tiny_data.positives()
        history = np.zeros((tiny_data.n_users, tiny_data.n_items))
        history[liked["user_row"], liked["item_row"]] = 1
        expected = np.zeros_like(history)
        for item in range(tiny_data.n_items):
            others = np.delete(history, item, axis=1)
            weights = np.linalg.solve(others.T @ others + 2.0 * np.eye(7), others.T @ history[:, item])
            expected[:, item] = others @ weights
        scorer = EASEScorer(regularisation=2.0).fit(Fitting(tiny_data))
        rows = np.arange(tiny_data.n_users, dtype=np.int32)
        np.testing.assert_allclose(scorer.score(Requests(rows, (Context(),) * len(rows))), expected, atol=1e-6)

    def test_only_the_most_liked_products_take_part(self, tiny_data):
        scorer = EASEScorer(regularisation=2.0, max_items=4).fit(Fitting(tiny_data))
        requests = Requests.one(tiny_data.user_row("ann"), Context())
        scores = dict(zip(tiny_data.item_ids, scorer.score(requests)[0].tolist(), strict=True))
        assert {item for item, score in scores.items() if score} <= {"tent-2", "stove", "lamp", "blanket"}
        assert scores["stove"] != 0
        assert scorer.contributions(requests, 0, tiny_data.item_row("mug")) == []
        assert scorer.state().arrays["weights"].shape == (4, 4)

    @pytest.mark.parametrize("settings", [{"regularisation": 0.0}, {"max_items": 0}])
    def test_settings_that_make_no_sense_are_refused(self, settings):
        with pytest.raises(ValueError, match=r"regularisation=.*, max_items=.* are not usable; give above 0 and"):
            EASEScorer(**settings)


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

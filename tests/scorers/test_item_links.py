"""Item-to-item models: the contract, links and scores worked out by hand, and likes that fade."""

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.errors import NotFittedError
from recsys.scorers import item_links
from recsys.scorers.base import NO_ROW, Exclusions, Fitting, Requests
from recsys.scorers.features import item_features
from recsys.scorers.item_links import EASEScorer, EASESettings, ItemKNNScorer, ItemKNNSettings
from recsys.settings import Context
from tests.scorers.contract import ScorerContract, liked_in

HALF_LIFE = 20.0


def weight(liked: str, last: str) -> float:
    """What a like counts of whoever likes nothing later than `last`."""
    age = pd.Timestamp(last) - pd.Timestamp(liked)
    return 0.5 ** (age / pd.Timedelta(days=1) / HALF_LIFE)


ANNS_TENT, ANNS_STOVE = weight("2024-02-28 08:00", "2024-04-20 19:00"), weight("2024-03-10 20:15", "2024-04-20 19:00")


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
        gone = [part.value for part in scorer.contributions(plain, 0, mug) if liked_in(part, tiny_data) == "tent-2"]
        assert scorer.score(plain)[0, mug] - scorer.score(left)[0, mug] == pytest.approx(sum(gone), abs=1e-7)
        assert gone
        assert "tent-2" not in {liked_in(part, tiny_data) for part in scorer.contributions(left, 0, mug)}
        everything = Exclusions(items=tuple(range(tiny_data.n_items)))
        assert not scorer.score(Requests.one(ann, Context(), None, everything)).any()

    def test_parts_name_the_products_of_the_history(self, tiny_data):
        requests = Requests.one(tiny_data.user_row("ann"), Context())
        parts = self.fitted(tiny_data).contributions(requests, 0, tiny_data.item_row("mug"))
        assert {liked_in(part, tiny_data) for part in parts} <= {"tent-2", "stove", "blanket"}


class LikesFade:
    """For item-to-item models: what each liked product adds, against the same model without heed to time."""

    def test_older_likes_of_the_same_shopper_count_less(self, tiny_data):
        faded = self.fitted(tiny_data).with_likes(tiny_data, HALF_LIFE)
        plain = self.fitted(tiny_data).with_likes(tiny_data, None)
        expected = {"tent-2": ANNS_TENT, "stove": ANNS_STOVE, "blanket": 1.0}
        ann, told = Requests.one(tiny_data.user_row("ann"), Context()), set()
        for item_row in range(tiny_data.n_items):
            of_all = {liked_in(part, tiny_data): part.value for part in plain.contributions(ann, 0, item_row)}
            found = {liked_in(part, tiny_data): part.value for part in faded.contributions(ann, 0, item_row)}
            assert found == pytest.approx({item: expected[item] * value for item, value in of_all.items()}, rel=1e-5)
            told |= found.keys()
        assert told == expected.keys()
        # Of whoever likes one product alone it counts whole, however long ago that was.
        eli = Requests.one(tiny_data.user_row("eli"), Context())
        np.testing.assert_array_equal(faded.score(eli), plain.score(eli))

    def test_links_stay_and_only_the_histories_are_made_again(self, tiny_data):
        scorer, requests = self.fitted(tiny_data), self.requests(tiny_data)
        before = scorer.score(requests)
        other = scorer.with_likes(tiny_data, HALF_LIFE)
        assert other.links is scorer.links
        assert other.settings.half_life_days == HALF_LIFE
        again = self.scorer_class(other.settings).fit(self.fitting(tiny_data))
        np.testing.assert_array_equal(other.score(requests), again.score(requests))
        np.testing.assert_array_equal(scorer.score(requests), before)

    def test_without_links_there_is_nothing_to_put_likes_in(self, tiny_data):
        with pytest.raises(NotFittedError):
            self.make().with_likes(tiny_data, None)


class TestItemKNN(ColdShoppersGetZeros, LikesFade, ScorerContract):
    scorer_class = ItemKNNScorer

    def _score(self, data, user_id, item_id, **settings):
        scorer = ItemKNNScorer(ItemKNNSettings(**settings)).fit(Fitting(data))
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
        monkeypatch.setattr(item_links, "ITEMS_AT_ONCE", 3)
        np.testing.assert_array_equal(self.fitted(tiny_data).score(requests), whole)

    @pytest.mark.parametrize("settings", [{"n_neighbours": 0}, {"shrinkage": -1.0}])
    def test_settings_that_make_no_sense_are_refused(self, settings):
        with pytest.raises(ValueError, match=r"n_neighbours=.*, shrinkage=.* are not usable; give at least 1 and"):
            ItemKNNSettings(**settings)


class TestItemKNNWithAHalfLife(ColdShoppersGetZeros, ScorerContract):
    scorer_class = ItemKNNScorer

    def make(self):
        return ItemKNNScorer(ItemKNNSettings(half_life_days=HALF_LIFE, shrinkage=0))

    def test_scores_worked_by_hand(self, tiny_data):
        scorer = self.fitted(tiny_data)
        scores = scorer.score(Requests.one(tiny_data.user_row("ann"), Context()))[0]
        # Nobody but ben links tent-2 (2 likes) to mug (1 like); ann's tent is old.
        assert scores[tiny_data.item_row("mug")] == pytest.approx(ANNS_TENT / np.sqrt(2), rel=1e-5)
        # Stove (2 likes) shares a shopper with tent-2 (2 likes) and with blanket (2 likes), which is ann's last.
        assert scores[tiny_data.item_row("stove")] == pytest.approx((ANNS_TENT + 1) / 2, rel=1e-5)


def ridge(history: np.ndarray, rows: np.ndarray, regularisation: float) -> np.ndarray:
    """Scores by regressing each column of `rows` on all others, of shape of `history`, product by product."""
    expected = np.zeros_like(history)
    for item in range(history.shape[1]):
        others = np.delete(rows, item, axis=1)
        weights = np.linalg.solve(
            others.T @ others + regularisation * np.eye(others.shape[1]), others.T @ rows[:, item]
        )
        expected[:, item] = np.delete(history, item, axis=1) @ weights
    return expected


def histories(data: Dataset) -> np.ndarray:
    liked = data.positives()
    history = np.zeros((data.n_users, data.n_items))
    history[liked["user_row"], liked["item_row"]] = 1
    return history


def everybodys_scores(scorer: EASEScorer, data: Dataset) -> np.ndarray:
    rows = np.arange(data.n_users, dtype=np.int32)
    return scorer.score(Requests(rows, (Context(),) * len(rows)))


def attributes(data: Dataset) -> np.ndarray:
    """One row for each attribute, as if it were a shopper who likes what has it; of length 1 for each product."""
    _, features = item_features(data.items)
    has = features.toarray().astype(float)
    rows = has * np.log(data.n_items / has.sum(axis=0))
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0).T


class TestEASE(ColdShoppersGetZeros, LikesFade, ScorerContract):
    scorer_class = EASEScorer

    def make(self):
        return EASEScorer(EASESettings(regularisation=2.0))

    def test_each_product_is_ridge_regressed_on_all_others(self, tiny_data):
        history = histories(tiny_data)
        found = everybodys_scores(self.fitted(tiny_data), tiny_data)
        np.testing.assert_allclose(found, ridge(history, history, 2.0), atol=1e-6)

    def test_only_the_most_liked_products_take_part(self, tiny_data):
        scorer = EASEScorer(EASESettings(regularisation=2.0, max_items=4)).fit(Fitting(tiny_data))
        requests = Requests.one(tiny_data.user_row("ann"), Context())
        scores = dict(zip(tiny_data.item_ids, scorer.score(requests)[0].tolist(), strict=True))
        assert {item for item, score in scores.items() if score} <= {"tent-2", "stove", "lamp", "blanket"}
        assert scores["stove"] != 0
        assert scorer.contributions(requests, 0, tiny_data.item_row("mug")) == []
        assert {tiny_data.item_ids[row] for row in scorer.items} == {"tent-2", "stove", "lamp", "blanket"}

    def test_each_product_keeps_its_strongest_links(self, tiny_data):
        whole = self.fitted(tiny_data).links.toarray()
        kept = EASEScorer(EASESettings(regularisation=2.0, n_links=2)).fit(Fitting(tiny_data)).links.toarray()
        for item in range(tiny_data.n_items):
            sizes = np.sort(np.abs(whole[:, item]))[::-1]
            expected = np.where((np.abs(whole[:, item]) >= sizes[1]) & (sizes[1] > 0), whole[:, item], 0)
            if sizes[1] == 0:
                expected = whole[:, item]
            np.testing.assert_array_equal(kept[:, item], expected)
        assert 0 < np.count_nonzero(kept) < np.count_nonzero(whole)

    def test_inverting_in_blocks_gives_the_same_links(self, tiny_data, monkeypatch):
        whole = self.fitted(tiny_data).links.toarray()
        monkeypatch.setattr(item_links, "ITEMS_AT_ONCE", 3)
        np.testing.assert_array_equal(self.fitted(tiny_data).links.toarray(), whole)

    @pytest.mark.parametrize(
        "settings", [{"regularisation": 0.0}, {"max_items": 0}, {"attribute_weight": -1.0}, {"n_links": 0}]
    )
    def test_settings_that_make_no_sense_are_refused(self, settings):
        message = r"regularisation=.*, attribute_weight=.*, max_items=.*, n_links=.* are not usable; give above 0, at l"
        with pytest.raises(ValueError, match=message):
            EASESettings(**settings)


class TestEASEWithAttributes(ColdShoppersGetZeros, LikesFade, ScorerContract):
    scorer_class = EASEScorer

    def make(self):
        return EASEScorer(EASESettings(regularisation=2.0, attribute_weight=3.0, half_life_days=180.0))

    def test_attributes_are_more_shoppers_to_learn_from(self, tiny_data):
        history = histories(tiny_data)
        learnt_from = np.vstack([history, np.sqrt(3.0) * attributes(tiny_data)])
        scorer = self.fitted(tiny_data).with_likes(tiny_data, None)
        expected = ridge(history, learnt_from, 2.0)
        assert not np.allclose(expected, ridge(history, history, 2.0), atol=0.05)  # so they do matter
        np.testing.assert_allclose(everybodys_scores(scorer, tiny_data), expected, atol=1e-6)

    def test_a_product_that_nobody_likes_is_linked_by_what_it_shares(self, tiny_data):
        candle, cleo = tiny_data.item_row("candle"), tiny_data.user_row("cleo")
        train = tiny_data.without_pairs([cleo], [candle])
        ann = Requests.one(train.user_row("ann"), Context())  # who likes the blanket, of the same category
        assert self.fitted(train).score(ann)[0, candle] > 0
        (part,) = [part for part in self.fitted(train).contributions(ann, 0, candle) if part.value > 0]
        assert liked_in(part, tiny_data) == "blanket"
        blind = EASEScorer(EASESettings(regularisation=2.0)).fit(Fitting(train))
        assert blind.score(ann)[0, candle] == 0


@pytest.mark.parametrize("settings", [ItemKNNSettings, EASESettings])
@pytest.mark.parametrize("days", [0.0, -1.0])
def test_a_half_life_is_a_length_of_time(settings: type[ItemKNNSettings | EASESettings], days: float) -> None:
    with pytest.raises(ValueError, match=r"half_life_days=.* is not a length of time; give a number above 0"):
        settings(half_life_days=days)

"""The four components keep the contract, and each does what it is there for."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.scorers.base import NO_ROW, Fitting, Requests
from recsys.scorers.collaborative import CollaborativeScorer, CollaborativeSettings
from recsys.scorers.content import ContentScorer
from recsys.scorers.context import ContextScorer
from recsys.scorers.phrase_weights import reference_vectors
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import Context
from recsys.text.phrasebook import Phrasebook, PhraseVectors, build_phrasebook
from tests._encoder import WordEncoder
from tests.scorers.contract import MOMENT, ScorerContract, Tables


def phrasebook(data: Dataset) -> Phrasebook:
    return build_phrasebook(data, WordEncoder())


def typed(text: str) -> PhraseVectors:
    return PhraseVectors(text, np.array([[0, len(text)]], np.int32), WordEncoder().encode([text]))


class TestCollaborative(ScorerContract):
    scorer_class = CollaborativeScorer
    learns_by_chance = True

    def test_a_cold_product_is_judged_by_its_metadata_only(self, tiny_data: Dataset) -> None:
        buyers = tiny_data.positives()["user_row"].unique()
        train = tiny_data.without_pairs(buyers, np.zeros(len(buyers), int))
        scorer = self.fitted(train)
        np.testing.assert_array_equal(scorer.feature_vectors[0], 0)
        assert self.fitted(tiny_data).feature_vectors[0].any()

    def test_a_cold_shopper_gets_the_biases_and_the_region(self, tiny_data: Dataset) -> None:
        scorer = self.fitted(tiny_data)
        unknown = scorer.score(Requests.one(NO_ROW, Context()))[0]
        np.testing.assert_allclose(unknown, scorer.item_factors[:, -1])
        north = scorer.score(Requests.one(NO_ROW, Context(region="north")))[0]
        assert not np.allclose(north, unknown)

    def test_shoppers_who_come_later_change_nothing(self, tiny: Tables) -> None:
        cut_s = int(MOMENT.timestamp())
        later = tiny["events"].iloc[[-1]].assign(user_id="aaron", timestamp=MOMENT)
        grown = {**tiny, "events": pd.concat([tiny["events"], later], ignore_index=True)}
        true, other = (Dataset.from_frames(**tables).until(cut_s) for tables in (tiny, grown))
        assert other.user_ids.tolist() != true.user_ids.tolist()
        scores, expected = self.fitted(other), self.fitted(true)
        rows = other.user_rows(true.user_ids)
        np.testing.assert_array_equal(scores.user_factors[rows], expected.user_factors)
        np.testing.assert_array_equal(scores.item_factors, expected.item_factors)

    def test_nobody_who_likes_anything_is_no_failure(self, tiny: Tables) -> None:
        disliked = tiny["reviews"].assign(rating=1.0)
        scorer = self.fitted(Dataset.from_frames(tiny["items"], disliked))
        np.testing.assert_array_equal(scorer.score(Requests.one(0, Context())), 0)

    def test_other_settings_learn_otherwise(self, tiny_data: Dataset) -> None:
        few = CollaborativeScorer(CollaborativeSettings(n_dims=4)).fit(Fitting(tiny_data))
        assert few.item_factors.shape == (tiny_data.n_items, 5)


class TestContent(ScorerContract):
    scorer_class = ContentScorer

    def requests(self, data: Dataset) -> Requests:
        plain = super().requests(data)
        words = tuple(
            typed(sorted(data.items["title"])[row % data.n_items]) if row % 4 == 3 else None
            for row in range(len(plain))
        )
        return Requests(plain.user_rows, plain.contexts, words)

    def test_typed_words_find_the_product_that_they_name(self, tiny_data: Dataset) -> None:
        scorer = self.fitted(tiny_data)
        named = [scorer.score(Requests.one(NO_ROW, Context(), typed(title)))[0] for title in tiny_data.items["title"]]
        right = sum(int(scores.argmax() == row) for row, scores in enumerate(named) if scores.any())
        assert right >= 0.75 * sum(bool(scores.any()) for scores in named) > 0


class TestSemantic(ScorerContract):
    scorer_class = SemanticScorer

    def fitting(self, data: Dataset, seed: int = 0) -> Fitting:
        return Fitting(data, phrasebook(data), seed)

    def requests(self, data: Dataset) -> Requests:
        plain = super().requests(data)
        words = tuple(typed("warm and light") if row % 4 == 3 else None for row in range(len(plain)))
        return Requests(plain.user_rows, plain.contexts, words)

    def test_a_phrasebook_of_everything_leaks_nothing_that_was_held_out(self, tiny_data: Dataset) -> None:
        book = phrasebook(tiny_data)
        likes = tiny_data.positives()
        train = tiny_data.without_pairs(likes["user_row"].to_numpy()[-3:], likes["item_row"].to_numpy()[-3:])
        assert len(train.reviews) < len(tiny_data.reviews)
        requests = self.requests(train)
        own = SemanticScorer().fit(Fitting(train, phrasebook(train))).score(requests)
        shared = SemanticScorer().fit(Fitting(train, book)).score(requests)
        np.testing.assert_array_equal(shared, own)

    def test_a_complaint_moves_a_product_away_from_its_words(self, tiny: dict[str, pd.DataFrame]) -> None:
        item = tiny["items"]["item_id"].iloc[0]
        scores = []
        for rating in (5, 1):
            said = pd.DataFrame(
                {
                    "user_id": ["zoe"],
                    "item_id": [item],
                    "rating": [rating],
                    "timestamp": pd.to_datetime(["2024-04-01"], utc=True),
                    "text": ["Deafening motor noise."],
                }
            )
            reviews = pd.concat([tiny["reviews"][tiny["reviews"]["item_id"] != item], said], ignore_index=True)
            data = Dataset.from_frames(tiny["items"], reviews)
            scorer = SemanticScorer().fit(Fitting(data, phrasebook(data)))
            asked = Requests.one(NO_ROW, Context(), typed("deafening motor noise"))
            scores.append(scorer.score(asked)[0, data.item_row(item)])
        assert scores[0] > scores[1] + 0.1

    def test_reference_vectors_are_unit_and_ignore_reviews(self, tiny_data: Dataset) -> None:
        vectors = reference_vectors(phrasebook(tiny_data), tiny_data.n_items)
        silent = Dataset.from_frames(**_frames_without_reviews(tiny_data))
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
        np.testing.assert_allclose(vectors, reference_vectors(phrasebook(silent), silent.n_items), atol=1e-5)


def _frames_without_reviews(data: Dataset) -> dict[str, pd.DataFrame]:
    items = data.items.assign(tags=[list(tags) for tags in data.items["tags"]])
    event = {"user_id": ["ann"], "item_id": [items["item_id"].iloc[0]], "event": ["view"]}
    events = pd.DataFrame({**event, "timestamp": pd.to_datetime(["2024-04-01"], utc=True)})
    return {"items": items, "events": events}


class TestContext(ScorerContract):
    scorer_class = ContextScorer

    def test_unknown_circumstances_add_nothing(self, tiny_data: Dataset) -> None:
        scorer = self.fitted(tiny_data)
        plain = scorer.score(Requests.one(NO_ROW, Context()))
        odd = scorer.score(Requests.one(NO_ROW, Context(device="toaster")))
        np.testing.assert_array_equal(plain, odd)

    def test_a_product_wanted_on_one_device_is_lifted_there(self, tiny: dict[str, pd.DataFrame]) -> None:
        first, second = tiny["items"]["item_id"].iloc[:2]
        rows = [
            (f"u{n}", item, "purchase", device)
            for n in range(200)
            for item, device in ((first, "mobile"), (second, "desktop"))
        ]
        events = pd.DataFrame(rows, columns=["user_id", "item_id", "event", "device"])
        events["timestamp"] = pd.date_range("2024-01-01", periods=len(rows), freq="h", tz="UTC")
        data = Dataset.from_frames(tiny["items"], events=events)
        parts = ContextScorer().fit(Fitting(data)).parts(Context(device="mobile"))
        assert parts["device"][0] > 0.3
        assert parts["device"][1] < -0.3

    def test_the_trend_counts_nothing_at_or_after_the_moment(self, tiny_data: Dataset) -> None:
        scorer = self.fitted(tiny_data)
        first = int(scorer.times_s[0])
        np.testing.assert_array_equal(scorer.trend(first), 0)
        assert scorer.trend(first + 1).any()

    def test_days_without_hours_make_the_daypart_unavailable(self, tiny: dict[str, pd.DataFrame]) -> None:
        days = tiny["reviews"].assign(timestamp=tiny["reviews"]["timestamp"].dt.floor("D"))
        scorer = ContextScorer().fit(Fitting(Dataset.from_frames(tiny["items"], days)))
        assert "whole days" in scorer.unavailable["daypart"]
        assert "daypart" not in scorer.parts(Context(daypart="evening"))

    def test_the_moment_decides_the_trend(self, tiny_data: Dataset) -> None:
        scorer = self.fitted(tiny_data)
        early = Context(moment=datetime(2024, 3, 20, tzinfo=UTC))
        assert not np.array_equal(
            scorer.score(Requests.one(NO_ROW, early)), scorer.score(Requests.one(NO_ROW, Context()))
        )


@pytest.mark.parametrize("scorer_class", [SemanticScorer])
def test_the_semantic_scorer_asks_for_a_phrasebook(scorer_class: type[SemanticScorer], tiny_data: Dataset) -> None:
    with pytest.raises(ValueError, match="needs a phrasebook"):
        scorer_class().fit(Fitting(tiny_data))

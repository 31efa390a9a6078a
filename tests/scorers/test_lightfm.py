"""LightFM keeps the contract, and knows cold products and shoppers by their metadata."""

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.scorers.base import NO_ROW, Exclusions, Fitting, Requests
from recsys.scorers.fold_in import folded_in
from recsys.scorers.lightfm import LightFMScorer, LightFMSettings
from recsys.settings import Context
from tests.scorers.contract import MOMENT, ScorerContract, Tables


class TestLightFM(ScorerContract):
    scorer_class = LightFMScorer
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

    def test_parts_are_named_by_features_of_both_sides_and_their_products_sum_to_the_score(
        self, tiny_data: Dataset
    ) -> None:
        scorer, stove = self.fitted(tiny_data), tiny_data.item_row("stove")
        for user_row in range(tiny_data.n_users):
            requests = Requests.one(user_row, Context())
            parts = scorer.contributions(requests, 0, stove)
            told = {(part.source["feature"], part.source["with"]) for part in parts}
            assert len(told) == len(parts)
            assert {feature for feature, _ in told} >= {f"product:{stove}", "brand:Alder", "category:Kitchen"}
            assert {who for _, who in told} == {
                "everybody",
                "this shopper",
                f"region:{scorer.regions[scorer.homes[user_row]]}",
            }
            assert sum(part.value for part in parts) == pytest.approx(scorer.score(requests)[0, stove], abs=1e-6)

    def test_a_feature_that_is_left_out_takes_exactly_its_parts_with_it(self, tiny_data: Dataset) -> None:
        scorer, stove = self.fitted(tiny_data), tiny_data.item_row("stove")
        ann = tiny_data.user_row("ann")
        for feature in ("brand:Alder", f"product:{stove}"):
            parts = scorer.contributions(Requests.one(ann, Context()), 0, stove)
            gone = sum(part.value for part in parts if part.source["feature"] == feature)
            scores = [
                scorer.score(Requests.one(ann, Context(), None, without))[0, stove]
                for without in (Exclusions(), Exclusions(features=frozenset({feature})))
            ]
            assert gone
            assert scores[0] - scores[1] == pytest.approx(gone, abs=1e-6)

    def test_the_region_can_be_left_out_of_known_and_new_shoppers(self, tiny_data: Dataset) -> None:
        scorer = self.fitted(tiny_data)
        home = frozenset({"region:north"})
        here = scorer.score(Requests.one(NO_ROW, Context(region="north"), None, Exclusions(features=home)))
        nowhere = scorer.score(Requests.one(NO_ROW, Context()))
        not_stated = Exclusions(circumstances=frozenset({"region"}))
        np.testing.assert_array_equal(here, nowhere)
        np.testing.assert_array_equal(
            scorer.score(Requests.one(NO_ROW, Context(region="north"), None, not_stated)), nowhere
        )
        ann = tiny_data.user_row("ann")
        kept, left = (
            scorer.contributions(Requests.one(ann, Context(), None, without), 0, 2)
            for without in (Exclusions(), Exclusions(features=home))
        )
        assert "region:north" in {part.source["with"] for part in kept}
        assert "region:north" not in {part.source["with"] for part in left}

    def test_a_product_that_was_not_liked_has_no_effect_on_the_vector(self, tiny_data: Dataset) -> None:
        scorer, ann = self.fitted(tiny_data), tiny_data.user_row("ann")
        liked, not_liked = (tiny_data.item_row(item) for item in ("stove", "lamp"))
        np.testing.assert_array_equal(scorer.effect_of(ann, (not_liked,)), 0)
        assert scorer.effect_of(ann, (liked,)).any()
        np.testing.assert_array_equal(scorer.effect_of(ann, (liked, not_liked)), scorer.effect_of(ann, (liked,)))

    def test_folding_in_is_deterministic_and_gives_zeros_without_likes(self, tiny_data: Dataset) -> None:
        scorer = self.fitted(tiny_data)
        factors, offset = scorer.item_factors, np.zeros(scorer.item_factors.shape[1] - 1, np.float32)

        def fold(liked: list[int]) -> np.ndarray:
            return folded_in(factors[:, :-1], factors[:, -1], offset, np.array(liked, np.int32), 40, 0.01)

        np.testing.assert_array_equal(fold([]), 0)
        first = fold([0, 2])
        np.random.seed(5)  # noqa: NPY002  (what anybody else draws must not matter)
        np.random.random(7)  # noqa: NPY002
        np.testing.assert_array_equal(fold([0, 2]), first)
        assert first.dtype == np.float32

    def test_other_settings_learn_otherwise(self, tiny_data: Dataset) -> None:
        few = LightFMScorer(LightFMSettings(n_dims=4)).fit(Fitting(tiny_data))
        assert few.item_factors.shape == (tiny_data.n_items, 5)

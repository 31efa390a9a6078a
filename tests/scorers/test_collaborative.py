"""The collaborative component, by whichever engine: the engine's own scores, and LightFM for whoever likes nothing."""

from typing import ClassVar

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.scorers.base import NO_ROW, Exclusions, Fitting, Requests, Scorer
from recsys.scorers.collaborative import ENGINE_CLASSES, CollaborativeScorer, CollaborativeSettings, EngineName
from recsys.scorers.item_links import EASESettings, ItemKNNSettings
from recsys.scorers.lightfm import LightFMScorer, LightFMSettings
from recsys.settings import Context
from tests.scorers.contract import ScorerContract, liked_in

KNN = ItemKNNSettings(shrinkage=1.0, half_life_days=30.0)
EASE = EASESettings(regularisation=2.0, attribute_weight=1.0, half_life_days=60.0)


class OfAnEngine(ScorerContract):
    """The contract and what holds of every engine; subclasses name it."""

    scorer_class = CollaborativeScorer
    learns_by_chance = True
    engine: ClassVar[EngineName]

    def make(self) -> CollaborativeScorer:
        return CollaborativeScorer(CollaborativeSettings(self.engine, LightFMSettings(n_dims=8), KNN, EASE))

    def alone(self, data: Dataset, name: EngineName) -> Scorer:
        """One engine by itself, with the settings that the component has for it."""
        return ENGINE_CLASSES[name](getattr(self.make().settings, name)).fit(self.fitting(data))

    def test_shoppers_with_likes_get_the_scores_of_the_engine(self, tiny_data: Dataset) -> None:
        likers = [tiny_data.user_row(user) for user in ("ann", "ben", "cleo", "dora", "eli")]
        requests = Requests(np.array(likers, np.int32), (Context(region="west"),) * 5)
        scorer, engine = self.fitted(tiny_data), self.alone(tiny_data, self.engine)
        np.testing.assert_array_equal(scorer.score(requests), engine.score(requests))
        for request in range(5):
            for item_row in range(tiny_data.n_items):
                found = scorer.contributions(requests, request, item_row)
                assert found == engine.contributions(requests, request, item_row)

    def test_new_shoppers_and_those_without_likes_get_the_scores_of_lightfm(self, tiny_data: Dataset) -> None:
        rows = [NO_ROW, tiny_data.user_row("ann"), tiny_data.user_row("0042"), NO_ROW]
        contexts = (Context(), Context(), Context(), Context(region="north"))
        requests = Requests(np.array(rows, np.int32), contexts)
        scorer, lightfm = self.fitted(tiny_data), self.alone(tiny_data, "lightfm")
        found, expected = scorer.score(requests), lightfm.score(requests)
        for request in (0, 2, 3):
            np.testing.assert_allclose(found[request], expected[request], rtol=1e-5, atol=1e-7)
            assert np.ptp(found[request]) > 0
            assert scorer.contributions(requests, request, 2) == lightfm.contributions(requests, request, 2)
        assert not np.array_equal(found[0], found[3])  # the region is heard

    def test_lightfm_is_always_there_and_only_the_chosen_engine_beside_it(self, tiny_data: Dataset) -> None:
        scorer = self.fitted(tiny_data)
        assert isinstance(scorer, CollaborativeScorer)
        assert list(scorer.engines) == list(dict.fromkeys(["lightfm", self.engine]))
        assert isinstance(scorer.lightfm, LightFMScorer)
        assert scorer.lightfm.settings.n_dims == 8
        assert scorer.features == scorer.lightfm.features >= {"brand:Alder", "region:north"}
        assert (scorer.links is None) == (self.engine == "lightfm")
        if scorer.links is not None:
            assert scorer.links is scorer.engines[self.engine]

    def test_settings_come_back_with_the_state(self, tiny_data: Dataset) -> None:
        scorer = self.fitted(tiny_data)
        again = CollaborativeScorer.from_state(scorer.state())
        assert again.settings == scorer.settings == self.make().settings
        for name, engine in again.engines.items():
            assert engine.settings == getattr(self.make().settings, name)

    def test_a_liked_product_that_is_left_out_takes_exactly_its_part_with_it(self, tiny_data: Dataset) -> None:
        """Of engines that link products; LightFM's is an estimate, see its own tests."""
        scorer, ann = self.fitted(tiny_data), tiny_data.user_row("ann")
        mug, tent = tiny_data.item_row("mug"), tiny_data.item_row("tent-2")
        plain, left = (Requests.one(ann, Context(), None, each) for each in (Exclusions(), Exclusions(items=(tent,))))
        before, after = scorer.score(plain)[0, mug], scorer.score(left)[0, mug]
        if self.engine == "lightfm":
            assert before != after
            return
        parts = {liked_in(part, tiny_data): part.value for part in scorer.contributions(plain, 0, mug)}
        assert before - after == pytest.approx(parts.pop("tent-2"), abs=1e-6)
        rest = {liked_in(part, tiny_data): part.value for part in scorer.contributions(left, 0, mug)}
        assert rest == pytest.approx(parts)


class TestByLightFM(OfAnEngine):
    engine = "lightfm"


class TestByItemKNN(OfAnEngine):
    engine = "item_knn"


class TestByEASE(OfAnEngine):
    engine = "ease"


def test_an_engine_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="engine='slim' is not known; use one of lightfm, item_knn, ease"):
        CollaborativeSettings("slim")  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ["lightfm", "item_knn", "ease"])
def test_a_shop_where_nobody_likes_anything_is_no_failure(tiny: dict, engine: EngineName) -> None:
    data = Dataset.from_frames(tiny["items"], tiny["reviews"].assign(rating=1.0))
    scorer = CollaborativeScorer(CollaborativeSettings(engine)).fit(Fitting(data))
    scores = scorer.score(Requests(np.array([0, NO_ROW], np.int32), (Context(), Context())))
    np.testing.assert_array_equal(scores, np.zeros((2, 8)))

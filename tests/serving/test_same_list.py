"""On a real shop, most of whose products are untouched, lists are personal and weights mean what they show."""

from itertools import combinations

import numpy as np
import pytest

from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS, FusionSettings, RankingSettings
from recsys.text.phrasebook import build_phrasebook
from recsys.training import fit
from recsys.training.fit import TrainingSettings, train
from tests._data import thinned, write_folder
from tests._encoder import WordEncoder

N_SHOPPERS, N = 300, 10

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def steam(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    """A model of a fifth of Steam's shoppers, of what they had and a fifth of all else, with its default weights.

    With the quick encoder: the real one takes minutes, and what it hears in these texts has next to no weight.
    """
    home = tmp_path_factory.mktemp("steam")
    write_folder(home / "data", **thinned("steam_au", 5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "make_phrasebook", lambda data, *_: build_phrasebook(data, WordEncoder()))
        train(home / "data", home / "model", TrainingSettings())
    return Recommender.load(home / "model")


def lists_of(model: Recommender, weights: FusionSettings) -> tuple[list[set[str]], np.ndarray]:
    """The lists of shoppers evenly drawn from those who like something, and each component's influence on each."""
    known = model.users[model.users["n_interactions"] > 0]["user_id"].to_numpy(object)
    asked = known[np.linspace(0, len(known) - 1, N_SHOPPERS).astype(int)].tolist()
    told = [model.recommend(user, settings=RankingSettings(weights, n=N)) for user in asked]
    shares = [[(each.influence or {}).get(name, np.nan) for name in COMPONENTS] for each in told]
    return [{item.item_id for item in each.items} for each in told], np.array(shares)


def overlap(lists: list[set[str]]) -> float:
    return float(np.mean([len(one & other) / N for one, other in combinations(lists, 2)]))


@pytest.mark.xfail(
    reason="what is wanted this week is most of what can be known there: the default stands at .8, and .5 would "
    "cost a tenth of nDCG (docs/decisions/scores.md)",
)
def test_two_shoppers_share_at_most_about_half_of_their_lists(steam: Recommender) -> None:
    """It was 85%, with 23 products on all lists together."""
    lists, _ = lists_of(steam, steam.info.default_weights)
    assert overlap(lists) <= 0.55
    assert len(set.union(*lists)) > 100


def test_a_quarter_of_the_weight_does_not_make_all_lists_alike(steam: Recommender) -> None:
    """By the usual weights it was 85%."""
    lists, _ = lists_of(steam, FusionSettings(0.3, 0.05, 0.4, 0.25))
    assert overlap(lists) <= 0.45
    assert len(set.union(*lists)) > 200


@pytest.mark.parametrize("weights", [None, FusionSettings(0.3, 0.05, 0.4, 0.25), FusionSettings(1, 1, 1, 1)])
def test_influence_is_near_the_weight(steam: Recommender, weights: FusionSettings | None) -> None:
    """Context had a quarter of the weight and decided two thirds; None are the weights of the model itself."""
    weights = weights or steam.info.default_weights
    _, shares = lists_of(steam, weights)
    np.testing.assert_allclose(np.nanmean(shares, axis=0), list(weights.normalised().values()), atol=0.12)


def test_moving_a_weight_moves_the_list(steam: Recommender) -> None:
    """It kept 97% of the lists when the semantic weight went from 40 to 0."""
    with_words, without = (lists_of(steam, FusionSettings(0.3, 0.05, each, 0.25))[0] for each in (0.4, 0.0))
    kept = np.mean([len(one & other) / N for one, other in zip(with_words, without, strict=True)])
    assert kept < 0.85

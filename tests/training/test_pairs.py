"""Pairs to learn from: no part of what is asked about is known to whoever answers."""

from collections.abc import Mapping

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import last_split
from recsys.errors import DataError
from recsys.scorers.base import Exclusions, Fitting, Requests
from recsys.scorers.context import ContextSettings
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import COMPONENTS, Context
from recsys.text.phrasebook import build_phrasebook
from recsys.training import pairs as pairs_module
from recsys.training.pairs import held_out_pairs, training_pairs
from tests._encoder import WordEncoder
from tests.training._learner import semantic_scores

CHOSEN = {"context": ContextSettings(trend_days=60)}


def fitted(data: Dataset) -> SemanticScorer:
    return SemanticScorer().fit(Fitting(data, build_phrasebook(data, WordEncoder())))


def asked_of(data: Dataset) -> list[tuple[str, str]]:
    """Shopper and product of every pair that is learned from, in order of time."""
    acts = pairs_module._acts(data)
    return [(data.user_ids[u], data.item_ids[i]) for u, i in zip(acts["user_row"], acts["item_row"], strict=True)]


def test_pairs_are_positives_and_low_ratings_of_shoppers_who_like_something_else(tiny_data: Dataset) -> None:
    pairs, asked = training_pairs(tiny_data, fitted(tiny_data)), asked_of(tiny_data)
    assert len(set(asked)) == len(pairs)
    liked = dict(zip(asked, pairs.liked.tolist(), strict=True))
    ratings = dict(zip(asked, pairs.ratings.tolist(), strict=True))
    assert {user for user, _ in asked} == {"ann", "ben", "cleo", "dora", "eli"}
    assert ("eli", "lamp") not in liked  # the only one that eli likes
    assert not liked["eli", "tent-2"]
    assert ratings["ann", "lamp"] == 2
    assert liked["ann", "stove"]
    assert np.isnan(ratings["dora", "stove"])  # bought, not rated


@pytest.mark.parametrize("bent", [False, True])
def test_the_learner_scores_as_the_component_does_without_the_pair(tiny_data: Dataset, bent: bool) -> None:
    semantic = fitted(tiny_data)
    n_dims = semantic.space.n_dims
    noise = np.random.default_rng(1).standard_normal((n_dims, n_dims)).astype(np.float32) if bent else 0
    head = (np.eye(n_dims, dtype=np.float32) + 0.3 * noise).astype(np.float32)
    headed = semantic.with_head(head)
    pairs, acts = training_pairs(tiny_data, semantic), pairs_module._acts(tiny_data)
    found = semantic_scores(pairs, head)
    for place, (user, item) in enumerate(zip(acts["user_row"], acts["item_row"], strict=True)):
        own = semantic.own_places[semantic.own_starts[user] : semantic.own_starts[user + 1]]
        gone = Exclusions(phrases=tuple(own[semantic.items_at(own) == item].tolist()), items=(item,))
        expected = headed.score(Requests.one(user, Context(), None, gone))[0]
        np.testing.assert_allclose(found[place], expected, atol=2e-5)
        if gone.phrases:
            assert not np.allclose(found[place], headed.score(Requests.one(user, Context()))[0], atol=1e-3)


def test_the_other_components_are_fitted_without_the_pairs_that_they_score(
    tiny_data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    fittings, counted = [], []

    def as_they_are(scorers: list[_Stamp], requests: Requests, counting: np.ndarray) -> np.ndarray:
        counted.append(counting)
        return np.stack([each.score(requests) for each in scorers], axis=1)

    def recording(
        classes: object, fitting: Fitting, progress: object, settings: Mapping[str, object]
    ) -> dict[str, object]:
        assert settings == CHOSEN
        fittings.append(fitting.data)
        return {"content": _Stamp(len(fittings))}

    monkeypatch.setattr(pairs_module, "fit_scorers", recording)
    monkeypatch.setattr(pairs_module, "standardised", as_they_are)
    pairs, acts = training_pairs(tiny_data, fitted(tiny_data), settings=CHOSEN), pairs_module._acts(tiny_data)
    assert len(fittings) == pairs_module.N_PARTS
    stamps = pairs.scores[:, COMPONENTS.index("content"), 0].astype(int)
    assert set(stamps) == set(range(1, pairs_module.N_PARTS + 1))
    for stamp, user, item in zip(stamps, acts["user_row"], acts["item_row"], strict=True):
        known = fittings[stamp - 1]
        assert not known.seen()[[user]].toarray()[0, item]
        assert not ((known.reviews["user_row"] == user) & (known.reviews["item_row"] == item)).any()
    # A scale rests on what the shopper does not have, and on what is asked about, as if they did not have it.
    order = np.concatenate([np.flatnonzero(stamps == 1 + part) for part in range(pairs_module.N_PARTS)])
    np.testing.assert_array_equal(np.concatenate(counted), ~pairs.hidden.toarray()[order])


class _Stamp:
    """A component whose every score is its own number."""

    def __init__(self, number: int) -> None:
        self.number = number

    def score(self, requests: Requests) -> np.ndarray:
        return np.full((len(requests), 8), self.number, np.float32)


def test_what_a_shopper_has_is_hidden_but_for_what_is_asked(tiny_data: Dataset) -> None:
    pairs, acts = training_pairs(tiny_data, fitted(tiny_data), settings=CHOSEN), pairs_module._acts(tiny_data)
    hidden, owned = pairs.hidden.toarray(), tiny_data.seen().toarray().astype(bool)
    for place, (user, item) in enumerate(zip(acts["user_row"], acts["item_row"], strict=True)):
        expected = owned[user].copy()
        expected[item] = False
        np.testing.assert_array_equal(hidden[place], expected)


def test_held_out_pairs_are_asked_of_whole_profiles(tiny_data: Dataset) -> None:
    split = last_split(tiny_data)
    semantic = SemanticScorer().fit(Fitting(split.fit_test, build_phrasebook(tiny_data, WordEncoder())))
    users = split.test.users()
    scores = np.arange(len(users) * 4 * 8, dtype=np.float32).reshape(len(users), 4, 8)
    pairs = held_out_pairs(split.fit_test, split.test, semantic, scores)
    requests = Requests(split.test.user_rows, (Context(),) * len(pairs))
    found = semantic_scores(pairs)
    np.testing.assert_allclose(found, semantic.score(requests), atol=2e-5)
    np.testing.assert_array_equal(pairs.scores, scores[np.searchsorted(users, split.test.user_rows)])
    assert pairs.liked.all()


def test_a_shop_where_nobody_likes_two_products_is_refused(tiny: dict, tiny_data: Dataset) -> None:
    few = tiny["reviews"].drop_duplicates("user_id").assign(rating=5)
    data = Dataset.from_frames(tiny["items"], few)
    with pytest.raises(DataError, match="no shopper likes two products, so none can be left out to learn from"):
        training_pairs(data, fitted(data))


def test_a_head_cannot_be_learned_on_top_of_a_head(tiny_data: Dataset) -> None:
    semantic = fitted(tiny_data)
    headed = semantic.with_head(np.eye(semantic.space.n_dims, dtype=np.float32))
    with pytest.raises(ValueError, match="without one"):
        training_pairs(tiny_data, headed)

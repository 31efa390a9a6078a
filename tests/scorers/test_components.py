"""The components made of words, attributes and circumstances keep the contract, and each does what it is there for."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.scorers.base import NO_ROW, Exclusions, Fitting, Requests
from recsys.scorers.content import ContentScorer, ContentSettings
from recsys.scorers.context import ContextScorer, ContextSettings
from recsys.scorers.phrase_metric import whitening_metric
from recsys.scorers.phrase_weights import PhraseSum, SemanticSettings, reference_vectors, unit
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import Context
from recsys.text.phrasebook import Phrasebook, PhraseVectors, build_phrasebook
from tests._encoder import WordEncoder
from tests.scorers.contract import ScorerContract, Tables, renamed


def phrasebook(data: Dataset) -> Phrasebook:
    return build_phrasebook(data, WordEncoder())


def typed(text: str) -> PhraseVectors:
    return PhraseVectors(text, np.array([[0, len(text)]], np.int32), WordEncoder().encode([text]))


def signed(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Rows of shoppers and products of everything that somebody likes or complained of (at most two stars)."""
    likes, bad = data.positives(), data.reviews[data.reviews["rating"] <= 2]
    return tuple(np.concatenate([likes[name], bad[name]]) for name in ("user_row", "item_row"))  # type: ignore[return-value]


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

    @pytest.mark.parametrize("user", ["ann", "ben", "cleo", "dora", "eli"])
    def test_leaving_out_a_liked_product_is_training_without_it(self, tiny_data: Dataset, user: str) -> None:
        row = tiny_data.user_row(user)
        users, items = signed(tiny_data)
        judged = items[users == row].tolist()
        assert (
            len(judged) == {"ann": 4, "ben": 4, "cleo": 3, "dora": 2, "eli": 1}[user]
        )  # ann and ben complained of one
        scorer = self.fitted(tiny_data)
        for item in judged:
            train = tiny_data.without_pairs([row], [item])
            asked = Requests.one(row, Context(), None, Exclusions(items=(item,)))
            expected = self.fitted(train).score(Requests.one(row, Context()))
            np.testing.assert_allclose(scorer.score(asked), expected, atol=1e-6)
        everything = Requests.one(row, Context(), None, Exclusions(items=tuple(sorted(judged))))
        np.testing.assert_array_equal(scorer.score(everything), 0)

    def test_what_a_shopper_complained_of_counts_a_quarter_against_them(self, tiny_data: Dataset) -> None:
        """Ann likes a tent, a stove and, lately, a blanket, and complained of a lamp."""
        scorer, ann = self.fitted(tiny_data), tiny_data.user_row("ann")
        likes = dict(zip(scorer.likes[[ann]].indices.tolist(), scorer.likes[[ann]].data.tolist(), strict=True))
        aged = {item: age / 180 for item, age in (("tent-2", 52.458), ("stove", 40.948), ("blanket", 0))}
        expected = {tiny_data.item_row(item): 0.5**age for item, age in aged.items()}
        assert likes == pytest.approx(expected | {tiny_data.item_row("lamp"): -0.25}, abs=1e-4)
        vectors = scorer.item_vectors.toarray().astype(np.float64)
        profile = sum(weight * vectors[item] for item, weight in likes.items())
        found = scorer.score(Requests.one(ann, Context()))[0]
        np.testing.assert_allclose(found, vectors @ profile / np.linalg.norm(profile), atol=1e-6)
        deaf = ContentScorer(ContentSettings(dislike_weight=0)).fit(Fitting(tiny_data))
        lamp = tiny_data.item_row("lamp")
        assert found[lamp] < deaf.score(Requests.one(ann, Context()))[0, lamp] - 0.1

    def test_a_word_or_attribute_that_is_left_out_counts_for_no_product(self, tiny_data: Dataset) -> None:
        scorer, ann = self.fitted(tiny_data), tiny_data.user_row("ann")
        gone = frozenset({"tag:light", "term:tent", "brand:Alder"})
        requests = Requests.one(ann, Context(), None, Exclusions(features=gone))
        names = set()
        for item_row in range(tiny_data.n_items):
            for part in scorer.contributions(requests, 0, item_row):
                names.add(part.source.get("feature") or f"term:{part.source['term']}")
        assert names
        assert not names & gone


def a_head(n_dims: int) -> np.ndarray:
    """A map that mixes all dimensions, far from the identity."""
    return (np.eye(n_dims) + 0.5 * np.random.default_rng(3).standard_normal((n_dims, n_dims))).astype(np.float32)


class TestSemanticUnderAHead(ScorerContract):
    scorer_class = SemanticScorer

    def fitting(self, data: Dataset, seed: int = 0) -> Fitting:
        return Fitting(data, phrasebook(data), seed)

    def fitted(self, data: Dataset, seed: int = 0) -> SemanticScorer:
        scorer = super().fitted(data, seed)
        assert isinstance(scorer, SemanticScorer)
        return scorer.with_head(a_head(scorer.space.n_dims))

    def requests(self, data: Dataset) -> Requests:
        plain = super().requests(data)
        words = tuple(typed("warm and light") if row % 4 == 3 else None for row in range(len(plain)))
        return Requests(plain.user_rows, plain.contexts, words)

    def test_columns_are_in_catalogue_order(self, tiny: Tables, tiny_data: Dataset) -> None:
        moved, order = renamed(tiny, tiny_data)
        # Directions of another order may be turned round, and a head means nothing but on those that it was made for.
        scorers = [self.fitted(data) for data in (tiny_data, moved)]
        here, there = (
            each.with_head(np.eye(each.space.n_dims, dtype=np.float32)).score(self.requests(data))
            for each, data in zip(scorers, (tiny_data, moved), strict=True)
        )
        np.testing.assert_allclose(there, here[:, order], rtol=1e-3, atol=1e-5)

    def test_every_phrase_vector_is_mapped(self, tiny_data: Dataset) -> None:
        plain = SemanticScorer().fit(self.fitting(tiny_data))
        headed, head = self.fitted(tiny_data), a_head(plain.space.n_dims)
        np.testing.assert_allclose(headed.vectors_at(np.arange(9)), plain.vectors_at(np.arange(9)) @ head, atol=1e-6)
        encoded = WordEncoder().encode(["warm and light"])
        np.testing.assert_allclose(headed.space.of_typed(encoded), plain.space.of_typed(encoded) @ head, atol=1e-6)
        np.testing.assert_allclose(headed.item_sums(), plain.item_sums() @ head, atol=1e-5)
        assert not np.allclose(headed.score(self.requests(tiny_data)), plain.score(self.requests(tiny_data)), atol=0.01)

    def test_the_identity_and_no_head_change_nothing(self, tiny_data: Dataset) -> None:
        plain, requests = SemanticScorer().fit(self.fitting(tiny_data)), self.requests(tiny_data)
        identity = plain.with_head(np.eye(plain.space.n_dims, dtype=np.float32))
        np.testing.assert_allclose(identity.score(requests), plain.score(requests), atol=1e-6)
        np.testing.assert_array_equal(self.fitted(tiny_data).metric, plain.metric)
        off = self.fitted(tiny_data).with_head(None)
        np.testing.assert_array_equal(off.score(requests), plain.score(requests))
        assert "space.head" not in off.state().arrays

    def test_a_head_of_another_shape_is_refused(self, tiny_data: Dataset) -> None:
        with pytest.raises(ValueError, match=r"a head of shape \(2, 2\) does not fit vectors of \d+ dimensions"):
            self.fitted(tiny_data).with_head(np.eye(2, dtype=np.float32))


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

    def test_striking_all_phrases_of_a_product_leaves_it_no_score(self, tiny_data: Dataset) -> None:
        scorer = self.fitted(tiny_data)
        for item_row in range(tiny_data.n_items):
            own = scorer.places_of(item_row)
            gone = Exclusions(phrases=tuple(range(own.start, own.stop)))
            for user_row in range(tiny_data.n_users):
                requests = Requests.one(user_row, Context(), typed("warm and light"), gone)
                assert scorer.score(requests)[0, item_row] == 0
                assert scorer.contributions(requests, 0, item_row) == []
                assert len(scorer.item_side(item_row, gone)) == 0

    def test_striking_a_phrase_is_giving_it_no_weight(self, tiny_data: Dataset) -> None:
        scorer = self.fitted(tiny_data)
        plain = self.requests(tiny_data)
        for place in range(0, len(scorer.weights), 3):
            without = (Exclusions(phrases=(place,)),) * len(plain)
            struck = scorer.score(Requests(plain.user_rows, plain.contexts, plain.words, without))
            np.testing.assert_allclose(struck, _weightless(scorer, place).score(plain), atol=2e-6)

    def test_leaving_out_a_product_of_the_history_is_a_shopper_without_it(self, tiny_data: Dataset) -> None:
        scorer, ann = self.fitted(tiny_data), tiny_data.user_row("ann")
        for item in ("tent-2", "lamp", "stove"):  # liked and written of, disliked, liked and written of
            gone = tiny_data.item_row(item)
            side = scorer.shopper_side(Requests.one(ann, Context(), None, Exclusions(items=(gone,))), 0)
            assert gone not in scorer.items_at(side.places)
            assert len(side)
        everything = tuple(range(tiny_data.n_items))
        nothing = scorer.score(Requests.one(ann, Context(), None, Exclusions(items=everything)))
        np.testing.assert_array_equal(nothing, 0)

    def test_what_is_left_of_a_history_counts_as_much_as_the_whole(self, tiny_data: Dataset) -> None:
        scorer, ann = self.fitted(tiny_data), tiny_data.user_row("ann")
        written = np.abs(scorer._own(ann, Exclusions())[1]).sum()
        for gone in ("stove", "blanket"):
            without = Exclusions(items=(tiny_data.item_row(gone),))
            shares = scorer._likes(ann, without)[1]
            assert shares[shares > 0].sum() == pytest.approx(1, abs=1e-6)
            assert shares[shares < 0].tolist() == [pytest.approx(-0.5 * 1 / 2)]  # the lamp, two liked ones being left
            assert np.abs(scorer._own(ann, without)[1]).sum() == pytest.approx(written, abs=1e-6)

    def test_what_a_shopper_complained_of_counts_against_what_they_like(self, tiny_data: Dataset) -> None:
        """Ann likes three products and gave the lamp two stars: half of a mean share, with the sign turned round."""
        scorer, ann, lamp = self.fitted(tiny_data), tiny_data.user_row("ann"), tiny_data.item_row("lamp")
        assert scorer.disliked(ann).tolist() == [lamp]
        assert [scorer.disliked(row).tolist() for row in (NO_ROW, tiny_data.user_row("eli"))] == [[], []]
        rows, shares = scorer._likes(ann, Exclusions())
        assert shares[rows == lamp].tolist() == [pytest.approx(-0.5 / 3)]
        expected = shares @ scorer.item_profiles[rows] + scorer.own_profiles[ann]
        requests = Requests.one(ann, Context())
        np.testing.assert_allclose(scorer.user_profiles(requests)[0], unit(expected[None])[0], atol=1e-6)
        # What others say of the lamp counts with the opposite sign of what it counts for the lamp itself.
        side = scorer.shopper_side(requests, 0)
        own = set(scorer.own_places[scorer.own_starts[ann] : scorer.own_starts[ann + 1]].tolist())
        of_lamp = dict(
            zip(range(*scorer.item_starts[lamp : lamp + 2]), scorer.item_side(lamp).coefficients, strict=True)
        )
        found = dict(zip(side.places.tolist(), side.coefficients.tolist(), strict=True))
        ratios = [found[place] / of_lamp[place] for place in of_lamp.keys() - own if of_lamp[place]]
        assert len(ratios) > 2
        np.testing.assert_allclose(ratios, -0.5 / 3 / np.linalg.norm(expected), rtol=1e-4)
        deaf = SemanticScorer(SemanticSettings(dislike_weight=0)).fit(self.fitting(tiny_data))
        assert deaf.disliked(ann).tolist() == []
        assert scorer.score(requests)[0, lamp] < deaf.score(requests)[0, lamp]

    def test_both_sides_add_up_to_the_profiles_whatever_is_left_out(self, tiny_data: Dataset) -> None:
        scorer, requests = self.fitted(tiny_data), self.leaving_out(tiny_data)
        profiles, scores = scorer.user_profiles(requests), scorer.score(requests)
        for request in range(len(requests)):
            shopper = scorer.shopper_side(requests, request)
            assert not set(shopper.places.tolist()) & set(requests.exclusions[request].phrases)
            assert_side(shopper)
            np.testing.assert_allclose(shopper.profile, profiles[request], atol=2e-6)
            for item_row in range(tiny_data.n_items):
                product = scorer.item_side(item_row, requests.exclusions[request])
                assert_side(product)
                for here, there in ((shopper, product), (product, shopper)):
                    assert here.values(there).sum() == pytest.approx(scores[request, item_row], abs=3e-6)
        for item_row in range(tiny_data.n_items):
            np.testing.assert_allclose(scorer.item_side(item_row).profile, scorer.item_profiles[item_row], atol=2e-6)

    def test_pairs_sum_to_the_values_of_either_side(self, tiny_data: Dataset) -> None:
        scorer, requests = self.fitted(tiny_data), self.requests(tiny_data)
        shopper = scorer.shopper_side(requests, 1)
        for item_row in range(tiny_data.n_items):
            product = scorer.item_side(item_row)
            pairs = shopper.pairs(product, np.arange(len(shopper), dtype=np.int32))
            turned = product.pairs(shopper, np.arange(len(product), dtype=np.int32))
            # Sums of float32 products in another order differ by some units in the last place of 1, which is 1.2e-7.
            for found, expected in (
                (pairs.sum(axis=1), shopper.values(product)),
                (pairs.sum(axis=0), product.values(shopper)),
                (turned, pairs.T),
            ):
                np.testing.assert_allclose(found, expected, rtol=1e-5, atol=5e-6)

    def test_the_score_is_the_metric_between_the_profiles(self, tiny_data: Dataset) -> None:
        scorer, requests = self.fitted(tiny_data), self.requests(tiny_data)
        profiles, products = (
            each.astype(np.float64) for each in (scorer.user_profiles(requests), scorer.item_profiles)
        )
        expected = profiles @ scorer.metric.astype(np.float64) @ products.T
        np.testing.assert_allclose(scorer.score(requests), expected, atol=3e-6)
        # Too few shoppers here to say what is liked together.
        np.testing.assert_array_equal(
            scorer.metric, whitening_metric(scorer.item_profiles, SemanticSettings().spread_power)
        )
        assert not np.allclose(expected, profiles @ products.T, atol=0.05)

    def test_without_heed_to_the_spread_the_score_is_a_cosine(self, tiny_data: Dataset) -> None:
        scorer, requests = SemanticScorer(SemanticSettings(spread_power=0)), self.requests(tiny_data)
        scorer.fit(self.fitting(tiny_data))
        cosines = scorer.user_profiles(requests) @ scorer.item_profiles.T
        np.testing.assert_allclose(scorer.score(requests), cosines, atol=1e-6)
        assert np.abs(cosines).max() <= 1 + 1e-6

    def test_what_a_phrase_costs_is_what_striking_it_costs(self, tiny_data: Dataset) -> None:
        scorer, ben = self.fitted(tiny_data), tiny_data.user_row("ben")
        asked = Requests.one(ben, Context(), typed("warm and light"))
        mine = set(scorer.shopper_side(asked, 0).places.tolist())
        n_struck = 0
        for item_row in range(tiny_data.n_items):
            product = scorer.item_side(item_row)
            losses = product.losses(scorer.shopper_side(asked, 0))
            for place, loss in zip(product.places.tolist(), losses.tolist(), strict=True):
                if place not in mine:
                    left = Requests.one(ben, Context(), typed("warm and light"), Exclusions(phrases=(place,)))
                    expected = scorer.score(asked)[0, item_row] - scorer.score(left)[0, item_row]
                    assert loss == pytest.approx(expected, rel=1e-3, abs=1e-5)
                    n_struck += 1
        assert n_struck > 5

    def test_reference_vectors_are_unit_and_ignore_reviews(self, tiny_data: Dataset) -> None:
        vectors = reference_vectors(phrasebook(tiny_data), tiny_data.n_items)
        silent = Dataset.from_frames(**_frames_without_reviews(tiny_data))
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
        np.testing.assert_allclose(vectors, reference_vectors(phrasebook(silent), silent.n_items), atol=1e-5)


def assert_side(side: PhraseSum) -> None:
    """The coefficients make up the profile, which is of length 1 or nothing."""
    np.testing.assert_allclose(side.coefficients @ side.vectors, side.profile, atol=1e-6)
    length = float(np.linalg.norm(side.profile))
    assert length == pytest.approx(1, abs=1e-5) or (length == 0 and not side.coefficients.any())


def _weightless(scorer: SemanticScorer, place: int) -> SemanticScorer:
    """The same fitted scorer with one phrase that counts for nothing, on either side."""
    state = scorer.state()
    arrays = {name: np.array(array) for name, array in state.arrays.items()}
    arrays["weights"][place] = 0
    arrays["own_weights"][arrays["own_places"] == place] = 0
    without = SemanticScorer.from_state(type(state)(arrays, state.meta))
    item_row = int(scorer.items_at(np.array([place]))[0])
    own = scorer.places_of(item_row)
    profile = arrays["weights"][own] @ scorer.vectors_at(np.arange(own.start, own.stop))
    length = np.linalg.norm(profile)
    without.item_profiles[item_row] = profile / length if length > 1e-12 else 0
    without.item_lengths[item_row] = length
    starts, places = arrays["own_starts"], arrays["own_places"]
    for user_row in range(len(starts) - 1):
        mine = slice(starts[user_row], starts[user_row + 1])
        without.own_profiles[user_row] = arrays["own_weights"][mine] @ scorer.vectors_at(places[mine])
    return without


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
        lifts = parts["device"][data.item_rows([first, second])]
        assert lifts[0] > 0.3
        assert lifts[1] < -0.3

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

    def test_a_circumstance_that_is_left_out_counts_as_not_stated(self, tiny_data: Dataset) -> None:
        scorer = self.fitted(tiny_data)
        stated = Context(device="mobile", region="north")
        left = Exclusions(circumstances=frozenset({"device"}))
        scores = scorer.score(Requests.one(NO_ROW, stated, None, left))
        np.testing.assert_array_equal(scores, scorer.score(Requests.one(NO_ROW, Context(region="north"))))
        assert not np.array_equal(scores, scorer.score(Requests.one(NO_ROW, stated)))
        all_of_it = Exclusions(circumstances=frozenset({"device", "region", "trend"}))
        np.testing.assert_array_equal(scorer.score(Requests.one(NO_ROW, stated, None, all_of_it)), 0)

    def test_the_moment_decides_the_trend(self, tiny_data: Dataset) -> None:
        scorer = self.fitted(tiny_data)
        early = Context(moment=datetime(2024, 3, 20, tzinfo=UTC))
        assert not np.array_equal(
            scorer.score(Requests.one(NO_ROW, early)), scorer.score(Requests.one(NO_ROW, Context()))
        )


class Bursting(ContextScorer):
    """The context component as it is where the last days count on their own."""

    def __init__(self, settings: ContextSettings | None = None) -> None:
        super().__init__(settings or ContextSettings(burst_weight=4.0))


class TestContextWithABurst(ScorerContract):
    scorer_class = Bursting

    def test_the_last_days_count_beside_the_trend(self, tiny_data: Dataset) -> None:
        scorer, plain = self.fitted(tiny_data), ContextScorer().fit(Fitting(tiny_data))
        moment = int(scorer.times_s[-1]) + 3_600
        ages = (moment - scorer.times_s[scorer.rows == 0]) / 86_400
        burst = 4 * np.log((np.exp(-ages / 7).sum() + 10) / 10)
        assert burst > 0
        np.testing.assert_allclose(scorer.trend(moment)[0], plain.trend(moment)[0] + burst, rtol=1e-5)


@pytest.mark.parametrize("scorer_class", [SemanticScorer])
def test_the_semantic_scorer_asks_for_a_phrasebook(scorer_class: type[SemanticScorer], tiny_data: Dataset) -> None:
    with pytest.raises(ValueError, match="needs a phrasebook"):
        scorer_class().fit(Fitting(tiny_data))

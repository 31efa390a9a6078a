"""What every component and every baseline keeps, whatever it computes: subclass `ScorerContract` once for each.

class TestPopularity(ScorerContract):
    scorer_class = PopularityScorer
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.errors import NotFittedError
from recsys.scorers.base import NO_EXCLUSIONS, NO_ROW, Exclusions, Fitting, Requests, ScorePart, Scorer, ScorerState
from recsys.settings import Context

MOMENT = datetime(2024, 4, 6, 12, tzinfo=UTC)
"""A moment in the middle of the small shop's history."""

Tables = dict[str, pd.DataFrame]

LEFT_OUT = (
    NO_EXCLUSIONS,
    Exclusions(items=(0, 2, 6)),
    Exclusions(features=frozenset({"brand:Alder", "tag:light", "term:tent", "region:north", "product:2"})),
    Exclusions(circumstances=frozenset({"trend", "device", "region"})),
    Exclusions((0, 1, 5, 20, 21), (2,), frozenset({"category:Tents", "product:0"}), frozenset({"trend"})),
    Exclusions(phrases=(3, 4, 12)),
)
"""Every kind of thing that can be left out of the small shop, and all kinds at once."""


class ScorerContract:
    """Tests of one scorer on the small shop of conftest; not collected by itself.

    Attributes
    ----------
    scorer_class : the scorer under test
    learns_by_chance : True when random numbers are drawn in the order of the catalogue, so that another order gives
        similar scores rather than the same ones
    """

    scorer_class: ClassVar[type[Scorer]]
    learns_by_chance: ClassVar[bool] = False

    def make(self) -> Scorer:
        """An unfitted scorer; override for settings that suit a tiny shop."""
        return self.scorer_class()

    def fitting(self, data: Dataset, seed: int = 0) -> Fitting:
        """What to learn from; override to add a phrasebook."""
        return Fitting(data, seed=seed)

    def requests(self, data: Dataset) -> Requests:
        """Every shopper and a cold one, under three kinds of context; override to add words."""
        rows = np.array([*range(data.n_users), NO_ROW] * 3, np.int32)
        late = Context.at(datetime(2024, 4, 26, 20, tzinfo=UTC), device="mobile", region="north")
        cycle = (late, Context(), Context.at(MOMENT, device="desktop"))
        return Requests(rows, tuple(cycle[place // (data.n_users + 1)] for place in range(len(rows))))

    def fitted(self, data: Dataset, seed: int = 0) -> Scorer:
        return self.make().fit(self.fitting(data, seed))

    @pytest.mark.parametrize(
        "use",
        [
            lambda scorer: scorer.score(Requests.one(NO_ROW, Context())),
            lambda scorer: scorer.contributions(Requests.one(NO_ROW, Context()), 0, 0),
            lambda scorer: scorer.state(),
        ],
        ids=["score", "contributions", "state"],
    )
    def test_unfitted_use_raises(self, use: Callable[[Scorer], object]) -> None:
        name = self.scorer_class.name
        with pytest.raises(NotFittedError, match=rf"the {name} scorer is not fitted yet; call fit\(\) or load"):
            use(self.make())

    def test_scores_are_finite_float32_for_every_request_and_product(self, tiny_data: Dataset) -> None:
        scorer, requests = self.fitted(tiny_data), self.requests(tiny_data)
        scores = scorer.score(requests)
        assert scores.dtype == np.float32
        assert scores.shape == (len(requests), tiny_data.n_items)
        assert np.isfinite(scores).all()
        assert scorer.score(Requests(np.empty(0, np.int32), ())).shape == (0, tiny_data.n_items)

    def test_same_seed_same_scores(self, tiny_data: Dataset) -> None:
        requests = self.requests(tiny_data)
        first, second = (self.fitted(tiny_data, seed=7).score(requests) for _ in range(2))
        np.testing.assert_array_equal(first, second)

    def test_save_and_load_keep_the_scores_and_their_parts(self, tiny_data: Dataset) -> None:
        scorer, requests = self.fitted(tiny_data), self.requests(tiny_data)
        loaded = self.scorer_class.from_state(_written_and_read(scorer.state()))
        np.testing.assert_array_equal(loaded.score(requests), scorer.score(requests))
        for item_row in range(tiny_data.n_items):
            assert loaded.contributions(requests, 1, item_row) == scorer.contributions(requests, 1, item_row)

    def test_a_loaded_scorer_can_be_saved_again(self, tiny_data: Dataset) -> None:
        state = self.fitted(tiny_data).state()
        again = self.scorer_class.from_state(_written_and_read(state)).state()
        assert set(again.arrays) == set(state.arrays)
        for name, array in state.arrays.items():
            np.testing.assert_array_equal(again.arrays[name], array, err_msg=name)
        assert json.loads(json.dumps(again.meta)) == json.loads(json.dumps(state.meta))

    def test_a_batch_equals_its_requests_one_by_one(self, tiny_data: Dataset) -> None:
        scorer, requests = self.fitted(tiny_data), self.requests(tiny_data)
        batch = scorer.score(requests)
        for row in range(len(requests)):
            alone = Requests.one(int(requests.user_rows[row]), requests.contexts[row], requests.words[row])
            np.testing.assert_allclose(scorer.score(alone)[0], batch[row], rtol=1e-5, atol=1e-6)

    def test_the_order_of_requests_changes_nothing_but_the_order_of_answers(self, tiny_data: Dataset) -> None:
        scorer, requests = self.fitted(tiny_data), self.requests(tiny_data)
        order = np.random.default_rng(1).permutation(len(requests))
        words = tuple(requests.words[row] for row in order) if requests.words else ()
        shuffled = Requests(requests.user_rows[order], tuple(requests.contexts[row] for row in order), words)
        np.testing.assert_allclose(scorer.score(shuffled), scorer.score(requests)[order], rtol=1e-5, atol=1e-6)

    def test_contributions_sum_to_the_score(self, tiny_data: Dataset) -> None:
        scorer, requests = self.fitted(tiny_data), self.requests(tiny_data)
        scores = scorer.score(requests)
        assert np.ptp(scores) > 0  # all-equal scores would prove nothing
        for row in range(len(requests)):
            for item_row in range(tiny_data.n_items):
                parts = scorer.contributions(requests, row, item_row)
                assert sum(part.value for part in parts) == pytest.approx(scores[row, item_row], rel=1e-5, abs=1e-5)

    def leaving_out(self, data: Dataset) -> Requests:
        """The requests with everything of LEFT_OUT in turn, so that each shopper loses each kind of thing."""
        plain = self.requests(data)
        n = len(LEFT_OUT)
        copies = [row for row in range(len(plain)) for _ in range(n)]
        return Requests(
            plain.user_rows[copies],
            tuple(plain.contexts[row] for row in copies),
            tuple(plain.words[row] for row in copies) if plain.words else (),
            tuple(LEFT_OUT[place % n] for place in range(len(copies))),
        )

    def test_contributions_sum_to_the_score_whatever_is_left_out(self, tiny_data: Dataset) -> None:
        scorer, requests = self.fitted(tiny_data), self.leaving_out(tiny_data)
        scores = scorer.score(requests)
        assert np.isfinite(scores).all()
        for row in range(0, len(requests), 5):  # 5 and 6 have no common divisor, so every kind is met
            for item_row in range(tiny_data.n_items):
                parts = scorer.contributions(requests, row, item_row)
                assert sum(part.value for part in parts) == pytest.approx(scores[row, item_row], rel=1e-5, abs=1e-5)

    def test_leaving_nothing_out_changes_nothing(self, tiny_data: Dataset) -> None:
        scorer, plain = self.fitted(tiny_data), self.requests(tiny_data)
        empty = Exclusions(phrases=(), items=(), features=frozenset(), circumstances=frozenset())
        told = Requests(plain.user_rows, plain.contexts, plain.words, (empty,) * len(plain))
        np.testing.assert_array_equal(scorer.score(told), scorer.score(plain))
        assert scorer.contributions(told, 1, 2) == scorer.contributions(plain, 1, 2)

    def test_what_one_request_leaves_out_does_not_touch_another(self, tiny_data: Dataset) -> None:
        scorer, requests = self.fitted(tiny_data), self.leaving_out(tiny_data)
        before = scorer.score(self.requests(tiny_data))
        batch = scorer.score(requests)
        for row in range(len(requests)):
            np.testing.assert_allclose(scorer.score(requests.only(row))[0], batch[row], rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(scorer.score(self.requests(tiny_data)), before)

    def test_the_order_of_what_is_left_out_does_not_matter(self, tiny_data: Dataset) -> None:
        scorer = self.fitted(tiny_data)
        one = Exclusions((3, 12), (0, 2), frozenset(["tag:light", "product:1"]), frozenset(["trend", "device"]))
        same = Exclusions((3, 12), (0, 2), frozenset(["product:1", "tag:light"]), frozenset(["device", "trend"]))
        context = Context(device="mobile")
        for user_row in range(tiny_data.n_users):
            first, second = (scorer.score(Requests.one(user_row, context, None, each)) for each in (one, same))
            np.testing.assert_array_equal(first, second)

    def test_save_and_load_keep_what_is_left_out(self, tiny_data: Dataset) -> None:
        scorer, requests = self.fitted(tiny_data), self.leaving_out(tiny_data)
        loaded = self.scorer_class.from_state(_written_and_read(scorer.state()))
        np.testing.assert_array_equal(loaded.score(requests), scorer.score(requests))
        for row in range(len(LEFT_OUT)):
            assert loaded.contributions(requests, row, 2) == scorer.contributions(requests, row, 2)

    def test_parts_are_readable_and_can_be_written_as_json(self, tiny_data: Dataset) -> None:
        scorer, requests = self.fitted(tiny_data), self.requests(tiny_data)
        parts = [part for row in range(tiny_data.n_users) for part in scorer.contributions(requests, row, 0)]
        assert parts
        for part in parts:
            assert part.label.strip()
            assert type(part.value) is float
            assert json.loads(json.dumps(part.source)) == part.source

    def test_columns_are_in_catalogue_order(self, tiny: Tables, tiny_data: Dataset) -> None:
        moved, order = renamed(tiny, tiny_data)
        here = self.fitted(tiny_data).score(self.requests(tiny_data))
        there = self.fitted(moved).score(self.requests(moved))
        if self.learns_by_chance:
            aligned, crossed = _likeness(here[:, order], there), _likeness(here, there)
            assert aligned > 0.3
            assert aligned > crossed
        else:
            np.testing.assert_allclose(there, here[:, order], rtol=1e-3, atol=1e-5)

    def test_what_happens_after_the_training_data_does_not_change_scores(self, tiny: Tables) -> None:
        cut_s = int(MOMENT.timestamp())
        true, other = (Dataset.from_frames(**tables).until(cut_s) for tables in (tiny, _with_another_future(tiny)))
        assert len(true.positives()) == len(other.positives()) > 0
        requests = self.requests(true)
        np.testing.assert_array_equal(self.fitted(other).score(requests), self.fitted(true).score(requests))


class AsOfMomentContract(ScorerContract):
    """For a scorer that, fitted on everything, itself leaves out what is not before the moment asked about."""

    def test_future_events_do_not_change_scores_at_an_earlier_moment(self, tiny: Tables) -> None:
        true, other = (Dataset.from_frames(**tables) for tables in (tiny, _with_another_future(tiny)))
        rows = np.array([*range(true.n_users), NO_ROW], np.int32)
        requests = Requests(rows, (Context.at(MOMENT, device="mobile", region="north"),) * len(rows))
        expected, scores = self.fitted(true), self.fitted(other)
        np.testing.assert_array_equal(scores.score(requests), expected.score(requests))
        later = Requests(rows, (Context(),) * len(rows))
        assert not np.array_equal(scores.score(later), expected.score(later))  # the change was there to be seen


def renamed(tiny: Tables, tiny_data: Dataset) -> tuple[Dataset, NDArray[np.int32]]:
    """The shop under other product ids, so in another order, and where each of its products stands in `tiny_data`."""
    moved = Dataset.from_frames(**{name: each.assign(item_id="n" + each["item_id"]) for name, each in tiny.items()})
    order = tiny_data.item_rows([item_id[1:] for item_id in moved.item_ids])
    assert order.tolist() != list(range(tiny_data.n_items))
    return moved, order


def _written_and_read(state: ScorerState) -> ScorerState:
    """As an artifact folder would give it back: arrays read-only, meta through JSON."""
    arrays = {name: np.array(array) for name, array in state.arrays.items()}
    for name, array in arrays.items():
        assert array.dtype.kind in "biuf", f"{name} is of type {array.dtype}, which an artifact does not hold"
        array.flags.writeable = False
    return ScorerState(arrays, json.loads(json.dumps(state.meta)))


def _with_another_future(tiny: Tables) -> Tables:
    """The shop with everything from MOMENT on gone and something else in its place: all buy and praise two products."""
    tables = {name: table[table["timestamp"] < MOMENT] for name, table in tiny.items() if name != "items"}
    users = ["0042", "ann", "ben", "cleo", "dora", "eli"]
    when = pd.to_datetime(["2024-04-06T12:00", "2024-04-29T08:00"], utc=True)
    rows = [(user, item, stamp) for user in users for item, stamp in zip(("candle", "00123"), when, strict=True)]
    bought = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    where = {"device": "mobile", "region": "north"}
    said = {"rating": 5, "text": "Warm, light and so bright.", "helpful_yes": 9, "helpful_total": 9}
    tables["events"] = pd.concat([tables["events"], bought.assign(event="purchase", **where)], ignore_index=True)
    tables["reviews"] = pd.concat([tables["reviews"], bought.assign(**said, **where)], ignore_index=True)
    return {"items": tiny["items"], **tables}


def _likeness(some: np.ndarray, others: np.ndarray) -> float:
    """Mean correlation of the rows of two score matrices."""
    return float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(some, others, strict=True) if a.std() and b.std()]))


def liked_in(part: ScorePart, data: Dataset) -> str:
    """Id of the liked product that a part rests on."""
    return str(data.item_ids[int(part.source["feature"].removeprefix("product:"))])

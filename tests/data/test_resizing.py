"""A shop made smaller or larger has the same kind of history, in step with its catalogue."""

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import resized
from recsys.errors import SettingsError
from recsys.scorers import BASELINE_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, Requests
from recsys.settings import Context


def test_a_part_holds_some_products_with_everything_that_was_done_with_them(tiny_data: Dataset) -> None:
    part = resized(tiny_data, 0.5)
    assert part.n_items == round(tiny_data.n_items / 2)
    kept = tiny_data.item_rows(part.item_ids)
    assert len(part.reviews) == np.isin(tiny_data.reviews["item_row"], kept).sum()
    assert len(part.events) == np.isin(tiny_data.events["item_row"], kept).sum()
    assert part.items["title"].tolist() == tiny_data.items["title"].iloc[kept].tolist()


def test_copies_stand_side_by_side_and_have_nothing_to_do_with_each_other(tiny_data: Dataset) -> None:
    three = resized(tiny_data, 3)
    assert (three.n_items, three.n_users) == (3 * tiny_data.n_items, 3 * tiny_data.n_users)
    assert len(three.positives()) == 3 * len(tiny_data.positives())
    assert three.reviews["review_id"].is_unique
    assert three.item_ids.is_unique
    assert three.items["item_id"].tolist() == list(three.item_ids)
    owned = three.seen().toarray()
    for place in range(3):
        rows, columns = (slice(place * n, (place + 1) * n) for n in (tiny_data.n_users, tiny_data.n_items))
        np.testing.assert_array_equal(owned[rows, columns], tiny_data.seen().toarray())
    assert owned.sum() == 3 * tiny_data.seen().sum()


def test_a_copy_is_scored_as_the_shop_is(tiny_data: Dataset) -> None:
    twice = resized(tiny_data, 2)
    for name, kind in BASELINE_CLASSES.items():
        one, both = (fit_scorers({name: kind}, Fitting(each))[name] for each in (tiny_data, twice))
        scores = both.score(Requests.one(tiny_data.n_users, Context()))[0, tiny_data.n_items :]
        expected = one.score(Requests.one(0, Context()))[0]
        if name != "recent_popularity":  # whose ties are settled by shares of all likes
            np.testing.assert_allclose(scores, expected, atol=1e-6)


def test_the_shop_itself_keeps_everything_but_impressions(tiny_data: Dataset) -> None:
    same = resized(tiny_data, 1)
    assert not len(same.impressions)
    assert same.reviews.equals(tiny_data.reviews)


@pytest.mark.parametrize("times", [0, -1, 1.5])
def test_other_sizes_are_refused(tiny_data: Dataset, times: float) -> None:
    with pytest.raises(SettingsError, match="give a share below 1, or a whole number"):
        resized(tiny_data, times)

"""Likes and dislikes of shoppers; sparse matrices go into arrays and come back, and those of others are not trusted."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.dataset import Dataset
from recsys.scorers.features import csr_arrays, csr_from, disliked_pairs, recency_of_likes, signed_history
from recsys.scorers.phrase_weights import shares_of_products

Change = Callable[[NDArray[np.generic]], NDArray[np.generic]]


@pytest.fixture
def matrix() -> sparse.csr_array:
    return sparse.csr_array(np.array([[0, 2, 0], [0, 0, 0], [1, 0, 3], [0, 4, 0]], np.float32))


def test_a_matrix_comes_back(matrix: sparse.csr_array) -> None:
    back = csr_from(csr_arrays("m", matrix), "m", matrix.shape)
    np.testing.assert_array_equal(back.toarray(), matrix.toarray())
    empty = sparse.csr_array((0, 3), dtype=np.float32)
    assert csr_from(csr_arrays("m", empty), "m", (0, 3)).shape == (0, 3)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("indices", lambda values: values + 3),
        ("indices", lambda values: -values - 1),
        ("indices", lambda values: values[:-1]),
        ("data", lambda values: values[1:]),
        ("indptr", lambda values: values * 1000),
        ("indptr", lambda values: values[::-1].copy()),
        ("indptr", lambda values: values[:-1]),
        ("indptr", lambda values: np.array([0, 4, 1, 3, 4])),
    ],
)
def test_arrays_that_point_outside_themselves_are_refused(matrix: sparse.csr_array, part: str, change: Change) -> None:
    arrays = csr_arrays("m", matrix)
    arrays[f"m.{part}"] = change(arrays[f"m.{part}"])
    with pytest.raises(ValueError, match=r"m is not a sparse matrix of shape \(4, 3\)"):
        csr_from(arrays, "m", (4, 3))


def named(data: Dataset, users: NDArray[np.int32], items: NDArray[np.int32]) -> set[tuple[str, str]]:
    return {(data.user_ids[user], data.item_ids[item]) for user, item in zip(users, items, strict=True)}


def said(tiny: dict[str, pd.DataFrame], *reviews: tuple[str, str, int]) -> Dataset:
    """The small shop and some more reviews: shopper, product, stars."""
    rows = [
        {"user_id": user, "item_id": item, "rating": stars, "text": "", "timestamp": pd.Timestamp(day, tz="UTC")}
        for (user, item, stars), day in zip(reviews, ("2024-04-20", "2024-04-21", "2024-04-22"), strict=False)
    ]
    extra = pd.DataFrame(rows).assign(helpful_yes=0, helpful_total=0, device="mobile", region="north")
    return Dataset.from_frames(**{**tiny, "reviews": pd.concat([tiny["reviews"], extra], ignore_index=True)})


def test_a_dislike_is_a_review_of_at_most_two_stars(tiny_data: Dataset) -> None:
    """Ann gave the lamp two stars and ben the stove one; three stars, views and carts are none."""
    users, items = disliked_pairs(tiny_data)
    assert named(tiny_data, users, items) == {("ann", "lamp"), ("ben", "stove")}
    assert len(users) == 2
    assert users.dtype == items.dtype == np.int32


def test_a_pair_is_disliked_once_and_never_if_it_was_ever_liked(tiny: dict[str, pd.DataFrame]) -> None:
    """Ben complains of the stove again; dora complains of the tent that she bought, eli of what he found fair."""
    data = said(tiny, ("ben", "stove", 2), ("dora", "tent-4", 1), ("eli", "tent-2", 1))
    users, items = disliked_pairs(data)
    assert named(data, users, items) == {("ann", "lamp"), ("ben", "stove"), ("eli", "tent-2")}
    assert len(users) == 3


def test_a_history_holds_likes_and_takes_off_dislikes(tiny_data: Dataset) -> None:
    likes = tiny_data.positives()
    weights = np.arange(1.0, len(likes) + 1)
    expected = np.zeros((tiny_data.n_users, tiny_data.n_items), np.float32)
    expected[likes["user_row"], likes["item_row"]] = weights
    for user, item in (("ann", "lamp"), ("ben", "stove")):
        expected[tiny_data.user_row(user), tiny_data.item_row(item)] = -0.3
    np.testing.assert_allclose(signed_history(tiny_data, weights, 0.3).toarray(), expected)
    none = signed_history(tiny_data, weights, 0.0)
    np.testing.assert_array_equal(none.toarray(), np.maximum(expected, 0))
    assert none.nnz == len(likes)  # what counts nothing is not held


def test_shares_of_liked_products_sum_to_one_and_a_dislike_is_a_part_of_their_mean(tiny_data: Dataset) -> None:
    half_life = 30.0
    shares = shares_of_products(tiny_data, half_life, 0.5).toarray()
    liked = np.maximum(shares, 0).sum(axis=1)
    np.testing.assert_allclose(liked, [user != "0042" for user in tiny_data.user_ids], atol=1e-6)
    ann, ben = (shares[tiny_data.user_row(user)] for user in ("ann", "ben"))
    assert ann[tiny_data.item_row("lamp")] == pytest.approx(-0.5 / 3)  # ann likes three products, and so does ben
    assert ben[tiny_data.item_row("stove")] == pytest.approx(-0.5 / 3)
    assert (shares < 0).sum() == 2
    recency = recency_of_likes(tiny_data, half_life)
    rows = tiny_data.positives()
    mine = (rows["user_row"] == tiny_data.user_row("ann")).to_numpy()
    np.testing.assert_allclose(ann[rows["item_row"][mine]], recency[mine] / recency[mine].sum(), rtol=1e-6)


def test_who_only_complains_has_a_whole_dislike(tiny: dict[str, pd.DataFrame]) -> None:
    data = said(tiny, ("0042", "mug", 1))
    shares = shares_of_products(data, 30.0, 0.5).toarray()[data.user_row("0042")]
    assert shares[data.item_row("mug")] == pytest.approx(-0.5)
    assert np.count_nonzero(shares) == 1


def test_recency_is_counted_from_the_last_like_of_each_shopper(tiny_data: Dataset) -> None:
    rows = tiny_data.positives()
    found = recency_of_likes(tiny_data, 10.0)
    last = {}
    for user, moment in zip(rows["user_row"], rows["time_s"], strict=True):
        last[user] = max(last.get(user, 0), moment)
    expected = [
        0.5 ** ((last[user] - moment) / 864_000) for user, moment in zip(rows["user_row"], rows["time_s"], strict=True)
    ]
    np.testing.assert_allclose(found, expected)
    assert (found == 1).sum() == 5  # one for each of five shoppers

"""Learnt context effects are held against what was planted, by name."""

from pathlib import Path

import numpy as np
import pytest

from recsys.demo.oracle import planted_context
from recsys.errors import DataError
from tests.demo.conftest import Shop

CATEGORIES = ["Tents", "Coffee", "Boots"]


def test_every_effect_stands_beside_the_planted_one(shop: Shop) -> None:
    learnt = {"season": (("summer", "winter"), np.array([[0.5, 0.0, -0.1], [-0.7, 0.1, 0.2]]))}
    found = {(each.value, each.category): each for each in planted_context(shop.folder, CATEGORIES, learnt)}
    assert len(found) == 6
    told = found["winter", "Tents"]
    assert (told.dimension, told.planted, told.learnt) == ("season", pytest.approx(-1.1), -0.7)
    assert found["summer", "Tents"].planted == pytest.approx(1.0)
    assert found["summer", "Coffee"].planted == 0


def test_means_of_rows_and_columns_change_nothing_beside_them(shop: Shop) -> None:
    lifts = np.array([[0.5, 0.0, -0.1], [-0.7, 0.1, 0.2]])
    moved = lifts + np.array([[0.3], [-0.2]]) + np.array([1.0, 0.0, -2.0])
    one, other = (
        planted_context(shop.folder, CATEGORIES, {"season": (("summer", "winter"), each)}) for each in (lifts, moved)
    )
    assert [each.learnt_beside for each in one] == pytest.approx([each.learnt_beside for each in other])
    assert sum(each.planted_beside for each in one) == pytest.approx(0, abs=1e-9)


def test_a_value_that_nobody_planted_is_left_out(shop: Shop) -> None:
    learnt = {"device": (("mobile", "fridge"), np.zeros((2, 3)))}
    assert {each.value for each in planted_context(shop.folder, CATEGORIES, learnt)} == {"mobile"}


def test_a_folder_without_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no hidden truth here"):
        planted_context(tmp_path, CATEGORIES, {})

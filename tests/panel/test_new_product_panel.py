"""A panel of shoppers who are asked about new products: only those are listed, and no order favours a model."""

from pathlib import Path

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.evaluation.protocols.rewinds import Rewind, new_product_rewind
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.settings import WHOLE_CATALOGUE, FusionSettings, RankingSettings


@pytest.fixture(scope="module")
def test_shoppers(new_product_folder: Path) -> Panel:
    return Panel.open(new_product_folder)[1]


@pytest.fixture(scope="module")
def replay(new_product_folder: Path) -> Rewind:
    return new_product_rewind(Dataset.read(new_product_folder.parent / "shop"))


def test_lists_hold_the_new_products_of_the_part_and_nothing_else(test_shoppers: Panel, replay: Rewind) -> None:
    wanted = replay.fold_of[test_shoppers.relevant.values]
    np.testing.assert_array_equal(np.diff(test_shoppers.relevant.starts), 1)
    for lists in (
        LiveEngine(test_shoppers).measure(RankingSettings(FusionSettings(1, 1, 1, 1), WHOLE_CATALOGUE)).lists.ranked,
        *(ranked[:, :10] for ranked in test_shoppers.baselines.values()),
    ):
        np.testing.assert_array_equal(replay.fold_of[lists], np.repeat(wanted[:, None], lists.shape[1], axis=1))


def test_a_draw_of_each_shoppers_own_decides_where_a_simple_model_tells_nothing_apart(test_shoppers: Panel) -> None:
    firsts = test_shoppers.baselines["popularity"][:, 0]
    assert len(np.unique(firsts)) > len(firsts) / 3
    orders = test_shoppers.baselines["popularity"][:, :20]
    assert (np.diff(orders, axis=1) > 0).mean() == pytest.approx(0.5, abs=0.05)


def test_protocol_and_leak_check_say_what_was_done(test_shoppers: Panel) -> None:
    assert "only the new products of the part are ranked" in test_shoppers.protocol
    assert "without what a shopper already had" not in test_shoppers.protocol
    assert "things that anybody did with the new products" in test_shoppers.leak_check

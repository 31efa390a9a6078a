"""Logs of impressions, of a shop and of the Open Bandit Dataset."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import NEVER, Dataset
from recsys.errors import DataError
from recsys.offpolicy.logs import ClickLog, open_log


def test_impressions_of_a_shop_keep_their_shopper_and_the_unknown_share_a_moment(tiny_data: Dataset) -> None:
    log = ClickLog.of(tiny_data)
    assert log.impressions["time_s"].is_monotonic_increasing
    assert log.impressions["visitor"].tolist()[:2] == [tiny_data.user_row("ann")] * 2
    assert log.impressions["visitor"].tolist()[2] >= tiny_data.n_users
    assert log.facts()["policies"] == {"popular": 3, "random": 3}
    assert log.facts()["n_clicks"] == 3


def test_reviews_alone_are_refused_with_the_reason(tiny: dict[str, pd.DataFrame]) -> None:
    data = Dataset.from_frames(tiny["items"], tiny["reviews"], tiny["events"])
    with pytest.raises(DataError, match=r"no logged impressions.*reviews alone do not say what was shown and left"):
        ClickLog.of(data)


def test_a_product_is_on_the_shelf_between_its_impressions_or_for_good_if_it_is_available(tiny_data: Dataset) -> None:
    first, last = ClickLog.of(tiny_data).availability()
    blanket, candle = tiny_data.item_rows(["blanket", "candle"])
    assert first[blanket] == pd.Timestamp("2024-04-09T21:00", tz="UTC").timestamp()
    assert last[blanket] == NEVER
    assert (first[candle], last[candle]) == (NEVER, -1)  # never shown, and gone


def test_an_open_bandit_folder_is_read_under_our_names(bandit_folder: Path) -> None:
    log = open_log(bandit_folder)
    assert log.data is None
    assert log.facts()["policies"] == {"bts": 3000, "random": 3000}
    assert log.categories.tolist() == list("aabbcc")
    assert len(np.unique(log.impressions["visitor"])) == len(log.impressions)
    given = pd.read_parquet(bandit_folder / "impressions.parquet")
    assert log.impressions["click"].sum() == given["click"].sum()
    assert log.impressions["time_s"].min() == given["timestamp"].min().timestamp()


def test_an_open_bandit_folder_with_unusable_rows_is_refused(bandit_folder: Path, tmp_path: Path) -> None:
    for name in ("items", "impressions"):
        table = pd.read_parquet(bandit_folder / f"{name}.parquet")
        if name == "impressions":
            table.loc[table.index[7], "propensity_score"] = 0.0
        table.to_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(DataError, match=r"column 'propensity_score'.*out of range"):
        open_log(tmp_path)
    given = pd.read_parquet(bandit_folder / "impressions.parquet")
    given.assign(item_id=given["item_id"].replace("p3", "gone")).to_parquet(tmp_path / "impressions.parquet")
    with pytest.raises(DataError, match=r"the product is not in items\.parquet"):
        open_log(tmp_path)
    given.assign(timestamp="yesterday").to_parquet(tmp_path / "impressions.parquet")
    with pytest.raises(DataError, match="column 'timestamp'"):
        open_log(tmp_path)
    given.drop(columns="position").to_parquet(tmp_path / "impressions.parquet")
    with pytest.raises(DataError, match="column 'position'"):
        open_log(tmp_path)


def test_any_other_folder_is_left_to_the_strict_reader(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"items\.parquet"):
        open_log(tmp_path)

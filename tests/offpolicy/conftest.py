"""A demo shop whose logged pages are judged, and a small log in the form of the Open Bandit Dataset."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.demo.oracle import ClickSimulator
from recsys.offpolicy.logs import ClickLog, open_log
from recsys.offpolicy.pages import ScoredPages, TrueClickRates, middle_of, users_of
from recsys.offpolicy.policies import Simulator
from recsys.text.phrasebook import build_phrasebook
from tests._encoder import WordEncoder
from tests._panels import panel_folders

__all__ = ["panel_folders"]  # a fixture

N_PRODUCTS, N_EACH = 6, 3000


@pytest.fixture(scope="session")
def shop_log(panel_folders: tuple[Path, Path]) -> ClickLog:
    """The log of a demo shop of 300 products."""
    return open_log(panel_folders[0].parent / "shop")


@pytest.fixture(scope="session")
def judged(shop_log: ClickLog) -> ScoredPages:
    """Its later half."""
    assert shop_log.data is not None
    return ScoredPages.of(shop_log, middle_of(shop_log), build_phrasebook(shop_log.data, WordEncoder()))


@pytest.fixture(scope="session")
def simulator(panel_folders: tuple[Path, Path], shop_log: ClickLog, judged: ScoredPages) -> Simulator:
    """The truth of it."""
    assert shop_log.data is not None
    judge = ClickSimulator.open(panel_folders[0].parent / "shop", shop_log.data.item_ids)
    users = users_of(judged.pages, shop_log.data)
    return Simulator(judge, judged, TrueClickRates.of(judge, judged.pages, users), users)


@pytest.fixture(scope="session")
def bandit_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two policies of 6 products in two places: one shows all equally often, the other one learns in steps.

    In the first half of the time `bts` shows product 0 with probability 0.5, in the second half product 5; the others
    share the rest. Product i is clicked with probability 0.05 (i + 1).
    """
    folder, rng = tmp_path_factory.mktemp("bandit"), np.random.default_rng(0)
    frames = []
    for policy in ("bts", "random"):
        seconds = np.sort(rng.integers(0, 600_000, N_EACH))
        chances = np.full((N_EACH, N_PRODUCTS), 1 / N_PRODUCTS)
        if policy == "bts":
            chances[:] = 0.1
            chances[np.arange(N_EACH), np.where(seconds < 300_000, 0, 5)] = 0.5
        shown = (chances.cumsum(1) < rng.random(N_EACH)[:, None]).sum(1)
        frames.append(
            pd.DataFrame(
                {
                    "behavior_policy": policy,
                    "timestamp": pd.to_datetime(seconds + 1_574_500_000, unit="s", utc=True),
                    "item_id": [f"p{each}" for each in shown],
                    "position": rng.integers(1, 3, N_EACH),
                    "click": (rng.random(N_EACH) < 0.05 * (shown + 1)).astype(int),
                    "propensity_score": chances[np.arange(N_EACH), shown],
                    "hour": 0,
                }
            )
        )
    pd.concat(frames).to_parquet(folder / "impressions.parquet")
    items = {"item_id": [f"p{each}" for each in range(N_PRODUCTS)], "item_feature_1": list("aabbcc")}
    pd.DataFrame(items).to_parquet(folder / "items.parquet")
    return folder

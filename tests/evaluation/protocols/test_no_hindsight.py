"""What happened at or after the moment does not exist: with it and without it, every score is the same to the bit."""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import temporal_split
from recsys.scorers import BASELINE_CLASSES, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, FloatArray, Requests
from recsys.settings import Context
from recsys.text.phrasebook import build_phrasebook
from tests._data import thinned
from tests._encoder import WordEncoder

N_ASKED = 200


def before(tables: Mapping[str, pd.DataFrame], moment_s: int) -> dict[str, pd.DataFrame]:
    """What a shop's files held at a moment: no text, act or vote at or after it, nor anybody who came later."""
    moment = pd.Timestamp(moment_s, unit="s", tz="UTC")
    past = {name: table if name == "items" else table[table["timestamp"] < moment] for name, table in tables.items()}
    return {**past, **with_other_votes(past)}


def with_other_votes(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The reviews and products as they were crawled at another time: other votes, other stock, other checks."""
    rng = np.random.default_rng(0)
    votes = rng.integers(0, 1000, len(tables["reviews"]))
    snapshots = {"helpful_yes": votes, "helpful_total": votes + 5, "verified": votes % 2 == 0}
    items = tables["items"].assign(
        available=rng.random(len(tables["items"])) < 0.5,
        average_rating=rng.random(len(tables["items"])) * 5,
        rating_number=rng.integers(0, 1000, len(tables["items"])),
    )
    return {"items": items, "reviews": tables["reviews"].assign(**snapshots)}


def scores_at(tables: Mapping[str, pd.DataFrame], moment_s: int, user_ids: list[str]) -> dict[str, FloatArray]:
    """Scores of every model for some shoppers at a moment, by models that know what came before it."""
    data = Dataset.from_frames(**tables)
    fitting = Fitting(data.until(moment_s), build_phrasebook(data, WordEncoder()))
    context = Context.at(datetime.fromtimestamp(moment_s, UTC))
    requests = Requests(np.array([data.user_row(each) for each in user_ids], np.int32), (context,) * len(user_ids))
    scorers = fit_scorers({**BASELINE_CLASSES, **COMPONENT_CLASSES}, fitting)
    return {name: scorer.score(requests) for name, scorer in scorers.items()}


def assert_no_hindsight(tables: Mapping[str, pd.DataFrame]) -> None:
    """Models that are handed the future and told to look away score as those that never had it."""
    split = temporal_split(Dataset.from_frames(**tables))
    moment_s = int(split.test.moments_s[0])
    known = split.fit_test.positives()["user_row"].unique()[:N_ASKED]
    asked = [split.fit_test.user_ids[row] for row in np.sort(known).tolist()]
    past = before(tables, moment_s)
    assert sum(map(len, past.values())) < sum(map(len, tables.values()))
    handed, never = scores_at(tables, moment_s, asked), scores_at(past, moment_s, asked)
    unequal = {name: float(np.abs(handed[name] - never[name]).max()) for name in handed}
    assert not any(unequal.values()), unequal


def test_the_small_shop_has_no_hindsight(tiny: dict[str, pd.DataFrame]) -> None:
    assert_no_hindsight(tiny)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *(("reviews", name) for name in ("helpful_yes", "helpful_total", "verified")),
        *(("items", name) for name in ("available", "average_rating", "rating_number")),
    ],
)
def test_what_is_counted_when_the_data_is_collected_changes_no_score(
    tiny: dict[str, pd.DataFrame], table: str, column: str
) -> None:
    later = {**tiny, table: tiny[table].assign(**{column: with_other_votes(tiny)[table][column]})}
    moment_s = int(temporal_split(Dataset.from_frames(**tiny)).test.moments_s[0])
    now, then = (scores_at(each, moment_s, ["ann", "ben"]) for each in (later, tiny))
    for name, scores in now.items():
        np.testing.assert_array_equal(scores, then[name], err_msg=name)


@pytest.mark.slow
def test_steam_has_no_hindsight() -> None:
    assert_no_hindsight(thinned("steam_au", 10))

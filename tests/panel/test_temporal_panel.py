"""A panel held out by time: validation in several windows, each scored by models of its own."""

from pathlib import Path

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import Split, temporal_split
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.panel.segments import AS_IT_WAS
from recsys.settings import RankingSettings
from recsys.studies.models import latest


@pytest.fixture(scope="module")
def panels(temporal_folder: Path) -> tuple[Panel, Panel]:
    """Validation and test shoppers."""
    return Panel.open(temporal_folder)


@pytest.fixture(scope="module")
def data(temporal_folder: Path) -> Dataset:
    return Dataset.read(temporal_folder.parent / "shop")


@pytest.fixture(scope="module")
def split(data: Dataset) -> Split:
    return temporal_split(data)


def test_whoever_chose_in_several_windows_has_a_row_for_each(
    panels: tuple[Panel, Panel], data: Dataset, split: Split
) -> None:
    validation, test = panels
    rounds = list(split.rounds("validation"))
    assert len(rounds) == len(validation.context_scorers) == 3
    for place, one in enumerate(rounds):
        rows = np.flatnonzero(validation.rounds == place)
        assert validation.shoppers["user_id"].iloc[rows].tolist() == list(data.user_ids[one.held_out.users()])
        assert set(validation.shoppers["moment_s"].iloc[rows]) == set(one.held_out.moments_s)
        owned, relevant = one.train.seen(), one.held_out.relevant()
        for row, user in zip(rows.tolist(), one.held_out.users().tolist(), strict=True):
            assert set(validation.seen.of(np.array([row])).values) == set(owned[[user]].indices)
            assert set(validation.relevant.of(np.array([row])).values) == set(relevant[[user]].indices)
    assert validation.shoppers["user_id"].duplicated().any()
    assert not test.shoppers["user_id"].duplicated().any()
    assert set(test.rounds) == {0}
    assert f"{sum(len(one.held_out) for one in rounds):,} held-out pairs" in validation.leak_check


def test_every_window_is_scored_by_models_that_end_where_it_begins(panels: tuple[Panel, Panel], split: Split) -> None:
    validation, _ = panels
    for scorer, one in zip(validation.context_scorers, split.rounds("validation"), strict=True):
        assert scorer.times_s.max() < one.held_out.moments_s.min()
    np.testing.assert_allclose(
        LiveEngine(validation)._imagine(AS_IT_WAS, lambda *told: None).context, validation.scores.context, atol=1e-5
    )


def test_shoppers_of_several_windows_are_known_to_be_one(panels: tuple[Panel, Panel]) -> None:
    validation, test = panels
    ids, shoppers = validation.shoppers["user_id"].to_numpy(), validation.facts.shoppers
    assert shoppers is not None
    assert len(np.unique(shoppers)) == len(set(ids)) < len(ids)
    for one in np.unique(shoppers):
        assert len(set(ids[shoppers == one])) == 1
    assert test.facts.shoppers is not None
    assert len(np.unique(test.facts.shoppers)) == len(test)


def test_the_last_window_alone_has_the_lists_that_it_has_among_all(panels: tuple[Panel, Panel], split: Split) -> None:
    whole, test = (LiveEngine(each) for each in panels)
    alone = latest(whole)
    rows = np.flatnonzero(whole.panel.rounds == 2)
    assert len(alone.panel) == len(rows) == len(split.validation.users())
    settings = RankingSettings(diversity=0.3)
    one, all_of_them = alone.measure(settings).lists, whole.measure(settings).lists.of(rows)
    np.testing.assert_array_equal(one.ranked, all_of_them.ranked)
    np.testing.assert_array_equal(one.values["ndcg"], all_of_them.values["ndcg"])
    assert latest(test) is test

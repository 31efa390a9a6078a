"""A panel of shoppers who were put back: scored part by part, whole in the end."""

from pathlib import Path

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.errors import SettingsError
from recsys.evaluation.protocols.rewinds import N_FOLDS, newcomer_rewind
from recsys.panel import build
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.panel.segments import AS_IT_WAS, Segment
from recsys.ranking.rank import N_BEST
from recsys.settings import RankingSettings


@pytest.fixture(scope="module")
def newcomers(newcomer_folder: Path) -> Panel:
    """The test shoppers."""
    return Panel.open(newcomer_folder)[1]


def test_every_shopper_is_new_and_has_what_was_known(newcomers: Panel, newcomer_folder: Path) -> None:
    data = Dataset.read(newcomer_folder.parent / "shop")
    replay = newcomer_rewind(data)
    assert newcomers.shoppers["user_id"].tolist() == list(data.user_ids[replay.test.users()])
    assert (newcomers.shoppers["n_train"] == 2).all()
    assert Segment.of(activity="new").mask(newcomers.shoppers).all()
    for place, user in enumerate(replay.test.users()):
        first = replay.history.query(f"user_row == {user}")["item_row"].to_numpy()
        owned = newcomers.seen.row(place)
        wanted = newcomers.relevant.values[newcomers.relevant.starts[place] : newcomers.relevant.starts[place + 1]]
        assert set(first[:2]) <= set(owned)
        assert first[2] not in owned
        assert wanted.tolist() == [first[2]]
    assert set(newcomers.rounds.tolist()) == set(range(N_FOLDS))
    assert "known: the next one is the test" in newcomers.protocol
    assert "things that these shoppers did later" in newcomers.leak_check


def test_scores_of_all_parts_are_there_and_no_list_shows_what_is_owned(newcomers: Panel) -> None:
    for user, of_user in enumerate(newcomers.scores.static):
        listable = np.sort(of_user[:, newcomers.counting([user])[0]], axis=1)
        np.testing.assert_allclose(listable.mean(axis=1), 0, atol=1e-4)
        telling = of_user.any(axis=1)
        assert telling.any()
        np.testing.assert_allclose(listable[telling, -N_BEST:].mean(axis=1), 1, atol=1e-4)
    ranked = LiveEngine(newcomers).measure(RankingSettings()).lists.ranked
    for place in range(len(newcomers)):
        owned = newcomers.seen.row(place)
        assert not np.isin(ranked[place], owned).any()
    assert all((lists[:, 0] >= 0).all() for lists in newcomers.baselines.values())


def test_other_circumstances_are_imagined_by_each_shoppers_own_models(newcomers: Panel) -> None:
    scores = LiveEngine(newcomers)._imagine(AS_IT_WAS, lambda *told: None).context
    np.testing.assert_allclose(scores, newcomers.scores.context, atol=1e-5)


def test_what_is_prepared_is_opened_and_what_is_not_is_made(
    newcomer_folder: Path, newcomers: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, settings = newcomer_folder.parent / "shop", build.PanelSettings.of("newcomers")
    fingerprint, made = newcomers.data["fingerprint"], []
    monkeypatch.setattr(build, "build_panel", lambda *asked: made.append(asked))
    opened = build.open_or_build(shop, newcomer_folder, settings, fingerprint)
    assert opened[1].panel_id == newcomers.panel_id
    assert not made
    build.open_or_build(shop, newcomer_folder, settings, "of other data")
    build.open_or_build(shop, newcomer_folder, build.PanelSettings.of("newcomers", seed=3), fingerprint)
    assert len(made) == 2


def test_a_way_of_holding_out_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SettingsError, match="'first' is no way of holding out; use one of last, temporal, newcomers"):
        build.PanelSettings.of("first")
    with pytest.raises(SettingsError, match="there is no replay 'mars'"):
        build.PanelSettings(replay="mars")

"""A shop of the southern hemisphere has its own seasons in training, on request, on the page and in its panel."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from pages._shared.view import ANY, Choices, context_of
from recsys.data.dataset import Dataset
from recsys.documents import to_json
from recsys.jobs import Job
from recsys.jobs.shop_jobs import PANEL, ShopFolders
from recsys.panel.panel import Panel
from recsys.scorers.base import Fitting, Requests
from recsys.scorers.context import ContextScorer
from recsys.serving.recommender import Recommender
from recsys.settings import CONTEXT_DIMENSIONS, SEASONS, Context
from tests.cli._run import Said, run


@pytest.fixture(scope="module")
def user(place: Path) -> str:
    """A shopper of the shop."""
    return str(Recommender.load(place / "model").users["user_id"].iloc[0])


@pytest.fixture(scope="module")
def southern(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model of the small shop, had it been in the south."""
    model = tmp_path_factory.mktemp("south") / "model"
    done = run("train", "--data", place / "shop", "--out", model, "--hemisphere", "south")
    assert done.status == 0, done.err
    return model


def test_the_model_knows_where_its_shop_is(place: Path, southern: Path) -> None:
    assert Recommender.load(southern).info.hemisphere == "south"
    assert Recommender.load(place / "model").info.hemisphere == "north"


@pytest.mark.parametrize("when", ["month=7", "date=2026-12-24", "date=2027-03-01T08:00"])
def test_the_same_moment_gives_the_same_list_under_the_name_of_the_other_season(
    place: Path, southern: Path, user: str, when: str
) -> None:
    asked = ("recommend", "--user", user, "--context", when, "--weights", "context=1", "--json", "--model")
    north, south = (json.loads(run(*asked, model).out) for model in (place / "model", southern))
    assert north["items"] == south["items"]
    seasons = [SEASONS.index(told["context"]["season"]) for told in (north, south)]
    assert abs(seasons[0] - seasons[1]) == 2
    named = f"{when},season={north['context']['season']}"
    other = run("recommend", "--model", southern, "--user", user, "--context", named, "--json")
    assert json.loads(other.out)["context"]["season"] == north["context"]["season"]


def test_explanations_name_the_season_of_the_shop(southern: Path, user: str) -> None:
    item = Recommender.load(southern).items["item_id"].iloc[0]
    said = run("explain", "--model", southern, "--user", user, "--item", item, "--context", "month=7").out
    assert "season: winter" in said


@pytest.mark.parametrize(("model", "season"), [("model", "winter"), (None, "summer")])
def test_a_day_on_the_page_has_the_season_of_the_shop(
    place: Path, southern: Path, model: str | None, season: str
) -> None:
    choices = Choices.of(Recommender.load(place / model if model else southern))
    assert context_of(choices, date(2026, 12, 24), **dict.fromkeys(CONTEXT_DIMENSIONS, ANY)).season == season


def test_test_shoppers_are_prepared_for_the_hemisphere_of_the_model(
    place: Path, southern: Path, temporal_panel: tuple[Path, Said], tmp_path: Path
) -> None:
    folders = ShopFolders(tmp_path / "panel", place / "shop", southern, tmp_path / "home", "shop")
    assert PANEL.run(Job(tmp_path, "panel"), {"split": "temporal", "folders": to_json(folders)}) == 0
    for here, there in zip(Panel.open(tmp_path / "panel"), Panel.open(temporal_panel[0]), strict=True):
        assert (here.settings["hemisphere"], there.settings["hemisphere"]) == ("south", "north")
        np.testing.assert_array_equal(here.scores.context, there.scores.context)
        seasons = [{SEASONS.index(str(context.season)) for context in panel.contexts} for panel in (here, there)]
        assert seasons[0] == {(season + 2) % 4 for season in seasons[1]}


@pytest.mark.parametrize("month", range(1, 13))
def test_scores_of_a_moment_do_not_depend_on_the_names_of_seasons(tiny: dict, month: int) -> None:
    moment = datetime(2027, month, 15, tzinfo=UTC)
    north = Dataset.from_frames(**tiny)
    scores = [
        ContextScorer()
        .fit(Fitting(data, None, 0))
        .score(Requests.one(0, Context.at(moment, hemisphere=data.hemisphere), None))
        for data in (north, replace(north, hemisphere="south"))
    ]
    np.testing.assert_array_equal(*scores)

"""Which source is taken, what each says, and what is said of it."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.artifacts.folder import open_artifact
from recsys.data.dataset import NEVER, Dataset
from recsys.demo.generate import generate_demo
from recsys.demo.truth import TRUTH_FILE, load_truth, true_click_rates
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.statistics.paired import differences
from recsys.offpolicy.click_models import conditional_logit, sources
from recsys.offpolicy.click_models import format as click_format
from recsys.offpolicy.click_models.conditional_logit import BASE_RATE, SEEN, Chooser, simulated
from recsys.offpolicy.click_models.sources import fit_on_log
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import PANEL, ROLES, Panel
from recsys.schema import IMPRESSIONS
from recsys.settings import WHOLE_CATALOGUE, FusionSettings, RankingSettings
from recsys.text.phrasebook import build_phrasebook
from tests._encoder import WordEncoder
from tests._list_definitions import click_rates
from tests.offpolicy.click_models.conftest import ClicksOf


@pytest.fixture(scope="module")
def panels(panel_folders: tuple[Path, Path]) -> tuple[Panel, Panel]:
    return Panel.open(panel_folders[0])


@pytest.fixture
def one_refit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Components of a log are fitted once, where it does not matter how well."""
    monkeypatch.setattr(sources, "N_REFITS", 1)


def test_a_demo_shops_clicks_are_the_simulators(panels: tuple[Panel, Panel], shop_folder: Path) -> None:
    truth = load_truth(shop_folder)
    for panel in panels:
        assert panel.clicks.source == "simulator"
        user, items = 7, panel.items["item_id"].tolist()[:5]
        who, when = panel.shoppers["user_id"][user], panel.contexts[user]
        for place in (1, 3, 9):
            true = true_click_rates(truth.utility(who, items, when), place)
            ranked = np.full((1, place), -1, np.int32)
            for item, chance in enumerate(true):
                ranked[0, -1] = item
                own = click_rates(ranked, panel.clicks.attraction[[user]], panel.clicks.odds, panel.clicks.seen)
                assert own[0] * place == pytest.approx(chance, rel=1e-4)


def test_candidates_hold_the_same_truth(panel_folders: tuple[Path, Path]) -> None:
    whole, part = (Panel.open(folder)[1] for folder in panel_folders)
    for user in (0, 50):
        rows = part.scores.rows[user, : part.scores.widths[user]]
        held = part.clicks.attraction[user, : len(rows)]
        np.testing.assert_allclose(held, whole.clicks.attraction[user, rows], rtol=1e-5)


def test_without_the_truth_the_log_is_taken_and_without_a_log_the_reviews(
    logged: dict[str, ClickProbabilities], reviewed: dict[str, ClickProbabilities]
) -> None:
    assert {each.source for each in logged.values()} == {"log"}
    assert {each.source for each in reviewed.values()} == {"reviews"}
    assert "there are no logged impressions" in reviewed["test"].facts["no_log"]


def test_the_log_shows_where_places_count_less(logged: dict[str, ClickProbabilities]) -> None:
    odds = logged["test"].odds
    assert odds[0] == 1
    assert (odds[1:] < 1).all()
    assert (odds[3:] == odds[3]).all()
    assert (logged["test"].seen == 1).all()


def test_the_log_model_is_checked_on_later_impressions(
    logged: dict[str, ClickProbabilities], logged_folder: Path
) -> None:
    facts = logged["test"].facts
    assert facts["n_checked"] > 1000
    as_logged = facts["calibration_as_logged"]
    assert as_logged["n"] == facts["n_clicks"] >= sources.LEAST_CLICKS
    assert as_logged["error"] < 0.5
    expected = sum(group[1] for group in as_logged["groups"])
    assert expected == pytest.approx(as_logged["n"], rel=0.3)


def test_the_log_model_finds_much_of_the_truth(
    logged: dict[str, ClickProbabilities], panels: tuple[Panel, Panel]
) -> None:
    true = pd.Series(panels[1].clicks.attraction.mean(axis=0))
    assert true.corr(pd.Series(logged["test"].attraction.mean(axis=0)), method="spearman") > 0.3


@pytest.mark.usefixtures("one_refit")
def test_what_is_shown_after_the_moment_asked_about_teaches_nothing(logged_folder: Path) -> None:
    data = Dataset.read(logged_folder)
    book = build_phrasebook(data, WordEncoder())
    latest = int(data.impressions["time_s"].quantile(0.8))
    moments = np.full(data.n_users, NEVER)
    late = (data.impressions["time_s"] >= latest).to_numpy()
    flipped = data.impressions.assign(
        click=np.where(late, ~data.impressions["click"].astype(bool), data.impressions["click"])
    )
    found, told = (fit_on_log(each, book, moments, latest) for each in (data, replace(data, impressions=flipped)))
    np.testing.assert_array_equal(found.slopes, told.slopes)
    assert found.facts == told.facts
    own = np.where(np.arange(data.n_users) % 2, latest, NEVER)
    assert (
        fit_on_log(data, book, own, NEVER).facts["n_learned"]
        < fit_on_log(data, book, moments, NEVER).facts["n_learned"]
    )


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"click": True}, "was clicked"), ({"click": False}, "was clicked"), ({"propensity_score": 1.0}, "propensities")],
)
def test_a_log_that_can_say_nothing_is_no_source_and_the_reason_is_kept(
    clicks_of: ClicksOf, logged_folder: Path, tmp_path: Path, changed: dict[str, object], reason: str
) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(logged_folder, folder)
    log = pd.read_parquet(folder / IMPRESSIONS.file)
    log.assign(**changed).to_parquet(folder / IMPRESSIONS.file)
    found = clicks_of(folder)["test"]
    assert found.source == "reviews"
    assert reason in found.facts["no_log"]


def test_a_log_with_few_clicks_is_refused_with_the_reason(
    clicks_of: ClicksOf, logged_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "LEAST_CLICKS", 100_000)
    found = clicks_of(logged_folder)["test"]
    assert found.source == "reviews"
    assert "clicks to learn from or to check them on were logged" in found.facts["no_log"]
    assert found.facts["no_log"] in click_format.summary(found)[0]


def test_bestsellers_have_the_stated_base_rate(
    reviewed: dict[str, ClickProbabilities], panel_folders: tuple[Path, Path]
) -> None:
    arrays = open_artifact(panel_folders[0], PANEL).arrays("validation")
    clicks = reviewed["validation"]
    listed = arrays["baseline.popularity"][:, :10]
    assert click_rates(listed, clicks.attraction, clicks.odds, clicks.seen).mean() == pytest.approx(BASE_RATE, rel=1e-3)
    np.testing.assert_allclose(clicks.seen[:4], 1 / np.log2([2, 3, 4, 5]))
    assert (clicks.odds == 1).all()
    assert clicks.facts["base_rate"] == BASE_RATE
    assert len(SEEN) == len(clicks.odds)


def test_the_simulation_is_calibrated_on_choices_it_did_not_see(reviewed: dict[str, ClickProbabilities]) -> None:
    found = reviewed["test"].facts["calibration"]
    assert found["n"] == reviewed["test"].facts["n_checked"]
    assert found["error"] < found["by_chance"] + 0.15


def test_no_shoppers_own_choice_is_in_their_simulation(panel_folders: tuple[Path, Path]) -> None:
    artifact = open_artifact(panel_folders[0], PANEL)
    arrays = {role: dict(artifact.arrays(role)) for role in ROLES}
    before = simulated(arrays)
    other = arrays["validation"]["relevant.values"].copy()
    other[5] = (other[5] + 1) % 300
    told = {**arrays, "validation": {**arrays["validation"], "relevant.values": other}}
    after = simulated(told)
    user = int(np.searchsorted(arrays["validation"]["relevant.starts"], 5, side="right")) - 1
    odds = [each["validation"].attraction[user] / (1 - each["validation"].attraction[user]) for each in (before, after)]
    shares = [each / each.sum() for each in odds]  # the scale is of all shoppers together
    np.testing.assert_allclose(shares[0], shares[1], rtol=1e-5)
    tested = {**arrays, "test": {**arrays["test"], "relevant.values": np.roll(arrays["test"]["relevant.values"], 1)}}
    np.testing.assert_array_equal(simulated(tested)["test"].attraction, before["test"].attraction)


@pytest.mark.usefixtures("one_refit")
def test_candidates_are_simulated_too(clicks_of: ClicksOf, reviewed_folder: Path, logged_folder: Path) -> None:
    for folder, source in ((reviewed_folder, "reviews"), (logged_folder, "log")):
        found = clicks_of(folder, whole=False)["test"]
        assert found.source == source
        assert np.isfinite(found.attraction).all()
        assert found.attraction.max() < 1


def test_too_few_choices_leave_no_click_rate_and_say_so(
    clicks_of: ClicksOf, reviewed_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conditional_logit, "FEWEST", 100_000)
    found = clicks_of(reviewed_folder)["test"]
    assert not found.is_known
    assert "choices to learn clicks from or to check them on" in click_format.note(found)
    assert click_format.summary(found) == [click_format.note(found)]
    assert "100000 are needed" in found.facts["no_choices"]


@pytest.mark.usefixtures("one_refit")
def test_a_truth_of_other_shoppers_is_no_truth(
    clicks_of: ClicksOf, logged_folder: Path, shop_folder: Path, tmp_path: Path
) -> None:
    generate_demo(tmp_path / "other", n_items=300, n_shoppers=30)
    shutil.copytree(logged_folder, tmp_path / "shop")
    shutil.copy(tmp_path / "other" / TRUTH_FILE, tmp_path / "shop" / TRUTH_FILE)
    assert clicks_of(tmp_path / "shop")["test"].source == "log"


@pytest.mark.parametrize("source", ["simulator", "log", "reviews"])
def test_every_source_is_called_what_it_is(
    source: str,
    panels: tuple[Panel, Panel],
    logged: dict[str, ClickProbabilities],
    reviewed: dict[str, ClickProbabilities],
) -> None:
    clicks = {"simulator": panels[1].clicks, "log": logged["test"], "reviews": reviewed["test"]}[source]
    assert clicks.source == source
    whole = " ".join(
        [
            click_format.NAMES[clicks.source],
            click_format.question(clicks),
            click_format.note(clicks),
            *click_format.summary(clicks),
        ]
    )
    assert ("simulated" in whole) == (source == "reviews")
    assert ("Nobody was shown" in whole) == (source == "log")
    assert ("true" in whole.lower()) == (source == "simulator")
    if source != "simulator":
        assert "Intervals count shoppers, not how wrong" in click_format.note(clicks)
        assert "chance alone" in whole


def test_changes_by_a_model_are_called_neither_better_nor_worse(
    panels: tuple[Panel, Panel], logged: dict[str, ClickProbabilities], reviewed: dict[str, ClickProbabilities]
) -> None:
    a, b = (RankingSettings(FusionSettings(*mix), WHOLE_CATALOGUE) for mix in ((0, 1, 0, 0), (1, 1, 1, 1)))
    for clicks, verdict in ((panels[1].clicks, "better"), (logged["test"], "unclear"), (reviewed["test"], "unclear")):
        engine = LiveEngine(replace(panels[1], clicks=clicks))
        found = differences(engine.measure(b).lists, engine.measure(a).lists, engine.panel.facts)["ctr"]
        assert found.change.low > 0
        assert found.verdict == verdict


def test_choices_of_one_shopper_are_never_learned_from_for_another_row_of_theirs(
    panel_folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = open_artifact(panel_folders[0], PANEL)
    arrays = {role: artifact.arrays(role) for role in ROLES}
    learned: list[set[int]] = []
    fit = Chooser.fit

    def seen(chooser: Chooser, users: np.ndarray, *rest: object, **more: object) -> np.ndarray:
        learned.append(set((users // 2).tolist()))
        return fit(chooser, users, *rest, **more)

    monkeypatch.setattr(Chooser, "fit", seen)
    n_users = len(arrays["validation"]["widths"])
    simulated(arrays, shoppers=np.arange(n_users) // 2)
    everyone, *others = learned
    left_out = [everyone - each for each in others]
    assert sum(map(len, left_out)) == len(everyone)  # each pair of rows is left out once, together
    assert set.union(*left_out) == everyone

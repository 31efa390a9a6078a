"""The tile of the click rate: called what it is, with what has to be known to read it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pages.tuning import live_metrics
from pages.tuning.page import SECTIONS
from recsys.demo.truth import TRUTH_FILE
from recsys.evaluation.metrics.click_rate import ClickProbabilities, Source
from recsys.evaluation.metrics.registry import SHOPPER_METRICS
from recsys.evaluation.protocols.hold_out import EvaluationSettings
from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.jobs.paths import AppPaths
from recsys.offpolicy.click_models import format as click_words
from recsys.panel import build
from recsys.panel.panel import Panel
from recsys.schema import IMPRESSIONS
from recsys.text.phrasebook import build_phrasebook
from tests._encoder import WordEncoder
from tests.pages._seen import html, text
from tests.pages.conftest import OpenPage
from tests.pages.tuning.test_live_metrics import lists, tiles
from tests.pages.tuning.test_page import tile

CHECKED = {"groups": [[0.1, 50.0, 55.0]], "n": 55.0, "error": 0.1, "by_chance": 0.08}
FACTS: dict[Source, dict[str, Any]] = {
    "simulator": {"source": "simulator"},
    "log": {
        "source": "log", "n_learned": 5000, "n_checked": 2000, "n_clicks": 55, "places": 4, "calibration": CHECKED,
        "calibration_as_logged": CHECKED,
    },
    "reviews": {
        "source": "reviews", "no_log": "there is no log", "n_learned": 900, "n_checked": 800, "base_rate": 0.02,
        "calibration": CHECKED,
    },
    "none": {"source": "none", "no_choices": "only 12 choices"},
}  # fmt: skip


def clicks(source: Source) -> ClickProbabilities:
    return ClickProbabilities(source, facts=FACTS[source])


def tile_of(source: Source, now: MeasuredLists) -> str:
    whole = tiles(now, lists(1), clicks=clicks(source))
    start = whole.index('data-metric="ctr"')
    return whole[start : whole.index("</div>", start)]


@pytest.mark.parametrize(
    ("source", "called"),
    [
        ("simulator", "Click rate (true, by the simulator)"),
        ("log", "Click rate (modelled from the log)"),
        ("reviews", "Click rate (simulated)"),
    ],
)
def test_a_tile_is_called_what_its_click_rate_is(source: Source, called: str) -> None:
    now = lists(0)
    shown = tile_of(source, now)
    assert f">{called}<" in shown
    assert click_words.question(clicks(source)) in shown
    assert shown.count("Click rate") == 1
    assert f"{100 * now.values['ctr'].mean():.1f}%" in shown


def test_a_tile_without_a_click_rate_says_why() -> None:
    now = MeasuredLists(lists(0).ranked, {name: np.full(80, np.nan) for name in SHOPPER_METRICS})
    shown = tile_of("none", now)
    assert "No click rate: only 12 choices." in shown
    assert "no click rate is known" in shown
    assert "sw-interval-range" not in shown


@pytest.mark.parametrize(
    ("source", "said"), [("simulator", "better"), ("log", "no verdict"), ("reviews", "no verdict")]
)
def test_only_the_truth_calls_a_list_better(source: Source, said: str) -> None:
    now, before = lists(0), lists(1)
    now.values["ctr"][:] = before.values["ctr"] + np.linspace(0.1, 0.3, 80)
    modelled = frozenset(["ctr"] if source != "simulator" else [])
    whole = tiles(now, before, modelled, clicks=clicks(source))
    shown = whole[whole.index('data-metric="ctr"') :].partition("</div>")[0]
    assert said in shown
    assert "+20.0 pp" in shown
    assert ('sw-metric-better" data-metric="ctr"' in whole) == (source == "simulator")


def test_a_log_leads_on_to_what_it_says_itself() -> None:
    assert "stands under “Clicks by the log”" in live_metrics.clicks_note(clicks("log"))
    assert "Clicks by the log" in SECTIONS
    assert "50 where 55 came" in live_metrics.clicks_note(clicks("log"))
    assert "by the log" not in live_metrics.clicks_note(clicks("reviews"))


def test_the_demo_shops_tile_is_the_truth(open_page: OpenPage, panels: tuple[Panel, Panel]) -> None:
    page = open_page("Tuning", query={"against": "Equal weights", "metric": "Click rate (simulated)"})
    assert "Click rate (true, by the simulator)" in tile(page, "ctr")
    assert click_words.note(panels[1].clicks) in text(page)
    assert "Against simple models, by Click rate (true, by the simulator)" in text(page)
    told = open_page("Tuning", query={"room": "How this is measured"})
    assert click_words.summary(panels[1].clicks)[0] in text(told)
    assert "Click rates are the true ones of the demo shop's simulator." in text(told)


@pytest.fixture
def reviewed_home(
    tuning_home: Path, tuning_panel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Makes the page serve the same test shoppers with clicks simulated from their choices."""
    shop, made = tmp_path / "shop", tmp_path / "panel"
    shutil.copytree(AppPaths(tuning_home).data, shop)
    for name in (TRUTH_FILE, IMPRESSIONS.file):
        (shop / name).unlink()
    monkeypatch.setattr(build, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
    build.build_panel(shop, made, build.PanelSettings(EvaluationSettings(split="last")))

    def served() -> None:
        place = AppPaths(tuning_home).panel("last")
        shutil.rmtree(place)
        shutil.copytree(made, place)

    return served


def test_where_there_are_only_reviews_it_is_never_called_anything_but_simulated(
    open_page: OpenPage, reviewed_home: Callable[[], None], tuning_home: Path, tuning_panel: Path
) -> None:
    reviewed_home()
    try:
        for section in ("Live metrics", "Side by side", "How this is measured"):
            page = open_page("Tuning", query={"room": section, "metric": "Click rate (simulated)", "content": "90"})
            said = html(page)
            assert 'sw-metric-better" data-metric="ctr"' not in said
            assert 'sw-metric-worse" data-metric="ctr"' not in said
            assert "lick rate" in said
            assert said.count("Click rate (simulated)") + said.count("Click rates are simulated") + said.count(
                "has a click rate of 2% is assumed"
            ) == said.count("lick rate")
            assert "by the simulator" not in said
    finally:
        place = AppPaths(tuning_home).panel("last")
        shutil.rmtree(place)
        shutil.copytree(tuning_panel, place)

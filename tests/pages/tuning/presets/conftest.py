"""Presets of the tuning room's tests: the store on screen, how settings measure, and what a card says."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._shared import resources
from recsys.evaluation.statistics.paired import means
from recsys.jobs.paths import AppPaths
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.panel.segments import Segment
from recsys.settings import FusionSettings
from recsys.store.addresses import file_address
from recsys.store.database import FILE, Database
from recsys.store.presets import PresetStore
from recsys.store.records import Draft, Measurement, Preset, PresetSettings
from tests.pages._seen import html

SHOP = "Demo shop"
Measure = Callable[[PresetSettings], Measurement]


@pytest.fixture
def store(tuning_home: Path) -> Iterator[PresetStore]:
    """The presets of the shop on screen; none at first, and none left behind."""
    database = Database(file_address(tuning_home / FILE))
    yield PresetStore(database, SHOP)
    with database.writing() as session:
        for table in ("shelfwise_preset_save", "shelfwise_preset"):
            session.connection().exec_driver_sql(f"DELETE FROM {table}")
    resources.saved(AppPaths(tuning_home), SHOP).expire()


@pytest.fixture(scope="session")
def engine(panels: tuple[Panel, Panel]) -> LiveEngine:
    return LiveEngine(panels[1])


@pytest.fixture(scope="session")
def measure(engine: LiveEngine) -> Measure:
    """How settings measure on the test shoppers that the page has."""

    def measured(settings: PresetSettings) -> Measurement:
        panel, mask = engine.panel, Segment.of(**settings.segment).mask(engine.panel.shoppers)
        found = means(engine.measure(settings.ranking()).lists.of(mask), panel.facts.of(mask))
        metrics = {name: interval.as_json() for name, interval in found.items()}
        return Measurement(metrics, int(mask.sum()), "the last held out", panel.panel_id)

    return measured


def mix(*weights: float, **more: object) -> PresetSettings:
    return PresetSettings(weights=FusionSettings(*weights), only_available=False, **more)  # type: ignore[arg-type]


@pytest.fixture
def kept(store: PresetStore, measure: Measure) -> Preset:
    """A preset of Ann's."""
    settings = mix(0.2, 0.3, 0.4, 0.1, diversity=0.3)
    return store.create(
        Draft("Autumn", settings, "More of the tail.", ("autumn",), "variety"), measure(settings), by="Ann"
    )


def card(page: AppTest, name: str) -> str:
    """The words of one card."""
    found = re.findall(r'<article class="sw-preset".*?</article>', html(page), re.DOTALL)
    said = [re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", each))) for each in found]
    return next(each for each in said if each.strip().startswith(name))


def fill(page: AppTest, **fields: str) -> AppTest:
    """Type into the form of a new preset and send it."""
    for name, typed in fields.items():
        area = name == "description"
        (page.text_area if area else page.text_input)(key=f"preset_{name}").set_value(typed)
    return page.button(key="preset_save").click().run()

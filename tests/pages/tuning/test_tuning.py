"""The tuning room: what a person moves, and what the tiles then say."""

from pathlib import Path

import pytest

from pages._shared.tuning import wording
from recsys.evaluation.live.engine import WHOLE_CATALOGUE, LiveEngine
from recsys.evaluation.live.panel import Panel
from recsys.evaluation.live.segments import Segment
from recsys.evaluation.paired import differences
from recsys.settings import FusionSettings, RankingSettings
from recsys.training.home import Home
from tests.pages._seen import html, text
from tests.pages.conftest import OpenPage

PAGE = "Tuning"

pytestmark = pytest.mark.usefixtures("tuning_home")


@pytest.fixture(scope="module")
def engine(tuning_home: Path) -> LiveEngine:
    """The test shoppers that the page shows, opened beside it."""
    return LiveEngine(Panel.open(Home(tuning_home).panel("last"))[1])


def tile(page: object, metric: str) -> str:
    """The HTML of one tile."""
    whole = html(page)  # type: ignore[arg-type]
    start = whole.index(f'data-metric="{metric}"')
    return whole[start : whole.index("</div>", start)]


def test_tiles_are_the_live_evaluation(open_page: OpenPage, engine: LiveEngine) -> None:
    page = open_page(PAGE, query={"against": "Equal weights", "collaborative": "80"})
    mix = {name: page.slider(key=name).value / 100 for name in ("collaborative", "content", "semantic", "context")}
    assert mix["collaborative"] == 0.8
    now = engine.measure(RankingSettings(FusionSettings(**mix), WHOLE_CATALOGUE)).lists
    before = engine.measure(RankingSettings(FusionSettings(1, 1, 1, 1), WHOLE_CATALOGUE)).lists
    for name, found in differences(now, before, engine.panel.facts).items():
        assert wording.value(name, found.new) in tile(page, name)
        assert wording.VERDICTS[found.verdict][1] in tile(page, name)
    assert f"{len(engine.panel):,} test shoppers" in text(page)


def test_moving_a_slider_changes_the_tiles_and_leaves_a_trail(open_page: OpenPage) -> None:
    page = open_page(PAGE)
    before = tile(page, "ild")
    assert "this is the reference" in before
    page.slider(key="content").set_value(100).run()
    assert not page.exception
    assert tile(page, "ild") != before
    assert "Where you have been" in "".join(element.proto.spec for element in page.get("plotly_chart"))


def test_a_segment_counts_its_shoppers_alone(open_page: OpenPage, engine: LiveEngine) -> None:
    page = open_page(PAGE, query={"shoppers": "New"})
    n = int(Segment.of(activity="new").mask(engine.panel.shoppers).sum())
    assert f"{n:,} of {len(engine.panel):,} test shoppers" in text(page)


def test_nobody_fits_says_what_to_do(open_page: OpenPage) -> None:
    page = open_page(PAGE, query={"shoppers": "Cold"})
    assert "No test shopper has all of these properties" in text(page)


def test_all_weights_at_zero_are_refused_with_the_remedy(open_page: OpenPage) -> None:
    page = open_page(PAGE, query=dict.fromkeys(("collaborative", "content", "semantic", "context"), "0"))
    assert "raise at least one of them above 0" in text(page)


def test_a_pinned_setting_is_kept_while_the_sliders_move(open_page: OpenPage) -> None:
    page = open_page(PAGE)
    page.button(key="pin").click().run()
    assert page.selectbox(key="against").value == "Pinned setting"
    assert "this is the reference" in tile(page, "ndcg")
    page.slider(key="semantic").set_value(0).run()
    assert "against the pinned setting" in text(page)


def test_a_setting_that_loses_to_a_simple_model_says_so(open_page: OpenPage) -> None:
    page = open_page(
        PAGE, query={"collaborative": "0", "content": "100", "semantic": "0", "context": "0", "metric": "Variety (ILD)"}
    )
    assert "This setting loses to a simple model" in text(page)


def test_every_simple_model_stands_beside_the_setting(open_page: OpenPage) -> None:
    page = open_page(PAGE)
    for name in wording.BASELINES.values():
        assert name in text(page)


def test_the_protocol_is_told(open_page: OpenPage, engine: LiveEngine) -> None:
    page = open_page(PAGE, query={"room": "How this is measured"})
    assert "Last positive of each shopper held out as test" in text(page)
    assert "Leak check" in text(page)
    assert engine.panel.panel_id in text(page)


def test_reset_puts_every_control_back(open_page: OpenPage) -> None:
    page = open_page(PAGE, query={"content": "100", "diversity": "0.5", "shoppers": "Hot"})
    page.button(key="reset").click().run()
    assert page.slider(key="diversity").value == 0
    assert page.selectbox(key="shoppers").value == "Any"
    assert "this is the reference" in tile(page, "ndcg")

"""Home shows the shop of the model in use, and leads on."""

from dataclasses import replace
from pathlib import Path

from pages.home import overview
from recsys.jobs.paths import AppPaths
from recsys.serving.recommender import Recommender
from tests.pages._seen import html, text
from tests.pages.conftest import OpenPage


def test_home_shows_the_numbers_of_the_model_in_use(open_page: OpenPage, page_home: Path) -> None:
    info = Recommender.load(AppPaths(page_home).model).info
    page = open_page("Home")
    assert page.title[0].value == "The shop at a glance"
    seen = text(page)
    for said in (f"{info.n_items:,} products", f"{info.n_users:,} shoppers", f"{info.n_reviews:,} reviews"):
        assert said in seen
    assert info.encoder_id in seen
    assert "made up" in seen
    assert f"Collaborative {info.default_weights.normalised()['collaborative']:.0%}" in html(page)


def test_where_the_weights_come_from_is_said_where_they_were_learned(model: Recommender) -> None:
    assert "learned" not in overview.score_html(model.info)
    told = overview.score_html(replace(model.info, learned="The weights were learned from 9 choices <b>."))
    assert "The weights were learned from 9 choices &lt;b&gt;." in told


def test_what_the_encoder_does_not_read_is_told_with_the_remedy(model: Recommender) -> None:
    assert not model.info.unread
    assert "does not read" not in overview.coverage_html(model.summary, model.info)
    told = overview.coverage_html(model.summary, replace(model.info, unread="11% <of> phrases: RECSYS_ENCODER"))
    assert "11% &lt;of&gt; phrases: RECSYS_ENCODER" in told


def test_every_chart_has_a_title_and_named_axes(open_page: OpenPage) -> None:
    page = open_page("Home")
    charts = [element.proto for element in page.get("plotly_chart")]
    assert len(charts) == 3
    for chart in charts:
        assert '"title":{' in chart.spec
        assert chart.spec.count('"text":"') >= 2

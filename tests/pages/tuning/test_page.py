"""The tuning room: what a person moves, and what the tiles then say."""

import re
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages._shared.address import RENAMED
from pages.tuning import labels as chosen
from pages.tuning import page as tuning_page
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.labels import BASELINES, VERDICTS
from pages.tuning.live_metrics import has_one_each
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import OUTCOME_METRICS
from recsys.evaluation.statistics.paired import differences
from recsys.jobs.paths import AppPaths
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel, Ragged
from recsys.panel.segments import EVERYONE, EvaluationConfig, Segment
from recsys.scorers.semantic import SemanticScorer
from recsys.serving.recommender import Recommender
from recsys.settings import WHOLE_CATALOGUE, Filters, FusionSettings, RankingSettings
from tests.pages._seen import addressed, html, text
from tests.pages.conftest import OpenPage

PAGE = "Tuning"

pytestmark = pytest.mark.usefixtures("tuning_home")


@pytest.fixture(scope="module")
def engine(tuning_home: Path) -> LiveEngine:
    """The test shoppers that the page shows, opened beside it."""
    return LiveEngine(Panel.open(AppPaths(tuning_home).panel("last"))[1])


def tile(page: AppTest, metric: str) -> str:
    """The HTML of one tile."""
    whole = html(page)
    start = whole.index(f'data-metric="{metric}"')
    return whole[start : whole.index("</div>", start)]


def test_tiles_are_the_live_evaluation(open_page: OpenPage, engine: LiveEngine) -> None:
    page = open_page(PAGE, query={"against": "Equal weights", "collaborative": "80"})
    mix = {name: page.slider(key=name).value / 100 for name in ("collaborative", "content", "semantic", "context")}
    assert mix["collaborative"] == 0.8
    now = engine.measure(RankingSettings(FusionSettings(**mix), WHOLE_CATALOGUE)).lists
    before = engine.measure(RankingSettings(FusionSettings(1, 1, 1, 1), WHOLE_CATALOGUE)).lists
    for name, found in differences(now, before, engine.panel.facts).items():
        assert fmt.value(name, found.new) in tile(page, name)
        assert VERDICTS[found.verdict][1] in tile(page, name)
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


def labels(page: AppTest) -> list[str]:
    """What stands on the buttons of the toolbar that open something."""
    return [block.proto.popover.label for block in page.get("popover")]


def test_buttons_say_what_is_chosen_behind_them_and_so_does_the_headline(
    open_page: OpenPage, engine: LiveEngine
) -> None:
    assert labels(open_page(PAGE)) == ["Circumstances", "Shoppers", "Shelf", "Variety and length"]
    query = {
        "daypart": "evening",
        "same_context": "true",
        "shoppers": "Hot",
        "diversity": "0.4",
        "only_available": "true",
    }
    page = open_page(PAGE, query=query)
    shown = ["Circumstances: evening", "Shoppers: hot, evening", "Shelf: available today", "Variety 0.40 (MMR)"]
    assert labels(page) == shown
    listed = int(engine.panel.candidate_filter.eligible(Filters(), np.empty(0, np.int32)).sum())
    assert "test shoppers: hot , evening ·" in text(page)
    assert f"lists of 10 out of {listed} of {engine.panel.n_items} products ( available today )" in text(page)
    assert "variety 0.40 by MMR" in text(page)
    page.selectbox(key="shoppers").set_value("Any").run()
    page.slider(key="diversity").set_value(0.0).run()
    assert labels(page) == [shown[0], "Shoppers: evening", shown[2], "Variety and length"]
    page.button(key="reset").click().run()
    assert labels(page) == ["Circumstances", "Shoppers", "Shelf", "Variety and length"]


def test_what_no_control_can_hold_stands_on_no_button(open_page: OpenPage) -> None:
    page = open_page(PAGE, query={"daypart": "teatime", "shoppers": "Odd", "diversity": "nan", "n": "7", "method": "x"})
    assert labels(page) == ["Circumstances", "Shoppers", "Shelf", "Variety and length"]


def test_names_on_buttons_stay_text() -> None:
    label = chosen.button("Shelf", ["**Loud** :material/home: [x](y) $a$ <b>", "\u202eesrever"])
    assert "**" not in label
    assert ":material" not in label
    assert "[x](" not in label
    assert "\u202e" not in label


def test_nobody_fits_says_what_to_let_go_of(open_page: OpenPage, engine: LiveEngine) -> None:
    page = open_page(PAGE, query={"shoppers": "Cold", "daypart": "evening", "same_context": "true"})
    assert 'class="sw-empty"' in html(page)
    n, evening = len(engine.panel), int(Segment.of(daypart="evening").mask(engine.panel.shoppers).sum())
    assert 0 < evening < n
    assert f"cold 0 of {n} {evening} of {n} evening {evening} of {n} 0 of {n}" in text(page)


def test_imagined_circumstances_get_no_verdict_on_what_was_chosen_elsewhere(
    open_page: OpenPage, engine: LiveEngine
) -> None:
    query = {"daypart": "evening", "against": "Equal weights", "collaborative": "0", "content": "100", "semantic": "0"}
    page = open_page(PAGE, query=query)
    there = int(Segment.of(daypart="evening").mask(engine.panel.shoppers).sum())
    moved = len(engine.panel) - there
    assert f"{moved} of {len(engine.panel)} shoppers are imagined in other circumstances than they were in" in text(
        page
    )
    assert f"the {there} shoppers who really came" in text(page)
    for metric in OUTCOME_METRICS:
        assert "not observed, so no verdict" in tile(page, metric)
        assert "sw-interval-range" not in tile(page, metric)
    assert "sw-interval-range" in tile(page, "novelty")
    assert 'sw-metric-worse"><th' not in html(page)  # of the simple models
    page.toggle(key="same_context").set_value(True).run()
    assert "imagined" not in text(page)
    assert "not observed" not in text(page)


def test_many_looks_are_counted_and_warned_of(open_page: OpenPage) -> None:
    page = open_page(PAGE)
    assert "settings looked at" not in text(page)
    page.slider(key="content").set_value(100).run()
    page.slider(key="content").set_value(50).run()
    assert "3 settings looked at" in text(page)
    page.slider(key="content").set_value(100).run()
    assert "3 settings looked at" in text(page)  # again is not another


def test_tiles_that_repeat_a_number_say_so_where_it_is_true(open_page: OpenPage, engine: LiveEngine) -> None:
    room = TuningContext(None, None, None, "", "last", engine, engine, None)  # type: ignore[arg-type]
    case = TuningCase(room, EvaluationConfig("a"), EvaluationConfig("b"), EVERYONE, "ndcg")
    assert has_one_each(case)
    found = engine.measure(RankingSettings()).lists.values
    np.testing.assert_array_equal(found["recall"], found["hit_rate"])
    np.testing.assert_array_equal(found["map"], found["mrr"])
    assert "Recall is the same as Hit rate" in text(open_page(PAGE))
    two = Ragged(np.arange(0, 2 * len(engine.panel) + 1, 2), np.zeros(2 * len(engine.panel), np.int32))
    other = LiveEngine(replace(engine.panel, relevant=two))
    assert not has_one_each(replace(case, tuning=replace(room, test=other)))


def test_a_link_that_asks_for_what_is_not_there_is_explained(open_page: OpenPage) -> None:
    strange = {"metric": "Charm", "against": "Zeb", "split": "whatever", "top_category": "Cars", "shoppers": "Odd"}
    page = open_page(PAGE, query=strange)
    said = text(page)
    assert 'class="sw-notice"' in html(page)
    for name, value in strange.items():
        assert f"{name} = '{value}': not one of" in said
    fine = {"metric": "Recall", "against": "Equal weights", "split": "what they chose last", "shoppers": "Hot"}
    assert "cannot be used here" not in text(open_page(PAGE, query=fine))


def test_links_with_the_names_of_former_controls_still_work(open_page: OpenPage, engine: LiveEngine) -> None:
    shoppers = engine.panel.shoppers
    category, home = str(shoppers["top_category"].iloc[0]), str(shoppers["home"].iloc[0])
    former = {"taste": category, "home": home, "match": "true", "shelf": "true"}
    page = open_page(PAGE, query=former)
    assert [page.selectbox(key=key).value for key in ("top_category", "home_region")] == [category, home]
    assert [page.toggle(key=key).value for key in ("same_context", "only_available")] == [True, True]
    assert set(former) == set(RENAMED)
    assert not set(former) & set(page.query_params)
    assert "cannot be used here" not in text(page)
    strange = open_page(PAGE, query={"taste": "Cars"})
    assert strange.selectbox(key="top_category").value == "Any"
    assert "top_category = 'Cars': not one of" in text(strange)


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
    linked = open_page(PAGE, query={**addressed(page), "semantic": "0"})
    assert linked.selectbox(key="against").value == "Pinned setting"
    assert tile(linked, "ndcg") == tile(page, "ndcg")


@pytest.mark.parametrize("pinned", ["", "semantic=1", "collaborative=x&content=1&semantic=1&context=1"])
def test_a_link_to_a_setting_that_makes_no_sense_is_named(open_page: OpenPage, pinned: str) -> None:
    page = open_page(PAGE, query={"against": "Pinned setting", "pinned": pinned})
    assert "against = 'Pinned setting'" in text(page)


def test_a_setting_that_loses_to_a_simple_model_says_so(open_page: OpenPage) -> None:
    page = open_page(
        PAGE, query={"collaborative": "0", "content": "100", "semantic": "0", "context": "0", "metric": "Variety (ILD)"}
    )
    assert 'class="sw-notice"' in html(page)
    assert re.search(r"this setting is 0\.\d+ lower, 95% interval −", text(page))


def test_every_simple_model_stands_beside_the_setting(open_page: OpenPage) -> None:
    page = open_page(PAGE)
    for name in BASELINES.values():
        assert name in text(page)


def test_the_protocol_is_told(open_page: OpenPage, engine: LiveEngine) -> None:
    page = open_page(PAGE, query={"room": "How this is measured"})
    assert "Last positive of each shopper held out as test" in text(page)
    assert "Leaks None of" in text(page)
    assert engine.panel.panel_id in text(page)


def test_reset_puts_every_control_back(open_page: OpenPage) -> None:
    page = open_page(PAGE, query={"content": "100", "diversity": "0.5", "shoppers": "Hot"})
    page.button(key="reset").click().run()
    assert page.slider(key="diversity").value == 0
    assert page.selectbox(key="shoppers").value == "Any"
    assert "this is the reference" in tile(page, "ndcg")


def test_what_the_model_in_use_reads_otherwise_than_the_room_is_said(
    open_page: OpenPage, model: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = "Test shoppers are judged without what this model has of its own:"
    assert not tuning_page.own_words(model)
    assert notice not in text(open_page(PAGE))
    semantic = model.scorers["semantic"]
    assert isinstance(semantic, SemanticScorer)
    mapped = semantic.with_head(np.eye(semantic.space.n_dims, dtype=np.float32))
    mapped.settings = replace(semantic.settings, own_weight=0.5)
    other = copy(model)
    other.scorers = {**model.scorers, "semantic": mapped}
    own = tuning_page.own_words(other)
    assert len(own) == 2
    monkeypatch.setattr(tuning_page, "own_words", lambda _: own)
    seen = text(open_page(PAGE))
    assert notice in seen
    assert all(line in seen for line in own)

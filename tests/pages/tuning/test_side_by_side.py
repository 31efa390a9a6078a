"""Two settings side by side: what is on screen is what `compare` and `moves` say, for whoever is chosen."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from pages._shared.view import Choices
from pages.tuning import controls, labels, report_tables, shopper_lists, side_by_side
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.labels import GROUPS
from pages.tuning.report import Report, report_html
from recsys.evaluation.metrics.registry import OUTCOME_METRICS
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.panel.segments import EVERYONE, EvaluationConfig, Scenario, Segment
from recsys.serving.recommender import Recommender
from recsys.settings import Filters, FusionSettings, RankingSettings
from recsys.tuning.comparison import Comparison, compare
from recsys.tuning.list_changes import CategoryShown, Product, ProductShown
from recsys.tuning.moves import Move, moves
from recsys.tuning.summary import metrics_csv, summary
from tests.pages._seen import html, text
from tests.pages.tuning.conftest import OpenRoom
from tests.tuning._comparisons import comparison

HOSTILE = '<script>alert(1)</script><img src=x onerror="a">\u202e&amp;'
WEIGHTS = {"collaborative": "100", "content": "0", "semantic": "10", "context": "0"}
ANY_SHELF = Filters(only_available=False)
A = EvaluationConfig("equal weights", RankingSettings(FusionSettings(1, 1, 1, 1), ANY_SHELF))
B = EvaluationConfig("this setting", RankingSettings(FusionSettings(1.0, 0.0, 0.1, 0.0), ANY_SHELF))


@pytest.fixture(scope="module")
def engine(panels: tuple[Panel, Panel]) -> LiveEngine:
    return LiveEngine(panels[1])


@pytest.fixture(scope="module")
def found(engine: LiveEngine) -> Comparison:
    return compare(engine, A, B)


@pytest.fixture
def page(open_room: OpenRoom) -> AppTest:
    return open_room("Side by side", against="Equal weights", **WEIGHTS)


def words(markup: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", markup)))


def listed(page: AppTest, letter: str) -> list[str]:
    """Ids on the shown list of A or B."""
    shown = re.search(rf'<ol aria-label="The list of {letter}">(.*?)</ol>', html(page), re.DOTALL)
    return re.findall(r'data-listed="([^"]*)"', shown.group(1)) if shown else []


def of_side(found_moves: tuple[Move, ...], letter: str) -> list[str]:
    sides = [(move.a if letter == "A" else move.b, move.product.item_id) for move in found_moves]
    return [item_id for side, item_id in sorted(sides, key=lambda each: each[0].rank or 0) if side.rank is not None]


def test_the_summary_and_every_figure_are_those_of_the_comparison(page: AppTest, found: Comparison) -> None:
    said = text(page)
    for sentence in summary(found):
        assert sentence in said
    assert f"{found.n_shoppers} test shoppers · lists of 10 out of {found.n_items} products" in said
    assert re.findall(r'data-metric="([^"]*)"', html(page)) == [name for names in GROUPS.values() for name in names]
    assert side_by_side.figures_html(found) in html(page)
    counted = found.outcomes
    assert f"Of {counted.n:,}: {counted.win:,} better served, {counted.tie:,} the same, {counted.lose:,} worse" in html(
        page
    )
    assert f"{found.overlap.likeness:.2f} is how alike they are" in said


def test_winners_losers_and_categories_are_those_of_the_comparison(page: AppTest, found: Comparison) -> None:
    for products in (found.winners, found.losers):
        assert products
        shown = products[0]
        assert f"{shown.lists_a} → {shown.lists_b} lists" in text(page)
    ids = re.findall(r'<li data-item="([^"]*)"><span class="sw-shown-place">', html(page))
    assert ids[0] == found.winners[0].product.item_id
    assert found.losers[0].product.item_id in ids
    charts = [element.proto for element in page.get("plotly_chart")]
    assert any("Places on all lists together, B less A" in str(chart) for chart in charts)


def test_the_first_shopper_is_the_one_whose_list_changes_most(
    page: AppTest, found: Comparison, engine: LiveEngine
) -> None:
    first = found.changed[0]
    assert page.selectbox(key="tested_choice").value == first.user_id
    found_moves = moves(engine, found, first.position)
    assert listed(page, "A") == of_side(found_moves, "A")
    assert listed(page, "B") == of_side(found_moves, "B")
    said = text(page)
    for wanted in first.wanted:
        assert f"What they went on to choose {wanted.product.title}" in said
    for move in found_moves:
        if move.a.rank or move.b.rank:
            assert words(shopper_lists.cause_html(move)).strip() in said
            assert words(shopper_lists.ranks_in_words(move)) in said


def test_another_shopper_changes_the_lists(page: AppTest, found: Comparison, engine: LiveEngine) -> None:
    other = found.changed[3]
    page.selectbox(key="tested_choice").set_value(other.user_id).run()
    assert not page.exception
    assert listed(page, "B") == of_side(moves(engine, found, other.position), "B")
    assert other.user_id in page.query_params["tested"]


def test_an_id_can_be_typed_and_a_strange_one_is_owned_up_to(open_room: OpenRoom, found: Comparison) -> None:
    inside = [each.user_id for each in found.changed]
    assert shopper_lists.choose(inside[5].lower(), found, inside) == (inside[5], "")
    assert shopper_lists.choose("", found, inside) == (inside[0], "")
    page = open_room("Side by side", against="Equal weights", tested="nobody<b>", **WEIGHTS)
    assert 'class="sw-notice"' in html(page)
    assert "nobody<b>" not in html(page)
    assert page.selectbox(key="tested_choice").value == inside[0]


def test_a_row_of_the_table_chooses_and_letting_go_of_it_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    query: dict[str, str] = {}
    monkeypatch.setattr(shopper_lists.st, "query_params", query)
    shopper_lists.select(["u1", "u2"], [1])
    assert query == {"tested": "u2"}
    shopper_lists.select(["u1", "u2"], [])
    shopper_lists.select(["u1", "u2"], [7])
    assert query == {"tested": "u2"}


def test_swapping_swaps_every_side(page: AppTest, found: Comparison, engine: LiveEngine) -> None:
    before = listed(page, "A"), listed(page, "B")
    page.button(key="swap").click().run()
    swapped = compare(engine, B, A)
    assert (listed(page, "B"), listed(page, "A")) == before
    for sentence in summary(swapped):
        assert sentence in text(page)
    page.button(key="swap").click().run()
    assert (listed(page, "A"), listed(page, "B")) == before


def test_the_same_setting_says_how_to_make_a_difference(open_room: OpenRoom) -> None:
    even = dict.fromkeys(WEIGHTS, "40")
    for query in ({}, {"against": "Equal weights", **even}):
        page = open_room("Side by side", **query)
        assert 'class="sw-empty"' in html(page)
        assert not page.get("plotly_chart")
    page.slider(key="content").set_value(90).run()
    assert 'class="sw-finding"' in html(page)


def test_what_else_differs_makes_another_setting() -> None:
    quarter = FusionSettings(0.25, 0.25, 0.25, 0.25)

    def is_same(now: EvaluationConfig) -> bool:
        return TuningCase(None, now, A, EVERYONE, "ndcg").is_same  # type: ignore[arg-type]

    assert is_same(EvaluationConfig("x", RankingSettings(quarter, ANY_SHELF)))
    assert not is_same(EvaluationConfig("x", RankingSettings(quarter, ANY_SHELF, diversity=0.1)))
    assert not is_same(EvaluationConfig("x", RankingSettings(quarter, ANY_SHELF), Scenario.of(season="winter")))
    assert not is_same(B)


def test_variety_and_circumstances_stand_under_the_mixes_where_they_differ() -> None:
    other = EvaluationConfig(
        "x", RankingSettings(FusionSettings(1, 1, 0, 0), diversity=0.3), Scenario.of(season="winter")
    )
    assert all(of_a == of_b for _, of_a, of_b in labels.differences(A, B))
    said = words(side_by_side.mixes_html(comparison(a=A, b=other)))
    assert "Variety A none, by score alone B 0.30 by MMR" in said
    assert "Circumstances A those that each shopper was in B everyone imagined: Winter" in said
    assert "Semantic 25% → in A, 0%" in said
    assert "in both" in words(side_by_side.mixes_html(comparison(a=A, b=A)))


def test_few_shoppers_and_lists_that_are_not_proven_are_said() -> None:
    assert "so few" in side_by_side.headline_html(comparison(n=12))
    said = side_by_side.headline_html(comparison(n=1000, n_unproven=3, n_panel=2000))
    assert "1,000 of 2,000 test shoppers" in said
    assert "3 lists" in said
    assert "so few" not in said


def test_the_report_says_what_the_page_says(
    tuning_home: object, found: Comparison, engine: LiveEngine, model: Recommender
) -> None:
    room = TuningContext(None, model, Choices.of(model), "Demo shop", "last", engine, engine, None)  # type: ignore[arg-type]
    case = TuningCase(room, B, A, EVERYONE, "ndcg")
    report = Report.of(case, found, "Ada", "Try it.", datetime(2026, 5, 31, 12, 0, tzinfo=UTC))
    said = words(report_html(report))
    for sentence in summary(found):
        assert sentence in said
    assert "This setting against equal weights" in said
    assert "31 May 2026, 12:00 UTC" in said
    assert "Try it. Ada" in said
    assert len(report.against) == 5
    assert "Against simple models" in said
    assert model.model_id in said


def test_lists_for_other_circumstances_are_not_judged_by_what_was_chosen_in_their_own(
    open_room: OpenRoom, engine: LiveEngine, model: Recommender
) -> None:
    page = open_room("Side by side", against="Equal weights", daypart="evening", **WEIGHTS)
    n = len(engine.panel)
    moved = n - int(Segment.of(daypart="evening").mask(engine.panel.shoppers).sum())
    first = re.search(r'<p class="sw-finding" role="status">(.*?)</p>', html(page))
    assert first is not None
    assert words(first[1]).strip() == (
        f"{moved} of {n} shoppers are imagined in other circumstances than they were in, so nothing says who would "
        "find what they want there."
    )
    assert text(page).count("not observed, so no verdict") == len(OUTCOME_METRICS)
    assert "better served" not in html(page)
    assert "find what they went on to choose" not in text(page)

    room = TuningContext(None, model, Choices.of(model), "Demo shop", "last", engine, engine, None)  # type: ignore[arg-type]
    evening = replace(B, scenario=Scenario.of(daypart="evening"))
    case, both = TuningCase(room, evening, A, EVERYONE, "ndcg"), compare(engine, A, evening)
    report = Report.of(case, both, "", "", datetime(2026, 5, 31, 12, 0, tzinfo=UTC))
    assert both.n_imagined == moved
    assert both.differences["ndcg"].verdict == "unclear"
    said_in_report = words(report_html(report))
    assert said_in_report.count("not observed, so no verdict") == len(OUTCOME_METRICS) + len(report.against)
    assert "beats it" not in said_in_report
    assert "loses to it" not in said_in_report
    told = metrics_csv(both)
    assert told.count("not observed") == len(OUTCOME_METRICS)
    assert "was not observed, so no list is called better or worse at that" in words(report_html(report))


def test_the_report_and_the_tables_can_be_taken_away(page: AppTest) -> None:
    labels = [button.label for button in page.get("download_button")]
    assert labels == ["Report", "Every figure", "Products shown more or less", "Shoppers whose lists change most"]
    page.text_input(key="your_name").set_value("Ada").run()
    assert page.session_state["your_name"] == "Ada"


def test_other_pages_are_told_the_setting_and_the_shopper() -> None:
    asked = EvaluationConfig(
        "x",
        RankingSettings(FusionSettings(0.3, 0, 0.2, 0), Filters(categories=frozenset({"Tents"})), 20, 0.35, "dpp"),
        Scenario.of(season="winter", region=""),
    )
    query = controls.query(asked, "U1", "P1")
    assert query == {
        "shopper": ["U1"],
        "collaborative": ["30"],
        "content": ["0"],
        "semantic": ["20"],
        "context": ["0"],
        "n": ["20"],
        "diversity": ["0.35"],
        "method": ["DPP"],
        "season": ["winter"],
        "category": ["Tents"],
        "item": ["P1"],
    }
    assert not B.settings.filters.only_available
    assert "unavailable" not in controls.query(B, "U1")
    assert controls.page_address("Explanations", B, "U&1", "P 1").endswith("item=P+1")
    assert 'href="Recommendations?shopper=U%261&amp;' in shopper_lists.links_html(B, "U&1", is_known=True)
    assert "href" not in shopper_lists.links_html(B, "U1", is_known=False)


def test_links_carry_the_setting_to_the_list(page: AppTest, found: Comparison, open_page: object) -> None:
    query = {name: values[0] for name, values in controls.query(found.b, found.changed[0].user_id).items()}
    other = open_page("Recommendations", query=query)  # type: ignore[operator]
    assert other.selectbox(key="shopper").value == found.changed[0].user_id
    assert {name: str(other.slider(key=name).value) for name in WEIGHTS} == WEIGHTS
    assert other.toggle(key="unavailable").value is False


def test_hostile_text_stays_text(engine: LiveEngine, found: Comparison) -> None:
    product = Product(0, HOSTILE, HOSTILE, HOSTILE)
    first = moves(engine, found, found.changed[0].position)[0]
    move = Move(product, True, *(getattr(first, name) for name in Move.__slots__[2:]))
    person = shopper_lists.ShopperFacts(HOSTILE, (HOSTILE,), (product,))
    asked = EvaluationConfig(HOSTILE, RankingSettings(FusionSettings(1, 0, 0, 0)), Scenario.of(region=HOSTILE))
    bad = comparison(a=asked, b=B, products=(ProductShown(product, True, 0, 1),))
    markup = "".join(
        (
            side_by_side.headline_html(bad),
            side_by_side.summary_html(bad),
            side_by_side.mixes_html(bad),
            side_by_side.outcomes_html(bad),
            side_by_side.products_html("More", bad.products, bad.n_shoppers),
            shopper_lists.lists_html(
                bad, [move], person, {HOSTILE: controls.page_address("Explanations", B, HOSTILE, HOSTILE)}
            ),
        )
    )
    assert "<script" not in markup
    assert "<img" not in markup
    assert "\u202e" not in markup
    chart = side_by_side.category_figure([CategoryShown(HOSTILE, 1, 2, 3, 4, 5, 6, 7)], "dark").to_json()
    assert "<script" not in chart.replace("\\u003c", "<")


def test_nothing_is_told_where_nothing_is_known() -> None:
    empty = comparison()
    assert report_tables.most_changed(empty.categories) == []
    assert "None." in side_by_side.products_html("More", (), 10)
    assert shopper_lists.table(empty).empty

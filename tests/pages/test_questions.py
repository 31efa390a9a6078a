"""What can be asked below an explanation: each section says what the engine says, and acts on the argument above it."""

import re
import time
from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from pages._shared import words
from pages._shared.resources import Background
from pages.explanations.bars import Bar, bars_html
from pages.explanations.explanation import SECTIONS
from recsys.explanations.comparisons import compare_contexts, difference, history_attribution
from recsys.explanations.counterfactual import smallest_removal
from recsys.serving.recommender import Recommender
from recsys.settings import Context, RankingSettings
from tests.pages._seen import html, text
from tests.pages.conftest import OpenPage


def opened(open_page: OpenPage, section: str, shopper: str, **more: str) -> AppTest:
    return open_page("Explanations", query={"shopper": shopper, "section": section, **more})


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_opens_by_its_name_in_the_address(open_page: OpenPage, shopper: str, section: str) -> None:
    page = opened(open_page, section, shopper)
    assert page.segmented_control(key="section").value == section
    assert "a section that is not there" not in text(page)
    assert "This cannot be shown" not in text(page)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_answers_for_a_new_shopper(open_page: OpenPage, section: str) -> None:
    page = open_page(
        "Explanations",
        query={"who": "New shopper", "words": "a warm and quiet tent", "section": section},
        timeout_s=120,
    )
    assert "This cannot be shown" not in text(page)
    assert page.segmented_control(key="section").value == section


def test_history_is_left_out_product_by_product(
    open_page: OpenPage, model: Recommender, shopper: str, settings: RankingSettings
) -> None:
    seen = text(opened(open_page, "Their history", shopper))
    scored = model.scores(shopper)
    item = model.rank(scored, settings).items[0].item_id
    acts = model.history(shopper)
    had = list(acts.loc[acts["kind"].isin(["review", "purchase"]), "item_id"].drop_duplicates())
    effects = history_attribution(model, scored, item, settings, had)
    assert words.signed(effects[0].value, 3) in seen
    assert "so that part is an estimate" in seen


def test_striking_the_smallest_set_takes_the_product_off_the_list(
    open_page: OpenPage, model: Recommender, shopper: str, settings: RankingSettings
) -> None:
    scored = model.scores(shopper)
    answers = {
        item.item_id: smallest_removal(model, scored, item.item_id, settings)
        for item in model.rank(scored, settings).items
    }
    item, answer = next((item, answer) for item, answer in answers.items() if answer.phrases)
    page = opened(open_page, "What would change it", shopper, item=item)
    said = text(page)
    assert f"Without {words.count(len(answer.phrases), 'phrase')} about it, it leaves the first 10" in said
    assert ("No smaller set does it" in said) or ("smallest set found" in said)
    page.button(key="strike_turning_product").click().run()
    assert sorted(page.query_params["strike"]) == sorted(str(part.source["strike"]) for part in answer.phrases)
    assert "Not among the first 10" in text(page)


def test_two_products_are_compared_part_by_part(
    open_page: OpenPage, model: Recommender, shopper: str, settings: RankingSettings
) -> None:
    scored = model.scores(shopper)
    first, _, third = (item.item_id for item in model.rank(scored, settings).items[:3])
    seen = text(opened(open_page, "Against another", shopper, rival=third))
    found = difference(model.explain(scored, first, settings), model.explain(scored, third, settings))
    assert f"stands {abs(found.score):.2f} above" in seen
    for name, value in found.components.items():
        assert f"{name.capitalize()} {words.signed(value, 3)}" in seen


def test_another_moment_says_what_moved_and_why(
    open_page: OpenPage, model: Recommender, shopper: str, settings: RankingSettings
) -> None:
    page = opened(open_page, "Another moment", shopper)
    assert "Choose other circumstances" in text(page)
    page.selectbox(key="other_season").set_value("winter").run()
    moved = compare_contexts(
        model, model.scores(shopper), model.scores(shopper, context=Context(season="winter")), settings
    )
    rows = re.findall(r"<tr[^>]*><th scope=\"row\">(.*?)</tr>", html(page))
    assert len(rows) == len(moved)
    for row, one in zip(rows, moved, strict=True):
        assert one.title in unescape(row)
        assert words.signed(one.score_second - one.score_first) in row
    assert "Season: winter" in text(page)


def test_beliefs_are_themes_whose_shares_are_the_engines(open_page: OpenPage, model: Recommender, shopper: str) -> None:
    seen = text(opened(open_page, "Who they are", shopper))
    profile = model.explainer.shopper_profile(model.scores(shopper))
    assert f"{profile.themes[0].share:.0%}" in seen
    assert words.count(profile.n_phrases, "phrase") in seen


def test_trust_is_measured_in_the_background_and_then_shown(open_page: OpenPage, shopper: str) -> None:
    page = opened(open_page, "How far to trust it", shopper)
    deadline = time.monotonic() + 120
    while "200 recommendations" not in text(page) and "recommendations; " not in text(page):
        assert time.monotonic() < deadline, text(page)[-2000:]
        time.sleep(1)
        page.run()
    seen = text(page)
    assert "Taking the leading phrases away costs" in seen
    assert "the score can be wrong" in seen


def test_background_work_reports_and_tells_what_went_wrong() -> None:
    def fail(progress: object) -> int:
        raise ValueError("out of paper")

    work = Background("test", lambda progress: (progress("counting", 1, 2), 7)[1])
    broken = Background("test", fail)
    for each in (work, broken):
        each._thread.join(10)
        assert not each.is_running
    assert (work.result, work.stage, work.done, work.total) == (7, "counting", 1, 2)
    assert (broken.result, broken.problem) == (None, "out of paper")


def test_bars_share_a_zero_and_escape_their_labels() -> None:
    drawn = bars_html([Bar("up <b>", 0.3), Bar("down", -0.1, "a note & more")], "Amounts")
    assert "up &lt;b&gt;" in drawn
    assert "a note &amp; more" in drawn
    assert drawn.count('style="left:25.00%"') == 2
    assert 'style="left:25.00%;width:75.00%"' in drawn
    assert 'style="left:0.00%;width:25.00%"' in drawn
    assert "−0.100" in drawn
    assert bars_html([Bar("a", 1), Bar("b", 1)], "x", n_first=1).count("<details") == 1


def test_words_without_weight_say_so_in_every_section(open_page: OpenPage, shopper: str) -> None:
    for section, said in (
        ("Whose words", "have no weight in the mix"),
        ("How far to trust it", "Words have no weight"),
    ):
        page = opened(open_page, section, shopper, semantic="0")
        assert said in text(page)


def test_more_texts_can_be_read(open_page: OpenPage, shopper: str) -> None:
    page = opened(open_page, "Whose words", shopper)
    before = page.button(key="more_texts").label
    page.button(key="more_texts").click().run()
    more = [button for button in page.button if button.key == "more_texts"]
    assert not more or more[0].label != before or page.session_state["texts_read"] == 80


def test_an_unknown_rival_is_named(open_page: OpenPage, shopper: str) -> None:
    page = opened(open_page, "Against another", shopper, rival="no such thing")
    assert "No such product to compare with" in text(page)
    assert "rival = 'no such thing'" in text(page)

"""The controls of the tuning room in a real browser: what is chosen stands on its button, on a telephone as well."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser._chromium import LOOKS, Look, screenshot, settled
from tests.browser.conftest import Visit


def opened(page: Page, query: str = "") -> Page:
    page.goto(f"/Tuning?{query}")
    drawn = page.locator(".sw-metric-groups, .st-key-map_plot_triangle .js-plotly-plot").first
    expect(drawn).to_be_visible(timeout=120_000)
    return settled(page, timeout_s=120)


def test_a_popover_stays_open_while_its_button_says_what_is_chosen(visit: Visit, room_server: str) -> None:
    page = opened(visit(room_server))
    button = page.locator(".st-key-variety_popover button").first
    button.click()
    slider = page.get_by_role("slider", name="Variety")
    slider.focus()
    for at in ("0.05", "0.10", "0.15"):
        page.keyboard.press("ArrowRight")
        expect(button).to_contain_text(f"Variety {at} (MMR)")
        expect(slider).to_be_visible()
        expect(slider).to_be_focused()
    page.get_by_role("button", name="20", exact=True).or_(page.get_by_role("radio", name="20", exact=True)).click()
    expect(button).to_contain_text("Variety 0.15 (MMR), 20 products")
    expect(slider).to_be_visible()
    page.keyboard.press("Escape")
    expect(slider).to_be_hidden()

    page.locator(".st-key-shoppers_popover button").first.click()
    known = page.get_by_role("combobox", name=re.compile("How well they are known"))
    known.click()
    page.get_by_role("option", name="Hot", exact=True).click()
    settled(page)
    expect(page.locator(".st-key-shoppers_popover button").first).to_contain_text("Shoppers: hot")
    expect(known).to_be_visible()
    expect(page.locator(".sw-judged")).to_contain_text(re.compile(r"of \d+ test shoppers: hot"))


@pytest.mark.parametrize("section", ["Live+metrics", "Weight+map"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_choice_has_the_whole_width_of_a_telephone(
    visit: Visit, room_server: str, scheme: str, section: str
) -> None:
    page = opened(visit(room_server, Look(scheme, 400)), f"room={section}")  # type: ignore[arg-type]
    keys = ["against", "metric"] + (["fixed", "second", "map_of"] if section == "Weight+map" else [])
    places = [page.locator(f".st-key-{key}").first.bounding_box() for key in keys]
    whole = page.locator(".st-key-mixer").bounding_box()
    assert whole is not None
    for place in places:
        assert place is not None
        assert abs(place["width"] - whole["width"]) <= 2
        assert place["height"] < 100
    tops = [place["y"] for place in places if place]
    assert tops == sorted(tops)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_no_mark_or_number_of_the_trade_off_is_cut_off(visit: Visit, room_server: str, look: Look) -> None:
    page = opened(visit(room_server, look), "against=Equal+weights&collaborative=90&metric=Recall&second=Novelty")
    chart = page.locator(".st-key-chart_tradeoff .js-plotly-plot").bounding_box()
    assert chart is not None
    marks = page.locator(".st-key-chart_tradeoff .scatterlayer :is(path.point, text)").all()
    boxes = [box for box in (mark.bounding_box() for mark in marks) if box and box["width"]]
    assert len(boxes) >= 5 + 2  # the simple models, the setting and its reference
    for box in boxes:
        assert chart["x"] <= box["x"]
        assert box["x"] + box["width"] <= chart["x"] + chart["width"]
    screenshot(page, f"tuning-{look}")

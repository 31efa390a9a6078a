"""Clicks by the log in a real browser: judged beside the page at the first visit, then answered as sliders move."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser._chromium import LOOKS, Look, screenshot, settled
from tests.browser.conftest import Visit


def opened(page: Page, query: str = "") -> Page:
    page.goto(f"/Tuning?room=Clicks+by+the+log{query}")
    expect(page.locator(".st-key-chart_answer")).to_be_visible(timeout=180_000)
    return settled(page, timeout_s=120)


def test_a_first_visit_judges_the_log_and_then_sliders_are_answered(visit: Visit, own_room_server: str) -> None:
    page = opened(visit(own_room_server), "&collaborative=100&content=0&semantic=0&context=0")
    before = page.locator(".st-key-chart_answer .sw-headline").inner_text()
    assert "clicked" in before
    page.locator(".st-key-semantic input[type=range]").focus()
    page.keyboard.press("End")
    settled(page)
    assert page.locator(".st-key-chart_answer .sw-headline").inner_text() != before
    page.get_by_role("radio", name="As its list", exact=True).click()
    settled(page)
    expect(page.locator(".st-key-chart_answer .sw-headline")).to_contain_text("The log cannot say")
    assert "follow=As" in page.url
    expect(page.locator('[data-testid="stException"]')).to_have_count(0)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_it_fits_the_window(visit: Visit, own_room_server: str, look: Look) -> None:
    page = opened(visit(own_room_server, look))
    screenshot(page, f"clicks-by-the-log-{look}")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

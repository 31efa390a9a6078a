"""The explanation page in a real browser: from a card, by mouse and keyboard, on a cold server, on a telephone."""

import re
import shutil
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests._demo import demo_home  # noqa: F401  (a fixture)
from tests.browser._chromium import Look, screenshot, settled
from tests.browser.conftest import Visit, serving


def score(page: Page) -> str:
    """The score in the head."""
    return page.locator(".sw-product-number").inner_text()


def listed(page: Page) -> list[str]:
    """Product ids of the last list of the effect panel: as it is now."""
    rows = page.locator(".sw-mini").last.locator("li").all()
    return [row.get_attribute("data-listed") or "" for row in rows]


def tick(page: Page, n: int) -> None:
    """Click the box of one part, as a mouse does."""
    page.locator('[class*="st-key-tick_"]').nth(n).locator("label").click()
    settled(page)


def opened(page: Page, address: str) -> Page:
    """Go there and wait for the score."""
    page.goto(address)
    settled(page, timeout_s=120)
    expect(page.locator(".sw-product-number")).to_be_visible(timeout=60_000)
    return settled(page)


@pytest.fixture
def cold_server(demo_home: Path, tmp_path: Path) -> AbstractContextManager[str]:  # noqa: F811
    """Another, cold server on the same shop."""
    home = tmp_path / "cold" / "recsys"
    shutil.copytree(demo_home, home)
    return serving(home)


def test_a_card_leads_to_its_explanation_in_the_same_tab(page: Page) -> None:
    page.goto("/Recommendations?semantic=45&n=5&weekday=Friday")
    settled(page, timeout_s=120)
    card = page.locator(".sw-card").nth(2)
    shown, title = card.locator(".sw-score-number").inner_text(), card.locator(".sw-title").inner_text()
    link = card.get_by_role("link", name=f"Why this? {title}")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/Explanations?**")
    settled(page, timeout_s=60)
    assert len(page.context.pages) == 1
    assert score(page) == shown
    assert page.locator(".sw-product-title").inner_text() == title
    assert "3rd of" in page.locator(".sw-standing").inner_text()
    assert {"semantic=45", "n=5", "weekday=Friday"} <= set(page.url.split("?")[1].split("&"))
    screenshot(page, "explanation-of-a-card")


def test_the_words_of_a_new_shopper_travel_with_the_link(page: Page) -> None:
    page.goto("/Recommendations?who=New+shopper&words=quiet+%26+%3Cb%3Ewarm")
    expect(page.locator(".sw-card").first).to_be_visible(timeout=120_000)
    settled(page, timeout_s=120)
    shown = page.locator(".sw-score-number").first.inner_text()
    page.locator(".sw-why").first.click()
    page.wait_for_url("**/Explanations?**")
    expect(page.locator(".sw-product-number")).to_be_visible(timeout=60_000)
    assert score(settled(page)) == shown
    expect(page.get_by_placeholder("What are you looking for")).to_have_value("quiet & <b>warm")


def test_a_click_strikes_and_a_link_opens_cold_with_the_same_strikes(
    page: Page, visit: Visit, cold_server: AbstractContextManager[str]
) -> None:
    opened(page, "/Explanations")
    page.locator(".st-key-open").get_by_text("Semantic").click()
    settled(page)
    first, before = score(page), listed(page)
    tick(page, 0)
    tick(page, 1)
    assert page.url.count("strike=") == 2
    assert score(page) != first
    assert page.locator(".sw-mini").count() == 2
    shown, now, link = score(page), listed(page), re.sub(r"^https?://[^/]+", "", page.url)
    assert page.locator(".sw-effect").inner_text().startswith("Score")
    with cold_server as address:
        other = opened(visit(address), link)
        assert score(other) == shown
        assert listed(other) == now
        assert other.url.count("strike=") == 2
        other.get_by_role("button", name="Restore all").click()
        settled(other)
        assert score(other) == first
        assert listed(other) == before
        assert "strike=" not in other.url


def test_a_click_on_a_bar_opens_its_parts(page: Page) -> None:
    opened(page, "/Explanations")
    for bar, asks in ((1, "similar habits"), (2, "resemble"), (4, "at this moment")):
        box = page.locator(".st-key-chart_waterfall .bars path").nth(bar).bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        settled(page)
        assert asks in page.locator(".sw-component-asks").inner_text()


def test_settings_follow_from_page_to_page(page: Page) -> None:
    page.goto("/Recommendations?n=5")
    settled(page, timeout_s=120)
    thumb = page.locator(".st-key-semantic input[type=range]")
    thumb.focus()
    thumb.press("End")
    settled(page)
    sidebar = page.get_by_test_id("stSidebar")
    sidebar.get_by_role("link", name="Explanations").click()
    expect(page.locator(".sw-product-number")).to_be_visible()
    settled(page)
    assert "semantic=100" in page.url
    assert len(listed(page)) == 5
    page.get_by_role("button", name="Below").click()
    settled(page)
    item = re.findall(r"item=([^&]+)", page.url)[0]
    sidebar.get_by_role("link", name="Recommendations").click()
    expect(page.locator(".sw-card").first).to_be_visible()
    settled(page)
    assert "semantic=100" in page.url
    assert "item=" not in page.url
    assert page.locator(".sw-card").nth(1).get_attribute("data-item") == item


def test_the_evidence_sheet_stands_alone(page: Page, tmp_path: Path) -> None:
    opened(page, "/Explanations?strike=c:trend")
    shown = score(page)
    page.get_by_role("button", name="Evidence sheet").click()
    with page.expect_download() as sheet:
        page.get_by_role("button", name="Sheet", exact=True).click()
    sheet.value.save_as(tmp_path / "sheet.html")
    asked: list[str] = []
    paper = page.context.new_page()
    paper.on("request", lambda request: asked.append(request.url))
    paper.goto(f"file://{tmp_path / 'sheet.html'}")
    assert paper.locator(".score").inner_text() == shown
    assert "Wanted lately" in paper.locator("body").inner_text()
    assert [url for url in asked if not url.startswith("file:")] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone_while_arguing(visit: Visit, app_server: str, scheme: str) -> None:
    page = opened(visit(app_server, Look(scheme, 400)), "/Explanations?strike=c:trend&added=")  # type: ignore[arg-type]
    tick(page, 2)
    screenshot(page, f"arguing-{scheme}-400")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.url.count("strike=") == 2


def test_ticks_of_the_reader_strike_and_restore(page: Page) -> None:
    opened(page, "/Explanations?section=Whose+words")
    first = score(page)
    box = page.locator(".st-key-sections input[type=checkbox]").first
    box.click()
    settled(page)
    assert "strike=" in page.url
    assert score(page) != first
    page.locator(".st-key-sections input[type=checkbox]").first.click()
    settled(page)
    assert "strike=" not in page.url
    assert score(page) == first

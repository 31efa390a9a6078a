"""Every page, found by itself, opens cold by its own address in every look."""

import pytest
from playwright.sync_api import Page, expect

from tests._pages import page_address, page_files
from tests.browser._chromium import screenshot, settled


@pytest.mark.parametrize("name", page_files())
def test_a_page_opens_by_its_address_and_fits_the_window(
    page_in_every_look: Page, name: str, request: pytest.FixtureRequest
) -> None:
    page = page_in_every_look
    uncaught: list[str] = []
    page.on("pageerror", lambda error: uncaught.append(str(error)))
    page.goto(page_address(name))
    settled(page, timeout_s=120)
    screenshot(page, request.node.callspec.id)
    assert page.get_by_test_id("stException").all_inner_texts() == []
    assert uncaught == []
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    wider_by = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wider_by <= 0, f"the page is {wider_by} pixels wider than the window"

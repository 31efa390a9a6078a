"""Side by side in a real browser: choosing a shopper draws their lists alone, causes open, the report stands alone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser._chromium import LOOKS, Look, screenshot, settled
from tests.browser.conftest import Visit


def opened(page: Page, query: str = "&against=Equal+weights&collaborative=100&content=0&context=5") -> Page:
    page.goto(f"/Tuning?room=Side+by+side{query}")
    expect(page.locator(".sw-ab")).to_be_visible(timeout=120_000)
    return settled(page, timeout_s=120)


def whose(page: Page) -> str:
    return page.locator(".sw-tested strong").inner_text()


def listed(page: Page) -> list[str]:
    return [each.get_attribute("data-listed") or "" for each in page.locator(".sw-ab li").all()]


def row(page: Page, n: int) -> Locator:
    """Click the box of one row of the table, which is drawn on a canvas."""
    table = page.locator(".st-key-changed_table canvas").first
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 15, box["y"] + 36 + 33 * (n + 0.5))
    settled(page)
    return table


def test_a_row_or_a_typed_id_chooses_the_shopper(visit: Visit, room_server: str) -> None:
    page = opened(visit(room_server))
    first, before = whose(page), listed(page)
    page.evaluate("() => { document.querySelector('.sw-figures').dataset.kept = 'yes'; }")
    page.locator(".st-key-changed_table").scroll_into_view_if_needed()
    row(page, 2)
    second = whose(page)
    assert second != first
    assert listed(page) != before
    assert f"tested={second}" in page.url
    field = page.get_by_role("combobox", name="Shopper", exact=True)
    field.fill(first)
    field.press("Enter")
    settled(page)
    assert whose(page) == first
    assert listed(page) == before
    expect(page.locator('.sw-figures[data-kept="yes"]')).to_have_count(1)  # nothing above was drawn again


def test_a_cause_opens_to_parts_that_add_up(visit: Visit, room_server: str) -> None:
    page = opened(visit(room_server))
    causes = page.locator(".sw-ab details.sw-cause")
    assert causes.count() >= 10
    cause = causes.filter(has=page.locator(".sw-named")).first
    expect(cause.locator(".sw-split")).to_be_hidden()
    cause.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(cause.locator(".sw-split")).to_be_visible()
    values = [float(cell.replace("−", "-")) for cell in cause.locator(".sw-split tr td:nth-child(2)").all_inner_texts()]
    assert sum(values[:-1]) == pytest.approx(values[-1], abs=0.03)
    assert re.search(r"By score \d", cause.inner_text())


def test_the_report_is_a_page_that_stands_alone(visit: Visit, room_server: str, tmp_path: Path) -> None:
    page = opened(visit(room_server))
    found = page.locator(".sw-finding").inner_text()
    page.get_by_role("button", name="Sign").click()
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Your name").press("Enter")
    settled(page)
    page.keyboard.press("Escape")
    with page.expect_download() as download:
        page.get_by_role("button", name="Report").click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    alone, asked = visit(room_server), []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(saved.as_uri())
    assert found in re.sub(r"\s+", " ", alone.inner_text("body"))
    assert "Ada" in alone.locator("header").inner_text()
    assert asked == [saved.as_uri()]
    assert alone.locator("script, link, img, iframe").count() == 0
    assert alone.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_the_way_to_the_list_keeps_shopper_and_weights(visit: Visit, room_server: str) -> None:
    page = opened(visit(room_server))
    user_id = whose(page)
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Recommendations with B").click()
    other = popup.value
    expect(other.locator(".sw-card").first).to_be_visible(timeout=120_000)
    settled(other)
    assert f"shopper={user_id}" in other.url
    assert other.locator(".st-key-collaborative input[type=range]").input_value() == "100"
    assert other.locator(".st-key-content input[type=range]").input_value() == "0"
    assert whose(page) == user_id  # the room stays as it was


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_nothing_is_cut_off(visit: Visit, room_server: str, look: Look) -> None:
    page = opened(visit(room_server, look))
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    for name in (".sw-figures", ".sw-ab", ".sw-shown", ".sw-side-mix"):
        assert page.locator(name).first.evaluate("part => part.scrollWidth <= part.parentElement.clientWidth + 1"), name
    expect(page.locator('[data-testid="stException"]')).to_have_count(0)
    screenshot(page, f"side-by-side-{look}")

"""The recommendation page in a real browser: share links, re-ranking, new shoppers, keyboard, going and coming back."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from recsys.jobs.paths import AppPaths
from recsys.serving.recommender import Recommender
from tests._demo import demo_home  # noqa: F401  (a fixture)
from tests.browser._chromium import Look, screenshot, settled
from tests.browser.conftest import Visit, serving


def listed(page: Page) -> list[tuple[str, str]]:
    """Product ids with their shown scores, best first."""
    cards = page.locator(".sw-card").all()
    return [(card.get_attribute("data-item") or "", card.locator(".sw-score-number").inner_text()) for card in cards]


def press(page: Page, component: str, key: str, times: int = 1) -> None:
    """Move a slider from the keyboard, as a person without a mouse does."""
    thumb = page.locator(f".st-key-{component} input[type=range]")
    thumb.focus()
    for _ in range(times):
        thumb.press(key)
    settled(page)


@pytest.fixture
def cold_server(demo_home: Path, tmp_path: Path) -> Callable[[], object]:  # noqa: F811
    """Start another, cold server on the same shop."""

    def start() -> object:
        home = tmp_path / "cold" / "recsys"
        shutil.copytree(demo_home, home)
        return serving(home)

    return start


def test_a_link_opens_the_same_list_on_a_cold_server(
    page: Page, visit: Visit, cold_server: Callable[[], object]
) -> None:
    page.goto("/Recommendations?diversity=0.4&n=20&seen=true&weekday=Friday&price=10&price=150")
    settled(page, timeout_s=120)
    press(page, "semantic", "Home")
    press(page, "semantic", "ArrowRight", 9)
    page.get_by_role("button", name="Surprise me").click()
    settled(page)
    shown, link = listed(page), re.sub(r"^https?://[^/]+", "", page.url)
    assert len(shown) == 20
    assert "semantic=45" in link
    with cold_server() as address:  # type: ignore[attr-defined]
        other = visit(address)
        other.goto(link)
        settled(other, timeout_s=120)
        assert listed(other) == shown
        assert other.url.endswith(link)


def test_the_shared_address_is_that_of_the_view(page: Page) -> None:
    page.goto("/Recommendations?view=Table&collaborative=70")
    settled(page, timeout_s=120)
    page.get_by_role("button", name="Share").click()
    link = page.locator("[data-testid=stCode] code").inner_text()
    said, shown = link.split("?")[1].split("&"), page.url.split("?")[1].split("&")
    assert set(said) - {part for part in said if part.startswith("shopper=")} == set(shown)
    assert len(said) == len(shown) + 1
    assert link.startswith(page.url.split("?")[0])


def test_moving_a_slider_re_ranks_and_marks_who_moved(page: Page) -> None:
    page.goto("/Recommendations")
    settled(page, timeout_s=120)
    before = listed(page)
    assert page.locator(".sw-move").count() == 0
    before_bar = page.locator(".sw-bar-weights").get_attribute("aria-label")
    press(page, "content", "End")
    assert listed(page) != before
    assert page.locator(".sw-move").count() == len(before)
    assert before_bar != page.locator(".sw-bar-weights").get_attribute("aria-label")
    assert "content=100" in page.url
    page.get_by_role("button", name="Reset").click()
    settled(page)
    assert listed(page) == before
    assert "content=" not in page.url


def test_a_new_shopper_types_words_and_gets_what_they_mean(page: Page, demo_home: Path) -> None:  # noqa: F811
    page.goto("/Recommendations")
    settled(page, timeout_s=120)
    page.get_by_text("New shopper", exact=True).click()
    expect(page.get_by_text("Tell us what they are after")).to_be_visible()
    settled(page)
    page.get_by_placeholder("What are you looking for").fill("strong coffee in the morning")
    page.keyboard.press("Enter")
    expect(page.locator(".sw-card").first).to_be_visible(timeout=120_000)
    settled(page, timeout_s=120)
    model = Recommender.load(AppPaths(demo_home).model)
    categories = [model.items["category"].iloc[model.item_row(item_id)] for item_id, _ in listed(page)]
    assert categories.count("Coffee") >= 5
    assert "words=strong" in page.url
    screenshot(page, "new-shopper")


def test_an_example_is_taken_up_by_the_whole_page(page: Page) -> None:
    page.goto("/Recommendations?who=New+shopper")
    settled(page, timeout_s=120)
    example = page.locator(".st-key-example_0 button")
    said = example.inner_text().splitlines()[-1]
    example.click()
    expect(page.locator(".sw-card").first).to_be_visible(timeout=120_000)
    expect(page.get_by_placeholder("What are you looking for")).to_have_value(said)


def test_coming_back_from_home_finds_the_same_view(page: Page) -> None:
    page.goto("/Recommendations?semantic=90&n=5")
    settled(page, timeout_s=120)
    shown = listed(page)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="The shop at a glance")).to_be_visible()
    settled(page)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Recommendations").click()
    expect(page.locator(".sw-card").first).to_be_visible()
    settled(page)
    assert listed(page) == shown
    assert "semantic=90" in page.url


def test_who_was_shown_first_comes_along_until_somebody_takes_them_out(page: Page) -> None:
    page.goto("/Recommendations")
    settled(page, timeout_s=120)
    shopper, sidebar = page.locator(".st-key-shopper input"), page.get_by_test_id("stSidebar")
    first = shopper.input_value()
    assert first
    sidebar.get_by_role("link", name="Explanations").click()
    expect(page.locator(".sw-product-number")).to_be_visible()
    settled(page)
    assert shopper.input_value() == first
    page.locator(".st-key-shopper").get_by_label("Clear value").click()
    settled(page)
    assert shopper.input_value() == ""
    expect(page.locator(".sw-product-number")).to_have_count(0)


@pytest.mark.parametrize("name", ["find_popover", "moment_popover", "filters_popover", "variety_popover", "share"])
def test_the_keyboard_gets_into_a_popover_and_out_again(page: Page, name: str) -> None:
    page.goto("/Recommendations")
    settled(page, timeout_s=120)
    button = page.locator(f".st-key-{name} button").first
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_focused()
    settled(page)
    page.keyboard.press("Tab")
    assert dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()


def test_popovers_are_as_dark_as_the_page(visit: Visit, app_server: str) -> None:
    page = visit(app_server, Look("dark", 1440))
    page.goto("/Recommendations")
    settled(page, timeout_s=120)
    page.locator(".st-key-moment_popover button").first.click()
    note = page.get_by_role("dialog").locator(".sw-note").first
    assert note.evaluate("note => getComputedStyle(note).color") == "rgb(165, 173, 173)"


def test_a_card_tells_its_parts_to_the_keyboard_and_to_a_screen_reader(page: Page) -> None:
    page.goto("/Recommendations")
    settled(page, timeout_s=120)
    card = page.locator(".sw-card").first
    assert re.match(
        r"Score -?\d+\.\d\d: Collaborative [+−]?\d.*Context",
        card.get_by_role("img").last.get_attribute("aria-label") or "",
    )
    parts = card.locator(".sw-parts")
    assert parts.evaluate("e => getComputedStyle(e).opacity") == "0"
    page.locator(".sw-card").first.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    page.wait_for_timeout(400)
    assert parts.evaluate("e => getComputedStyle(e).opacity") == "1"

"""Every state of a page can be come back to: by Back and Forward, by loading the page again, and by its link."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser._chromium import settled
from tests.browser._walk import Act, Walk
from tests.browser.conftest import Visit


def press(label: str) -> Act:
    """Click a button."""
    return lambda page: page.get_by_test_id("stMain").get_by_role("button", name=label).first.click()


def choose(text: str) -> Act:
    """Click an option that is on the page."""
    return lambda page: page.get_by_test_id("stMain").get_by_text(text, exact=True).first.click()


def click(selector: str) -> Act:
    """Click what a selector finds first."""
    return lambda page: page.locator(selector).first.click()


def write(key: str, text: str) -> Act:
    """Type into a box, and Enter."""

    def act(page: Page) -> None:
        box = page.locator(f".st-key-{key} input").first
        box.fill(text)
        box.press("Enter")

    return act


def slide(key: str, to: str) -> Act:
    """Send a slider to one of its ends, from the keyboard."""
    return lambda page: page.locator(f".st-key-{key} input[type=range]").first.press(to)


def pick(key: str, option: str) -> Act:
    """Choose from a list."""

    def act(page: Page) -> None:
        box = page.locator(f".st-key-{key} input").first
        box.click()
        box.fill(option)
        page.get_by_role("option", name=option, exact=True).first.click()

    return act


def inside(popover: str, act: Act) -> Act:
    """Do something in a popover, and close it."""

    def opened(page: Page) -> None:
        page.locator(f".st-key-{popover} button").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        act(page)
        settled(page)
        while page.get_by_role("dialog").count():
            page.keyboard.press("Escape")
            page.wait_for_timeout(50)

    return opened


def go(name: str) -> Act:
    """To another page by the sidebar."""

    def act(page: Page) -> None:
        page.get_by_test_id("stSidebar").get_by_role("link", name=name).click()
        page.wait_for_url(lambda url: url.split("?")[0].endswith("/" if name == "Home" else f"/{name}"))

    return act


WALKS: dict[str, dict[str, Act]] = {
    "/Recommendations": {
        "any shopper": press("Surprise me"),
        "nobody": click(".st-key-shopper [aria-label='Clear value']"),
        "a suggestion": click(".st-key-example_0 button"),
        "other words": write("words", "strong coffee"),
        "no words": write("words", ""),
        "a weight": slide("semantic", "End"),
        "a known shopper": choose("Known shopper"),
        "a shopper by name": write("shopper", "U00002"),
        "a table": choose("Table"),
        "a filter": inside("filters_popover", click(".st-key-seen label")),
        "reset": press("Reset"),
    },
    "/Explanations": {  # whose list it is, is chosen by the same picker as above
        "a component": click(".st-key-open button:nth-of-type(2)"),
        "a part struck": click('[class*="st-key-tick_"] label'),
        "words added": write("added", "it has to be quiet"),
        "any shopper": press("Surprise me"),
        "another product": press("Below"),
        "a section": choose("Against another"),
        "a rival": write("rival_choice", "P00016"),
        "the list": go("Recommendations"),
        "a weight": slide("semantic", "End"),
        "home": go("Home"),
        "and back": go("Explanations"),
    },
    "/Tuning": {
        "a weight": slide("semantic", "End"),
        "pinned": press("Pin this setting"),
        "a weight more": slide("content", "End"),
        "a second metric": pick("second", "Recall"),
        "circumstances": inside("moment_popover", pick("weekday", "Friday")),
        "side by side": choose("Side by side"),
        "swapped": press("Swap A and B"),
        "a search": choose("Find good weights"),
        "its goal": press("Varied and broad"),
        "a condition": press("Add a condition"),
        "another bound": pick("goal_kind_2", "at most"),
        "a condition less": click(".st-key-goal_remove_0 button"),
        "the map": choose("Weight map"),
        "a slice": slide("slice", "End"),
        "a preset": choose("Presets"),
        "equal weights": pick("against", "Equal weights"),
        "reset": press("Reset"),
    },
    "/Experiments": {
        "an experiment": click(".st-key-experiment button:nth-of-type(3)"),
        "all": choose("Overview"),
        "another": click(".st-key-overview_ablation button"),
        "another way to hold out": pick("held_out", "all they chose after a moment"),
        "the list": go("Recommendations"),
        "and back": go("Experiments"),
    },
}


@pytest.mark.parametrize("address", WALKS)
def test_every_state_is_come_back_to(visit: Visit, room_server: str, address: str) -> None:
    walk = Walk(visit(room_server)).go(address, WALKS[address])
    assert len(walk.stops) == 1 + len(WALKS[address])  # an act is a stop, and what follows from it by itself is none
    walk.back()
    walk.forward()
    walk.open_cold(visit(room_server))

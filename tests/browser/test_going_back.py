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
        page.locator(f".st-key-{key} input").first.click()
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


CLEARED = ".st-key-shopper [aria-label='Clear value']"
SHOPPERS: dict[str, Act] = {
    "another shopper": write("shopper", "U00002"),
    "surprise": press("Surprise me"),
    "cleared": click(CLEARED),
    "suggestion": click(".st-key-example_0 button"),
    "other words": write("words", "strong coffee"),
    "no words": write("words", ""),
    "words of the page": click(".st-key-example_1 button"),
}
WALKS: dict[str, dict[str, Act]] = {
    "/Recommendations": {
        **SHOPPERS,
        "weight": slide("semantic", "End"),
        "back to known": choose("Known shopper"),
        "surprise again": press("Surprise me"),
        "table": choose("Table"),
        "weekday": inside("moment_popover", pick("weekday", "Friday")),
        "seen": inside("filters_popover", click(".st-key-seen label")),
        "variety": inside("variety_popover", slide("diversity", "End")),
        "reset": press("Reset"),
    },
    "/Explanations": {
        "component": click(".st-key-open button:nth-of-type(2)"),
        "struck": click('[class*="st-key-tick_"] label'),
        "added": write("added", "it has to be quiet"),
        "component back": click(".st-key-open button:nth-of-type(1)"),
        "surprise": press("Surprise me"),
        "below": press("Below"),
        "mix": inside("mix_popover", slide("content", "End")),
        "product": write("product", "P00055"),
        "history": choose("Their history"),
        "another": choose("Against another"),
        "rival": write("rival_choice", "P00016"),
        "moment": choose("Another moment"),
        "elsewhere": pick("other_weekday", "Friday"),
        "cleared": click(CLEARED),
        "suggestion": click(".st-key-example_0 button"),
        "list": go("Recommendations"),
        "weight": slide("semantic", "End"),
        "home": go("Home"),
        "and back": go("Explanations"),
    },
    "/Tuning": {
        "weight": slide("semantic", "End"),
        "pinned": press("Pin this setting"),
        "on": slide("content", "End"),
        "pinned again": press("Pin this setting"),
        "equal": pick("against", "Equal weights"),
        "judged": pick("metric", "MRR"),
        "second": pick("second", "Hit rate"),
        "circumstances": inside("moment_popover", pick("weekday", "Friday")),
        "shoppers": inside("shoppers_popover", pick("shoppers", "Hot")),
        "shelf": inside("filters_popover", click(".st-key-shelf label")),
        "variety": inside("variety_popover", slide("diversity", "End")),
        "side by side": choose("Side by side"),
        "swapped": press("Swap A and B"),
        "presets": choose("Presets"),
        "search": choose("Find good weights"),
        "goal": click("[class*='st-key-example_'] button"),
        "protocol": choose("How this is measured"),
        "map": choose("Weight map"),
        "slice": slide("slice", "End"),
        "reset": press("Reset"),
    },
    "/Experiments": {
        "one": click(".st-key-experiment button:nth-of-type(3)"),
        "overview": choose("Overview"),
        "another": click(".st-key-overview_ablation button"),
        "held out": pick("held_out", "all they chose after a moment"),
        "list": go("Recommendations"),
        "home": go("Home"),
        "and back": go("Experiments"),
    },
}


@pytest.mark.parametrize("address", WALKS)
def test_every_state_is_come_back_to(visit: Visit, room_server: str, address: str) -> None:
    walk = Walk(visit(room_server)).go(address, WALKS[address])
    assert len(walk.stops) > len(WALKS[address]) * 0.9
    walk.back()
    walk.forward()
    walk.open_cold(visit(room_server))

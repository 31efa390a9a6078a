"""The weight map in a real browser: a click on either chart puts that mix on the sliders, and the map stays open."""

import pytest
from playwright.sync_api import Page, expect

from recsys.settings import COMPONENTS
from recsys.tuning.map_kernels import N_STEPS
from tests.browser._chromium import Look, screenshot, settled
from tests.browser.conftest import Visit


def opened(page: Page, query: str = "") -> Page:
    page.goto(f"/Tuning?room=Weight+map{query}")
    expect(page.locator(".st-key-map_plot_triangle .js-plotly-plot")).to_be_visible(timeout=120_000)
    return settled(page, timeout_s=120)


def on_sliders(page: Page) -> list[int]:
    thumbs = [page.locator(f".st-key-{name} input[type=range]") for name in COMPONENTS]
    return [int(float(thumb.input_value())) for thumb in thumbs]


def click(page: Page, chart: str, right: float, down: float) -> None:
    box = page.locator(f".st-key-map_plot_{chart} .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + right * box["width"], box["y"] + down * box["height"])
    settled(page)


def test_a_click_on_the_triangle_moves_the_sliders_and_the_mark(visit: Visit, room_server: str) -> None:
    page = opened(visit(room_server), "&slice=10")
    before = on_sliders(page)
    click(page, "triangle", 0.5, 0.5)
    first = on_sliders(page)
    assert first != before
    assert sum(first) == 100
    assert first[3] == 10  # of the slice
    assert all(value % (100 // N_STEPS) == 0 for value in first)
    assert "room=Weight+map" in page.url
    click(page, "triangle", 0.42, 0.62)
    second = on_sliders(page)
    assert second not in (first, before)
    assert second[3] == 10
    click(page, "triangle", 0.42, 0.62)  # the same again: it stays
    assert on_sliders(page) == second
    expect(page.locator('[data-testid="stException"]')).to_have_count(0)


def test_a_click_on_the_trade_off_moves_the_sliders(visit: Visit, room_server: str) -> None:
    page = opened(visit(room_server))
    before = on_sliders(page)
    star = page.locator(".st-key-map_plot_front .scatterlayer .trace").last.locator("path.point").bounding_box()
    assert star is not None
    page.mouse.click(star["x"] + star["width"] / 2, star["y"] + star["height"] / 2)
    settled(page)
    assert on_sliders(page) != before
    expect(page.get_by_role("button", name="On the sliders")).to_be_disabled()


def test_mixes_load_by_keyboard(visit: Visit, room_server: str) -> None:
    page = opened(visit(room_server))
    page.get_by_role("button", name="Load best").focus()
    page.keyboard.press("Enter")
    settled(page)
    assert sum(on_sliders(page)) == 100
    expect(page.get_by_role("button", name="On the sliders")).to_be_disabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone(visit: Visit, room_server: str, scheme: str) -> None:
    page = opened(visit(room_server, Look(scheme, 400)))  # type: ignore[arg-type]
    screenshot(page, f"weight-map-{scheme}-400")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    box = page.locator(".st-key-map_plot_triangle .js-plotly-plot").bounding_box()
    assert box is not None
    assert box["height"] < 480

"""Whatever a title, a review or an id says, the page shows it and does not do it."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from pages.explanations.explanation import SECTIONS
from recsys.jobs.paths import AppPaths
from tests import _hostile
from tests.browser._chromium import Look, screenshot, settled
from tests.browser.conftest import Visit, serving

INJECTED = "script:not([src]), img[onerror], svg[onload], iframe, [href^='javascript'], h1:not(:first-of-type)"


@pytest.fixture(scope="module")
def hostile_server(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the app on the hostile shop."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    home = AppPaths(folder / "recsys")
    _hostile.build(home)
    with serving(home.path) as address:
        yield address


def unharmed(page: Page) -> None:
    """Nothing ran, nothing was injected into what the app draws, nothing is wider than the window."""
    assert page.evaluate(f"window.{_hostile.MARKER}") is None
    main = page.get_by_test_id("stMain")
    assert main.locator(INJECTED).count() == 0
    assert main.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("look", [Look(), Look("dark", 400)], ids=str)
@pytest.mark.parametrize("address", ["/", "/Recommendations", "/Recommendations?view=Table", "/Explanations"])
def test_hostile_text_is_inert_on_every_page(hostile_server: str, visit: Visit, look: Look, address: str) -> None:
    page = visit(hostile_server, look)
    page.goto(address)
    settled(page, timeout_s=120)
    screenshot(page, f"hostile{address.replace('/', '-')}-{look}")
    assert page.get_by_test_id("stException").count() == 0
    unharmed(page)


@pytest.mark.parametrize("section", SECTIONS)
def test_hostile_text_is_inert_in_every_section(hostile_server: str, visit: Visit, section: str) -> None:
    page = visit(hostile_server, Look("light", 400))
    page.goto(f"/Explanations?n=30&section={quote(section)}&other_weekday=Friday")
    settled(page, timeout_s=120)
    assert page.get_by_test_id("stException").count() == 0
    assert page.locator(".st-key-sections").count() == 1
    unharmed(page)


def test_quotes_of_hostile_reviews_are_read_as_written_and_masked(hostile_server: str, visit: Visit) -> None:
    page = visit(hostile_server)
    page.goto("/Explanations")
    settled(page, timeout_s=120)
    read = " ".join(page.locator(".side").all_inner_texts())
    assert "Dry in the rain." in read
    assert "<script>" in read or "<img src=x" in read or "<svg onload" in read
    assert "ann@example.org" not in read
    assert "[email hidden]" in read


def test_hostile_text_is_shown_as_written(hostile_server: str, visit: Visit) -> None:
    page = visit(hostile_server)
    page.goto("/Recommendations")
    settled(page, timeout_s=120)
    titles = page.locator(".sw-card .sw-title").all_inner_texts()
    assert any("<script>" in title for title in titles)
    assert "ann@example.org" not in "".join(page.locator(".sw-quote").all_inner_texts())


def test_hostile_addresses_are_inert(hostile_server: str, visit: Visit) -> None:
    page = visit(hostile_server)
    attack = "%3Cimg%20src%3Dx%20onerror%3Dwindow." + _hostile.MARKER + "%3D1%3E"
    page.goto(f"/Recommendations?shopper={attack}&device={attack}&category={attack}&words={attack}&view={attack}")
    settled(page, timeout_s=120)
    assert "Part of this link cannot be used here" in page.locator(".sw-notice").inner_text()
    assert "<img src=x" in page.locator(".sw-notice").inner_text()
    unharmed(page)


def test_downloads_run_nothing(hostile_server: str, visit: Visit, tmp_path: Path) -> None:
    page = visit(hostile_server)
    page.goto("/Recommendations?n=30")
    settled(page, timeout_s=120)
    page.get_by_role("button", name="Share").click()
    with page.expect_download() as csv:
        page.get_by_role("button", name="CSV").click()
    csv.value.save_as(tmp_path / "list.csv")
    written = (tmp_path / "list.csv").read_text(encoding="utf-8-sig")
    assert "=HYPERLINK" in written
    assert not any(cell.lstrip('"').startswith("=") for line in written.splitlines() for cell in line.split(","))
    with page.expect_download() as document:
        page.get_by_role("button", name="JSON").click()
    document.value.save_as(tmp_path / "list.json")
    assert len(json.loads((tmp_path / "list.json").read_text())["items"]) > 10

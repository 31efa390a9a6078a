"""Presets in real browsers: two people at once, and a database that goes away in the middle of it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from recsys.jobs.paths import AppPaths
from tests import _demo
from tests._demo import demo_home  # noqa: F401  (a fixture)
from tests.browser import _server
from tests.browser._chromium import Look, screenshot, settled
from tests.browser.conftest import Visit
from tests.pages.tuning.conftest import tuning_panel  # noqa: F401  (a fixture)
from tests.store._postgres import PostgresServer, serving

ROOM = "/Tuning?room=Presets"


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """A server of this test's own, which it may stop."""
    with serving() as running:
        yield running


@pytest.fixture
def room_home(demo_home: Path, tuning_panel: Path, tmp_path: Path) -> Path:  # noqa: F811
    """The small demo shop with its test shoppers, for a server of its own."""
    home = tmp_path / "home" / "recsys"
    shutil.copytree(demo_home, home)
    shutil.copytree(tuning_panel, AppPaths(home).panel("last"))
    return home


@pytest.fixture
def file_room(chromium: Browser, room_home: Path) -> Iterator[str]:
    """Address of the app with presets in a file."""
    environment = _demo.environment(room_home)
    with _server.running(_server.ROOT / "app.py", home=room_home.parent, environment=environment) as address:
        yield address


@pytest.fixture
def postgres_room(chromium: Browser, room_home: Path, postgres: PostgresServer) -> Iterator[str]:
    """Address of the app with presets in PostgreSQL."""
    environment = {**_demo.environment(room_home), "RECSYS_DATABASE_URL": postgres.new_database()}
    with _server.running(_server.ROOT / "app.py", home=room_home.parent, environment=environment) as address:
        yield address


def opened(page: Page, address: str = ROOM) -> Page:
    page.goto(address)
    settled(page, timeout_s=120)
    expect(page.get_by_role("button", name="Save this setting")).to_be_visible(timeout=60_000)
    return settled(page)


def card(page: Page, name: str) -> Locator:
    """A preset with its buttons."""
    return page.locator('[class*="st-key-preset_"]:has(.sw-preset)').filter(
        has=page.locator(".sw-preset-name", has_text=name)
    )


def save(page: Page, name: str) -> None:
    """Fill in the form of a new preset, and send it."""
    form = page.get_by_test_id("stPopoverBody")
    if not form.count():
        page.get_by_role("button", name="Save this setting").click()
        settled(page)
    form.get_by_label("Name", exact=True).fill(name)
    send(page)


def send(page: Page) -> None:
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Save", exact=True).click()
    settled(page, timeout_s=60)


def slide(page: Page, name: str, key: str) -> None:
    """Move a slider by the keyboard."""
    thumb = page.locator(f".st-key-{name} input[type=range]")
    thumb.focus()
    thumb.press(key)
    settled(page)


def positions(page: Page) -> list[str]:
    return [thumb.input_value() for thumb in page.locator(".st-key-mixer input[type=range]").all()]


def test_two_people_share_presets_and_nothing_else(visit: Visit, file_room: str) -> None:
    ann, ben = opened(visit(file_room)), opened(visit(file_room))
    before = positions(ben)
    slide(ann, "content", "End")
    slide(ben, "semantic", "Home")
    assert positions(ann)[1] == "100"
    assert positions(ben) == [before[0], before[1], "0", before[3]]
    ann.get_by_placeholder("Your name").fill("Ann")
    ann.get_by_placeholder("Your name").press("Enter")
    settled(ann)
    save(ann, "Much content")
    expect(card(ann, "Much content")).to_contain_text("Saved by Ann")
    expect(card(ann, "Much content")).to_contain_text("on the sliders")
    assert card(ben, "Much content").count() == 0
    slide(ben, "semantic", "ArrowRight")
    expect(card(ben, "Much content")).to_contain_text("Saved by Ann")
    assert "on the sliders" not in card(ben, "Much content").inner_text()
    assert ben.get_by_placeholder("Your name").input_value() == ""
    assert positions(ben)[2] == "5"
    card(ben, "Much content").get_by_role("button", name="Load").click()
    settled(ben)
    assert positions(ben) == positions(ann)
    card(ben, "Much content").get_by_role("button", name="Save the present setting here").click()
    settled(ben)
    card(ann, "Much content").get_by_role("button", name="Save the present setting here").click()
    settled(ann)
    expect(ann.locator(".sw-notice")).to_contain_text("Somebody else was faster")


def test_a_default_is_where_the_next_visitor_starts(visit: Visit, file_room: str) -> None:
    ann = opened(visit(file_room), f"{ROOM}&collaborative=10&content=20&semantic=60&context=10&diversity=0.4")
    save(ann, "House style")
    card(ann, "House style").get_by_role("button", name="Details").click()
    settled(ann)
    ann.get_by_role("button", name="Make it the default").click()
    settled(ann)
    expect(card(ann, "House style")).to_contain_text("default")
    ben = visit(file_room)
    ben.goto("/Recommendations")
    settled(ben, timeout_s=120)
    expect(ben.locator(".sw-start")).to_contain_text("preset House style")
    assert positions(ben) == ["10", "20", "60", "10"]
    assert {"semantic=60", "diversity=0.4"} <= set(ben.url.split("?")[1].split("&"))
    ben.get_by_test_id("stSidebar").get_by_role("link", name="Tuning").click()
    expect(ben.get_by_role("heading", name="Tuning room")).to_be_visible(timeout=60_000)
    settled(ben, timeout_s=60)
    assert positions(ben) == ["10", "20", "60", "10"]
    ben.goto("/Recommendations?semantic=100")
    settled(ben, timeout_s=60)
    assert positions(ben)[2] == "100"


def test_a_database_that_goes_away_takes_nothing_with_it(
    visit: Visit, postgres_room: str, postgres: PostgresServer
) -> None:
    page = opened(visit(postgres_room))
    save(page, "Before the storm")
    expect(card(page, "Before the storm")).to_be_visible()
    postgres.stop()
    save(page, "In the storm")
    screenshot(page, "presets-database-away")
    expect(page.locator(".sw-notice", has_text="Presets cannot be reached just now")).to_contain_text(
        "start the server or check RECSYS_DATABASE_URL"
    )
    assert "s3cret" not in page.content()
    expect(page.get_by_test_id("stPopoverBody").get_by_label("Name", exact=True)).to_have_value("In the storm")
    expect(card(page, "Before the storm")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
    other = visit(postgres_room)
    other.goto("/Recommendations")
    expect(other.locator(".sw-card").first).to_be_visible(timeout=60_000)
    other.goto("/Tuning")
    expect(other.locator(".sw-metric").first).to_be_visible(timeout=60_000)
    expect(other.locator(".sw-away")).to_contain_text("Presets cannot be read now")
    postgres.start()
    expect(page.locator(".sw-notice", has_text="cannot be reached just now")).to_have_count(0, timeout=30_000)
    settled(page)
    if not page.get_by_test_id("stPopoverBody").count():
        page.get_by_role("button", name="Save this setting").click()
        settled(page)
    expect(page.get_by_test_id("stPopoverBody").get_by_label("Name", exact=True)).to_have_value("In the storm")
    send(page)
    for name in ("Before the storm", "In the storm"):
        expect(card(page, name)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone(visit: Visit, file_room: str, scheme: str) -> None:
    page = opened(visit(file_room, Look(scheme, 400)))  # type: ignore[arg-type]
    save(page, "W" * 80)
    card(page, "W" * 80).get_by_role("button", name="Details").click()
    settled(page)
    screenshot(page, f"presets-{scheme}-400")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth") <= 0

"""A search in a real browser: it runs while another looks on and sliders move, and its result comes by itself."""

from playwright.sync_api import Page, expect

from recsys.settings import COMPONENTS
from recsys.tuning.goals import Constraint, Goal, describe_goal
from tests.browser._chromium import screenshot, settled
from tests.browser.conftest import Visit
from tests.browser.test_going_back import pick

GOAL = Goal("ndcg", (Constraint("ild", 0.3),))
ROOM = "/Tuning?room=Find+good+weights"


_MOVED = """stood => Object.entries(stood).some(([name, value]) =>
    Math.floor(document.querySelector(`.st-key-${name} input[type=range]`)?.value ?? value) !== value)"""


def opened(page: Page) -> Page:
    page.goto(ROOM)
    expect(page.locator(".st-key-goal_metric input")).to_be_visible(timeout=120_000)
    return page


def on_slider(page: Page, name: str) -> int:
    return int(float(page.locator(f".st-key-{name} input[type=range]").input_value()))


def test_sliders_move_in_another_section_while_a_search_runs(visit: Visit, own_room_server: str) -> None:
    page, other = opened(visit(own_room_server)), opened(visit(own_room_server))
    page.get_by_role("button", name="Add a condition").click()
    pick("goal_kind_0", "at least")(page)
    value = page.locator(".st-key-goal_value_0 input")
    value.fill("70")
    value.press("Enter")
    expect(page.locator(".sw-goal-wrong")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Search", exact=True)).to_be_disabled()
    settled(page)
    value.fill("0.3")
    value.press("Enter")
    expect(page.get_by_text(describe_goal(GOAL)).first).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Search", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("progressbar").first).to_be_visible(timeout=30_000)
    # Who looked at the section before sees the search come, and cannot start another.
    expect(other.get_by_text("Everybody who opens this shop sees this search")).to_be_visible(timeout=30_000)
    expect(other.get_by_role("button", name="Search", exact=True)).to_be_disabled()

    page.get_by_text("Live metrics", exact=True).click()
    expect(page.locator('.sw-metric[data-metric="ndcg"]')).to_be_visible(timeout=60_000)
    before = on_slider(page, "semantic")
    page.locator(".st-key-semantic input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    settled(page, timeout_s=60, quiet_ms=1500)
    assert on_slider(page, "semantic") == before + 5
    expect(page.get_by_role("progressbar")).to_have_count(0)  # nothing of the search is left here

    page.get_by_text("Find good weights", exact=True).click()
    result = page.locator(".st-key-chart_found")
    expect(result).to_contain_text(
        "On test shoppers, whose later choices the search did not see, nDCG@10 is", timeout=180_000
    )
    expect(other.locator(".st-key-chart_found")).to_be_visible(timeout=30_000)
    settled(page, timeout_s=60)
    assert on_slider(page, "semantic") == before + 5
    screenshot(page, "find-good-weights")

    star = page.locator(".st-key-chart_search_front .scatterlayer .trace").nth(1).locator("path.point").first
    place = star.bounding_box()
    assert place is not None
    stood = {name: on_slider(page, name) for name in COMPONENTS}
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    page.wait_for_function(_MOVED, arg=stood, timeout=60_000)
    settled(page, timeout_s=60)

    page.get_by_role("button", name="Save as preset").click()
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value(describe_goal(GOAL), timeout=60_000)
    expect(page.get_by_test_id("stException")).to_have_count(0)

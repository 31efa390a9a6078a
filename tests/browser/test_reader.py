"""The reader in a browser: phrases answer mouse, finger and keyboard, strikes arrive, hostile words stay words."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from recsys.jobs.paths import AppPaths
from tests import _demo, _hostile
from tests.browser import _server
from tests.browser._chromium import LOOKS, Look, screenshot, settled
from tests.browser.conftest import Visit
from tests.browser.test_hostile_text import INJECTED

APP = """
import dataclasses
import os
import re
from pathlib import Path

import streamlit as st

from pages._shared import illustrations
from pages.explanations import reader
from recsys.explanations.reading import WordEffect, WordEffects
from recsys.jobs.paths import AppPaths
from recsys.serving.recommender import Recommender

st.set_page_config(layout="wide")
st.html(illustrations.style(st.context.theme.type or "light"))
model = st.cache_resource(lambda: Recommender.load(AppPaths(Path(os.environ["RECSYS_HOME"])).model))()
asked = None if "new" in st.query_params else model.users.sort_values("n_reviews")["user_id"].iloc[-1]
scored = model.scores(asked, st.query_params.get("words", ""))
item = model.rank(model.scores(asked, st.query_params.get("words", ""))).items[0].item_id
struck = st.session_state.setdefault("struck", ())
reading = model.read(model.ablate(scored, struck) if struck else scored, item)
if "nothing" in st.query_params:
    reading = dataclasses.replace(reading, shopper=(), product=())


grumbles = "grumbles" in st.query_params


def opinionated(texts):
    return tuple(
        dataclasses.replace(text, phrases=tuple(
            dataclasses.replace(phrase, polarity=-0.8 if phrase.value < 0 or grumbles else 0.8)
            for phrase in text.phrases
        ))
        for text in texts
    )


reading = dataclasses.replace(reading, shopper=opinionated(reading.shopper), product=opinionated(reading.product))
looked, inside = st.session_state.get("looked"), None
for text in (*reading.shopper, *reading.product):
    for phrase in text.phrases:
        if looked and phrase.name == looked:
            found = re.compile(r"\\w+").finditer(text.document.text, phrase.start, phrase.end)
            spans = [word.span() for word in found]
            pulls = [-0.4 if n % 3 == 1 else 1.0 for n, _ in enumerate(spans)]
            effects = [0.9 * phrase.value * pull / sum(pulls) for pull in pulls]
            if "vague" in st.query_params:
                effects = [phrase.value * 0.01 for _ in spans]
            words = tuple(WordEffect(*span, effect) for span, effect in zip(spans, effects))
            inside = looked, WordEffects(words, phrase.value, phrase.value - sum(effects))


def strike(name):
    st.session_state.struck = reader.toggled(st.session_state.struck, name, reading)


def look(name):
    st.session_state.looked = name


def act(done, name):
    if "slow" in st.query_params:
        st.session_state.later = done, name
    else:
        done(name)


st.title("Reader")
answers = {"on_strike": lambda name: act(strike, name), "on_look_inside": lambda name: act(look, name)}
reader.show_reader(reading, user_id=asked, key="reader", inside=inside, **answers)
if later := st.session_state.pop("later", None):
    later[0](later[1])
    st.rerun()
st.write("struck now:", " ".join(st.session_state.struck) or "none")
"""


def served(folder: Path, home: Path) -> Callable[[], Iterator[str]]:
    """The tiny app on a model, with the look of the real one."""
    place = folder / "app"
    shutil.copytree(_server.ROOT / ".streamlit", place / ".streamlit")
    (place / "reader_app.py").write_text(APP)
    return lambda: _server.running(place / "reader_app.py", home=folder, environment=_demo.environment(home))


@pytest.fixture(scope="module")
def reader_app(chromium: Browser, demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("reader"), demo_home)() as address:
        yield address


@pytest.fixture(scope="module")
def hostile_app(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("hostile_reader")
    home = AppPaths(folder / "recsys")
    _hostile.build(home)
    with served(folder, home.path)() as address:
        yield address


@pytest.fixture
def reader(reader_app: str, visit: Visit) -> Callable[..., Page]:
    """Open the tiny app: `reader("/?new=1&words=warm", Look("dark", 400))`."""

    def opened(address: str = "/", look: Look | None = None) -> Page:
        page = visit(reader_app, look)
        page.goto(address)
        settled(page, timeout_s=120)
        assert page.get_by_test_id("stException").count() == 0
        return page

    return opened


def phrases(page: Page, side: str = "product") -> Locator:
    return page.locator(f".side.{side} .phrase:visible")


def telling(page: Page) -> Locator:
    """A phrase of a review whose partners are in sight."""
    count = phrases(page, "shopper").count()
    for place in range(count):
        phrase = phrases(page, "shopper").nth(place)
        phrase.hover()
        page.wait_for_timeout(200)
        if page.locator(".side.product .partner:visible").count():
            return phrase
    raise AssertionError("no phrase has a partner in sight")


def test_hovering_shows_the_amount_and_the_partners(reader: Callable[..., Page]) -> None:
    page = reader()
    phrase = telling(page)
    pop = page.get_by_role("dialog")
    expect(pop).to_contain_text(re.compile(r"carries \+\d\.\d+ of the score|pulls the score down by −\d\.\d+"))
    expect(pop.locator(".pair").first).to_contain_text(re.compile(r"[+−]0\.\d+"))
    shown = page.locator(".partner:visible").count()
    assert shown
    assert page.locator(".badge").count() == shown
    expect(page.locator(".badge").first).to_have_text(re.compile(r"[+−]0\.\d+"))
    assert "active" in phrase.get_attribute("class")
    page.mouse.move(2, 2)
    expect(pop).to_be_hidden()
    expect(page.locator(".partner")).to_have_count(0)


def test_the_popover_stays_within_the_window_and_names_a_complaint(reader: Callable[..., Page]) -> None:
    page = reader()
    complaint = page.locator(".phrase.complaint:visible").first
    complaint.click()
    pop = page.get_by_role("dialog")
    expect(pop).to_contain_text("complaint that pulls down")
    box, view = pop.bounding_box(), page.viewport_size
    assert box is not None
    assert view is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= view["width"]
    assert box["y"] + box["height"] <= view["height"]
    assert ": minus" in complaint.get_attribute("aria-label")


def test_a_complaint_that_speaks_for_the_product_is_marked_and_named(reader: Callable[..., Page]) -> None:
    page = reader("/?grumbles=1")
    yet = page.locator(".side.product .phrase.complaint.yet:visible").first
    assert yet.evaluate("element => getComputedStyle(element, '::before').content").startswith('"▽')
    yet.click()
    expect(page.get_by_role("dialog")).to_contain_text("complaint, yet it speaks for it")
    expect(page.locator(".legend")).to_contain_text("a complaint, yet it speaks for it")


def test_the_popover_says_what_striking_alone_would_change(reader: Callable[..., Page]) -> None:
    page = reader()
    telling(page)
    expect(page.get_by_role("dialog")).to_contain_text(re.compile(r"the score would change by [+−]?\d\.\d+: the other"))


def test_words_that_explain_little_are_not_shaded(reader: Callable[..., Page]) -> None:
    for address, said, shaded in (
        ("/", "Approximate: words interact", True),
        ("/?vague=1", re.compile(r"Single words explain only \d+% of this phrase"), False),
    ):
        page = reader(address)
        pop = page.get_by_role("dialog")
        telling(page)
        page.locator(".phrase.active").first.click()
        pop.get_by_role("button", name="Look inside").click()
        expect(pop.locator(".inside")).to_contain_text(said, timeout=15_000)
        assert (pop.locator(".inside .word .mark:not(.s0)").count() > 0) == shaded


def test_a_partner_that_is_clicked_is_brought_into_sight(reader: Callable[..., Page]) -> None:
    page = reader()
    phrases(page).first.click()
    pair = page.get_by_role("dialog").locator(".pair").last
    wanted = pair.locator(".pair-words").inner_text()
    pair.click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    active = page.locator(".side.shopper .phrase.active")
    expect(active).to_be_in_viewport()
    assert wanted in active.inner_text().lstrip("+−▼\u2060")


@pytest.mark.parametrize("address", ["/", "/?slow=1"])
def test_striking_and_restoring_a_phrase(reader: Callable[..., Page], address: str) -> None:
    page = reader(address)
    phrase = phrases(page).first
    phrase.click()
    page.get_by_role("button", name="Strike this phrase").click()
    assert "struck" in phrase.get_attribute("class")  # at once, before the server knows
    settled(page)
    expect(page.get_by_text(re.compile(r"struck now: r\d+\.\d+"))).to_be_visible()
    assert "struck" in phrase.get_attribute("class")
    assert phrase.get_attribute("aria-label").endswith("struck, counts for nothing")
    page.get_by_role("button", name="Restore this phrase").click()
    settled(page)
    expect(page.get_by_text("struck now: none")).to_be_visible()
    assert "struck" not in phrase.get_attribute("class")


def test_ticks_that_follow_each_other_quickly_all_arrive(reader: Callable[..., Page]) -> None:
    page = reader()
    ticks = page.locator(".side.product .tick:visible")
    for place in range(3):
        ticks.nth(place).uncheck()
    expect(page.get_by_text(re.compile(r"struck now:( \w:?\w+){3}$"))).to_be_visible(timeout=20_000)
    settled(page)
    assert page.locator(".side.product .text.struck").count() == 3
    ticks.first.check()
    expect(page.get_by_text(re.compile(r"struck now:( \w:?\w+){2}$"))).to_be_visible(timeout=20_000)


def test_looking_inside_shades_words_and_says_what_is_left(reader: Callable[..., Page]) -> None:
    page = reader()
    phrase = phrases(page).first
    phrase.click()
    page.get_by_role("button", name="Look inside").click()
    pop = page.get_by_role("dialog")
    expect(pop.locator(".inside")).to_contain_text(re.compile(r"Approximate: words interact; left over [+−]?0\.\d+"))
    assert pop.locator(".word .mark.up").count()
    assert pop.locator(".word .mark.down").count()


def test_the_keyboard_reaches_everything(reader: Callable[..., Page]) -> None:
    page = reader()
    side = page.locator(".side.product .text:visible").first
    side.locator(".tick").focus()
    page.keyboard.press("Tab")
    focused = "document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot.activeElement"
    first = page.evaluate(f"{focused}.textContent")
    assert page.evaluate(f"{focused}.getAttribute('role')") == "button"
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(f"{focused}.textContent") != first
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(f"{focused}.textContent") == first
    assert side.locator(".phrase[tabindex='0']").count() == 1
    page.keyboard.press("Enter")
    assert page.evaluate(f"{focused}.tagName") == "BUTTON"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.evaluate(f"{focused}.textContent") == first
    page.keyboard.press("ArrowDown")
    assert page.evaluate(f"{focused}.textContent") != first


def test_folds_and_more_open(reader: Callable[..., Page]) -> None:
    page = reader()
    before = phrases(page, "shopper").count()
    page.locator(".side.shopper .more").first.click()
    more = phrases(page, "shopper").count()
    assert more > before
    page.locator(".unfold:visible").first.click()
    assert page.locator(".phrase:visible").count() > more


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_it_fits_every_look(reader: Callable[..., Page], look: Look) -> None:
    page = reader("/?words=a+warm+sleeping+bag+for+cold+nights", look)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    screenshot(page, f"reader-{look}")
    phrases(page).nth(1).click()
    pop = page.get_by_role("dialog")
    expect(pop).to_be_visible()
    page.wait_for_timeout(200)
    if named := os.environ.get("RECSYS_SCREENSHOTS"):
        page.screenshot(path=Path(named) / f"reader-popover-{look}.png")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    left, right = (page.locator(f".side.{side}").bounding_box() for side in ("shopper", "product"))
    assert left is not None
    assert right is not None
    assert (right["x"] > left["x"]) == (look.width > 900)
    box = pop.bounding_box()
    assert box is not None
    if look.width == 400:
        assert box["width"] == 400
        assert box["y"] + box["height"] == pytest.approx(look.height, abs=1)
    assert not problems


def test_a_finger_opens_and_closes(reader_app: str, chromium: Browser) -> None:
    context = chromium.new_context(
        base_url=reader_app, viewport={"width": 400, "height": 860}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto("/")
    settled(page, timeout_s=120)
    expect(page.locator(".how").last).to_have_text("Tap a phrase to see what it answers on the other side.")
    phrases(page).nth(2).tap()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="Close").tap()
    expect(page.get_by_role("dialog")).to_be_hidden()
    context.close()


def test_empty_sides_explain_themselves(reader: Callable[..., Page]) -> None:
    page = reader("/?nothing=1")
    assert page.locator(".side .empty").count() == 2
    new = reader("/?new=1&words=a+quiet+stove")
    expect(new.get_by_text("Nothing written yet: the words typed above are all that is known.")).to_be_visible()
    expect(new.locator(".side.shopper .words")).to_contain_text("a quiet stove")


@pytest.mark.parametrize("look", [Look(), Look("dark", 400)], ids=str)
def test_hostile_words_are_inert_and_shown(hostile_app: str, visit: Visit, look: Look) -> None:
    page = visit(hostile_app, look)
    page.goto("/?" + urlencode({"words": " ".join(("Dry.", *_hostile.ATTACKS[:9]))}))
    settled(page, timeout_s=120)
    assert page.get_by_test_id("stException").count() == 0
    for opener in (".more", ".unfold:visible"):
        while page.locator(opener).count():
            page.locator(opener).first.click()
    for side in ("shopper", "product"):
        phrases(page, side).first.click()
        page.wait_for_timeout(150)
    screenshot(page, f"reader-hostile-{look}")
    assert page.evaluate(f"window.{_hostile.MARKER}") is None
    inside = page.get_by_test_id("stBidiComponentIsolated")
    assert inside.locator(INJECTED).count() == 0
    assert inside.locator("img, svg, script, a, h1").count() == 0
    words = " ".join(page.locator(".words").all_inner_texts())
    assert "<script>" in words
    assert "<img src=x" in words
    assert "ann@example.org" not in words
    assert "4111 1111" not in words
    assert not set(words) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

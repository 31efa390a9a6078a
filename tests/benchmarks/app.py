"""How long a person waits for the app, in a real browser: first start, later start, a moved slider, a struck part.

Run as `python -m tests.benchmarks.app` in a checkout; it needs Chromium, two idle cores and about two minutes. The
first start makes the demo shop, encodes every phrase of it and trains; nothing of an earlier run is used.
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser import _chromium, _server

APP = Path(__file__).resolve().parents[2] / "app.py"
LIST = "/Recommendations"
COMPONENTS = ("collaborative", "content", "semantic", "context")

WHY = "/Explanations"
LEAST_MOVE = 0.1

# From the release of the mouse to the frame in which the list is another one, by the browser's own clock.
_WATCH = """() => {
    const seen = () => [...document.querySelectorAll('.sw-list .sw-card, .sw-mini:last-of-type li')]
        .map(row => row.textContent).join('|');
    window.__arm = () => {
        const before = seen(), released = performance.now();
        window.__took = null;
        const look = () => requestAnimationFrame(() => {
            const now = seen();
            if (now && now !== before) requestAnimationFrame(() => { window.__took = performance.now() - released; });
            else look();
        });
        look();
    };
}"""


def run(n_moves: int = 24) -> dict[str, Any]:
    """Seconds from starting the server to the first list, and milliseconds from a slider or a tick to the new list."""
    executable = _chromium.find()
    if executable is None:
        raise SystemExit("no Chromium here; `make test` says how to get one")
    with tempfile.TemporaryDirectory() as place, _chromium.launched(executable) as browser:
        home, cache = Path(place) / "home", {"RECSYS_CACHE_DIR": f"{place}/cache"}
        return {
            **start(browser, "first_start", home, cache),
            **start(browser, "later_start", home, cache, n_moves),
        }


def start(browser: Browser, name: str, home: Path, environment: dict[str, str], n_moves: int = 0) -> dict[str, Any]:
    """One start of the server, and where `n_moves` is above 0 so many moves and ticks in it.

    Parameters
    ----------
    home : the user's home folder
    """
    begun = time.perf_counter()
    with _server.running(APP, home=home, environment=environment) as address:
        found = {f"{name}_server_s": round(time.perf_counter() - begun, 2)}
        with _chromium.visiting(browser, address, _chromium.Look()) as page:
            page.goto(LIST)
            page.wait_for_selector('[data-testid="stMain"] h1', timeout=60_000)
            found[f"{name}_something_on_screen_s"] = round(time.perf_counter() - begun, 2)
            page.wait_for_selector(".sw-card", timeout=300_000)
            found[f"{name}_first_list_s"] = round(time.perf_counter() - begun, 2)
            if n_moves:
                found |= _moves(page, n_moves)
                page.goto(WHY)
                page.wait_for_selector(".sw-mini", timeout=60_000)
                found |= _strikes(page, n_moves)
    return found


def _moves(page: Page, n_moves: int) -> dict[str, float]:
    _chromium.settled(page)
    page.evaluate(_WATCH)
    took = []
    for move in range(n_moves):
        slider = page.locator(f".st-key-{COMPONENTS[move % 4]} [role=group] > div").first
        track = slider.bounding_box()
        thumb = slider.locator("div").nth(1).bounding_box()
        assert track is not None
        assert thumb is not None
        at = thumb["x"] + thumb["width"] / 2
        page.mouse.move(at, thumb["y"] + thumb["height"] / 2)
        page.mouse.down()
        now, share = (at - track["x"]) / track["width"], 0.15 + 0.7 * ((move * 7) % 11) / 11
        if abs(share - now) < LEAST_MOVE:  # it would come to rest where it was, and no list be another one
            share += 0.3 if now < 0.5 else -0.3
        page.mouse.move(track["x"] + track["width"] * share, track["y"] + track["height"] / 2, steps=4)
        page.evaluate("window.__arm()")
        page.mouse.up()
        page.wait_for_function("window.__took !== null", timeout=10_000)
        took.append(float(page.evaluate("window.__took")))
        page.wait_for_timeout(250)
    return {
        "slider_to_new_list_ms_p50": round(statistics.median(took)),
        "slider_to_new_list_ms_max": round(max(took)),
        "n_moves": len(took),
    }


def _strikes(page: Page, n_moves: int) -> dict[str, float]:
    """Untick one part after the other, and tick it again: every second move restores."""
    _chromium.settled(page)
    page.evaluate(_WATCH)
    took, ticks = [], page.locator('[class*="st-key-tick_"] label')
    n_ticks = min(ticks.count(), 8)
    for move in range(n_moves):
        ticks.nth(move // 2 % n_ticks).hover()
        page.evaluate("window.__arm()")
        page.mouse.down()
        page.mouse.up()
        page.wait_for_function("window.__took !== null", timeout=10_000)
        took.append(float(page.evaluate("window.__took")))
        _chromium.settled(page)
    return {
        "strike_to_new_list_ms_p50": round(statistics.median(took)),
        "strike_to_new_list_ms_max": round(max(took)),
        "n_strikes": len(took),
    }


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=1)
    print()

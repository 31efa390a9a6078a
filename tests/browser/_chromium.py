"""The system's own Chromium under Playwright, and a way to know when a Streamlit page has settled."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# Streamlit marks its root with the state of the script, and what a rerun has not yet drawn again as stale. A rerun
# begins only when the server answers the widget, so all must have been quiet for a while.
_QUIET_FOR = """(quiet_ms) => {
    const app = document.querySelector('[data-testid="stApp"]');
    const busy = !app || app.dataset.testScriptState !== 'notRunning' || app.dataset.testConnectionState !== 'CONNECTED'
        || document.querySelector('[data-stale="true"], [data-testid="stSkeleton"], [data-testid="stSpinner"]');
    if (busy) { window.__quiet_since = undefined; return false; }
    window.__quiet_since ??= performance.now();
    return performance.now() - window.__quiet_since >= quiet_ms;
}"""


@dataclass(frozen=True, slots=True)
class Look:
    """How a visitor sees the app."""

    scheme: Literal["light", "dark"] = "light"
    width: int = 1440

    @property
    def height(self) -> int:
        """A desktop screen, or a telephone held upright."""
        return 1000 if self.width >= 800 else 860

    def __str__(self) -> str:
        return f"{self.scheme}-{self.width}"


LOOKS = tuple(Look(scheme, width) for scheme in ("light", "dark") for width in (1440, 400))


def find() -> str | None:
    """Path of a Chromium: RECSYS_CHROMIUM, or the first known name on the PATH, or None."""
    named = os.environ.get("RECSYS_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def launched(executable: str) -> Iterator[Browser]:
    """A headless browser, closed at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(browser: Browser, address: str, look: Look) -> Iterator[Page]:
    """A page of a fresh visitor; relative addresses such as `page.goto("/Recommendations")` are those of the app."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": look.width, "height": look.height},
        color_scheme=look.scheme,
        reduced_motion="reduce",
        accept_downloads=True,
    )
    try:
        yield context.new_page()
    finally:
        context.close()


class Visitors:
    """Visitors of one browser, who come in pages that stay open: a new page would load and compile the app anew."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[str, list[Page]] = {}

    @contextmanager
    def visiting(self, address: str, look: Look) -> Iterator[Page]:
        """A page like that of `visiting`; whatever it stored is gone at the end, and so are pages that it opened."""
        free = self._free.setdefault(address, [])
        page = free.pop() if free else self._browser.new_context(base_url=address, accept_downloads=True).new_page()
        page.set_viewport_size({"width": look.width, "height": look.height})
        page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")
        yield page
        page.goto("about:blank")
        for each in page.context.pages:
            if each is not page:
                each.close()
        everything = {"origin": address, "storageTypes": "cookies,local_storage,indexeddb,service_workers"}
        page.context.new_cdp_session(page).send("Storage.clearDataForOrigin", everything)
        free.append(page)


def settled(page: Page, *, timeout_s: float = 60, quiet_ms: int = 300) -> Page:
    """Wait until Streamlit has run the script, drawn everything, and stayed quiet; gives the page back.

    Raises
    ------
    playwright.sync_api.TimeoutError : it is still busy after `timeout_s`
    """
    page.evaluate("() => { window.__quiet_since = undefined; }")
    page.wait_for_function(_QUIET_FOR, arg=quiet_ms, timeout=timeout_s * 1000, polling=50)
    return page


def screenshot(page: Page, name: str, folder: Path | None = None) -> Path | None:
    """Save what is on the page, from top to bottom, as `name`.png; into RECSYS_SCREENSHOTS unless a folder is given.

    Without either nothing is saved and the answer is None.
    """
    named = os.environ.get("RECSYS_SCREENSHOTS")
    place = folder or (Path(named) if named else None)
    if place is None:
        return None
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}.png"
    before = page.viewport_size
    assert before is not None
    # Streamlit scrolls inside its own main block, so "the whole page" is a window as tall as that block's content.
    tall = page.evaluate(
        """() => Math.ceil(Math.max(...['stMain', 'stSidebarContent'].map(
            (id) => document.querySelector(`[data-testid="${id}"]`)?.scrollHeight ?? 0)))"""
    )
    page.set_viewport_size({"width": before["width"], "height": max(before["height"], min(tall, 8000))})
    settled(page)
    page.screenshot(path=path)
    page.set_viewport_size(before)
    return path

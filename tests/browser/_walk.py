"""A walk through the states of a page, and the ways back to each of them: Back, Forward, reload, and the link itself."""

import re
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

from tests.browser._chromium import settled

# What a person reads and what the controls hold. Left out: marks of what has just moved and how often settings were
# looked at, which tell of the way and not of the place.
_SHOWN = """() => {
    const main = document.querySelector('[data-testid="stMain"]');
    const passing = new Set(main.querySelectorAll('.sw-move, .sw-tiles-note, .sw-moved-by'));
    const text = (node) => node.nodeType === Node.TEXT_NODE ? node.textContent
        : node.nodeType !== Node.ELEMENT_NODE || passing.has(node) || node.closest('svg, canvas, style, script') ? ''
        : [...node.childNodes].map(text).join(' ');
    const held = [...main.querySelectorAll('input')].map((input) =>
        `${input.getAttribute('aria-label') ?? ''}=${['checkbox', 'radio'].includes(input.type) ? input.checked : input.value}`);
    const chosen = [...main.querySelectorAll('[aria-checked="true"], [aria-pressed="true"], [aria-selected="true"]')]
        .map((each) => each.innerText);
    const listed = [...main.querySelectorAll('[data-item]')].map((each) => each.dataset.item);
    return { text: text(main).replace(/\\s+/g, ' ').trim(), held, chosen, listed };
}"""


def shown(page: Page) -> dict[str, Any]:
    """Everything that is on the page: its text, what its controls hold, what is chosen and which products it lists."""
    found: dict[str, Any] = page.evaluate(_SHOWN)
    return found


def place(page: Page) -> str:
    """The address without the server."""
    return re.sub(r"^https?://[^/]+", "", page.url)


@dataclass
class Walk:
    """The states of a visit in their order, each with its address."""

    page: Page
    stops: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def note(self, what: str = "") -> "Walk":
        """Take down where the page stands; what is new on it must be new in the address as well."""
        settled(self.page, timeout_s=120)
        address, now = place(self.page), shown(self.page)
        known = dict(self.stops)
        assert known.get(address, now) == now, f"{what}: another state at the same address {address}"
        if not self.stops or self.stops[-1][0] != address:
            self.stops.append((address, now))
        return self

    def back(self) -> None:
        """Go back stop by stop to the first; every one shows what it showed."""
        for stop in reversed(self.stops[:-1]):
            self.page.go_back(wait_until="commit")
            self._is_at(stop, "Back")

    def forward(self) -> None:
        """And forward again to the last."""
        for stop in self.stops[1:]:
            self.page.go_forward(wait_until="commit")
            self._is_at(stop, "Forward")

    def reload(self) -> None:
        """Loading the page again shows the same."""
        self.page.reload(wait_until="commit")
        self._is_at(self.stops[-1], "reload")

    def open_cold(self, visitor: Page) -> None:
        """Every address, opened by somebody else, shows what it showed here."""
        for stop in self.stops:
            visitor.goto(stop[0], wait_until="commit")
            _is_at(visitor, stop, "link")

    def _is_at(self, stop: tuple[str, dict[str, Any]], way: str) -> None:
        _is_at(self.page, stop, way)


def _is_at(page: Page, stop: tuple[str, dict[str, Any]], way: str) -> None:
    settled(page, timeout_s=120)
    assert place(page) == stop[0], way
    assert shown(page) == stop[1], f"{way} to {stop[0]}"

"""A walk through the states of a page, and the ways back to each: Back, Forward, loading again, and the link itself."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import unified_diff
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

from playwright.sync_api import Page, TimeoutError

from tests.browser._chromium import settled

Act = Callable[[Page], None]
State = dict[str, Any]

# What a person reads and what the controls hold. Left out: marks of what has just moved and how many settings were
# looked at, which tell of the way and not of the place.
_SHOWN = """() => {
    const main = document.querySelector('[data-testid="stMain"]');
    if (!main) return null;
    const left_out = 'svg, canvas, style, script, .sw-move, .sw-tiles-note, [data-testid="InputInstructions"]';
    const text = (node) => node.nodeType === Node.TEXT_NODE ? node.textContent
        : node.nodeType !== Node.ELEMENT_NODE || node.matches(left_out) ? '' : [...node.childNodes].map(text).join(' ');
    const held = [...main.querySelectorAll('input')].map((input) => [input.getAttribute('aria-label'),
        ['checkbox', 'radio'].includes(input.type) ? input.checked : input.value]);
    const chosen = [...main.querySelectorAll('[aria-checked="true"], [aria-pressed="true"], [aria-selected="true"]')]
        .filter((each) => !each.closest('[data-testid="stDataFrame"]')).map((each) => each.innerText);
    return { text: text(main).replace(/\\s+/g, ' ').trim(), held, chosen };
}"""

_IS_SHOWN = f"(state) => JSON.stringify(({_SHOWN})()) === JSON.stringify(state)"


def shown(page: Page) -> State:
    """Everything that is on the page: its text, what its controls hold, and what is chosen."""
    found: State = page.evaluate(_SHOWN)
    return found


def place(page: Page) -> str:
    """The address without the server."""
    return re.sub(r"^https?://[^/]+", "", page.url)


@dataclass
class Walk:
    """The states of a visit in their order, each with its address."""

    page: Page
    stops: list[tuple[str, State]] = field(default_factory=list)

    def go(self, address: str, acts: dict[str, Act]) -> "Walk":
        """Open a page and do one thing after another; what is another state has another address."""
        self.page.goto(address)
        self._note("open")
        for name, act in acts.items():
            before = self.page.url
            act(self.page)
            try:
                self.page.wait_for_function("(before) => location.href !== before", arg=before)
            except TimeoutError as error:
                raise AssertionError(f"{name}: still at {place(self.page)}") from error
            self._note(name)
        return self

    def _note(self, what: str) -> None:
        try:
            self.page.locator("h1").first.wait_for(timeout=120_000)
        except TimeoutError as error:
            raise AssertionError(f"{what}: no page, but {self.page.inner_text('body')[:600]!r}") from error
        now = shown(settled(self.page, timeout_s=120))
        while now != (later := shown(settled(self.page))):  # what was done led to another run by itself
            now = later
        address = place(self.page)
        known = dict(self.stops).get(address, now)
        assert known == now, f"{what}: another state at the same address {address}"
        if not self.stops or self.stops[-1][0] != address:
            self.stops.append((address, now))

    def back(self) -> None:
        """Go back to the first stop; each shows what it showed."""
        for stop in reversed(self.stops[:-1]):
            self.page.go_back(wait_until="commit")
            _is_at(self.page, stop, "Back")

    def forward(self, step: int = 3) -> None:
        """Go forward to the last stop, some stops at once as from the browser's own list; each shows what it showed."""
        last = len(self.stops) - 1
        for here, there in pairwise([*range(0, last, step), last]):
            self.page.evaluate("(n) => history.go(n)", there - here)
            _is_at(self.page, self.stops[there], "Forward")

    def open_cold(self, visitor: Page) -> None:
        """Links, opened by another visitor, show what they showed here; the last is loaded again as well.

        Of all addresses so few that every page, and every value of every parameter, is opened by a link.
        """
        states = dict(self.stops)
        said = {address: _parts(address) for address in states}
        left = set().union(*said.values())
        while left:
            address = max(said, key=lambda each: len(said[each] & left))
            left -= said[address]
            visitor.goto(address, wait_until="commit")
            _is_at(visitor, (address, states[address]), "the link")
        self.page.reload(wait_until="commit")
        _is_at(self.page, self.stops[-1], "loading again")


def _parts(address: str) -> set[tuple[str, str, str]]:
    """The page, and each parameter with each of its values."""
    page, _, query = address.partition("?")
    return {(page, "", ""), *((page, name, value) for name, value in parse_qsl(query, keep_blank_values=True))}


def _is_at(page: Page, stop: tuple[str, State], way: str) -> None:
    with suppress(TimeoutError):  # the comparison below says what is different
        page.wait_for_function(_IS_SHOWN, arg=stop[1], timeout=20_000, polling=100)
    settled(page, timeout_s=120, quiet_ms=100)
    assert place(page) == stop[0], f"{way} led to another address"
    different = _difference(stop[1], shown(page))
    assert not different, f"{way} to {stop[0]} shows something else: {different}"


def _difference(expected: State, found: State) -> list[str]:
    """What a state lacks (-) and has too much of (+), words and controls in their order."""
    before, after = (
        [*state["text"].split(), *map(str, state["held"]), *map(str, state["chosen"])] for state in (expected, found)
    )
    return [line for line in unified_diff(before, after, n=2, lineterm="")][2:]

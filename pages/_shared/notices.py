"""Notices and empty states, every value escaped, and what of an address Streamlit would drop without a word."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

import streamlit as st

from pages._shared.address import Query, addressed
from pages._shared.cards import esc
from pages._shared.illustrations import tile_html
from pages._shared.view import ANY, CARDS, KNOWN, LENGTHS, MAX_WEIGHT, MAX_WORDS, METHODS, NEW, TABLE, Choices
from pages._shared.words import sentence
from recsys.settings import COMPONENTS

_EXPLAINED = "address_explained"
_MOST_NAMED = 16


def notice_html(title: str, lines: Sequence[str] = ()) -> str:
    """A notice above the content; screen readers hear it at once."""
    items = "".join(f'<li dir="auto">{esc(line)}</li>' for line in lines)
    listed = f"<ul>{items}</ul>" if items else ""
    return f'<section class="sw-notice" role="alert"><strong>{esc(title)}</strong>{listed}</section>'


def empty_html(title: str, reason: str) -> str:
    """An empty state: what is missing and what to do about it."""
    why = f'<p dir="auto">{esc(sentence(reason))}</p>'
    return f'<section class="sw-empty">{tile_html(None)}<h2>{esc(title)}</h2>{why}</section>'


def notes_html(notes: Sequence[str]) -> str:
    """What a person should know about a request, in one paragraph."""
    return f'<p class="sw-hint" dir="auto">{esc(" ".join(map(sentence, notes)))}</p>'


def explain_address(choices: Choices, query: Query | None = None, offered: Callable[[], Query] = dict) -> None:
    """List, once a visit, what of a shared address no control here can hold; the rest of the address counts.

    `query` is the address before widgets took such values out of it, None where none is drawn yet; `offered` gives the
    values of controls that only one page has, by name.
    """
    if st.session_state.get(_EXPLAINED):
        return
    st.session_state[_EXPLAINED] = True
    query = addressed() if query is None else query
    problems = complaints(query, choices)
    for name, values in offered().items():
        if name in query and query[name] and query[name][-1] not in values:
            more = len(values) - _MOST_NAMED
            named = ", ".join(values[:_MOST_NAMED]) + (f", or {more:,} more" if more > 0 else "")
            problems.append(f"{name} = {query[name][-1][:60]!r}: not one of {named}")
    if problems:
        st.html(notice_html("Part of this link cannot be used here, and defaults stand in for it:", problems))


def complaints(query: Query, choices: Choices) -> list[str]:
    """What of an address cannot be used here, one sentence each; names that are not ours are left alone."""
    problems = {name: check(query[name]) for name, check in _checks(choices).items() if name in query}
    return [
        f"{name} = {', '.join(repr(value[:60]) for value in query[name])}: {problem}"
        for name, problem in problems.items()
        if problem
    ]


def _checks(choices: Choices) -> dict[str, Callable[[Sequence[str]], str]]:
    """By parameter, what says why its values cannot be used, or "" where they can."""
    selects: dict[str, Sequence[str]] = {
        "who": (KNOWN, NEW),
        **{name: (ANY, *option.values) for name, option in choices.options.items() if name != "moment"},
        "n": tuple(map(str, LENGTHS)),
        "method": tuple(METHODS),
        **dict.fromkeys(("seen", "unavailable"), ("true", "false")),
        "view": (CARDS, TABLE),
    }
    return {
        **{name: partial(_one_of, allowed) for name, allowed in selects.items()},
        **{name: partial(_number, 0, MAX_WEIGHT) for name in COMPONENTS},
        "date": partial(_day, choices),
        "diversity": partial(_number, 0, 1),
        "category": partial(_all_of, choices.categories),
        "price": partial(_range, choices.price_low, choices.price_high),
        **dict.fromkeys(("words", "added"), _short),
    }


def _short(values: Sequence[str]) -> str:
    return f"longer than {MAX_WORDS} characters" if len(values[-1]) > MAX_WORDS else ""


def _one_of(allowed: Sequence[str], values: Sequence[str]) -> str:
    if values[-1] in allowed:
        return ""
    return f"not one of {', '.join(allowed)}" if len(allowed) > 1 else "this shop's data cannot tell it apart"


def _all_of(allowed: Sequence[str], values: Sequence[str]) -> str:
    strange = [value for value in values if value and value not in allowed]
    return f"no such category in this shop: {', '.join(strange)}" if strange else ""


def _number(low: float, high: float, values: Sequence[str]) -> str:
    return "" if _is_between(low, high, values[-1]) else f"not a number from {low:g} to {high:g}"


def _range(low: int, high: int, values: Sequence[str]) -> str:
    fits = len(values) == 2 and all(_is_between(low, high, value) for value in values)
    return "" if fits else f"not two prices from {low} to {high}"


def _is_between(low: float, high: float, text: str) -> bool:
    try:
        return low <= float(text) <= high
    except ValueError:
        return False


def _day(choices: Choices, values: Sequence[str]) -> str:
    try:
        day = date.fromisoformat(values[-1])
    except ValueError:
        return "not a date such as 2026-05-31"
    if choices.first_day <= day <= choices.last_day:
        return ""
    return f"not from {choices.first_day} to {choices.last_day}; an earlier day would be judged with hindsight"

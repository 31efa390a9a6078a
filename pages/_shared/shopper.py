"""Who the list is for: finding a shopper, or being a new one."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages._shared import address, controls, resources, words
from pages._shared.cards import empty_html
from pages._shared.controls import button, switch
from pages._shared.view import ANY, KNOWN, MAX_WORDS, NEW, Choices
from recsys.serving.recommender import Recommender

MAX_LISTED = 2000
"""So many shoppers, or products, at most are sent to the browser; any other can be typed."""

PARAMETER = "shopper"
"""Who it is; without it the first shopper, empty for a box that was cleared."""
EXCLUDED = "strike"
"""What is left out of an explanation; the parameter may stand in the address many times."""
_BEFORE = "known_before"


@dataclass(frozen=True, slots=True)
class TargetUser:
    """Whose list is asked for: a known shopper, or a new one with their words, if they have typed any by now."""

    user_id: str | None
    words: str
    is_new: bool = False

    @property
    def is_somebody(self) -> bool:
        """Whether there is anything to rank by."""
        return self.user_id is not None or bool(self.words.strip())


def choose(model: Recommender, choices: Choices) -> TargetUser:
    """The picker above the page."""
    with st.container(horizontal=True, vertical_alignment="center", key="picker"):
        more: dict[str, Any] = {"label_visibility": "collapsed", "on_change": _change_kind, "args": (choices,)}
        who = switch("Recommend for", [KNOWN, NEW], "who", **more)
        return _new_shopper(model) if who == NEW else _known_shopper(model)


def _known_shopper(model: Recommender) -> TargetUser:
    matching = _matching(model)
    ids = list(matching[:MAX_LISTED])
    st.session_state["shopper"] = user_id = _requested(model)
    st.selectbox(
        "Shopper",
        ids,
        index=None,
        key="shopper",
        placeholder="Type a shopper's id",
        accept_new_options=True,
        label_visibility="collapsed",
        width="stretch",
        on_change=lambda: _request(st.session_state.get("shopper")),
    )
    with st.popover("Find", icon=":material/search:", key="find_popover"):
        _finder(model, len(matching))
    more = {"help": "A random shopper among those that match", "disabled": not ids}
    button("Surprise me", "random", "shuffle", _pick_random, model, tuple(ids), **more)
    return TargetUser(user_id, "")


def _requested(model: Recommender) -> str | None:
    """The shopper of the address: the first one where it names none, nobody where the box was cleared."""
    named = st.query_params.get(PARAMETER)
    if named is not None or not len(model.users):
        return (named or "").strip() or None
    return resources.matching_shoppers(model, ANY, ANY, ANY)[0]


def _request(user_id: str | None) -> None:
    """Put another shopper into the address, without what was left out for the one before."""
    address.put(PARAMETER, user_id or "")
    restore_all()


def restore_all() -> None:
    """Let everything count again in an explanation, words that were added excepted."""
    st.query_params.pop(EXCLUDED, None)
    st.session_state["added"] = ""


def _change_kind(choices: Choices) -> None:
    """Follow the choice of the other kind of shopper; the known one before is kept until that kind is chosen again."""
    controls.swap_default_weights(choices)
    restore_all()
    if st.session_state["who"] == NEW:
        st.session_state[_BEFORE] = st.query_params.get(PARAMETER)
        address.put(PARAMETER, None)
    else:
        address.put(PARAMETER, st.session_state.pop(_BEFORE, None))


def _matching(model: Recommender) -> tuple[str, ...]:
    wanted = (str(st.session_state.get(f"find_{name}", ANY)) for name in ("activity", "category", "region"))
    return resources.matching_shoppers(model, *wanted)


def _show_match(model: Recommender) -> None:
    """Show the first that matches, unless the one on screen does."""
    matching = _matching(model)
    if matching and _requested(model) not in matching:
        _request(matching[0])


def _finder(model: Recommender, n_found: int) -> None:
    users = model.users
    n_each = users["activity"].value_counts()
    follow: dict[str, Any] = {"on_change": _show_match, "args": (model,)}
    st.pills(
        "Activity",
        [ANY, "Hot", "Warm", "Cold"],
        default=ANY,
        required=True,
        key="find_activity",
        format_func=lambda name: name if name == ANY else f"{name} ({n_each.get(name.casefold(), 0):,})",
        help="Hot: 10 or more products chosen. Warm: fewer. Cold: none, a hard case for any recommender.",
        **follow,
    )
    st.selectbox("Favourite category", [ANY, *_values(users["top_category"])], key="find_category", **follow)
    regions = _values(users["region"])
    reason = None if regions else "No regions on record."
    st.selectbox("Region", [ANY, *regions], key="find_region", disabled=not regions, help=reason, **follow)
    listed = "the list beside shows them, most vocal first."
    if n_found > MAX_LISTED:
        listed = f"the list beside shows the {MAX_LISTED:,} most vocal. Any other id can be typed there."
    counted = f"{words.count(n_found, 'shopper matches', 'shoppers match')}; {listed}"
    st.caption(counted if n_found else "No shopper matches all of this; open one of the three up again.")


def _values(column: pd.Series) -> list[str]:
    return sorted({str(value) for value in column.dropna() if str(value)}, key=str.casefold)


def _pick_random(model: Recommender, ids: tuple[str, ...]) -> None:
    now = _requested(model)
    others = [user_id for user_id in ids if user_id != now] or list(ids)
    _request(others[int(np.random.default_rng().integers(len(others)))])


def _new_shopper(model: Recommender) -> TargetUser:
    resources.warm_encoder(model)
    question = "What are you looking for, or what do you like?"
    typed = words_input(question, "words", question, label_visibility="collapsed")
    return TargetUser(None, typed, is_new=True)


def words_input(label: str, key: str, placeholder: str, **more: Any) -> str:
    """A box for words of a shopper, held in the address."""
    options: dict[str, Any] = {"max_chars": MAX_WORDS, "icon": ":material/edit:", "bind": "query-params", **more}
    return st.text_input(label, key=key, placeholder=placeholder, **options) or ""


def show_start(model: Recommender, choices: Choices, user: TargetUser, then: str) -> None:
    """A page without anybody to rank for: what to do, what it shows `then`, and words to start from."""
    with st.container(key="nobody_yet"):
        if user.is_new:
            title, do = "Tell us what they are after", "Type it above in your own words: a product, a use, a mood."
        else:
            title, do = "No shopper is chosen", "Choose one above, or say what a new shopper is after."
        st.html(empty_html(title, f"{do} {then} Or start from one of these:"))
        with st.container(horizontal=True, horizontal_alignment="center", key="examples"):
            for n, text in enumerate(resources.first_words(model)):
                # The list is a fragment of its own; whose list it is is drawn outside, so the whole page has to run.
                if button(text, f"example_{n}", "format_quote", _type_words, choices, text):
                    st.rerun()


def _type_words(choices: Choices, text: str) -> None:
    if st.session_state.get("who", KNOWN) != NEW:
        st.session_state["who"] = NEW
        _change_kind(choices)
    address.hold("words", text)

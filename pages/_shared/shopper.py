"""Who the list is for: finding a shopper, or being a new one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from pages._shared import address, controls, resources, words
from pages._shared.notices import empty_html
from pages._shared.view import ANY, KNOWN, MAX_WORDS, NEW, Choices
from recsys.serving.recommender import Recommender

MAX_LISTED = 2000
"""So many ids at most are sent to the browser; any other can be typed."""

PARAMETER = "shopper"
"""Who it is; without it the first shopper, empty for a box that was cleared."""
EXCLUDED = "strike"
"""What is left out of an explanation; the parameter may stand in the address many times."""
_BEFORE = "known_before"

NOBODY = "No shopper matches all of this; open one of the three up again."


@dataclass(frozen=True, slots=True)
class TargetUser:
    """Whose list is asked for: a known shopper, or the words of a new one; neither is "nobody yet".

    Parameters
    ----------
    is_new : a new shopper was chosen, whether they said something by now or not
    """

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
        who = st.segmented_control(
            "Recommend for",
            [KNOWN, NEW],
            default=KNOWN,
            required=True,
            key="who",
            label_visibility="collapsed",
            on_change=_other_kind,
            args=(choices,),
            bind="query-params",
        )
        if who == NEW:
            return _new_shopper(model)
        return _known_shopper(model)


def _known_shopper(model: Recommender) -> TargetUser:
    found = _matching(model)
    ids = list(found[:MAX_LISTED])
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
        on_change=_picked,
    )
    with st.popover("Find", icon=":material/search:", key="find_popover"):
        _finder(model, len(found))
    st.button(
        "Surprise me",
        key="random",
        icon=":material/shuffle:",
        help="A random shopper among those that match",
        disabled=not ids,
        on_click=_pick_random,
        args=(model, tuple(ids)),
    )
    return TargetUser(user_id, "")


def _requested(model: Recommender) -> str | None:
    """Who the address asks for: the first shopper where it names none, nobody where the box was cleared."""
    said = st.query_params.get(PARAMETER)
    if said is not None or not len(model.users):
        return (said or "").strip() or None
    return resources.matching_shoppers(model, ANY, ANY, ANY)[0]


def _picked() -> None:
    _request(st.session_state.get("shopper"))


def _request(user_id: str | None) -> None:
    """Let the address name another shopper; what was argued about one says nothing of another."""
    address.put(PARAMETER, user_id or "")
    restore_all()


def restore_all() -> None:
    """Let everything count again in an explanation, words that were added excepted."""
    st.query_params.pop(EXCLUDED, None)
    st.session_state["added"] = ""


def _other_kind(choices: Choices) -> None:
    """The other kind of shopper was chosen; a known one is out of the address until they are come back to."""
    controls.other_kind(choices)
    restore_all()
    if st.session_state["who"] == NEW:
        st.session_state[_BEFORE] = st.query_params.get(PARAMETER)
        address.put(PARAMETER, None)
    else:
        address.put(PARAMETER, st.session_state.pop(_BEFORE, None))


def _matching(model: Recommender) -> tuple[str, ...]:
    wanted = (str(st.session_state.get(f"find_{name}", ANY)) for name in ("activity", "category", "region"))
    return resources.matching_shoppers(model, *wanted)


def _follow(model: Recommender) -> None:
    """Show the first that matches, unless the one on screen does."""
    found = _matching(model)
    if found and _requested(model) not in found:
        _request(found[0])


def _finder(model: Recommender, n_found: int) -> None:
    users = model.users
    n_each = users["activity"].value_counts()
    st.pills(
        "Activity",
        [ANY, "Hot", "Warm", "Cold"],
        default=ANY,
        required=True,
        key="find_activity",
        format_func=lambda name: name if name == ANY else f"{name} ({n_each.get(name.casefold(), 0):,})",
        help="Hot: 10 or more products chosen. Warm: fewer. Cold: none, a hard case for any recommender.",
        on_change=_follow,
        args=(model,),
    )
    categories = [ANY, *_values(users["top_category"])]
    st.selectbox("Favourite category", categories, key="find_category", on_change=_follow, args=(model,))
    regions = _values(users["region"])
    st.selectbox(
        "Region",
        [ANY, *regions],
        key="find_region",
        on_change=_follow,
        args=(model,),
        disabled=not regions,
        help=None if regions else "No regions on record.",
    )
    listed = "the list beside shows them, most vocal first."
    if n_found > MAX_LISTED:
        listed = f"the list beside shows the {MAX_LISTED:,} most vocal. Any other id can be typed there."
    st.caption(f"{words.count(n_found, 'shopper matches', 'shoppers match')}; {listed}" if n_found else NOBODY)


def _values(column: pd.Series) -> list[str]:
    return sorted({str(value) for value in column.dropna() if str(value)}, key=str.casefold)


def _pick_random(model: Recommender, ids: tuple[str, ...]) -> None:
    now = _requested(model)
    others = [user_id for user_id in ids if user_id != now] or list(ids)
    _request(others[int(np.random.default_rng().integers(len(others)))])


def _new_shopper(model: Recommender) -> TargetUser:
    resources.warm_encoder(model)
    said = st.text_input(
        "What are you looking for, or what do you like?",
        key="words",
        max_chars=MAX_WORDS,
        placeholder="What are you looking for, or what do you like?",
        icon=":material/edit:",
        label_visibility="collapsed",
        bind="query-params",
    )
    return TargetUser(None, said or "", is_new=True)


def nobody_yet(model: Recommender, choices: Choices, user: TargetUser, then: str) -> None:
    """The page without anybody to rank for: what to do, what the page shows then, words to start from.

    Parameters
    ----------
    then : what the page shows of a new shopper who has said something
    """
    with st.container(key="nobody_yet"):
        if user.is_new:
            title, do = "Tell us what they are after", "Type it above in your own words: a product, a use, a mood."
        else:
            title, do = "No shopper is chosen", "Choose one above, or say what a new shopper is after."
        st.html(empty_html(title, f"{do} {then} Or start from one of these:"))
        _examples(model, choices)


def _examples(model: Recommender, choices: Choices) -> None:
    """Words to start from, for a visitor who has none yet."""
    with st.container(horizontal=True, horizontal_alignment="center", key="examples"):
        for place, text in enumerate(resources.first_words(model)):
            # The list is a fragment of its own; whose list it is stands outside, so the whole page has to run again.
            if st.button(
                text, key=f"example_{place}", icon=":material/format_quote:", on_click=_say, args=(choices, text)
            ):
                st.rerun()


def _say(choices: Choices, text: str) -> None:
    """Let a new shopper say something, whoever was asked for before."""
    if st.session_state.get("who", KNOWN) != NEW:
        st.session_state["who"] = NEW
        _other_kind(choices)
    address.hold("words", text)

"""Who the list is for: finding a shopper, or being a new one; and what is known of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages._shared import controls, illustrations, resources, words
from pages._shared.cards import esc, isolated
from pages._shared.view import ANY, KNOWN, MAX_WORDS, NEW, Choices
from recsys.recommender import Recommender

MAX_LISTED = 2000
"""So many ids at most are sent to the browser; any other can be typed."""

MAX_LISTED_ACTS = 60
"""So many acts at most are listed, newest first."""

CHOICES_OF_KIND = ("review", "purchase", "recommend")
"""Acts that say what somebody wants; views and carts are listed only where there is nothing else."""

EXAMPLES = (
    "light tent that stays dry in heavy rain",
    "something cosy for cold evenings at home",
    "quiet, easy to clean, not too big",
)


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose list is asked for: a known shopper, or the words of a new one; neither is "nobody yet"."""

    user_id: str | None
    words: str

    @property
    def is_somebody(self) -> bool:
        """Whether there is anything to rank by."""
        return self.user_id is not None or bool(self.words.strip())


def choose(model: Recommender, choices: Choices) -> Asker:
    """The picker above the page."""
    controls.start(choices)
    with st.container(horizontal=True, vertical_alignment="center", key="picker"):
        who = st.segmented_control(
            "Recommend for",
            [KNOWN, NEW],
            default=KNOWN,
            required=True,
            key="who",
            label_visibility="collapsed",
            on_change=controls.other_kind,
            args=(choices,),
            bind="query-params",
        )
        if who == NEW:
            return _new_shopper(model)
        return _known_shopper(model)


def _known_shopper(model: Recommender) -> Asker:
    users = model.users
    found = _found(model)
    ids = list(found[:MAX_LISTED])
    if "shopper" not in st.session_state and "shopper" not in st.query_params and len(users):
        st.session_state["shopper"] = resources.found_shoppers(model, model.model_id, ANY, ANY, ANY)[0]
    user_id = st.selectbox(
        "Shopper",
        ids,
        index=None,
        key="shopper",
        placeholder="Type a shopper's id",
        accept_new_options=True,
        label_visibility="collapsed",
        width=300,
        bind="query-params",
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
        args=(tuple(ids),),
    )
    return Asker(user_id or None, "")


def _found(model: Recommender) -> tuple[str, ...]:
    wanted = (str(st.session_state.get(f"find_{name}", ANY)) for name in ("activity", "category", "region"))
    return resources.found_shoppers(model, model.model_id, *wanted)


def _follow(model: Recommender) -> None:
    """Show the first that matches, unless the one on screen does."""
    found = _found(model)
    if found and st.session_state.get("shopper") not in found:
        st.session_state["shopper"] = found[0]


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
    st.selectbox(
        "Favourite category",
        [ANY, *_values(users["top_category"])],
        key="find_category",
        on_change=_follow,
        args=(model,),
    )
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
    st.caption(
        f"{words.count(n_found, 'shopper matches', 'shoppers match')}; the list beside shows them, most vocal first."
    )


def _values(column: pd.Series) -> list[str]:
    return sorted({str(value) for value in column.dropna() if str(value)}, key=str.casefold)


def _pick_random(ids: tuple[str, ...]) -> None:
    others = [user_id for user_id in ids if user_id != st.session_state.get("shopper")] or list(ids)
    st.session_state["shopper"] = others[int(np.random.default_rng().integers(len(others)))]


def _new_shopper(model: Recommender) -> Asker:
    resources.warm_encoder(model, model.model_id)
    said = st.text_input(
        "What are you looking for, or what do you like?",
        key="words",
        max_chars=MAX_WORDS,
        placeholder="What are you looking for, or what do you like?",
        icon=":material/edit:",
        label_visibility="collapsed",
        bind="query-params",
    )
    return Asker(None, said or "")


def examples() -> None:
    """Words to start from, for a visitor who has none yet."""
    with st.container(horizontal=True, horizontal_alignment="center", key="examples"):
        for place, text in enumerate(EXAMPLES):
            st.button(text, key=f"example_{place}", icon=":material/format_quote:", on_click=_say, args=(text,))


def _say(text: str) -> None:
    st.session_state["words"] = text


def panel(model: Recommender, asker: Asker) -> None:
    """What is known of the shopper: who they are in a line, then what they did and wrote, newest first."""
    with st.container(key="shopper_panel"):
        if asker.user_id is None:
            st.html(_newcomer(asker))
            return
        person = model.users.iloc[model.user_row(asker.user_id)]
        acts = resources.history(model, model.model_id, asker.user_id)
        st.html(_person(person))
        st.html(_history(acts))


def _newcomer(asker: Asker) -> str:
    said = (
        f'<p class="sw-history-text" dir="auto">“{esc(asker.words)}”</p>'
        if asker.words.strip()
        else '<p class="sw-note">Nothing said yet.</p>'
    )
    return (
        f'<p class="sw-eyebrow">New shopper</p>{said}<p class="sw-note" style="margin-top:.8rem">There are no '
        "purchases and no reviews to learn from. The words are matched, by meaning, with what is written of each "
        "product.</p>"
    )


def _person(person: pd.Series) -> str:
    facts = [
        str(person["activity"]).capitalize(),
        f"{words.count(int(person['n_interactions']), 'product')} chosen",
        f"{words.count(int(person['n_reviews']), 'review')} written",
    ]
    for value, said in (
        (person["top_category"], "mostly {}"),
        (person["region"], "{}"),
        (person["device"], "{}"),
    ):
        if isinstance(value, str) and value:
            facts.append(said.format(value))
    if pd.notna(person["last_active"]):
        facts.append(f"last seen {words.day_short(person['last_active'])}")
    chips = "".join(f'<li class="sw-chip">{isolated(fact)}</li>' for fact in facts)
    return (
        '<p class="sw-eyebrow">Shopper</p>'
        f'<h2 class="sw-title" style="margin:.1rem 0 .6rem">{isolated(person["user_id"])}</h2>'
        f'<ul class="sw-person" aria-label="What is known of this shopper">{chips}</ul>'
    )


def _history(acts: pd.DataFrame) -> str:
    """What they wrote, then what they chose without a word; where there is neither, what they looked at."""
    said = acts[acts["text"] != ""]
    chosen = acts[(acts["text"] == "") & acts["kind"].isin(CHOICES_OF_KIND)]
    rest = acts if not len(said) and not len(chosen) else acts.iloc[:0]
    parts = (
        _listed("In their words", said, 5),
        _listed("What they chose", chosen, 4 if len(said) else 9),
        _listed("What they looked at", rest, 9),
    )
    return "".join(parts) or '<p class="sw-note" style="margin-top:.9rem">No history on record.</p>'


def _listed(title: str, acts: pd.DataFrame, n_first: int) -> str:
    if not len(acts):
        return ""
    rows = [_act(act) for act in acts.head(MAX_LISTED_ACTS).itertuples(index=False)]
    first, more = "".join(rows[:n_first]), "".join(rows[n_first:])
    listed = f'<ol class="sw-history" aria-label="{title}, newest first">{first}</ol>'
    if more:
        n = len(rows) - n_first
        whole = f", of {len(acts):,} in all" if len(acts) > len(rows) else ""
        listed += f'<details class="sw-more"><summary>{n} earlier{whole}</summary>'
        listed += f'<ol class="sw-history">{more}</ol></details>'
    return f'<p class="sw-eyebrow" style="margin-top:1.1rem">{title}</p>{listed}'


def _act(act: Any) -> str:
    kind, rating, text = act.kind, act.rating, act.text
    what = stars_html(rating) if kind == "review" and not np.isnan(rating) else esc(kind.replace("_", " "))
    said = f'<p class="sw-history-text" dir="auto">{esc(text)}</p>' if text else ""
    tile = illustrations.tile_html(act.category, act.item_id)
    return (
        f'<li>{tile}<div><p class="sw-history-title">{isolated(act.title)}</p>'
        f'<p class="sw-history-meta">{what} · {words.day_short(act.timestamp)}</p>{said}</div></li>'
    )


def stars_html(rating: float) -> str:
    """Five stars, so many of them filled; the number itself for screen readers."""
    full = max(0, min(5, round(rating)))
    return (
        f'<span class="sw-stars" role="img" aria-label="{rating:g} of 5 stars">{"★" * full}'
        f'<span class="sw-stars-off">{"★" * (5 - full)}</span></span>'
    )

"""What is known of a shopper, beside the list: facts in a line, then what they wrote and chose, newest first."""

import math
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages._shared import illustrations, resources, words
from pages._shared.cards import esc, isolated
from pages._shared.shopper import TargetUser
from recsys.serving.recommender import Recommender
from recsys.text.masking import mask_personal

MAX_LISTED_ACTS = 60
"""So many acts at most are listed, newest first."""

LONG_REVIEW = 240
"""Reviews of more characters than this are cut after a few lines until they are opened."""

CHOICES_OF_KIND = ("review", "purchase", "recommend")
"""Acts that say what somebody wants; views and carts are listed only where there is nothing else."""


def show_shopper(model: Recommender, user: TargetUser) -> None:
    """Draw what is known of a shopper, or the words of a new one."""
    with st.container(key="shopper_panel"):
        if user.is_new:
            st.html(_newcomer(user))
            return
        if user.user_id is None:
            st.html('<p class="sw-eyebrow">Shopper</p><p class="sw-note">Nobody is chosen.</p>')
            return
        st.html(_facts(model.users.iloc[model.user_row(user.user_id)]))
        st.html(_history(resources.history(model, user.user_id)))


def _newcomer(user: TargetUser) -> str:
    typed = '<p class="sw-note">Nothing said yet.</p>'
    if user.words.strip():
        typed = f'<p class="sw-history-text" dir="auto">“{esc(user.words)}”</p>'
    return (
        f'<p class="sw-eyebrow">New shopper</p>{typed}<p class="sw-note" style="margin-top:.8rem">There are no '
        "purchases and no reviews to learn from. The words are matched, by meaning, with what is written of each "
        "product.</p>"
    )


def _facts(shopper: pd.Series) -> str:
    facts = [
        str(shopper["activity"]).capitalize(),
        f"{words.count(int(shopper['n_interactions']), 'product')} chosen",
        f"{words.count(int(shopper['n_reviews']), 'review')} written",
    ]
    for name, before in (("top_category", "mostly "), ("region", ""), ("device", "")):
        if isinstance(shopper[name], str) and shopper[name]:
            facts.append(f"{before}{shopper[name]}")
    if pd.notna(shopper["last_active"]):
        facts.append(f"last seen {words.day_short(shopper['last_active'])}")
    chips = "".join(f'<li class="sw-chip">{isolated(fact)}</li>' for fact in facts)
    return (
        '<p class="sw-eyebrow">Shopper</p>'
        f'<h2 class="sw-title" style="margin:.1rem 0 .6rem">{isolated(shopper["user_id"])}</h2>'
        f'<ul class="sw-person" aria-label="What is known of this shopper">{chips}</ul>'
    )


def _history(acts: pd.DataFrame) -> str:
    """What they wrote, then what they chose without a word; where there is neither, what they looked at."""
    written = acts[acts["text"] != ""]
    chosen = acts[(acts["text"] == "") & acts["kind"].isin(CHOICES_OF_KIND)]
    listed = _listed("In their words", written, 5) + _listed("What they chose", chosen, 4 if len(written) else 9)
    return (
        listed
        or _listed("What they looked at", acts, 9)
        or '<p class="sw-note" style="margin-top:.9rem">No history on record.</p>'
    )


def _listed(title: str, acts: pd.DataFrame, n_first: int) -> str:
    if not len(acts):
        return ""
    rows = [_act(act) for act in acts.head(MAX_LISTED_ACTS).itertuples(index=False)]
    first, more = "".join(rows[:n_first]), "".join(rows[n_first:])
    listed = f'<ol class="sw-history" aria-label="{title}, newest first">{first}</ol>'
    if more:
        whole = f" (the latest {len(rows)} of {len(acts):,})" if len(acts) > len(rows) else ""
        listed += f'<details class="sw-more"><summary>{len(rows) - n_first} earlier{whole}</summary>'
        listed += f'<ol class="sw-history">{more}</ol></details>'
    return f'<p class="sw-eyebrow" style="margin-top:1.1rem">{title}</p>{listed}'


def _act(act: Any) -> str:
    kind, rating, text = act.kind, act.rating, act.text
    what = stars_html(rating) if kind == "review" and not np.isnan(rating) else esc(kind.replace("_", " "))
    review = _review_html(text) if text else ""
    tile = illustrations.tile_html(act.category, act.item_id)
    return (
        f'<li>{tile}<div><p class="sw-history-title">{isolated(act.title)}</p>'
        f'<p class="sw-history-meta">{what} · {words.day_short(act.timestamp)}</p>{review}</div></li>'
    )


def _review_html(text: str) -> str:
    """A review as it was written; a long one opens on a click, so that it does not push the others off the screen."""
    shown = f'<p class="sw-history-text" dir="auto">{esc(mask_personal(text))}</p>'
    if len(text) <= LONG_REVIEW and text.count("\n") < 6:
        return shown
    return f'<details class="sw-long"><summary>{shown}</summary></details>'


def stars_html(rating: float) -> str:
    """Five stars, so many of them filled, to the nearest half; the number itself for screen readers."""
    full, half = divmod(max(0, min(10, math.floor(2 * rating + 0.5))), 2)
    return (
        f'<span class="sw-stars" role="img" aria-label="{rating:g} of 5 stars">{"★" * full}{"½" * half}'
        f'<span class="sw-stars-off">{"★" * (5 - full - half)}</span></span>'
    )

"""The opening of every page: title, navigation, look, and the model in use, or the first start when there is none.

A link to a page on a fresh server runs that page alone, so nothing may rest on `app.py` having run before.
"""

from dataclasses import dataclass

import streamlit as st

from pages._shared import first_start, illustrations, resources, words
from pages._shared.cards import esc, isolated
from recsys.recommender import Recommender
from recsys.training.home import Home

HOME_PAGE, LIST_PAGE = "app.py", "pages/1_Recommendations.py"
_LAST_VIEW = "last_view_of_recommendations"


@dataclass(frozen=True, slots=True)
class Frame:
    """What a page may build on once it is open.

    Parameters
    ----------
    shop_name : as shown
    is_demo : the shop was made up for the first start
    """

    home: Home
    model: Recommender
    shop_name: str
    is_demo: bool


def open_page(title: str) -> Frame:
    """Draw the frame of a page and give the model in use; without one, show the first start and end the run there."""
    st.set_page_config(page_title=f"{title} · Shelfwise", page_icon=str(illustrations.MARK), layout="wide")
    st.html(resources.style(st.context.theme.type or "light dark"))
    home = Home.default()
    _navigation()
    model = first_start.model_or_progress(home)
    shop_name = "Demo shop" if home.is_demo else model.info.name
    _model_in_use(model, shop_name)
    return Frame(home, model, shop_name, home.is_demo)


def remember_view(query: dict[str, list[str]]) -> None:
    """Keep the settings of the recommendation page, so that coming back to it within a session finds them again."""
    st.session_state[_LAST_VIEW] = query


def link_to_list(label: str = "Recommendations", *, icon: str = ":material/format_list_numbered:") -> None:
    """A link to the recommendation page as this session last left it."""
    st.page_link(LIST_PAGE, label=label, icon=icon, query_params=st.session_state.get(_LAST_VIEW) or None)


def _navigation() -> None:
    with st.sidebar:
        st.html(
            '<div class="sw-brand"><span class="sw-brand-mark"></span>'
            '<span class="sw-brand-name">Shelfwise</span></div>' + resources.script(),
            unsafe_allow_javascript=True,  # ours, and never beside words of a shop
        )
        st.page_link(HOME_PAGE, label="Home", icon=":material/storefront:", width="stretch")
        st.page_link(
            LIST_PAGE,
            label="Recommendations",
            icon=":material/format_list_numbered:",
            query_params=st.session_state.get(_LAST_VIEW) or None,
            width="stretch",
        )


def _model_in_use(model: Recommender, shop_name: str) -> None:
    info = model.info
    facts = {
        "Shop": isolated(shop_name),
        "Trained": esc(words.day(info.trained_at)),
        "Knows until": esc(words.day(info.known_until)),
        "Model": f"<code>{esc(model.model_id[:8])}</code>",
    }
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items())
    with st.sidebar:
        st.html(
            '<section class="sw-model" aria-label="Model in use"><p class="sw-eyebrow">Model in use</p>'
            f"<dl>{rows}</dl></section>"
        )

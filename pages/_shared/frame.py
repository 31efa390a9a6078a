"""The opening of every page: title, navigation, look, and the model in use, or the first start when there is none.

A link to a page on a fresh server runs that page alone, so nothing may rest on `app.py` having run before.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import streamlit as st

from pages._shared import address, illustrations, job_progress, resources, words
from pages._shared.address import addressed
from pages._shared.cards import definitions_html, empty_html, esc, isolated
from pages._shared.view import NEW, STATED, WEIGHTS, Choices, StartValues, control_values
from recsys.errors import RecsysError
from recsys.jobs.paths import AppPaths
from recsys.serving.recommender import Recommender
from recsys.settings import COMPONENTS, CONTEXT_DIMENSIONS

HOME_PAGE, LIST_PAGE, WHY_PAGE = "app.py", "pages/1_Recommendations.py", "pages/2_Explanations.py"
TUNE_PAGE, EXPERIMENTS_PAGE = "pages/3_Tuning.py", "pages/4_Experiments.py"
_LAST_VIEW = "last_view"
_PAGES = {"Recommendations": LIST_PAGE, "Explanations": WHY_PAGE, "Tuning": TUNE_PAGE, "Experiments": EXPERIMENTS_PAGE}
_ICONS = dict(zip(_PAGES, ("format_list_numbered", "balance", "tune", "science"), strict=True))
_SHOWN, _WHOSE, _STARTED = "page_shown", "whose", "sliders_started"
_OWN = {
    LIST_PAGE: frozenset({"view"}),
    WHY_PAGE: frozenset({"item", "strike", "added", "section", "open", "side", "rival"})
    | {f"other_{name}" for name in CONTEXT_DIMENSIONS},
    TUNE_PAGE: frozenset(
        {"room", "split", "against", "metric", "shoppers", *address.RENAMED.values()}
        | {"second", "fixed", "slice", "map_of", "swapped", "tested", "pinned", "follow", "goal", "effort"}
    ),
    EXPERIMENTS_PAGE: frozenset({"experiment", "held_out"}),
}
"""Parameters that mean something on one page only; all others are shared by all of them."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a page builds on once it is open; `is_demo` is a shop made up for the first start."""

    home: AppPaths
    model: Recommender
    shop_name: str
    is_demo: bool


def open_page(title: str) -> Frame:
    """Draw the frame of a page and give the model in use; without one, show the first start and end the run there."""
    st.set_page_config(page_title=f"{title} · Shelfwise", page_icon=str(illustrations.MARK), layout="wide")
    st.html(illustrations.style(st.context.theme.type or "light dark"))
    address.restore()
    address.use_present_names(title)
    address.note_names()
    _come_back(title)
    home = AppPaths.default()
    _navigation(title)
    model = job_progress.model_or_progress(home)
    shop_name = "Demo shop" if home.is_demo else model.info.name
    _model_in_use(model, shop_name)
    return Frame(home, model, shop_name, home.is_demo)


def choices(frame: Frame, page: str) -> Choices:
    """What the controls of a page can hold, and where they start; a database that is away changes neither.

    Must run before the widgets do, because a fresh visitor is sent on to the address that names those values. A link
    copied from there means the same for ever, whatever becomes the default preset.
    """
    offered = resources.choices(frame.model)
    try:
        preset = resources.saved(frame.home, frame.shop_name).default()
    except RecsysError:  # an address that names no database; the tuning room says so
        preset = None
    start = StartValues(preset.name, control_values(preset.settings.ranking())) if preset else None
    if page == TUNE_PAGE or st.query_params.get("who") != NEW:
        is_first = not st.session_state.get(_STARTED)
        st.session_state[_STARTED] = True
        query = addressed()
        if start and is_first and query.keys().isdisjoint((WEIGHTS, *COMPONENTS)):
            moved = {name: value for name, value in start.moved(offered).items() if name not in query}
            st.switch_page(page, query_params={**query, **moved, WEIGHTS: STATED})
    return replace(offered, start=start)


def remember_view(page: str) -> None:
    """Keep the settings of a page for coming back within a session; those of the list are shared by all pages."""
    address.note_names()
    query = addressed()
    own = {name: values for name, values in query.items() if name in _OWN[page]}
    shared = {name: values for name, values in query.items() if not any(name in names for names in _OWN.values())}
    views = st.session_state.get(_LAST_VIEW, {})
    st.session_state[_LAST_VIEW] = {**views, "shared": shared, page: {**own, _WHOSE: _whose(shared)}}


@contextmanager
def remembered(page: str, refused: str) -> Iterator[None]:
    """Draw what settings ask for: what is refused as an empty state of this title, and the view as the last one."""
    try:
        yield
    except RecsysError as problem:
        st.html(empty_html(refused, str(problem)))
    finally:
        remember_view(page)


HEAD_START_S = 0.05
"""So long the browser has for what a person waits for, which it would otherwise draw together with all that follows."""


def head_start(key: str, shown: object) -> None:
    """Wait a moment where what is shown is new to this session; `key` tells one such place from others."""
    before = st.session_state.get(key, shown)
    st.session_state[key] = shown
    if before != shown:
        time.sleep(HEAD_START_S)


def last_view(page: str) -> dict[str, list[str]] | None:
    """The settings with which to come back to a page, None where all stands at its defaults."""
    views = st.session_state.get(_LAST_VIEW, {})
    shared, own = views.get("shared", {}), views.get(page, {})
    if own.get(_WHOSE) != _whose(shared):  # an argument about one shopper is none about another
        own = {name: values for name, values in own.items() if name not in ("strike", "added")}
    return {**shared, **{name: values for name, values in own.items() if name != _WHOSE}} or None


def _whose(shared: Mapping[str, list[str]]) -> list[str]:
    return [value for name in ("who", "shopper", "words") for value in (name, *shared.get(name, ()))]


def _come_back(title: str) -> None:
    """Give a page that was come to without any settings those of this session's last view.

    Links outside of fragments are as old as the last run of the whole page, so they cannot carry them. After Back an
    address without settings is a state that was there.
    """
    arrived = st.session_state.get(_SHOWN) != title
    st.session_state[_SHOWN] = title
    if not arrived or address.is_return() or title not in _PAGES or len(st.query_params):
        return
    if view := last_view(_PAGES[title]):
        st.switch_page(_PAGES[title], query_params=view)


def link_to(page: str) -> None:
    """A link to a page, by its name, as this session last left it."""
    path = _PAGES[page]
    st.page_link(path, label=page, icon=":material/arrow_forward:", query_params=last_view(path))


def _navigation(title: str) -> None:
    with st.sidebar:
        st.html(
            '<div class="sw-brand"><span class="sw-brand-mark"></span>'
            '<span class="sw-brand-name">Shelfwise</span></div>'
            f"<script>{illustrations.asset('shelfwise.js')}</script>",
            unsafe_allow_javascript=True,  # ours, and never beside words of a shop
        )
        st.page_link(HOME_PAGE, label="Home", icon=":material/storefront:", width="stretch")
        for name, page in _PAGES.items():
            view = last_view(page) if name == title else None  # coming from elsewhere, `_come_back` knows better
            st.page_link(page, label=name, icon=f":material/{_ICONS[name]}:", query_params=view, width="stretch")


def _model_in_use(model: Recommender, shop_name: str) -> None:
    info = model.info
    facts = {
        "Shop": isolated(shop_name),
        "Trained": esc(words.day(info.trained_at)),
        "Knows until": esc(words.day(info.known_until)),
        "Model": f"<code>{esc(model.model_id[:8])}</code>",
    }
    with st.sidebar:
        st.html(
            '<section class="sw-model" aria-label="Model in use"><p class="sw-eyebrow">Model in use</p>'
            f"<dl>{definitions_html(facts)}</dl></section>"
        )

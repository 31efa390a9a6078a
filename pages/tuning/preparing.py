"""Before the first visit: the shop's test shoppers are prepared beside the page, which shows how far that is."""

from collections.abc import Mapping

import streamlit as st

from pages._shared import working
from pages._shared.cards import esc
from pages._shared.notices import notice_html
from pages.tuning.context import TuningContext
from recsys.errors import RecsysError
from recsys.jobs.panel_job import JOB, panel_work, start_panel_work
from recsys.jobs.paths import AppPaths
from recsys.scorers.phrase_weights import SemanticSettings
from recsys.scorers.semantic import SemanticScorer
from recsys.serving.recommender import Recommender
from recsys.settings import TRAINED_ON_EVERYTHING

HIDDEN: Mapping[str, str] = {
    "last": "hides the last product that each shopper chose, learns from the rest, and looks whether lists hold it",
    "temporal": "hides all that was chosen after a moment, the same for everybody, learns from what came before, and "
    "looks whether lists hold what each shopper chose then",
    "newcomers": "takes each shopper back to when only two products of theirs were known, learns nothing of what they "
    "chose from then on, and looks whether lists hold the third",
    "evening_mobile": "takes each shopper back to before the last product that they chose in the evening on a phone, "
    "learns nothing of what they chose from then on, and looks whether lists hold it",
    "new_products": "takes a fifth of the products for new at a time, forgets all that anybody did with them or wrote "
    "of them, and looks whether lists of new products hold the one that each shopper chose last",
}
"""What is done with test shoppers, by way of holding out, after “Shelfwise”."""

_PANEL = working.JobDisplay(
    label="Preparing the test shoppers",
    start="Prepare the test shoppers",
    usual_shares=JOB.usual_shares,
    key="panel_",
)


def prepare(home: AppPaths, split: str, shop: str, why: str = "") -> None:
    """Start the work unless somebody did, and show it; the page runs again by itself when it is done.

    Parameters
    ----------
    why : what is wrong with what was prepared before, "" where nothing was
    """
    st.html(
        f'<p class="sw-lede">To judge settings, Shelfwise {HIDDEN[split]}. For that it scores every product for each '
        "of them. It takes about half a minute for the demo shop, once; everything here is instant after that, and all "
        "other pages work meanwhile.</p>"
    )
    if why:
        st.html(notice_html("What was prepared before cannot be used:", [why]))
    if home.shop_data is None:
        st.html(notice_html("The data of this model is needed, too:", ["Nobody said where it lies."]))
        st.html('<p class="sw-note">Start the dashboard with the data folder that the model was trained on:</p>')
        st.code(f"RECSYS_MODEL={esc(home.model)} RECSYS_DATA=DIR make app", language=None, wrap_lines=True)
        return
    work = panel_work(home, split)
    if work.status().state in ("waiting", "done") and not working.was_refused(_PANEL):
        working.start(_PANEL, lambda: start_panel_work(home, split, shop))
    _progress(home, split, shop)


def is_of_other_data(model: Recommender, room: TuningContext) -> bool:
    """Whether the test shoppers were prepared from other data than the model in use learnt from.

    A model that was trained with something held out knows less than its folder, so it cannot be told.
    """
    known_whole = model.info.protocol == TRAINED_ON_EVERYTHING
    return known_whole and room.test.panel.data["fingerprint"] != model.info.data_fingerprint


def own_words(model: Recommender) -> list[str]:
    """How the model in use reads words otherwise than the models that test shoppers are judged by, in sentences."""
    semantic = model.scorers["semantic"]
    assert isinstance(semantic, SemanticScorer)
    said = []
    if semantic.space.head is not None:
        said.append("A map of what words mean, learned for this shop.")
    if semantic.settings != SemanticSettings():
        said.append("Its own way of weighing phrases.")
    return said


def warn_of_other_data(home: AppPaths, split: str, shop: str) -> None:
    """A notice above the room, and the button that prepares anew; the room goes on with what there is."""
    status = panel_work(home, split).status()
    if status.state == "running":
        _progress(home, split, shop)
        return
    working.offer_again(
        status,
        _PANEL,
        "These test shoppers are of another state of the shop.",
        "The model in use learnt from other data than they were prepared from; figures may not hold for it.",
        said="Prepare them again",
        doing="Preparing them again",
        on_start=lambda: start_panel_work(home, split, shop),
    )


@st.fragment(run_every=working.LOOK_EVERY_S)
def _progress(home: AppPaths, split: str, shop: str) -> None:
    work = panel_work(home, split)
    try:
        working.show(work.status(), _PANEL, on_start=lambda: start_panel_work(home, split, shop), on_cancel=work.cancel)
    except RecsysError as problem:
        st.html(notice_html("It could not be started.", [str(problem)]))

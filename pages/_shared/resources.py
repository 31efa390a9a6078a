"""Every cache of two pages or more; answers are shared by all sessions and never changed.

What is opened once is kept by `st.cache_resource`; answers, of which there are more the more is asked, are `bounded`.
"""

import gc
import threading
from functools import cache
from pathlib import Path

import streamlit as st

from pages._shared import illustrations, palette
from pages._shared.caching import Background, PresetCache, bounded
from pages._shared.view import ANY, Choices
from recsys.errors import ArtifactError, RecsysError
from recsys.explanations.counterfactual import SideName
from recsys.explanations.themes import Profile
from recsys.jobs.paths import AppPaths
from recsys.progress import Progress
from recsys.ranking.results import ScoredRequest
from recsys.serving.recommender import Recommender
from recsys.settings import Context
from recsys.store.database import Database
from recsys.store.presets import PresetStore
from recsys.studies.faithfulness_measures import SideReport

MB = 1_000_000

SCORES_BYTES = 400 * MB
"""Most that scores of requests may take, 16 bytes a product each: those of 25,000 requests in a shop of 1,000 products,
of 25 in one of a million."""


def recommender(home: AppPaths) -> Recommender:
    """The model in use, opened once and again when it was replaced; raises ArtifactError."""
    missing = f"no model in {home.model}; train one with `python -m recsys train`"
    return _opened(str(home.model), written_ns(home.model, missing))


def written_ns(folder: Path, missing: str) -> int:
    """When a folder was last written, so that what is kept of it goes with it; raises ArtifactError without one."""
    try:
        return (folder / "manifest.json").stat().st_mtime_ns
    except OSError as problem:
        raise ArtifactError(missing) from problem


@st.cache_resource(max_entries=2, show_spinner=False)
def _opened(folder: str, written_ns: int) -> Recommender:
    model = Recommender.load(Path(folder))
    # Streamlit collects garbage after every run, before the browser hears of it. What is loaded by now lives as long as
    # the server, and looking through it each time only delayed every answer, by 50 of 200 ms on the demo shop.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    return model


def presets(home: AppPaths, shop: str) -> PresetStore:
    """The presets of a shop, in the database that the environment names."""
    return PresetStore(_database(home), shop)


@st.cache_resource(max_entries=2, show_spinner=False)
def _database(home: AppPaths) -> Database:
    return Database.default(home.path)


@st.cache_resource(max_entries=2, show_spinner=False)
def saved(home: AppPaths, shop: str) -> PresetCache:
    """The presets of a shop as this server last saw them."""
    return PresetCache(presets(home, shop))


choices = bounded(16 * MB)(Choices.of)
explained = bounded(64 * MB)(Recommender.explain)
word_effects = bounded(16 * MB)(Recommender.look_inside)
quote = bounded(16 * MB)(Recommender.quote)
history = bounded(32 * MB)(Recommender.history)
"""What a model answers for its shop, a product or a shopper, as its own methods say."""


@bounded(SCORES_BYTES)
def scored(
    model: Recommender, user_id: str | None, words: str, context: Context, ablated: tuple[str, ...] = ()
) -> ScoredRequest:
    """Component scores of one request: the slow step, which moving a weight does not repeat."""
    if ablated:
        return model.ablate(scored(model, user_id, words, context), ablated)
    return model.scores(user_id, words, context)


@bounded(4 * MB)
def known_exclusions(model: Recommender, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some names that this model can leave out, in their order."""

    def is_known(name: str) -> bool:
        try:
            model.exclusions((name,))
        except RecsysError:
            return False
        return True

    return tuple(filter(is_known, names))


@bounded(64 * MB)
def titles(model: Recommender) -> dict[str, str]:
    """Title of every product by id, in the order of the ids."""
    titles = dict(zip(model.items["item_id"], model.items["title"], strict=True))
    return {item_id: titles[item_id] for item_id in sorted(titles)}


@bounded(32 * MB)
def matching_shoppers(model: Recommender, activity: str, category: str, region: str) -> tuple[str, ...]:
    """Ids of the shoppers with these properties, those who wrote most first; ANY leaves a property open."""
    users = model.users
    for column, value in (("activity", activity.casefold()), ("top_category", category), ("region", region)):
        if value not in (ANY, ANY.casefold()):
            users = users[users[column] == value]
    order = users.sort_values(["n_reviews", "n_interactions", "user_id"], ascending=[False, False, True])
    return tuple(order["user_id"])


@bounded(4 * MB)
def first_words(model: Recommender) -> tuple[str, ...]:
    """Words to start from: those of the demo shop where they fit, else products most chosen, each of a category."""
    items = model.items
    if set(_WISHES) <= set(items["category"]):
        return tuple(_WISHES.values())
    fits = items["title"].str.len().between(2, 40) & items["available"]
    known = items[fits].sort_values(["n_interactions", "item_id"], ascending=[False, True])
    each = known.drop_duplicates("category").head(len(_WISHES))
    return tuple(f"something like {title}" for title in each["title"])


_WISHES = {
    "Tents": "light tent that stays dry in heavy rain",
    "Candles & Scents": "something cosy for cold evenings at home",
    "Vacuum Cleaners": "quiet, easy to clean, not too big",
}
"""Wishes by a category that has to be there for them to make sense."""


@bounded(16 * MB)
def product_profile(model: Recommender, item_id: str) -> Profile:
    """What a model believes of a product, in themes."""
    return model.explainer.product_profile(model.item_row(item_id))


def _id_of(model: Recommender) -> str:
    return model.model_id


@st.cache_resource(max_entries=2, show_spinner=False, hash_funcs={Recommender: _id_of})
def warm_encoder(model: Recommender) -> threading.Thread:
    """Start loading the encoder in the background, once, while a new shopper is still typing."""
    thread = threading.Thread(target=model.warm_up, name="warm-encoder", daemon=True)
    thread.start()
    return thread


@st.cache_resource(max_entries=2, show_spinner=False, hash_funcs={Recommender: _id_of})
def faithfulness_of_model(model: Recommender, n: int) -> Background[dict[SideName, SideReport]]:
    """Measuring how far a model's explanations can be trusted, started by the first who asks."""

    def measure(progress: Progress) -> dict[SideName, SideReport]:
        from recsys.studies.faithfulness_measures import faithfulness, sample_recommendations

        sampled = sample_recommendations(model, n, progress=progress)
        return {
            "product": faithfulness(model, sampled, "product", progress=progress),
            "shopper": faithfulness(model, sampled, "shopper", progress=progress),
        }

    return Background("measure-faithfulness", measure)


@cache
def style(scheme: str) -> str:
    """Stylesheets of all pages, palette and drawings as one style element; no data of any shop.

    `scheme` ("light", "dark", or "light dark" where it is not known) holds for the whole document, because Streamlit
    sets it for the app alone, and popovers are outside of the app.
    """
    names = ("shelfwise", "questions", "tuning", "map", "side", "presets", "experiments")
    sheet = "".join(illustrations.asset(f"{name}.css") for name in names)
    return (
        f"<style>\n:root {{ color-scheme: {scheme}; }}\n{palette.css_variables()}{illustrations.css()}{sheet}</style>"
    )

"""Every cache of two pages or more: models, answers, work beside the page, presets as last read.

What is opened once is kept by `st.cache_resource`; answers, of which there are more the more is asked, are `bounded`.
All sessions share them and never change them.
"""

import gc
import inspect
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

import streamlit as st

from pages._shared import words
from pages._shared.view import ANY, Choices
from recsys.cache import ByteCache, n_bytes
from recsys.errors import ArtifactError, RecsysError, StoreError
from recsys.explanations.counterfactual import SideName
from recsys.explanations.themes import Profile
from recsys.jobs.paths import AppPaths
from recsys.progress import Progress
from recsys.ranking.rank import ScoredRequest
from recsys.serving.recommender import Recommender
from recsys.settings import Context
from recsys.store.database import Database
from recsys.store.presets import PresetStore
from recsys.store.records import Preset
from recsys.studies.faithfulness_measures import SideReport

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

FRESH_S = 5
"""So long pages other than the tuning room believe what they last read of the default preset."""

PAUSE_S = 3
"""So long at least a database that did not answer is left alone; five times as long as it took to fail."""


def bounded(most_bytes: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep what a function answers, the latest asked for longest, while all of it takes at most so many bytes.

    Arguments whose name begins with an underscore are no part of the key; a model counts by its id, a scored request by
    what was asked, and all others have to be hashable. Answers are shared and must not be changed; errors are not kept;
    sessions that ask for the same at once wait for one of them. The newest answer is kept, however large.
    """

    def keeping(function: Callable[P, T]) -> Callable[P, T]:
        signature = inspect.signature(function)
        name = f"{function.__module__}.{function.__qualname__}"
        names = [each for each in signature.parameters if not each.startswith("_")]

        @wraps(function)
        def answer(*args: P.args, **kwargs: P.kwargs) -> T:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            key = tuple(_key(bound.arguments[each]) for each in names)
            found: T = answers_of(name, most_bytes).of(key, lambda: function(*args, **kwargs))
            return found

        return answer

    return keeping


@st.cache_resource(show_spinner=False)
def answers_of(name: str, most_bytes: int) -> ByteCache[Any, Any]:
    """What is kept of one function; one a function, so nothing here grows with what is asked."""
    return ByteCache(most_bytes, n_bytes)


def _key(argument: object) -> object:
    if isinstance(argument, ScoredRequest):
        return argument.user_id, argument.words, argument.context, argument.ablated
    return getattr(argument, "model_id", argument)


class Background(Generic[T]):
    """Work of some seconds in a thread of its own, watched by every session; `result` is what it returns."""

    def __init__(self, name: str, work: Callable[[Progress], T]) -> None:
        self.stage, self.done, self.total = "starting", 0, 0
        self.result: T | None = None
        self.problem = ""
        self._work = work
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()

    def wait(self, doing: str = "") -> T | None:
        """Draw how far it is until it is done; its result, or None where it failed and `problem` says why."""
        bar = st.empty()
        while self.is_running:
            text = doing if doing and self.total else words.sentence(self.stage)[:-1]
            bar.progress(min(self.done / (self.total or 1), 1.0), f"{text} …")
            time.sleep(0.1)
        bar.empty()
        return self.result

    def _report(self, stage: str, done: int = 0, total: int = 0) -> None:
        self.stage, self.done, self.total = stage, done, total

    def _run(self) -> None:
        try:
            self.result = self._work(self._report)
        except Exception as error:  # a thread has nobody above it to tell
            logger.exception("background work failed")
            self.problem = str(error) or type(error).__name__


@dataclass(frozen=True, slots=True)
class SavedPresets:
    """Presets as read just now, or as last read while the database is away; `away` is why, "" where it answered."""

    presets: tuple[Preset, ...] = ()
    away: str = ""


class PresetCache:
    """The presets of one shop as this server last read them, so that pages go on while the database is away."""

    def __init__(self, store: PresetStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._default: Preset | None = None
        self._state: tuple[object, ...] = ()
        self._away_until = self._default_until = -float("inf")
        self.last = SavedPresets()
        """What `presets` returned last, to whichever session."""

    def presets(self) -> SavedPresets:
        """Asked anew each time, so that every session sees what any other saved; read again where something changed."""
        with self._lock:
            if self._clock() >= self._away_until:
                self._ask(self._read_all)
            return self.last

    def default(self) -> Preset | None:
        """The preset that the dashboard starts from, a few seconds old at most; the last one known while away."""
        with self._lock:
            if self._clock() >= max(self._away_until, self._default_until):
                self._ask(lambda: self._keep_default(self._store.default()))
            return self._default

    def expire(self) -> None:
        """Ask anew whatever is wanted next, also where the database was away a moment ago."""
        with self._lock:
            self._away_until = self._default_until = -float("inf")

    def _ask(self, question: Callable[[], None]) -> None:
        began = self._clock()
        try:
            question()
        except StoreError as problem:
            now = self._clock()
            self.last = SavedPresets(self.last.presets, str(problem))
            self._away_until = now + max(PAUSE_S, 5 * (now - began))

    def _read_all(self) -> None:
        state = self._store.state()
        self.last = SavedPresets(self.last.presets if state == self._state else self._store.presets())
        self._state = state
        self._keep_default(next((preset for preset in self.last.presets if preset.is_default), None))

    def _keep_default(self, preset: Preset | None) -> None:
        self._default, self._default_until = preset, self._clock() + FRESH_S


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
quotes = bounded(16 * MB)(Recommender.quotes)
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

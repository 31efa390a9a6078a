"""Every cache of the app. Keys are small values; what comes out is shared by all sessions and is never changed.

What is opened once (models, test shoppers, logs, databases, work beside the page) is kept by `st.cache_resource`; what
is answered, of which there is more the more is asked, is `bounded` by bytes, since one answer grows with the shop.
"""

import gc
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from pages._shared import illustrations, palette
from pages._shared.background import Background
from pages._shared.caching import bounded
from pages._shared.saved import PresetCache
from pages._shared.view import Choices, narrowed, starting_words, strikable
from recsys.errors import ArtifactError, DataError
from recsys.evaluation.statistics.paired import Difference, differences, means
from recsys.evaluation.statistics.significance import Interval
from recsys.explanations.reading import WordEffects
from recsys.explanations.records import Explanation
from recsys.explanations.themes import Profile
from recsys.jobs.paths import AppPaths
from recsys.offpolicy.logged_set import LoggedEvaluationSet
from recsys.offpolicy.logs import refuse_useless_file
from recsys.offpolicy.mixes import LogEvaluator, MixAnswer, MixQuery
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.panel.segments import Scenario, Segment
from recsys.progress import Progress
from recsys.ranking.results import ScoredRequest
from recsys.schema import IMPRESSIONS
from recsys.serving.quotes import Quote
from recsys.serving.recommender import Recommender
from recsys.settings import Context, Filters, RankingSettings
from recsys.store.database import Database
from recsys.store.presets import PresetStore
from recsys.studies.faithfulness.measures import SideName, SideReport
from recsys.tuning.comparison import Comparison, compare
from recsys.tuning.config import EvaluationConfig
from recsys.tuning.weight_map import WeightMap
from recsys.tuning.weight_map import weight_map as map_weights

MB = 1_000_000

SCORES_BYTES = 400 * MB
"""Most that scores of requests may take, 16 bytes a product each: those of 25,000 requests in a shop of 1,000 products,
of 25 in one of a million."""


def recommender(home: AppPaths) -> Recommender:
    """The model in use, opened once and again when it was replaced; raises ArtifactError."""
    missing = f"no model in {home.model}; train one with `python -m recsys train`"
    return _opened(str(home.model), _written_ns(home.model, missing))


def _written_ns(folder: Path, missing: str) -> int:
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


def engines(home: AppPaths, split: str) -> tuple[LiveEngine, LiveEngine]:
    """The prepared validation and test shoppers of the shop in use; raises ArtifactError where there are none."""
    folder = home.panel(split)
    return _engines(str(folder), _written_ns(folder, f"no test shoppers in {folder}; prepare them"))


@st.cache_resource(max_entries=2, show_spinner="Opening the test shoppers; the first time takes a little longer")
def _engines(folder: str, written_ns: int) -> tuple[LiveEngine, LiveEngine]:
    validation, test = (LiveEngine(panel) for panel in Panel.open(Path(folder)))
    test.warm_up()
    return validation, test


def sliders(home: AppPaths) -> LogEvaluator:
    """The sliders on the judged log of the shop in use; raises ArtifactError where it is not judged."""
    folder = home.judged_log
    return _sliders(str(folder), _written_ns(folder, f"no judged log in {folder}; prepare it"))


@st.cache_resource(max_entries=2, show_spinner="Opening the log")
def _sliders(folder: str, written_ns: int) -> LogEvaluator:
    return LogEvaluator(LoggedEvaluationSet.open(Path(folder)))


def problem_of_log(home: AppPaths) -> str:
    """Why the log of the shop in use can say nothing of any setting, or ""; raises ArtifactError without a log."""
    folder = home.shop_data
    if folder is None:
        raise ArtifactError("nobody said where the data of this shop lie")
    try:
        written_ns = (folder / IMPRESSIONS.file).stat().st_mtime_ns
    except OSError as problem:
        raise ArtifactError(f"no {IMPRESSIONS.file} in {folder}") from problem
    return _problem_of_log(str(folder), written_ns)


@st.cache_resource(max_entries=2, show_spinner=False)
def _problem_of_log(folder: str, written_ns: int) -> str:
    try:
        refuse_useless_file(Path(folder))
    except DataError as problem:
        return str(problem)
    return ""


@bounded(128 * MB)
def answer_of_log(_sliders: LogEvaluator, log_id: str, asked: MixQuery) -> MixAnswer:
    """What a judged log says of one setting; raises SettingsError."""
    return _sliders.answer(asked)


@bounded(8 * MB)
def baseline_values(
    _engine: LiveEngine, panel_id: str, k: int, filters: Filters, segment: Segment
) -> dict[str, dict[str, float]]:
    """Every metric of every baseline on some shoppers, by baseline and metric."""
    mask = segment.mask(_engine.panel.shoppers)
    facts = _engine.panel.facts.of(mask)
    return {
        name: {
            metric: interval.mean
            for metric, interval in means(_engine.baseline(name, k, filters).of(mask), facts, n_resamples=1).items()
        }
        for name in _engine.panel.baselines
    }


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


@st.cache_resource(max_entries=8, show_spinner=False)
def weight_map(
    _engine: LiveEngine,
    panel_id: str,
    k: int,
    filters: Filters,
    scenario: Scenario,
    segment: Segment,
    metric: str,
) -> Background[WeightMap]:
    """Every metric at every mix of weights, and what is tied with the best by one; started by the first who asks."""
    lent = [_engine]  # given back when it is done, so that kept maps do not keep the engines of a replaced shop

    def measure(progress: Progress) -> WeightMap:
        return map_weights(lent.pop(), k, filters, scenario, segment, (metric,), progress)

    return Background("map-weights", measure)


@bounded(64 * MB)
def comparison(
    _engine: LiveEngine, panel_id: str, a: EvaluationConfig, b: EvaluationConfig, segment: Segment
) -> Comparison:
    """Two settings side by side on the shoppers of a segment; raises RecsysError."""
    return compare(_engine, a, b, segment)


@bounded(16 * MB)
def means_of(
    _engine: LiveEngine, panel_id: str, settings: RankingSettings, scenario: Scenario, segment: Segment
) -> Mapping[str, Interval]:
    """Every metric of a setting over the shoppers of a segment, with its interval; raises RecsysError."""
    panel = _engine.panel
    mask = segment.mask(panel.shoppers)
    return means(_engine.measure(settings, scenario).lists.of(mask), panel.facts.of(mask))


@bounded(16 * MB)
def changes(
    _engine: LiveEngine, panel_id: str, new: RankingSettings, old: RankingSettings, scenario: Scenario, segment: Segment
) -> Mapping[str, Difference]:
    """Every metric's change from one setting to another over the shoppers of a segment; raises RecsysError."""
    mask = segment.mask(_engine.panel.shoppers)
    lists, before = (_engine.measure(each, scenario).lists.of(mask) for each in (new, old))
    return differences(lists, before, _engine.panel.facts.of(mask))


@bounded(16 * MB)
def choices(model: Recommender) -> Choices:
    """What the controls of the recommendation page can hold for a model."""
    return Choices.of(model)


@bounded(SCORES_BYTES)
def scored(
    model: Recommender, user_id: str | None, words: str, context: Context, ablated: tuple[str, ...] = ()
) -> ScoredRequest:
    """Component scores of one request: the slow step, which moving a weight does not repeat."""
    if ablated:
        return model.ablate(scored(model, user_id, words, context), ablated)
    return model.scores(user_id, words, context)


@bounded(64 * MB)
def explained(model: Recommender, request: ScoredRequest, item_id: str, settings: RankingSettings) -> Explanation:
    """The arithmetic of one product's score."""
    return model.explain(request, item_id, settings)


@bounded(16 * MB)
def looked_inside(
    model: Recommender, request: ScoredRequest, item_id: str, settings: RankingSettings, phrase: str
) -> WordEffects:
    """What each word of one phrase does; raises RecsysError where that phrase is no part of the explanation."""
    return model.look_inside(request, item_id, phrase, settings)


@bounded(4 * MB)
def known_exclusions(model: Recommender, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some names that this model can leave out, in their order."""
    return strikable(model, names)


@bounded(64 * MB)
def titles(model: Recommender) -> dict[str, str]:
    """Title of every product by id, in the order of the ids."""
    titles = dict(zip(model.items["item_id"], model.items["title"], strict=True))
    return {item_id: titles[item_id] for item_id in sorted(titles)}


@bounded(16 * MB)
def quote(model: Recommender, request: ScoredRequest, item_id: str) -> Quote | None:
    """The strongest phrase of one product for one request."""
    return model.quote(request, item_id)


@bounded(32 * MB)
def matching_shoppers(model: Recommender, activity: str, category: str, region: str) -> tuple[str, ...]:
    """Ids of the shoppers that a person looks for, those who wrote most first."""
    return tuple(narrowed(model.users, activity, category, region)["user_id"])


@bounded(4 * MB)
def first_words(model: Recommender) -> tuple[str, ...]:
    """Words that a new shopper of this shop may start from."""
    return starting_words(model.items)


@bounded(32 * MB)
def history(model: Recommender, user_id: str) -> Any:
    """What a shopper did, newest first (a data frame, read only)."""
    return model.history(user_id)


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
        from recsys.studies.faithfulness.measures import faithfulness, sample_recommendations

        sampled = sample_recommendations(model, n, progress=progress)
        return {
            "product": faithfulness(model, sampled, "product", progress=progress),
            "shopper": faithfulness(model, sampled, "shopper", progress=progress),
        }

    return Background("measure-faithfulness", measure)


@cache
def style(scheme: str) -> str:
    """The stylesheet as one style element: palette, drawings and the sheets of all pages; no data of any shop.

    Parameters
    ----------
    scheme : "light", "dark", or "light dark" where it is not known; stated for the whole document, because Streamlit
        states it for the app alone, and popovers stand outside of the app
    """
    names = ("shelfwise", "questions", "tuning", "map", "side", "presets", "experiments")
    sheet = "".join(illustrations.asset(f"{name}.css") for name in names)
    return (
        f"<style>\n:root {{ color-scheme: {scheme}; }}\n{palette.css_variables()}{illustrations.css()}{sheet}</style>"
    )

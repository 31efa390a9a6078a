"""What every section is about: test shoppers, a setting and its reference; and caches, whose answers all share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages._shared.resources import MB, Background, bounded, written_ns
from pages._shared.view import Choices
from recsys.errors import ArtifactError, DataError
from recsys.evaluation.statistics.paired import Difference, MeasuredLists, ShopFacts, differences, means
from recsys.evaluation.statistics.significance import Interval
from recsys.jobs.paths import AppPaths
from recsys.offpolicy.logged_set import LoggedEvaluationSet, MixAnswer, MixQuery
from recsys.offpolicy.logs import require_usable_log
from recsys.panel.engine import LiveEngine, LiveMetrics
from recsys.panel.influence import live_influence
from recsys.panel.panel import Panel
from recsys.panel.segments import EvaluationConfig, Scenario, Segment
from recsys.progress import Progress
from recsys.ranking.influence import by_component
from recsys.schema import IMPRESSIONS
from recsys.serving.recommender import Recommender
from recsys.settings import Filters, FusionSettings, RankingSettings
from recsys.store.presets import PresetStore
from recsys.tuning.comparison import Comparison, compare
from recsys.tuning.weight_map import WeightMap
from recsys.tuning.weight_map import weight_map as map_weights


@dataclass(frozen=True, slots=True, eq=False)
class TuningContext:
    """What does not depend on any control but the protocol.

    `shop` is the name that its presets are filed under, `split` a way of holding out, of `recsys.panel.build.SPLITS`.
    """

    home: AppPaths
    model: Recommender
    choices: Choices
    shop: str
    split: str
    validation: LiveEngine
    test: LiveEngine
    store: PresetStore

    @property
    def own_weights(self) -> FusionSettings:
        """The weights of the model in use, as the sliders hold them."""
        return FusionSettings(**{name: position / 100 for name, position in self.choices.weights.items()})


@dataclass(frozen=True, eq=False)
class TuningCase:
    """A setting, its reference, which test shoppers they are judged on, and by which metric."""

    tuning: TuningContext
    now: EvaluationConfig
    reference: EvaluationConfig
    segment: Segment
    metric: str

    @property
    def k(self) -> int:
        """List length, and cut-off of every metric."""
        return self.now.settings.n

    @property
    def is_same(self) -> bool:
        """Whether the setting is its own reference; weights that stand in the same proportion are the same weights."""
        now, reference = self.now.settings, self.reference.settings
        weights, others = (each.fusion.normalised() for each in (now, reference))
        is_same_mix = all(abs(weights[name] - others[name]) < 1e-9 for name in weights)
        is_same_ranking = is_same_mix and replace(now, fusion=reference.fusion) == reference
        return is_same_ranking and self.now.scenario == self.reference.scenario

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """The test shoppers that count, bool of shape (n_users,)."""
        return self.segment.mask(self.tuning.test.panel.shoppers)

    @cached_property
    def n_imagined(self) -> int:
        """How many shoppers that count are imagined elsewhere than they were, by the setting or by its reference."""
        shoppers = self.tuning.test.panel.shoppers
        scenarios = {self.now.scenario, self.reference.scenario}
        return int(np.any([each.elsewhere(shoppers) & self.mask for each in scenarios], axis=0).sum())

    def measured(self, setting: EvaluationConfig) -> LiveMetrics:
        """A setting on all test shoppers."""
        return self.tuning.test.measure(setting.settings, setting.scenario)

    @cached_property
    def influence(self) -> Mapping[str, float] | None:
        """Each component's share in deciding the lists of the setting, mean over shoppers; None where none decides."""
        return by_component(live_influence(self.tuning.test, self.now.settings, self.now.scenario)[self.mask])

    def lists(self, setting: EvaluationConfig) -> MeasuredLists:
        """A setting on the shoppers that count."""
        return self.measured(setting).lists.of(self.mask)

    @cached_property
    def facts(self) -> ShopFacts:
        """The facts of the shoppers that count."""
        return self.tuning.test.panel.facts.of(self.mask)

    def changes(self) -> Mapping[str, Difference]:
        """Every metric of the setting against its reference."""
        return differences(self.lists(self.now), self.lists(self.reference), self.facts)


def engines(home: AppPaths, split: str) -> tuple[LiveEngine, LiveEngine]:
    """The prepared validation and test shoppers of the shop in use; raises ArtifactError where there are none."""
    folder = home.panel(split)
    return _engines(str(folder), written_ns(folder, f"no test shoppers in {folder}; prepare them"))


@st.cache_resource(max_entries=2, show_spinner="Opening the test shoppers; the first time takes a little longer")
def _engines(folder: str, written_ns: int) -> tuple[LiveEngine, LiveEngine]:
    validation, test = (LiveEngine(panel) for panel in Panel.open(Path(folder)))
    test.warm_up()
    return validation, test


def sliders(home: AppPaths) -> LoggedEvaluationSet:
    """The sliders on the judged log of the shop in use; raises ArtifactError where it is not judged."""
    folder = home.judged_log
    return _sliders(str(folder), written_ns(folder, f"no judged log in {folder}; prepare it"))


@st.cache_resource(max_entries=2, show_spinner="Opening the log")
def _sliders(folder: str, written_ns: int) -> LoggedEvaluationSet:
    return LoggedEvaluationSet.open(Path(folder))


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
        require_usable_log(Path(folder))
    except DataError as problem:
        return str(problem)
    return ""


@bounded(128 * MB)
def answer_of_log(_sliders: LoggedEvaluationSet, log_id: str, asked: MixQuery) -> MixAnswer:
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

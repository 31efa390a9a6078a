"""What every section of the tuning room is about: the test shoppers, the setting looked at, and its reference."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pages._shared.view import Choices
from recsys.evaluation.statistics.paired import Difference, MeasuredLists, ShopFacts, differences
from recsys.jobs.paths import AppPaths
from recsys.panel.engine import LiveEngine, LiveMetrics
from recsys.panel.segments import EvaluationConfig, Segment
from recsys.serving.recommender import Recommender
from recsys.settings import FusionSettings
from recsys.store.presets import PresetStore


@dataclass(frozen=True, slots=True, eq=False)
class TuningContext:
    """What does not depend on any control but the protocol.

    Parameters
    ----------
    home, model, choices : of the page
    shop : name of the shop, as its presets are filed
    split : way of holding out, of `recsys.panel.build.SPLITS`
    validation, test : engines of the two roles
    store : presets of this shop
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

    room: TuningContext
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
        return self.segment.mask(self.room.test.panel.shoppers)

    @cached_property
    def n_imagined(self) -> int:
        """How many shoppers that count are imagined elsewhere than they were, by the setting or by its reference."""
        shoppers = self.room.test.panel.shoppers
        scenarios = {self.now.scenario, self.reference.scenario}
        return int(np.any([each.elsewhere(shoppers) & self.mask for each in scenarios], axis=0).sum())

    def measured(self, setting: EvaluationConfig) -> LiveMetrics:
        """A setting on all test shoppers."""
        return self.room.test.measure(setting.settings, setting.scenario)

    def lists(self, setting: EvaluationConfig) -> MeasuredLists:
        """A setting on the shoppers that count."""
        return self.measured(setting).lists.of(self.mask)

    @cached_property
    def facts(self) -> ShopFacts:
        """The facts of the shoppers that count."""
        return self.room.test.panel.facts.of(self.mask)

    def changes(self) -> Mapping[str, Difference]:
        """Every metric of the setting against its reference."""
        return differences(self.lists(self.now), self.lists(self.reference), self.facts)

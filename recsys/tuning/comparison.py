"""Compares two settings on the same test shoppers: A is the reference, and every change is B minus A."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from recsys.errors import SettingsError
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.metrics.registry import OUTCOME_METRICS
from recsys.evaluation.statistics.paired import Difference, differences, means
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import LiveEngine
from recsys.panel.influence import live_influence
from recsys.panel.segments import EVERYONE, EvaluationConfig, Segment
from recsys.ranking.influence import by_component
from recsys.tuning.list_changes import (
    CategoryShown,
    Names,
    Outcomes,
    Overlap,
    ProductShown,
    ShopperChange,
    agreements,
    categories_shown,
    most_changed,
    outcomes,
    overlap,
    products_shown,
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two settings on the same shoppers.

    Parameters
    ----------
    n_shoppers, n_panel : shoppers of the segment, and of the panel
    n_imagined : shoppers who are imagined by either in other circumstances than they were in; what they chose says
        nothing of lists for there, so changes of `OUTCOME_METRICS` are then called neither better nor worse
    n_unproven : shoppers of whom either list could hold other products if no product had been left out of the panel
    means_a, means_b, differences : every metric of either, and its change, by name in the order of `LIVE_METRICS`
    changed : the shoppers whose lists change most, most first
    products, categories : as `products_shown` and `categories_shown` give them
    shown_a, shown_b : products on at least one list
    influence_a, influence_b : each component's share in deciding the lists, mean over shoppers; None where none does
    """

    a: EvaluationConfig
    b: EvaluationConfig
    segment: Segment
    panel_id: str
    n_shoppers: int
    n_panel: int
    n_items: int
    n_imagined: int
    n_unproven: int
    means_a: Mapping[str, Interval]
    means_b: Mapping[str, Interval]
    differences: Mapping[str, Difference]
    overlap: Overlap
    outcomes: Outcomes
    changed: tuple[ShopperChange, ...]
    products: tuple[ProductShown, ...]
    categories: tuple[CategoryShown, ...]
    shown_a: int
    shown_b: int
    clicks: ClickProbabilities = field(default_factory=ClickProbabilities)
    influence_a: Mapping[str, float] | None = None
    influence_b: Mapping[str, float] | None = None

    @property
    def is_same(self) -> bool:
        """Whether every list is the same, whatever the settings say."""
        return self.overlap.identical == self.n_shoppers

    @property
    def winners(self) -> tuple[ProductShown, ...]:
        """Products on more lists in B, the greatest winner first."""
        return tuple(each for each in self.products if each.change > 0)

    @property
    def losers(self) -> tuple[ProductShown, ...]:
        """Products on fewer lists in B, the greatest loser first."""
        return tuple(sorted((each for each in self.products if each.change < 0), key=lambda each: each.change))

    @property
    def newly_shown(self) -> tuple[ProductShown, ...]:
        """Products on lists of B alone."""
        return tuple(each for each in self.products if not each.lists_a)

    @property
    def no_longer_shown(self) -> tuple[ProductShown, ...]:
        """Products on lists of A alone."""
        return tuple(each for each in self.losers if not each.lists_b)

    def as_json(self) -> dict[str, Any]:
        """What is needed to compare the same again."""
        settings = {"a": self.a.as_json(), "b": self.b.as_json()}
        return {"panel": self.panel_id, "shoppers": self.segment.as_dict(), **settings}


def compare(engine: LiveEngine, a: EvaluationConfig, b: EvaluationConfig, segment: Segment = EVERYONE) -> Comparison:
    """Compare B with A on the test shoppers of one segment.

    Raises SettingsError: the lists differ in length, nobody is in the segment, or a setting cannot be measured;
    ContextError: a scenario cannot be imagined.
    """
    if a.settings.n != b.settings.n:
        raise SettingsError(
            f"lists of {a.settings.n} and of {b.settings.n} cannot be compared: the longer one finds more by its length"
            " alone; give both the same length"
        )
    panel = engine.panel
    users = np.flatnonzero(segment.mask(panel.shoppers))
    if not len(users):
        said = ", ".join(f"{name} {value}" for name, value in segment.values) or "this panel"
        raise SettingsError(f"there is no test shopper with {said}; choose others")
    measured = [engine.measure(config.settings, config.scenario) for config in (a, b)]
    was, now = (each.lists.of(users) for each in measured)
    shown_a, shown_b = (len(np.unique(lists.ranked[lists.ranked >= 0])) for lists in (was, now))
    facts = panel.facts.of(users)
    decided = [by_component(live_influence(engine, each.settings, each.scenario)[users]) for each in (a, b)]
    names = Names(panel.items)
    agreement = agreements(now.ranked, was.ranked)
    changes = differences(now, was, facts)
    n_imagined = int((a.scenario.elsewhere(panel.shoppers) | b.scenario.elsewhere(panel.shoppers))[users].sum())
    if n_imagined:
        changes |= {name: replace(changes[name], verdict="unclear") for name in OUTCOME_METRICS}
    return Comparison(
        a=a,
        b=b,
        segment=segment,
        panel_id=panel.panel_id,
        n_shoppers=len(users),
        n_panel=len(panel),
        n_items=panel.n_items,
        n_imagined=n_imagined,
        n_unproven=int((measured[0].unproven | measured[1].unproven)[users].sum()),
        means_a=means(was, facts),
        means_b=means(now, facts),
        differences=changes,
        overlap=overlap(now.ranked, was.ranked, agreement),
        outcomes=outcomes(was, now),
        changed=most_changed(panel, names, users, was, now, agreement),
        products=products_shown(was.ranked, now.ranked, names, panel.tail),
        categories=categories_shown(was.ranked, now.ranked, names),
        shown_a=shown_a,
        shown_b=shown_b,
        clicks=panel.clicks,
        influence_a=decided[0],
        influence_b=decided[1],
    )

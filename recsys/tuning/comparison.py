"""Side by side: what changes for the same test shoppers when one setting takes the place of another.

A is the reference and B the new setting; every change is B minus A.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.errors import SettingsError
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.metrics.registry import OUTCOME_METRICS
from recsys.evaluation.statistics.paired import Difference, differences, means
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import LiveEngine
from recsys.panel.segments import EVERYONE, Segment
from recsys.tuning.config import EvaluationConfig
from recsys.tuning.exposure import CategoryShown, Names, ProductShown, categories_shown, products_shown
from recsys.tuning.outcomes import Outcomes, Overlap, ShopperChange, agreements, most_changed, outcomes, overlap


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two settings on the same shoppers.

    Parameters
    ----------
    a, b : the reference, and what is held against it
    segment : which shoppers were looked at
    panel_id : the panel they are of
    n_shoppers, n_panel : shoppers looked at, and in the panel
    n_items : size of the catalogue
    n_imagined : shoppers who are imagined in other circumstances than they were in, by either; what they chose says
        nothing of lists for there, so changes of `OUTCOME_METRICS` are then called neither better nor worse
    n_unproven : shoppers of whom either list could hold other products if no product had been left out of the panel
    means_a, means_b : every metric of either, by name in the order of `paired.LIVE_METRICS`
    differences : every metric's change, likewise
    overlap : how much lists have in common
    outcomes : how many shoppers win and lose
    changed : the shoppers whose lists change most, most first
    products : every product whose number of lists changes, the greatest winner first
    categories : every category on any list, the greatest winner of places first
    shown_a, shown_b : products on at least one list
    clicks : by what click rates are known
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

    @property
    def is_same(self) -> bool:
        """Whether every list is the same, whatever the settings say."""
        return self.overlap.identical == self.n_shoppers

    @property
    def winners(self) -> tuple[ProductShown, ...]:
        """Products on more lists than before, the greatest winner first."""
        return tuple(each for each in self.products if each.change > 0)

    @property
    def losers(self) -> tuple[ProductShown, ...]:
        """Products on fewer lists than before, the greatest loser first."""
        return tuple(sorted((each for each in self.products if each.change < 0), key=lambda each: each.change))

    @property
    def newly_shown(self) -> tuple[ProductShown, ...]:
        """Products that nobody is shown in A and somebody is in B."""
        return tuple(each for each in self.products if not each.lists_a)

    @property
    def no_longer_shown(self) -> tuple[ProductShown, ...]:
        """Products that somebody is shown in A and nobody is in B."""
        return tuple(each for each in self.losers if not each.lists_b)

    def as_json(self) -> dict[str, Any]:
        """What is needed to compare the same again."""
        return {
            "panel": self.panel_id,
            "shoppers": self.segment.as_dict(),
            "a": self.a.as_json(),
            "b": self.b.as_json(),
        }


def compare(engine: LiveEngine, a: EvaluationConfig, b: EvaluationConfig, segment: Segment = EVERYONE) -> Comparison:
    """Hold B against A on the test shoppers of one segment.

    Raises
    ------
    SettingsError : the lists differ in length, nobody is in the segment, or a setting cannot be measured
    ContextError : a scenario cannot be imagined
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
    measured = [engine.measure(asked.settings, asked.scenario) for asked in (a, b)]
    was, now = (each.lists.of(users) for each in measured)
    facts = panel.facts.of(users)
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
        shown_a=_n_shown(was.ranked),
        shown_b=_n_shown(now.ranked),
        clicks=panel.clicks,
    )


def _n_shown(ranked: NDArray[np.int32]) -> int:
    return len(np.unique(ranked[ranked >= 0]))

"""The baseline guard: simple models are always in the picture, and a setting that loses to one of them says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pages._shared.cards import esc
from pages._shared.notices import notice_html
from pages.tuning import change_cells, metric_groups
from pages.tuning.context import TuningCase
from pages.tuning.verdicts import Said, ends
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.click_rate import Clicks
from recsys.evaluation.metrics.registry import METRICS, SHOPPER_METRICS
from recsys.evaluation.statistics.intervals import changes, ratio_intervals
from recsys.evaluation.statistics.paired import Difference, differences
from recsys.evaluation.statistics.significance import verdict_of


@dataclass(frozen=True, slots=True)
class BaselineCheck:
    """The setting against every baseline, on the same shoppers.

    Parameters
    ----------
    metric : what settings are judged by
    against : by baseline, the change of that metric from the baseline to the setting
    is_observed : shoppers were in the circumstances that they are looked at in
    clicks : by what click rates are known
    """

    metric: str
    against: Mapping[str, Difference]
    is_observed: bool = True
    clicks: Clicks = field(default_factory=Clicks)

    def said(self, name: str) -> Said:
        """What is said of the setting against one baseline."""
        return Said.of(self.against[name], is_observed=self.is_observed)

    @classmethod
    def of(cls, case: TuningCase, *, is_observed: bool = True) -> "BaselineCheck":
        """Compare by the metric that is judged by; all baselines on the same resamples."""
        metric, lists, mask = case.metric, case.lists(case.now), case.mask
        engine, filters = case.room.test, case.now.settings.filters
        others = {name: engine.baseline(name, case.k, filters).of(mask) for name in metric_groups.BASELINES}
        if metric not in SHOPPER_METRICS:
            facts = case.facts
            whole = {name: differences(lists, other, facts)[metric] for name, other in others.items()}
            return cls(metric, whole, is_observed, engine.panel.clicks)
        now = lists.values[metric]
        gaps = np.stack([changes(now, other.values[metric]) for other in others.values()], axis=1)
        found = {}
        for name, gap, change in zip(others, gaps.T, ratio_intervals(gaps), strict=True):
            both = ~np.isnan(gap)
            old = float(others[name].values[metric][both].mean()) if both.any() else np.nan
            told = metric not in case.facts.modelled
            verdict = verdict_of(change, METRICS[metric].higher_is_better) if told else "unclear"
            n_changed = int(np.count_nonzero(gap[both]))
            found[name] = Difference(metric, old + change.mean, old, change, verdict, n_changed)
        return cls(metric, found, is_observed, engine.panel.clicks)

    def name(self, k: int) -> str:
        """What the judged metric is called."""
        return metric_groups.of(self.metric, self.clicks).at(k)


def notice(guard: BaselineCheck, k: int) -> str:
    """What has to be said above everything else; "" where nothing is lost."""
    metric = guard.metric
    lines = [
        f"{metric_groups.BASELINES[name]} has {guard.name(k)} {fmt.value(metric, found.old)}: this "
        f"setting is {fmt.apart(metric, found.change.mean)}, 95% interval {ends(found, guard.said(name))}."
        for name, found in guard.against.items()
        if guard.said(name).kind == "worse"
    ]
    return notice_html("This setting loses to a simple model:", lines) if lines else ""


def table(guard: BaselineCheck, k: int) -> str:
    """Every baseline with the judged metric, and how the setting compares; numbered as on the trade-off chart."""
    words = guard.name(k)
    rows = "".join(_row(place, name, guard) for place, name in enumerate(guard.against, 1))
    return (
        f'<h2 class="sw-chart-title">Against simple models, by {esc(words)}</h2>'
        '<table class="sw-guard"><thead><tr><th scope="col">Model</th><th scope="col">Its value</th>'
        '<th scope="col">This setting</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _row(place: int, name: str, guard: BaselineCheck) -> str:
    found, said = guard.against[name], guard.said(name)
    return (
        f'<tr class="sw-metric-{said.kind}"><th scope="row"><span class="sw-model-mark" aria-hidden="true"><i>{place}'
        f"</i></span>{esc(metric_groups.BASELINES[name])}</th>"
        f"<td>{esc(fmt.value(found.metric, found.old))}</td><td>{change_cells.change_html(found, said)}</td></tr>"
    )

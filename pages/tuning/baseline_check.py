"""The baseline check: simple models are always in the picture, and a setting that loses to one of them says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pages._shared.cards import esc
from pages._shared.notices import notice_html
from pages.tuning.context import TuningCase
from pages.tuning.metric_cells import BASELINES, ChangeCell, metric_of
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.click_rate import ClickProbabilities
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
    k : list length
    against : by baseline, the change of that metric from the baseline to the setting
    is_observed : shoppers were in the circumstances that they are looked at in
    clicks : by what click rates are known
    """

    metric: str
    k: int
    against: Mapping[str, Difference]
    is_observed: bool = True
    clicks: ClickProbabilities = field(default_factory=ClickProbabilities)

    @classmethod
    def of(cls, case: TuningCase, *, is_observed: bool = True) -> "BaselineCheck":
        """Compare by the metric that is judged by; all baselines on the same resamples."""
        metric, k, lists, mask = case.metric, case.k, case.lists(case.now), case.mask
        engine, filters, clicks = case.room.test, case.now.settings.filters, case.room.test.panel.clicks
        others = {name: engine.baseline(name, k, filters).of(mask) for name in BASELINES}
        if metric not in SHOPPER_METRICS:
            facts = case.facts
            whole = {name: differences(lists, other, facts)[metric] for name, other in others.items()}
            return cls(metric, k, whole, is_observed, clicks)
        now = lists.values[metric]
        gaps = np.stack([changes(now, other.values[metric]) for other in others.values()], axis=1)
        found = {}
        for name, gap, change in zip(others, gaps.T, ratio_intervals(gaps), strict=True):
            both = ~np.isnan(gap)
            old = float(others[name].values[metric][both].mean()) if both.any() else np.nan
            is_modelled = metric in case.facts.modelled
            verdict = "unclear" if is_modelled else verdict_of(change, METRICS[metric].higher_is_better)
            n_changed = int(np.count_nonzero(gap[both]))
            found[name] = Difference(metric, old + change.mean, old, change, verdict, n_changed)
        return cls(metric, k, found, is_observed, clicks)

    @property
    def name(self) -> str:
        """What the judged metric is called."""
        return metric_of(self.metric, self.clicks).at(self.k)

    def notice_html(self) -> str:
        """What has to be said above everything else; "" where nothing is lost."""
        cells = {name: ChangeCell(found, self.is_observed) for name, found in self.against.items()}
        lines = [
            f"{BASELINES[name]} has {self.name} {fmt.value(self.metric, cell.found.old)}: this setting is "
            f"{fmt.apart(self.metric, cell.found.change.mean)}, 95% interval {cell.ends}."
            for name, cell in cells.items()
            if cell.kind == "worse"
        ]
        return notice_html("This setting loses to a simple model:", lines) if lines else ""

    def table_html(self) -> str:
        """Every baseline with the judged metric, and how the setting compares; numbered as on the trade-off chart."""
        cells = {name: ChangeCell(found, self.is_observed) for name, found in self.against.items()}
        rows = "".join(
            f'<tr class="sw-metric-{cell.kind}"><th scope="row"><span class="sw-model-mark" aria-hidden="true">'
            f"<i>{number}</i></span>{esc(BASELINES[name])}</th>"
            f"<td>{esc(fmt.value(self.metric, cell.found.old))}</td><td>{cell.html}</td></tr>"
            for number, (name, cell) in enumerate(cells.items(), 1)
        )
        return (
            f'<h2 class="sw-chart-title">Against simple models, by {esc(self.name)}</h2>'
            '<table class="sw-guard"><thead><tr><th scope="col">Model</th><th scope="col">Its value</th>'
            f'<th scope="col">This setting</th></tr></thead><tbody>{rows}</tbody></table>'
        )

"""The baseline guard: simple models are always in the picture, and a setting that loses to one of them says so."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pages._shared.cards import esc
from pages._shared.notices import notice_html
from pages._shared.tuning import wording
from pages._shared.tuning.room import Case
from recsys.evaluation.intervals import ratio_intervals
from recsys.evaluation.paired import (
    HIGHER_IS_BETTER,
    ROUNDING,
    SHOPPER_METRICS,
    Difference,
    differences,
    verdict_of,
)


@dataclass(frozen=True, slots=True)
class Guard:
    """The setting against every baseline, on the same shoppers.

    Parameters
    ----------
    metric : what settings are judged by
    against : by baseline, the change of that metric from the baseline to the setting
    """

    metric: str
    against: Mapping[str, Difference]

    @classmethod
    def of(cls, case: Case) -> "Guard":
        """Compare by the metric that is judged by; all baselines on the same resamples."""
        metric, lists, mask = case.metric, case.lists(case.now), case.mask
        engine, filters = case.room.test, case.now.settings.filters
        others = {name: engine.baseline(name, case.k, filters).of(mask) for name in wording.BASELINES}
        if metric not in SHOPPER_METRICS:
            facts = case.facts
            return cls(metric, {name: differences(lists, other, facts)[metric] for name, other in others.items()})
        now = lists.values[metric]
        gaps = np.stack([now - other.values[metric] for other in others.values()], axis=1)
        gaps[np.abs(gaps) < ROUNDING] = 0  # as `differences` does
        found = {}
        for name, gap, change in zip(others, gaps.T, ratio_intervals(gaps), strict=True):
            both = ~np.isnan(gap)
            old = float(others[name].values[metric][both].mean()) if both.any() else np.nan
            verdict = verdict_of(change, HIGHER_IS_BETTER[metric])
            n_changed = int(np.count_nonzero(gap[both]))
            found[name] = Difference(metric, old + change.mean, old, change, verdict, n_changed)
        return cls(metric, found)


def notice(guard: Guard, k: int) -> str:
    """What has to be said above everything else; "" where nothing is lost."""
    metric = guard.metric
    lines = [
        f"{wording.BASELINES[name]} has {wording.METRICS[metric].at(k)} {wording.value(metric, found.old)}: this "
        f"setting is {wording.change(metric, found.change.mean)} away from it, 95% interval "
        f"{wording.interval(metric, found.change.low, found.change.high)}."
        for name, found in guard.against.items()
        if found.verdict == "worse"
    ]
    return notice_html("This setting loses to a simple model:", lines) if lines else ""


def table(guard: Guard, k: int) -> str:
    """Every baseline with the judged metric, and how the setting compares."""
    words = wording.METRICS[guard.metric].at(k)
    rows = "".join(_row(wording.BASELINES[name], found) for name, found in guard.against.items())
    return (
        f'<h2 class="sw-chart-title">Against simple models, by {esc(words)}</h2>'
        '<table class="sw-guard"><thead><tr><th scope="col">Model</th><th scope="col">Its value</th>'
        '<th scope="col">This setting</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _row(name: str, found: Difference) -> str:
    mark, said = wording.VERDICTS[found.verdict]
    ends = wording.interval(found.metric, found.change.low, found.change.high)
    return (
        f'<tr class="sw-metric-{found.verdict}"><th scope="row">{esc(name)}</th>'
        f"<td>{esc(wording.value(found.metric, found.old))}</td>"
        f'<td><span class="sw-verdict" title="{said}" aria-hidden="true">{mark}</span>'
        f'<span class="sw-sr">{said}, </span> {esc(wording.change(found.metric, found.change.mean))} '
        f'<span class="sw-metric-ends">{esc(ends)}</span></td></tr>'
    )

"""The baseline guard: simple models are always in the picture, and a setting that loses to one of them says so."""

from collections.abc import Mapping
from dataclasses import dataclass

from pages._shared.cards import esc
from pages._shared.notices import notice_html
from pages._shared.tuning import wording
from pages._shared.tuning.room import Case
from recsys.evaluation.paired import Difference, differences


@dataclass(frozen=True, slots=True)
class Guard:
    """The setting against every baseline, on the same shoppers.

    Parameters
    ----------
    against : by baseline, every metric's change from the baseline to the setting
    """

    against: Mapping[str, Mapping[str, Difference]]

    @classmethod
    def of(cls, case: Case) -> "Guard":
        """Compare."""
        lists, facts, mask = case.lists(case.now), case.facts, case.mask
        engine, filters = case.room.test, case.now.settings.filters
        return cls(
            {
                name: differences(lists, engine.baseline(name, case.k, filters).of(mask), facts)
                for name in wording.BASELINES
            }
        )

    def losses(self, metric: str) -> list[Difference]:
        """Where the setting is worse than a baseline, by the baselines' order."""
        return [found[metric] for found in self.against.values() if found[metric].verdict == "worse"]


def notice(guard: Guard, metric: str, k: int) -> str:
    """What has to be said above everything else; "" where nothing is lost."""
    words = wording.METRICS[metric].at(k)
    lines = [
        f"{wording.BASELINES[name]} has {words} {wording.value(metric, each[metric].old)}: this setting is "
        f"{wording.change(metric, each[metric].change.mean)} away from it, 95% interval "
        f"{wording.interval(metric, each[metric].change.low, each[metric].change.high)}."
        for name, each in guard.against.items()
        if each[metric].verdict == "worse"
    ]
    return notice_html("This setting loses to a simple model:", lines) if lines else ""


def table(guard: Guard, metric: str, k: int) -> str:
    """Every baseline with the judged metric, and how the setting compares."""
    words = wording.METRICS[metric].at(k)
    rows = "".join(_row(wording.BASELINES[name], found[metric]) for name, found in guard.against.items())
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

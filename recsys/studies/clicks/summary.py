"""What the experiment on clicks says: its sentences, tables, plots and figures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.estimation import PolicyEstimate
from recsys.offpolicy.estimators import ESTIMATORS, LABELS, main_estimator
from recsys.offpolicy.logs import ClickLog
from recsys.offpolicy.simulation import Accuracy
from recsys.studies.format import percent, signed
from recsys.studies.result import Cell, Plot, Series, Table, interval_cells

Accuracies = tuple[Mapping[str, Accuracy], int]
TEST_SHOPPERS, LOGGED_PAGES = "test shoppers", "logged pages"
PAPER_LIFT = 0.63 / 0.56 - 1
"""Of the click rate, as the paper reports it."""
_PAPER = f"{signed(100 * PAPER_LIFT, 1)}%"


@dataclass(frozen=True, eq=False, slots=True)
class Row:
    """One policy.

    Parameters
    ----------
    log : whose impressions it is judged by
    truth : its click rate by the simulator, or None
    told : whether a sentence is said of it
    """

    policy: str
    log: str
    found: PolicyEstimate
    truth: float | None = None
    told: bool = True

    def known(self) -> tuple[float | None, float | None, float | None]:
        """Click rate by other means, with the ends of its interval where it has one."""
        if self.truth is not None:
            return self.truth, None, None
        if self.found.known is None:
            return None, None, None
        told = self.found.known.as_json()
        return told["mean"], told["low"], told["high"]


@dataclass(frozen=True, slots=True)
class Lift:
    """Click rates of the traditional mix and of another, and the relative change.

    Parameters
    ----------
    full : of the mix
    mix : its name, where it is not all components as chosen
    """

    where: str
    how: str
    traditional: float
    full: float
    lift: Interval
    mix: str = ""


def conclusion(rows: Sequence[Row], lifts: Sequence[Lift], accuracy: Accuracies | None, n_logs: int) -> tuple[str, ...]:
    """Sentences for people who read nothing else."""
    lists = [each for each in lifts if each.how == "truth" and ", lists of " in each.where]
    said = [
        f"By the simulator's truth, on {each.where}, {_changes(each)} the click rate by {percent(each.lift)} from that "
        f"of the traditional ones ({each.traditional:.4f} to {each.full:.4f}): {_verdict(each.lift)}."
        for each in lists
    ]
    said += [_said_of_lift(each, lifts) for each in lifts if each.how != "truth"]
    if accuracy is not None:
        dr = accuracy[0]["dr"]
        said.append(
            f"The doubly robust interval held the true click rate in {dr.held:.1%} of the {dr.n} of {n_logs} simulated "
            f"logs in which it could be given; its estimates are off by {dr.rmse:.4f} typically and by "
            f"{signed(dr.bias)} on average."
        )
    said += [_said_of(each) for each in rows if each.told]
    return tuple(said)


def _changes(told: Lift) -> str:
    return f"the mix {told.mix} changes" if told.mix else "all components together change"


def _said_of_lift(told: Lift, lifts: Sequence[Lift]) -> str:
    same = (each for each in lifts if each.how == "truth" and (each.where, each.mix) == (told.where, told.mix))
    true = next((each.lift.mean for each in same), None)
    of = f" of the mix {told.mix}" if told.mix else ""
    known = "" if true is None else f"; the truth is {signed(100 * true, 1)}%"
    if not told.lift.is_given:
        return f"From the log alone, on {told.where}, too few visitors tell of the lift{of}{known}."
    sure = "surely not none" if told.lift.sign else "which cannot be told from none"
    return f"From the log alone, on {told.where}, the lift{of} is {percent(told.lift)}, {sure}{known}."


def _verdict(found: Interval) -> str:
    if found.low >= PAPER_LIFT:
        return f"more than the paper's {_PAPER}"
    if found.mean >= PAPER_LIFT:
        return f"at least the paper's {_PAPER}, though the interval reaches below it"
    return f"short of the paper's {_PAPER}"


def _said_of(row: Row) -> str:
    value, low, high = row.known()
    known = "" if value is None else f"; known: {value:.4f}{_ends(low, high)}"
    if row.found.refusal:
        return f"{row.policy}, from {row.log}: refused, {row.found.refusal}{known}."
    name = main_estimator(row.found.estimates)
    told = row.found.estimates[name].as_json()
    assert row.found.support is not None
    return (
        f"{row.policy}, from {row.log}: {told['mean']:.4f}{_ends(told['low'], told['high'])} clicks an impression by "
        f"{name.upper()}{known}; worth {row.found.support.n_effective:,.0f} of {row.found.support.n_impressions:,} "
        "impressions."
    )


def _ends(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" ({low:.4f} to {high:.4f})"


def caveats(log: ClickLog, why_not: str) -> tuple[str, ...]:
    """What the figures do not say."""
    said = [
        "Click rates are of what is logged: places on these pages, in this time, by these visitors.",
        "Intervals of the click model alone, and of the estimate that leaves large weights to it, say how visitors "
        "differ, not how wrong the model is: they hold the truth far less often than 95%, and are not to be relied on.",
    ]
    if log.data is None:
        said.append(
            "This log does not tell visitors apart, so each impression counts as a visitor of its own, and intervals "
            "are rather too narrow. A policy that changes over time is rebuilt at a moment from its nearest own "
            "impression of the same product in the same place."
        )
    else:
        said.append(
            "What was on the shelf is not logged: a product counts as on it between its first and its last impression."
        )
    if log.n_repeated:
        said.append(f"{log.n_repeated:,} impressions were logged again, and count once.")
    if why_not:
        said.append(f"{why_not[0].upper()}{why_not[1:]}.")
    return tuple(said)


def tables(rows: Sequence[Row], lifts: Sequence[Lift], accuracy: Mapping[float, Accuracies]) -> tuple[Table, ...]:
    """Estimates, what they rest on, lifts, and how right the estimators are."""
    found = [
        Table(
            "estimates",
            "Click rate of every policy, by every estimator",
            {
                **{"policy": "Policy", "log": "From", "estimator": "Estimator", "estimate": "Clicks an impression"},
                **{"estimate_low": "from", "estimate_high": "to", "known": "Known", "known_low": "from"},
                "known_high": "to",
            },
            tuple(_estimate_row(row, name) for row in rows for name in ESTIMATORS if name in row.found.estimates),
            "An interval is left out where too few visitors tell. What is known of a logged policy is its own clicks, "
            "and in a demo shop the simulator's truth.",
        ),
        Table(
            "support",
            "What the estimates rest on, and what is refused",
            {
                **{"policy": "Policy", "log": "From", "n_impressions": "Impressions", "n_clicks": "Clicks that count"},
                **{
                    "n_effective": "Worth impressions",
                    "largest_weight": "Largest weight",
                    "mean_weight": "Mean weight",
                },
                **{"gap": "Never tried", "known": "Known click rate", "refusal": "Refused because"},
            },
            tuple(_support_row(row) for row in rows),
            "Weights average 1 where the log could have shown all that the policy shows.",
        ),
    ]
    if lifts:
        found.append(
            Table(
                "lifts",
                "Click rate of other mixes over the traditional one",
                {
                    **{"where": "Where", "how": "How", "mix": "Mix", "traditional": "Traditional", "full": "The mix"},
                    **{"lift": "Lift"},
                    **{"lift_low": "from", "lift_high": "to"},
                },
                tuple(_lift_row(each) for each in lifts),
            )
        )
    if accuracy:
        found.append(
            Table(
                "accuracy",
                "How right the estimators are, over simulated logs",
                {
                    **{"temperature": "Temperature", "estimator": "Estimator", "n": "Logs with an interval"},
                    **{"held": "Intervals that held the truth", "bias": "Bias", "rmse": "Typical error"},
                    **{"width": "Width of the interval", "n_refused": "Logs that would be refused"},
                },
                tuple(
                    {"temperature": at, "estimator": LABELS[name], **_numbers(one), "n_refused": refused}
                    for at, (told, refused) in accuracy.items()
                    for name, one in told.items()
                ),
            )
        )
    return tuple(found)


def _estimate_row(row: Row, name: str) -> dict[str, Cell]:
    value, low, high = row.known()
    return {
        **{"policy": row.policy, "log": row.log, "estimator": LABELS[name]},
        **interval_cells("estimate", row.found.estimates[name]),
        **{"known": value, "known_low": low, "known_high": high},
    }


def _support_row(row: Row) -> dict[str, Cell]:
    told: dict[str, Any] = {} if row.found.support is None else row.found.support.as_json()
    names = ("n_impressions", "n_clicks", "n_effective", "largest_weight", "gap")
    return {
        **{"policy": row.policy, "log": row.log},
        **{name: told.get(name) for name in names},
        "mean_weight": told["mean_weight"]["mean"] if told else None,
        "known": row.known()[0],
        "refusal": row.found.refusal,
    }


def _lift_row(each: Lift) -> dict[str, Cell]:
    rates: dict[str, Cell] = {"traditional": each.traditional, "full": each.full}
    mix = each.mix or "full"
    return {"where": each.where, "how": each.how, "mix": mix, **rates, **interval_cells("lift", each.lift)}


def _numbers(found: Accuracy) -> dict[str, Cell]:
    return {name: _or_none(value) for name, value in asdict(found).items()}


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def plots(rows: Sequence[Row], accuracy: Accuracies | None) -> tuple[Plot, ...]:
    """Estimates beside what is known, and how often intervals hold the truth."""
    told_of = [row for row in rows if main_estimator(row.found.estimates) in row.found.estimates]
    found = []
    if told_of:
        names = tuple(row.policy for row in told_of)
        estimates = [row.found.estimates[main_estimator(row.found.estimates)] for row in told_of]
        known = tuple(zip(*(row.known() for row in told_of), strict=True))
        found.append(
            Plot(
                "estimates",
                "Click rate of every policy: estimated from the log of another, and known",
                "Policy",
                "Clicks an impression, 95% interval",
                (
                    Series.of("estimated, doubly robust where it can be", names, estimates),
                    Series("known", names, *known),
                ),
            )
        )
    if accuracy is not None:
        told = accuracy[0]
        labels, held = tuple(LABELS[name] for name in told), tuple(_or_none(one.held) for one in told.values())
        found.append(
            Plot(
                "held",
                "How often a 95% interval held the true click rate, over simulated logs",
                "Estimator",
                "Share of intervals",
                (
                    Series("held", labels, held),
                    Series("as it should be", labels, (0.95,) * len(labels)),
                ),
            )
        )
    return tuple(found)


def figures(
    rows: Sequence[Row], lifts: Sequence[Lift], accuracy: Mapping[float, Accuracies], n_logs: int
) -> dict[str, Any]:
    """What stands under "clicks" in the JSON document."""
    return {
        "policies": [
            {
                **{"policy": row.policy, "log": row.log, "refusal": row.found.refusal or None},
                "estimates": {name: each.as_json() for name, each in row.found.estimates.items()},
                "support": None if row.found.support is None else row.found.support.as_json(),
                "known": dict(zip(("mean", "low", "high"), row.known(), strict=True)),
            }
            for row in rows
        ],
        "lifts": [_lift_row(each) for each in lifts],
        "simulated": [
            {
                **{"temperature": at, "n_logs": n_logs, "n_refused": refused},
                "estimators": {name: _numbers(one) for name, one in told.items()},
            }
            for at, (told, refused) in accuracy.items()
        ],
    }

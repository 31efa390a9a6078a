"""Clicks under other settings: tables, plots and a conclusion that claims no more than its intervals carry."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from recsys.offpolicy.estimators import ESTIMATORS
from recsys.offpolicy.logs import ClickLog
from recsys.offpolicy.mixes import MAIN_TEMPERATURE
from recsys.offpolicy.names import LABELS, main_estimator
from recsys.offpolicy.simulation import Accuracy
from recsys.studies.clicks.policies import ESTIMATED, SHOP_LOG, TRUTH, ClickLift, PolicyRate
from recsys.studies.format import percent, signed
from recsys.studies.report_parts import as_json, listed, table_of
from recsys.studies.result import Cell, Plot, Series, Table

PAPER_LIFT = 0.63 / 0.56 - 1
"""Of the click rate, as the paper reports it."""


@dataclass(frozen=True, eq=False, slots=True)
class ClickFigures:
    """Everything that the study measures.

    Parameters
    ----------
    accuracy : of every estimator over simulated logs, and how many logs were refused, by temperature; empty but for a
        demo shop
    """

    rates: Sequence[PolicyRate]
    lifts: Sequence[ClickLift]
    accuracy: Mapping[float, tuple[Mapping[str, Accuracy], int]]
    n_logs: int


def conclusion(figures: ClickFigures) -> tuple[str, ...]:
    """What to take away, most important first."""
    lifts = figures.lifts
    said = [_true_lift(each) for each in lifts if each.how == TRUTH and each.lift.is_given][:1]
    said += [
        _estimated_lift(each, lifts)
        for each in lifts
        if each.how == ESTIMATED and each.where.endswith(f" {MAIN_TEMPERATURE:g}")
    ]
    if MAIN_TEMPERATURE in figures.accuracy:
        dr = figures.accuracy[MAIN_TEMPERATURE][0]["dr"]
        said.append(
            f"The doubly robust interval held the true click rate in {dr.held:.1%} of the {dr.n} of {figures.n_logs} "
            f"simulated logs in which it could be given; its estimates are off by {dr.rmse:.4f} typically."
        )
    said += [_logged_rate(each) for each in figures.rates if each.log != SHOP_LOG and not each.found.refusal]
    if refused := [f"{each.policy} from {each.log}" for each in figures.rates if each.found.refusal]:
        said.append(f"No estimate is to be believed, since too little of the log carries it, of {listed(refused)}.")
    return tuple(said)


def _true_lift(each: ClickLift) -> str:
    paper = f"the paper's {signed(100 * PAPER_LIFT, 1)}%"
    if each.lift.low >= PAPER_LIFT:
        verdict = f"more than {paper}"
    elif each.lift.mean >= PAPER_LIFT:
        verdict = f"at least {paper}, though the interval reaches below it"
    else:
        verdict = f"short of {paper}"
    return (
        f"By the simulator's truth, on {each.where}, all components together change the click rate by "
        f"{percent(each.lift)} from that of the traditional ones ({each.traditional:.4f} to {each.full:.4f}), "
        f"{verdict}."
    )


def _estimated_lift(each: ClickLift, lifts: Sequence[ClickLift]) -> str:
    same = (other for other in lifts if other.how == TRUTH and (other.where, other.mix) == (each.where, each.mix))
    true = "".join(f"; the truth is {signed(100 * other.lift.mean, 1)}%" for other in same)
    sure = "surely not none" if each.lift.sign else "not told from none"
    return f"From the log alone, on {each.where}, the lift of the mix {each.mix} is {percent(each.lift)}, {sure}{true}."


def _logged_rate(each: PolicyRate) -> str:
    name = main_estimator(each.found.estimates)
    known = "" if each.known is None else f"; known: {each.known.mean:.4f}"
    return (
        f"{each.policy}, from {each.log}: {each.found.estimates[name].mean:.4f} clicks an impression by {name.upper()}"
        f"{known}."
    )


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


def tables(figures: ClickFigures) -> tuple[Table, ...]:
    """Estimates, what they rest on, lifts, and how right the estimators are."""

    def support(name: str) -> Any:
        return lambda each: None if each.found.support is None else as_json(getattr(each.found.support, name))

    found = [
        table_of(
            "estimates",
            "Click rate of every policy, by every estimator",
            [(each, name) for each in figures.rates for name in ESTIMATORS if name in each.found.estimates],
            {
                "policy": ("Policy", lambda row: row[0].policy),
                "log": ("From", lambda row: row[0].log),
                "estimator": ("Estimator", lambda row: LABELS[row[1]]),
                "estimate": ("Clicks an impression", lambda row: row[0].found.estimates[row[1]]),
                "known": ("Known", lambda row: row[0].known),
            },
            "An interval is left out where too few visitors tell. What is known of a logged policy is its own clicks, "
            "and in a demo shop the simulator's truth.",
        ),
        table_of(
            "support",
            "What the estimates rest on, and what is refused",
            figures.rates,
            {
                "policy": ("Policy", lambda each: each.policy),
                "log": ("From", lambda each: each.log),
                "n_impressions": ("Impressions", support("n_impressions")),
                "n_clicks": ("Clicks that count", support("n_clicks")),
                "n_effective": ("Worth impressions", support("n_effective")),
                "largest_weight": ("Largest weight", support("largest_weight")),
                "mean_weight": ("Mean weight", lambda each: (support("mean_weight")(each) or {}).get("mean")),
                "gap": ("Never tried", support("gap")),
                "known": ("Known click rate", lambda each: each.known and as_json(each.known.mean)),
                "refusal": ("Refused because", lambda each: each.found.refusal),
            },
            "Weights average 1 where the log could have shown all that the policy shows.",
        ),
    ]
    if figures.lifts:
        found.append(
            table_of(
                "lifts",
                "Click rate of other mixes over the traditional one",
                figures.lifts,
                {
                    "where": ("Where", lambda each: each.where),
                    "how": ("How", lambda each: each.how),
                    "mix": ("Mix", lambda each: each.mix),
                    "traditional": ("Traditional", lambda each: each.traditional),
                    "full": ("The mix", lambda each: each.full),
                    "lift": ("Lift", lambda each: each.lift),
                },
            )
        )
    if figures.accuracy:
        columns = {"temperature": "Temperature", "estimator": "Estimator", "n": "Logs with an interval"}
        columns |= {"held": "Intervals that held the truth", "bias": "Bias", "rmse": "Typical error"}
        columns |= {"width": "Width of the interval", "n_refused": "Logs that would be refused"}
        rows: list[dict[str, Cell]] = [
            {"temperature": at, "estimator": LABELS[name], **as_json(asdict(one)), "n_refused": refused}
            for at, (by_estimator, refused) in figures.accuracy.items()
            for name, one in by_estimator.items()
        ]
        found.append(Table("accuracy", "How right the estimators are, over simulated logs", columns, tuple(rows)))
    return tuple(found)


def plots(figures: ClickFigures) -> tuple[Plot, ...]:
    """Estimates beside what is known, and how often intervals hold the truth."""
    estimated = [each for each in figures.rates if main_estimator(each.found.estimates) in each.found.estimates]
    found = []
    if estimated:
        names = tuple(each.policy for each in estimated)
        known = [as_json(each.known) or {} for each in estimated]
        ends = (tuple(each.get(end) for each in known) for end in ("mean", "low", "high"))
        found.append(
            Plot(
                "estimates",
                "Click rate of every policy: estimated from the log of another, and known",
                "Policy",
                "Clicks an impression, 95% interval",
                (
                    Series.of(
                        "estimated, doubly robust where it can be",
                        names,
                        [each.found.estimates[main_estimator(each.found.estimates)] for each in estimated],
                    ),
                    Series("known", names, *ends),
                ),
            )
        )
    if MAIN_TEMPERATURE in figures.accuracy:
        by_estimator = figures.accuracy[MAIN_TEMPERATURE][0]
        labels = tuple(LABELS[name] for name in by_estimator)
        held = tuple(as_json(one.held) for one in by_estimator.values())
        found.append(
            Plot(
                "held",
                "How often a 95% interval held the true click rate, over simulated logs",
                "Estimator",
                "Share of intervals",
                (Series("held", labels, held), Series("as it should be", labels, (0.95,) * len(labels))),
            )
        )
    return tuple(found)


def json_figures(figures: ClickFigures) -> dict[str, Any]:
    """What stands under "clicks" in the JSON document."""
    unknown = dict.fromkeys(("mean", "low", "high"))
    return {
        "policies": [
            {
                **{"policy": each.policy, "log": each.log, "refusal": each.found.refusal or None},
                "estimates": as_json(each.found.estimates),
                "support": as_json(each.found.support),
                "known": as_json(each.known) or unknown,
            }
            for each in figures.rates
        ],
        "lifts": [dict(row) for table in tables(figures) if table.name == "lifts" for row in table.rows],
        "simulated": [
            {"temperature": at, "n_logs": figures.n_logs, "n_refused": refused, "estimators": as_json(by_estimator)}
            for at, (by_estimator, refused) in figures.accuracy.items()
        ],
    }

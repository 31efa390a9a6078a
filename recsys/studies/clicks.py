"""Clicks: what a log of impressions can say of policies that it did not follow, and how far that can be trusted.

Each where the data allow it: logged policies estimated from each other's impressions; settings of the sliders by the
second half of the shop's log, with models of what came before; in a demo shop the truth of these, of simulated logs,
and of the lists that test shoppers would see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recsys.demo.oracle import ClickSimulator
from recsys.errors import DataError, SettingsError
from recsys.offpolicy.estimators import ESTIMATORS, LABELS, main_estimator
from recsys.offpolicy.logged_set import MAIN_TEMPERATURE, MODELLED, TEMPERATURES, WEIGHED, LoggedEvaluationSet, MixQuery
from recsys.offpolicy.logs import ClickLog, open_log
from recsys.offpolicy.pages import users_of
from recsys.offpolicy.policies import Accuracy, Simulator, estimate_logged, policy_pairs
from recsys.progress import Progress, silent
from recsys.studies.clicks_policies import ESTIMATED, GIVEN, SHOP_LOG, TRUTH, ClickLift, Mixes, PolicyRate, true_lifts
from recsys.studies.format import listed, mix_in_words, percent, signed, table_of
from recsys.studies.result import NOTHING, Plot, Result, Series, Table, as_json
from recsys.studies.workspace import ExperimentSettings, Workspace

N_LOGS = 200
"""Simulated logs of a demo shop."""

SIMULATED = tuple(each for each in TEMPERATURES if each >= 0.5)
"""Temperatures at which the estimators are tried on simulated logs; below, the log itself is hardly enough."""

PAPER_LIFT = 0.63 / 0.56 - 1
"""Of the click rate, as the paper reports it."""


@dataclass(frozen=True, slots=True)
class SimulatedLogs:
    """Accuracy of the estimators by name, for policies of one temperature; of refused logs no estimate is given."""

    temperature: float
    n_logs: int
    n_refused: int
    estimators: Mapping[str, Accuracy]


@dataclass(frozen=True, eq=False, slots=True)
class ClickFigures:
    """What the study measures; `simulated` is empty but for a demo shop."""

    policies: Sequence[PolicyRate]
    lifts: Sequence[ClickLift]
    simulated: Sequence[SimulatedLogs]

    @property
    def main(self) -> list[SimulatedLogs]:
        return [each for each in self.simulated if each.temperature == MAIN_TEMPERATURE]


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Estimate what the log can carry; raises DataError without impressions, or with nothing to learn before them."""
    log = open_log(workspace.data_folder, progress)
    facts = log.facts()
    if log.data is not None and settings.min_interactions > 1:
        log = ClickLog.of(log.data.core(settings.min_interactions))
    logged = {pair: estimate_logged(log, *pair, settings.seed, progress) for pair in policy_pairs(log)}
    rates = [PolicyRate.of(policy, f"log of {used}", found) for (policy, used), found in logged.items()]
    judged, why_not = _logged_set(workspace, log, settings, progress)
    if judged is None and not logged:
        raise DataError(why_not, file="impressions.parquet", remedy="bring a log of two policies, or more history")
    lifts: list[ClickLift] = []
    simulated: list[SimulatedLogs] = []
    if judged is not None:
        mixes = dict(judged.weights) | ({GIVEN: settings.weights} if settings.weights else {})
        on_sliders = Mixes.of(judged, mixes)
        rates += on_sliders.rates()
        lifts += on_sliders.lifts()
        if judged.truth is not None and log.data is not None:
            lifts = true_lifts(workspace, settings, progress) + lifts
            judge = ClickSimulator.open(workspace.data_folder, log.data.item_ids.tolist())
            simulator = Simulator(judge, judged.judged, judged.truth, users_of(judged.judged.pages, log.data))
            found = simulator.accuracy(
                [on_sliders.sliders.probabilities(MixQuery(mixes["full"], each)) for each in SIMULATED],
                N_LOGS,
                settings.seed,
                progress=progress,
            )
            simulated = [SimulatedLogs(at, N_LOGS, *each[::-1]) for at, each in zip(SIMULATED, found, strict=True)]
    figures = ClickFigures(rates, lifts, simulated)
    return Result(
        protocol=_protocol(log, judged, has_truth=bool(simulated)),
        data=facts,
        conclusion=conclusion(figures),
        caveats=caveats(log, why_not),
        tables=tables(figures),
        plots=plots(figures),
        figures={"clicks": as_json(figures)},
    )


def _logged_set(
    workspace: Workspace, log: ClickLog, settings: ExperimentSettings, progress: Progress
) -> tuple[LoggedEvaluationSet | None, str]:
    """The shop's own log as an evaluation set, or why it cannot be one."""
    if log.data is None:
        return None, "this log is of no shop with reviews or purchases, so there are no sliders to judge"
    try:
        return workspace.judged_log(settings.min_interactions, settings.k, settings.seed, progress), ""
    except (DataError, SettingsError) as problem:
        return None, f"no setting of the sliders could be judged: {problem}"


def _protocol(log: ClickLog, judged: LoggedEvaluationSet | None, *, has_truth: bool) -> str:
    sentences = [f"{len(log.impressions):,} logged impressions. An estimate is refused where too few of them carry it."]
    if judged is None:
        sentences.append(f"{WEIGHED} {MODELLED}")
    else:
        mixes = "; ".join(f"{name}: {mix_in_words(each)}" for name, each in judged.weights.items())
        sentences.append(
            f"Sliders: {judged.protocol()} Weights are chosen on validation shoppers of the time before ({mixes})."
        )
    if has_truth:
        sentences.append(
            f"Simulated logs: {N_LOGS} times, as many visitors drawn with replacement, with all of their pages; new "
            "products on them by the shop's own logging policy, and new clicks by the simulator. Lists of test "
            "shoppers: the weights of the ablation, chosen on validation shoppers, and places on the page that count "
            "as in the simulator."
        )
    return " ".join(sentences)


def conclusion(figures: ClickFigures) -> tuple[str, ...]:
    lifts, main = figures.lifts, f" {MAIN_TEMPERATURE:g}"
    sentences = [_true_lift(each) for each in lifts if each.how == TRUTH and each.lift.is_given][:1]
    sentences += [_estimated_lift(each, lifts) for each in lifts if each.how == ESTIMATED and each.where.endswith(main)]
    for logs in figures.main:
        dr = logs.estimators["dr"]
        sentences.append(
            f"The doubly robust interval held the true click rate in {dr.held:.1%} of the {dr.n} of {logs.n_logs} "
            f"simulated logs in which it could be given; its estimates are off by {dr.rmse:.4f} typically."
        )
    sentences += [_logged_rate(each) for each in figures.policies if each.log != SHOP_LOG and not each.refusal]
    if refused := [f"{each.policy} from {each.log}" for each in figures.policies if each.refusal]:
        sentences.append(f"No estimate is to be believed of {listed(refused)}; the table of support has the reasons.")
    return tuple(sentences)


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
    name = main_estimator(each.estimates)
    known = "" if each.known is None else f"; known: {each.known.mean:.4f}"
    rate = each.estimates[name].mean
    return f"{each.policy}, from {each.log}: {rate:.4f} clicks an impression by {name.upper()}{known}."


def caveats(log: ClickLog, why_not: str) -> tuple[str, ...]:
    sentences = [
        "Click rates are of what is logged: places on these pages, in this time, by these visitors.",
        "Intervals of the click model alone, and of the estimate that leaves large weights to it, say how visitors "
        "differ, not how wrong the model is: they hold the truth far less often than 95%, and are not to be relied on.",
    ]
    if log.data is None:
        sentences.append(
            "This log does not tell visitors apart, so each impression counts as a visitor of its own, and intervals "
            "are rather too narrow. A policy that changes over time is rebuilt at a moment from its nearest own "
            "impression of the same product in the same place."
        )
    else:
        sentences.append(
            "What was on the shelf is not logged: a product counts as on it between its first and its last impression."
        )
    if log.n_repeated:
        sentences.append(f"{log.n_repeated:,} impressions were logged again, and count once.")
    if why_not:
        sentences.append(f"{why_not[0].upper()}{why_not[1:]}.")
    return tuple(sentences)


def tables(figures: ClickFigures) -> tuple[Table, ...]:
    policy = {"policy": "Policy", "log": "From"}
    found = [
        table_of(
            "estimates",
            "Click rate of every policy, by every estimator",
            [
                {"policy": each.policy, "log": each.log, "estimator": LABELS[name], "known": each.known}
                | {"estimate": each.estimates[name]}
                for each in figures.policies
                for name in ESTIMATORS
                if name in each.estimates
            ],
            {**policy, "estimator": "Estimator", "estimate": "Clicks an impression", "known": "Known"},
            "An interval is left out where too few visitors tell. What is known of a logged policy is its own clicks, "
            "and in a demo shop the simulator's truth.",
        ),
        table_of(
            "support",
            "What the estimates rest on, and what is refused",
            [
                (as_json(each.support) or {})
                | {"policy": each.policy, "log": each.log, "refusal": each.refusal}
                | {"mean_weight": each.support and each.support.mean_weight.mean}
                | {"known": each.known and each.known.mean}
                for each in figures.policies
            ],
            {
                **{**policy, "n_impressions": "Impressions", "n_clicks": "Clicks that count"},
                **{"n_effective": "Worth impressions", "largest_weight": "Largest weight"},
                **{"mean_weight": "Mean weight", "gap": "Never tried", "known": "Known click rate"},
                "refusal": "Refused because",
            },
            "Weights average 1 where the log could have shown all that the policy shows.",
        ),
    ]
    if figures.lifts:
        columns = {"where": "Where", "how": "How", "mix": "Mix", "traditional": "Traditional", "full": "The mix"}
        title = "Click rate of other mixes over the traditional one"
        found.append(table_of("lifts", title, figures.lifts, {**columns, "lift": "Lift"}))
    if figures.simulated:
        rows = [
            {"temperature": logs.temperature, "estimator": LABELS[name], "n_refused": logs.n_refused, **as_json(one)}
            for logs in figures.simulated
            for name, one in logs.estimators.items()
        ]
        columns = {"temperature": "Temperature", "estimator": "Estimator", "n": "Logs with an interval"}
        columns |= {"held": "Intervals that held the truth", "bias": "Bias", "rmse": "Typical error"}
        columns |= {"width": "Width of the interval", "n_refused": "Logs that would be refused"}
        found.append(table_of("accuracy", "How right the estimators are, over simulated logs", rows, columns))
    return tuple(found)


def plots(figures: ClickFigures) -> tuple[Plot, ...]:
    estimated = [each for each in figures.policies if main_estimator(each.estimates) in each.estimates]
    found = []
    if estimated:
        names = tuple(each.policy for each in estimated)
        main = [each.estimates[main_estimator(each.estimates)] for each in estimated]
        known = Series.of("known", names, [each.known or NOTHING for each in estimated])
        series = Series.of("estimated, doubly robust where it can be", names, main), known
        title = "Click rate of every policy: estimated from the log of another, and known"
        found.append(Plot("estimates", title, "Policy", "Clicks an impression, 95% interval", series))
    for logs in figures.main:
        labels = tuple(LABELS[name] for name in logs.estimators)
        held = tuple(as_json(one.held) for one in logs.estimators.values())
        series = Series("held", labels, held), Series("as it should be", labels, (0.95,) * len(labels))
        title = "How often a 95% interval held the true click rate, over simulated logs"
        found.append(Plot("held", title, "Estimator", "Share of intervals", series))
    return tuple(found)

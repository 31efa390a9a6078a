"""Clicks: what a log of impressions can say of policies that it did not follow, and how far that can be trusted.

Each where the data allow it: logged policies estimated from each other's impressions; settings of the sliders by the
second half of the shop's log, with models of what came before; in a demo shop the truth of these, of simulated logs,
and of the lists that test shoppers would see.
"""

from recsys.demo.oracle import ClickSimulator
from recsys.errors import DataError, SettingsError
from recsys.offpolicy.logged_set import MODELLED, TEMPERATURES, WEIGHED, LoggedEvaluationSet, MixQuery
from recsys.offpolicy.logs import ClickLog, open_log
from recsys.offpolicy.pages import users_of
from recsys.offpolicy.policies import Simulator, estimate_logged, policy_pairs
from recsys.progress import Progress, silent
from recsys.studies.clicks import report
from recsys.studies.clicks.policies import GIVEN, ClickLift, Mixes, PolicyRate, true_lifts
from recsys.studies.clicks.report import SimulatedLogs
from recsys.studies.format import mix_in_words
from recsys.studies.result import Result, as_json
from recsys.studies.workspace import ExperimentSettings, Workspace

N_LOGS = 200
"""Simulated logs of a demo shop."""

SIMULATED = tuple(each for each in TEMPERATURES if each >= 0.5)
"""Temperatures at which the estimators are tried on simulated logs; below, the log itself is hardly enough."""


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Estimate every policy that the log can carry.

    Raises DataError: the data have no impressions, or nothing can be learnt from before them.
    """
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
    figures = report.ClickFigures(rates, lifts, simulated)
    return Result(
        protocol=_protocol(log, judged, has_truth=bool(simulated)),
        data=facts,
        conclusion=report.conclusion(figures),
        caveats=report.caveats(log, why_not),
        tables=report.tables(figures),
        plots=report.plots(figures),
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

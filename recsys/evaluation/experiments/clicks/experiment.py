"""Clicks: what a log of impressions can say of policies that it did not follow, and how far that can be trusted.

Three parts, each where the data allow it. Logged policies judge each other, so that the estimate stands beside what is
known. Settings of the sliders are judged by the second half of the shop's log, with models that saw only what came
before. In a demo shop the simulator knows the truth: of every estimate, of simulated logs one after another, and of the
lists that test shoppers would see.
"""

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from recsys.data.demo.clicks import ClickJudge
from recsys.errors import DataError, SettingsError
from recsys.evaluation.experiments.clicks import told as clicks_told
from recsys.evaluation.experiments.clicks.told import LOGGED_PAGES, Lift, Row
from recsys.evaluation.experiments.clicks.true_clicks import lift_of, true_lifts
from recsys.evaluation.experiments.registry import ExperimentSettings
from recsys.evaluation.experiments.result import Result
from recsys.evaluation.experiments.telling import mix_in_words
from recsys.evaluation.experiments.workspace import Workspace
from recsys.evaluation.offpolicy.judging import estimate_logged, policy_pairs
from recsys.evaluation.offpolicy.logs import ClickLog, open_log
from recsys.evaluation.offpolicy.simulation import Accuracy, Simulator
from recsys.evaluation.offpolicy.sliders import MAIN_TEMPERATURE, N_LISTED, TEMPERATURES, Sliders
from recsys.evaluation.protocol import EvaluationSettings
from recsys.evaluation.significance import Interval
from recsys.progress import Progress, silent
from recsys.text.library import make_phrasebook

N_LOGS = 200
"""Simulated logs of a demo shop."""

SIMULATED = tuple(each for each in TEMPERATURES if each >= 0.5)
"""Temperatures at which the estimators are tried on simulated logs; below, the log itself is hardly enough."""


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Judge every policy that the log can be asked about.

    Raises
    ------
    DataError : the data have no impressions, or nothing can be learnt from before them
    """
    begun = time.monotonic()
    log = open_log(workspace.data_folder, progress)
    facts = log.facts()
    if log.data is not None and settings.min_interactions > 1:
        log = ClickLog.of(log.data.core(settings.min_interactions))
    logged = {pair: estimate_logged(log, *pair, settings.seed, progress) for pair in policy_pairs(log)}
    rows = [Row(asked, f"log of {used}", found) for (asked, used), found in logged.items()]
    sliders, why_not = _sliders(log, settings, progress)
    if sliders is None and not logged:
        raise DataError(why_not, file="impressions.parquet", remedy="bring a log of two policies, or more history")
    lifts: list[Lift] = []
    accuracy: dict[float, tuple[Mapping[str, Accuracy], int]] = {}
    if sliders is not None:
        judge = _judge(workspace.data_folder, log)
        simulator = None if judge is None or log.data is None else Simulator.of(judge, sliders.judged, log.data)
        rows += _slider_rows(sliders, simulator)
        lifts += _lifts(sliders, simulator)
        if simulator is not None:
            lifts = true_lifts(workspace, settings, progress) + lifts
            told = simulator.accuracy(
                [sliders.chances("full", each) for each in SIMULATED], N_LOGS, settings.seed, progress=progress
            )
            accuracy = dict(zip(SIMULATED, told, strict=True))
    return Result(
        experiment="clicks",
        protocol=_protocol(log, sliders, has_truth=bool(accuracy)),
        data=facts,
        settings=settings.as_json(),
        conclusion=clicks_told.conclusion(rows, lifts, accuracy.get(MAIN_TEMPERATURE), N_LOGS),
        caveats=clicks_told.caveats(log, why_not),
        tables=clicks_told.tables(rows, lifts, accuracy),
        plots=clicks_told.plots(rows, accuracy.get(MAIN_TEMPERATURE)),
        figures={"clicks": clicks_told.figures(rows, lifts, accuracy, N_LOGS)},
        seconds=time.monotonic() - begun,
    )


def _sliders(log: ClickLog, settings: ExperimentSettings, progress: Progress) -> tuple[Sliders | None, str]:
    """The sliders on these data, or why they cannot be judged."""
    if log.data is None:
        return None, "this log is of no shop with reviews or purchases, so there are no sliders to judge"
    asked = EvaluationSettings("last", 1, settings.k, settings.seed)
    try:
        return Sliders.of(log, make_phrasebook(log.data, progress), asked, progress), ""
    except (DataError, SettingsError) as problem:
        return None, f"no setting of the sliders could be judged: {problem}"


def _judge(folder: Path, log: ClickLog) -> ClickJudge | None:
    assert log.data is not None
    try:
        return ClickJudge.open(folder, log.data.item_ids)
    except DataError:  # not a demo shop
        return None


def _slider_rows(sliders: Sliders, simulator: Simulator | None) -> list[Row]:
    rows = []
    for (name, temperature), found in sliders.estimated.items():
        truth = None
        if simulator is not None:
            truth = (
                simulator.rate(sliders.chances(name, temperature))
                if temperature
                else float(simulator.rates_of_lists(sliders.lists(name)).mean())
            )
        what = f"{name} at temperature {temperature:g}" if temperature else f"{name} as a list of {N_LISTED}"
        rows.append(Row(what, "the shop's log", found, truth, told=temperature in (0.0, MAIN_TEMPERATURE)))
    return rows


def _lifts(sliders: Sliders, simulator: Simulator | None) -> list[Lift]:
    """Of the full mix over the traditional one on the logged pages, estimated and, in a demo shop, true."""
    found = []
    for temperature in TEMPERATURES:
        where = f"{LOGGED_PAGES}, policies at temperature {temperature:g}"
        told = [sliders.estimated[name, temperature] for name in sliders.weights]
        if not any(each.refusal for each in told):
            old, new = (each.estimates["dr"].mean for each in told)
            found.append(Lift(where, "estimated, doubly robust", old, new, sliders.lift(temperature)))
        if simulator is not None:
            old, new = (simulator.rate(sliders.chances(name, temperature)) for name in sliders.weights)
            found.append(Lift(where, "truth", old, new, Interval(new / old - 1, math.nan, math.nan, 0)))
    if simulator is not None:
        old_rates, new_rates = (simulator.rates_of_lists(sliders.lists(name)) for name in sliders.weights)
        shoppers = np.unique(sliders.judged.pages.table["visitor"].to_numpy(), return_inverse=True)[1]
        found.append(lift_of(f"{LOGGED_PAGES}, lists of {N_LISTED}", old_rates, new_rates, shoppers))
    return found


def _protocol(log: ClickLog, sliders: Sliders | None, *, has_truth: bool) -> str:
    said = [
        f"{len(log.impressions):,} logged impressions. Impressions are weighed by the chance of the shown product "
        "under the policy asked about over its logged propensity; intervals are 95%, over visitors. The click model is "
        "a logistic regression, fitted in five folds of visitors so that nobody is judged by their own clicks. An "
        "estimate is refused where too few impressions carry it."
    ]
    if sliders is not None:
        mixes = "; ".join(f"{name}: {mix_in_words(each)}" for name, each in sliders.weights.items())
        said.append(
            f"Sliders: {len(sliders.judged.pages):,} pages from {_day(sliders.cut_s)} on, by "
            "models fitted six times on what came before. Weights are chosen on validation shoppers of the time "
            f"before ({mixes}). A policy fills three quarters of places by chance that grows with the score (softmax, "
            "temperature in deviations of it) and a quarter by any product."
        )
    if has_truth:
        said.append(
            f"Simulated logs: {N_LOGS} times, as many visitors drawn with replacement, with all of their pages; new "
            "products on them by the shop's own logging policy, and new clicks by the simulator. Lists of test "
            "shoppers: the weights of the ablation, chosen on validation shoppers, and places on the page that count "
            "as in the simulator."
        )
    return " ".join(said)


def _day(moment_s: int) -> str:
    return f"{datetime.fromtimestamp(moment_s, UTC):%Y-%m-%d}"

"""The paper's table on real data: what does language add to a tuned traditional recommender, in all metrics at once?

arXiv 2410.12829 reports lifts of precision, recall, F1, click rate and diversity together. So one setting of all
components is looked for on validation shoppers that lifts every one of them: the setting whose worst metric comes
nearest to (or furthest beyond) the lift that the paper reports of it (`search`). Test shoppers are looked at once, with
what was chosen.

Figures of the paper: table of its section on results; hybrid against traditional, precision 0.75 to 0.82, recall 0.68
to 0.77, F1 0.71 to 0.79, click rate 0.56 to 0.63, diversity 0.34 to 0.48.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.click_rate import Clicks
from recsys.evaluation.statistics.intervals import ratio_intervals
from recsys.evaluation.statistics.paired import MeasuredLists, means
from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.click_models import format as click_words
from recsys.offpolicy.click_models.format import NAMES
from recsys.panel.engine import WHOLE_CATALOGUE
from recsys.progress import Progress, silent
from recsys.settings import FusionSettings, RankingSettings
from recsys.studies.ablation import chosen_weights
from recsys.studies.format import mix_in_words, percent, signed
from recsys.studies.paper.search import MEASURED, PAPER, Candidate, candidates, measured, paper_lift
from recsys.studies.registry import ExperimentSettings
from recsys.studies.result import Cell, Plot, Result, Series, Table, interval_cells, interval_columns
from recsys.studies.workspace import Workspace
from recsys.training.weight_choice import TRADITIONAL

LABELS = {"precision": "Precision", "recall": "Recall", "f1": "F1", "ild": "Diversity (ILD)"}


def lifts(
    new: MeasuredLists, old: MeasuredLists, seed: int = 0, names: tuple[str, ...] = MEASURED
) -> dict[str, Interval]:
    """Relative change of each metric with its paired 95% interval: the change of the mean over the old mean."""
    values = np.stack([new.values[name] - old.values[name] for name in names], axis=1)
    base = np.stack([np.where(np.isnan(new.values[n]), np.nan, old.values[n]) for n in names], axis=1)
    return dict(zip(names, ratio_intervals(values, base, seed), strict=True))


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Choose on validation, and measure the paper's table on test."""
    begun = time.monotonic()
    k = settings.k
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    weights = chosen_weights(validation, k, progress)[TRADITIONAL]
    traditional = RankingSettings(weights, WHOLE_CATALOGUE, k)
    tried = candidates(validation, traditional, k, progress)
    chosen = max(tried, key=lambda each: each.worst)
    old, new = test.measure(traditional).lists, test.measure(chosen.settings).lists
    clicks = test.panel.clicks
    told = lifts(new, old, settings.seed)
    front = [tried[place] for place in _front(_points(tried))]
    later = measured([each.settings for each in front], test, old, progress)
    of_clicks = lifts(new, old, settings.seed, ("ctr",))["ctr"] if clicks.is_known else None
    rests_on = {name: lifts(test.measure(each).lists, old, settings.seed) for name, each in _parts(traditional, chosen)}
    facts = test.panel.facts
    of_old, of_new = (means(each, facts, settings.seed) for each in (old, new))
    rows = [_row(name, LABELS[name], of_old[name], of_new[name], told[name]) for name in MEASURED]
    if of_clicks is not None:
        rows.insert(3, _row("ctr", NAMES[clicks.source], of_old["ctr"], of_new["ctr"], of_clicks))
    return Result(
        experiment="paper",
        protocol=f"{test.panel.protocol} Traditional is LightFM and content ({mix_in_words(weights)}), its weights "
        f"chosen by nDCG@{k} on validation. Full is the one setting of {len(tried):,} (mixes of all components, "
        "with variety by MMR, DPP or MSD) whose worst metric came nearest to the lift that the paper reports, on "
        f"validation: {mix_in_words(chosen.settings.fusion)}, {_variety(chosen.settings)}. Lifts are changes "
        "of means over means of the traditional model, with paired 95% intervals.",
        data=workspace.facts(),
        settings=settings.as_json(),
        conclusion=_conclusion(
            told, rests_on, chosen, later, len(test.panel), _of_clicks(clicks, of_clicks), what_runs_short(tried)
        ),
        caveats=(
            "Absolute values cannot be compared with the paper's: it does not say on which data, with how many "
            "products to choose from, or how it held out. Here the whole catalogue is ranked, and each shopper has "
            "few products to find, so precision at k cannot exceed those few over k.",
            *click_words.summary(clicks),
            test.panel.leak_check,
        ),
        tables=(
            Table(
                "lifts",
                "The paper's metrics, traditional and full, and the paper's own lifts",
                {
                    **{"metric": "Metric", **interval_columns("traditional", "Traditional")},
                    **interval_columns("full", "Full"),
                    **interval_columns("lift", "Lift"),
                    **{
                        "paper_lift": "Paper's lift",
                        "paper_traditional": "Paper's traditional",
                        "paper_full": "Paper's hybrid",
                    },
                },
                tuple(rows),
                note=""
                if of_clicks is None
                else f"{NAMES[clicks.source]}: nobody was shown these lists, so it is not "
                "counted among the lifts that are reached.",
            ),
            Table(
                "rests_on",
                "What the lifts rest on: the chosen setting with one thing changed, against the traditional model",
                {"model": "Setting"}
                | {
                    f"{name}{end}": f"{LABELS[name]}{said}"
                    for name in MEASURED
                    for end, said in (("", ", lift"), ("_low", " from"), ("_high", " to"))
                },
                tuple({"model": name, **_cells(each)} for name, each in {"As chosen": told, **rests_on}.items()),
            ),
        ),
        plots=(_lift_plot(told), _frontier(front, later, chosen, told)),
        figures={
            "traditional": {name: of_old[name].as_json() for name in MEASURED}
            | {"ctr": _json(of_clicks, of_old["ctr"])},
            "full": {name: of_new[name].as_json() for name in MEASURED} | {"ctr": _json(of_clicks, of_new["ctr"])},
            "lifts": {name: each.as_json() for name, each in told.items()} | {"ctr": _json(of_clicks, of_clicks)},
            "ctr_source": clicks.source if clicks.is_known else None,
            "chosen": {"weights": chosen.settings.fusion.normalised(), "diversity": chosen.settings.diversity}
            | {"method": chosen.settings.method, "validation_lifts": dict(chosen.lifts)},
        },
        seconds=time.monotonic() - begun,
    )


def _parts(traditional: RankingSettings, chosen: Candidate) -> list[tuple[str, RankingSettings]]:
    """The chosen setting with one thing changed at a time."""
    settings, shares = chosen.settings, chosen.settings.fusion.normalised()
    answer = [("Traditional, with the same variety", replace(settings, fusion=traditional.fusion))]
    if settings.diversity:
        answer.append(("As chosen, without variety", replace(settings, diversity=0.0)))
    for name, share in shares.items():
        if 0 < share < 1:
            left = FusionSettings(**{each: 0.0 if each == name else value for each, value in shares.items()})
            answer.append((f"As chosen, without {name}", replace(settings, fusion=left)))
    return answer


def _cells(told: Mapping[str, Interval]) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    for name in MEASURED:
        cells |= interval_cells(name, told[name])
    return cells


def _row(name: str, label: str, old: Interval, new: Interval, lift: Interval) -> dict[str, Cell]:
    theirs = PAPER[name]
    return {
        "metric": label,
        **interval_cells("traditional", old),
        **interval_cells("full", new),
        **interval_cells("lift", lift),
        "paper_lift": paper_lift(name),
        "paper_traditional": theirs[0],
        "paper_full": theirs[1],
    }


def _conclusion(
    told: Mapping[str, Interval],
    rests_on: Mapping[str, Mapping[str, Interval]],
    chosen: Candidate,
    later: Sequence[Candidate],
    n_users: int,
    of_clicks: str,
    short: str,
) -> tuple[str, ...]:
    reached = [name for name in MEASURED if told[name].mean >= paper_lift(name) and told[name].sign > 0]
    said = [
        f"{LABELS[name]}: {percent(told[name])}, the paper {signed(100 * paper_lift(name), 1)}%." for name in MEASURED
    ]
    first = (
        f"All of the paper's lifts that these data can tell are reached at one setting, on {n_users:,} test shoppers."
        if len(reached) == len(MEASURED)
        else f"{len(reached)} of {len(MEASURED)} of the paper's lifts are reached at one setting, on {n_users:,} test "
        f"shoppers; the one that comes off worst reached {chosen.worst:.0%} of it on validation."
    )
    language = chosen.settings.fusion.normalised()["semantic"]
    part = (
        "Language has no part in it: the setting that was chosen gives the words of reviews no weight."
        if not language
        else f"Language has {language:.0%} of the weight."
    )
    same = rests_on["Traditional, with the same variety"]
    return (
        first,
        *said,
        *([short] if short else []),
        _in_hindsight(later),
        of_clicks,
        f"{part} The traditional model with the same variety alone reaches recall {percent(same['recall'])} and "
        f"diversity {percent(same['ild'])}.",
    )


def what_runs_short(tried: Sequence[Candidate]) -> str:
    """Why not all lifts are had together on validation; "" where they are."""
    if max(each.worst for each in tried) >= 1:
        return ""
    most = {name: max(each.lifts[name] for each in tried) for name in MEASURED}
    short = [name for name in MEASURED if most[name] < paper_lift(name)]
    if not short:
        return "On validation shoppers every one of the lifts can be had, but not all of them at one setting."
    said = ", ".join(f"{LABELS[name].removesuffix(' (ILD)')} {signed(100 * most[name], 1)}%" for name in short)
    paid = " Variety is paid for in accuracy, so where that runs short, little can be bought." * (short != ["ild"])
    return f"On validation shoppers some lifts are reached by no setting that was tried: the most is {said}.{paid}"


def _in_hindsight(later: Sequence[Candidate]) -> str:
    best, n_all = max(each.worst for each in later), sum(each.worst >= 1 for each in later)
    ends = f"{n_all} reach all four lifts" if n_all else f"none reaches all four lifts; the nearest comes to {best:.0%}"
    return (
        f"In hindsight, of the {len(later)} settings on the frontier of validation {ends} on test shoppers (points "
        "without intervals, which nobody could have known beforehand)."
    )


def _of_clicks(clicks: Clicks, lift: Interval | None) -> str:
    """The click rate in one sentence, with whose it is."""
    if lift is None:
        return f"There is no click rate of these lists: {click_words.why_none(clicks)}."
    whose = {
        "simulator": "By the demo shop's simulator, which no model saw, the true click rate changes by {}",
        "log": "By a model fitted on the shop's log, nobody having seen these lists, the click rate changes by {}",
        "reviews": "In a simulation made from choices, no clicks being known, the click rate changes by {}",
    }[clicks.source]
    paper = f"the paper has {signed(100 * paper_lift('ctr'), 1)}%"
    sure = "" if clicks.source == "simulator" else " Its interval counts shoppers, not how wrong the model is."
    return f"{whose.format(percent(lift))}; {paper}.{sure} It is not counted among the lifts reached."


def _json(known: Interval | None, value: Interval | None) -> dict[str, float | None] | None:
    return None if known is None or value is None else value.as_json()


def _lift_plot(told: Mapping[str, Interval]) -> Plot:
    names = tuple(LABELS[name] for name in MEASURED)
    return Plot(
        "lifts",
        "Relative lift of all components over the traditional ones, ours and the paper's",
        "Metric",
        "Relative lift",
        (
            Series.of("ours, with 95% interval", names, [told[name] for name in MEASURED]),
            Series("the paper", names, tuple(paper_lift(name) for name in MEASURED)),
        ),
        zero=True,
    )


def _frontier(
    front: Sequence[Candidate], later: Sequence[Candidate], chosen: Candidate, told: Mapping[str, Interval]
) -> Plot:
    """What can be had together: the most diversity at every accuracy, on validation, and the same settings on test."""

    def series(name: str, lifted: Sequence[Mapping[str, float]]) -> Series:
        return Series(name, tuple(each["recall"] for each in lifted), tuple(each["ild"] for each in lifted))

    return Plot(
        "frontier",
        "Recall against diversity: the frontier of what one setting reaches",
        "Relative lift of recall",
        "Relative lift of diversity (ILD)",
        (
            series("frontier, on validation", [each.lifts for each in front]),
            series("the same settings, on test", [each.lifts for each in later]),
            series("chosen, on validation", [chosen.lifts]),
            series("chosen, on test", [{name: each.mean for name, each in told.items()}]),
            series("the paper", [{name: paper_lift(name) for name in MEASURED}]),
        ),
        "line",
    )


def _points(found: Sequence[Candidate]) -> NDArray[np.float64]:
    return np.array([(each.lifts["recall"], each.lifts["ild"]) for each in found])


def _front(points: NDArray[np.float64]) -> NDArray[np.intp]:
    order = np.lexsort((-points[:, 1], -points[:, 0]))
    best = np.maximum.accumulate(points[order, 1])
    front: NDArray[np.intp] = order[np.concatenate([[True], best[1:] > best[:-1]])]
    return front


def _variety(settings: RankingSettings) -> str:
    return f"variety {settings.diversity:g} by {settings.method.upper()}" if settings.diversity else "no variety"

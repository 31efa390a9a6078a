"""The paper's table on real data: what does language add to a tuned traditional recommender, in all metrics at once?

arXiv 2410.12829 reports lifts of precision, recall, F1, click rate and diversity together. So one setting of all
components is looked for on validation shoppers that lifts every one of them: the setting whose worst metric comes
nearest to (or furthest beyond) the lift that the paper reports of it (`search`). Test shoppers are looked at once, with
what was chosen.

Figures of the paper: table of its section on results; hybrid against traditional, precision 0.75 to 0.82, recall 0.68
to 0.77, F1 0.71 to 0.79, click rate 0.56 to 0.63, diversity 0.34 to 0.48.
"""

from dataclasses import replace

import numpy as np

from recsys.evaluation.statistics.intervals import ratio_intervals
from recsys.evaluation.statistics.paired import MeasuredLists, means
from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.click_models import format as click_words
from recsys.panel.engine import WHOLE_CATALOGUE
from recsys.progress import Progress, silent
from recsys.settings import FusionSettings, RankingSettings
from recsys.studies.ablation import chosen_weights
from recsys.studies.format import mix_in_words
from recsys.studies.paper.report import SAME_VARIETY, PaperFigures, conclusion, plots, tables
from recsys.studies.paper.search import MEASURED, Candidate, candidates, measured
from recsys.studies.registry import ExperimentSettings
from recsys.studies.result import Result, as_json
from recsys.studies.workspace import Workspace
from recsys.training.weights import TRADITIONAL


def lifts(
    new: MeasuredLists, old: MeasuredLists, seed: int = 0, names: tuple[str, ...] = MEASURED
) -> dict[str, Interval]:
    """Relative change of each metric with its paired 95% interval: the change of the mean over the old mean."""
    values = np.stack([new.values[name] - old.values[name] for name in names], axis=1)
    base = np.stack([np.where(np.isnan(new.values[n]), np.nan, old.values[n]) for n in names], axis=1)
    return dict(zip(names, ratio_intervals(values, base, seed), strict=True))


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Choose on validation, and measure the paper's table on test."""
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    k, panel = settings.k, test.panel
    weights = chosen_weights(validation, k, progress)[TRADITIONAL]
    traditional = RankingSettings(weights, WHOLE_CATALOGUE, k)
    tried = candidates(validation, traditional, k, progress)
    chosen = max(tried, key=lambda each: each.worst)
    mix, diversity, method = chosen.settings.fusion, chosen.settings.diversity, chosen.settings.method
    old, new = test.measure(traditional).lists, test.measure(chosen.settings).lists
    front = frontier(tried)
    names = (*MEASURED, "ctr") if panel.clicks.is_known else MEASURED
    changed = {
        name: lifts(test.measure(each).lists, old, settings.seed) for name, each in _parts(traditional, chosen).items()
    }
    found = PaperFigures(
        n_users=len(panel),
        traditional=means(old, panel.facts, settings.seed),
        full=means(new, panel.facts, settings.seed),
        lifts=lifts(new, old, settings.seed, names),
        rests_on={"As chosen": lifts(new, old, settings.seed), **changed},
        chosen=chosen,
        front=front,
        later=measured([each.settings for each in front], test, old, progress),
        clicks=panel.clicks,
    )
    variety = f"variety {diversity:g} by {method.upper()}" if diversity else "no variety"
    return Result(
        protocol=f"{panel.protocol} Traditional is LightFM and content ({mix_in_words(weights)}), its weights "
        f"chosen by nDCG@{k} on validation. Full is the one setting of {len(tried):,} (mixes of all components, "
        "with variety by MMR, DPP or MSD) whose worst metric came nearest to the lift that the paper reports, on "
        f"validation: {mix_in_words(mix)}, {variety}. Lifts are changes of means over means of the traditional model, "
        "with paired 95% intervals.",
        conclusion=conclusion(found),
        caveats=(
            "Absolute values cannot be compared with the paper's: it does not say on which data, with how many "
            "products to choose from, or how it held out. Here the whole catalogue is ranked, and each shopper has "
            "few products to find, so precision at k cannot exceed those few over k.",
            *click_words.summary(panel.clicks),
            panel.leak_check,
        ),
        tables=tables(found),
        plots=plots(found),
        figures={
            name: {"ctr": None} | as_json({metric: each[metric] for metric in names})
            for name, each in (("traditional", found.traditional), ("full", found.full), ("lifts", found.lifts))
        }
        | {
            "ctr_source": panel.clicks.source if panel.clicks.is_known else None,
            "chosen": {
                **{"weights": mix.normalised(), "diversity": diversity, "method": method},
                "validation_lifts": dict(chosen.lifts),
            },
        },
    )


def _parts(traditional: RankingSettings, chosen: Candidate) -> dict[str, RankingSettings]:
    """The chosen setting with one thing changed at a time."""
    settings, shares = chosen.settings, chosen.settings.fusion.normalised()
    parts = {SAME_VARIETY: replace(settings, fusion=traditional.fusion)}
    if settings.diversity:
        parts["As chosen, without variety"] = replace(settings, diversity=0.0)
    for name, share in shares.items():
        if 0 < share < 1:
            parts[f"As chosen, without {name}"] = replace(settings, fusion=FusionSettings(**{**shares, name: 0.0}))
    return parts


def frontier(tried: list[Candidate]) -> list[Candidate]:
    """Settings that no other beats in recall without losing diversity, the highest recall first."""
    front: list[Candidate] = []
    for each in sorted(tried, key=lambda each: (-each.lifts["recall"], -each.lifts["ild"])):
        if not front or each.lifts["ild"] > front[-1].lifts["ild"]:
            front.append(each)
    return front

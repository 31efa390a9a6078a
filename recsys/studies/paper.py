"""What language adds to a tuned traditional recommender in all metrics of the paper (arXiv 2410.12829) at once.

One setting is looked for on validation shoppers: that whose worst metric comes nearest to the lift that the paper
reports of it, or, where several reach them all, that which does so most surely; first among mixes of the weight map at
every tenth of variety by every method, then by climbing from the best of each method.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from recsys.errors import DataError
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.statistics.intervals import ratio_intervals
from recsys.evaluation.statistics.paired import MeasuredLists, means
from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.click_models.format import NAMES, summary, why_none
from recsys.panel.engine import LiveEngine
from recsys.progress import Progress, reported, silent
from recsys.settings import COMPONENTS, DIVERSITY_METHODS, WHOLE_CATALOGUE, FusionSettings, RankingSettings
from recsys.studies.format import mix_in_words, percent, signed, table_of
from recsys.studies.models import tuned
from recsys.studies.result import Plot, Result, Series, Table, as_json
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.training.weights import TRADITIONAL
from recsys.tuning.weight_map import weight_map

PAPER: Mapping[str, tuple[float, float]] = {
    "precision": (0.75, 0.82),
    "recall": (0.68, 0.77),
    "f1": (0.71, 0.79),
    "ctr": (0.56, 0.63),
    "ild": (0.34, 0.48),
}
"""Traditional and hybrid as the paper has them, by our names of the metrics."""

MEASURED = ("precision", "recall", "f1", "ild")
"""Those that every shop can be measured by, and that a setting is looked for by. A click rate stands beside them:
nobody was shown these lists, so it is of a simulator or a model, and never counts among the lifts that are reached."""

STRENGTHS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
N_BASES = 30
"""Mixes of the map that are re-ranked at every strength: the most accurate ones, and the best of the front."""

MAX_ASKED = 6_000
"""Validation shoppers by whom a setting is looked for: of more, so many are drawn."""

STRENGTH_MOVES = (0.05, -0.05, 0.02, -0.02)
WEIGHT_MOVE = 0.05
MOST_MOVES = 12
"""A climb goes at most so many times to the best of all settings that are one such move away."""


@dataclass(frozen=True, eq=False, slots=True)
class Candidate:
    """One setting on the shoppers of one role, its lifts of `MEASURED` over the traditional model, and their errors.

    `errors`: standard errors of the lifts, shopper by shopper
    """

    settings: RankingSettings
    lifts: Mapping[str, float]
    errors: Mapping[str, float]

    @property
    def worst(self) -> float:
        """How near the worst metric is to the paper's lift: 1 is all of it."""
        return min(self.lifts[name] / paper_lift(name) for name in MEASURED)

    @property
    def merit(self) -> tuple[bool, float]:
        """What settings are compared by: reaching every lift, and how surely in standard errors; else how near."""
        if self.worst < 1:
            return False, self.worst
        return True, min((self.lifts[name] - paper_lift(name)) / max(self.errors[name], 1e-9) for name in MEASURED)


def paper_lift(name: str) -> float:
    """Relative lift that the paper reports: 0.132 is +13.2%."""
    old, new = PAPER[name]
    return new / old - 1


def candidates(
    engine: LiveEngine, traditional: RankingSettings, k: int, progress: Progress = silent
) -> list[Candidate]:
    """Settings of all components worth a look, measured on validation shoppers."""
    base = engine.measure(traditional).lists
    found = weight_map(engine, k, WHOLE_CATALOGUE, metrics=(), progress=progress)
    by_accuracy = np.argsort(-found.means["recall"], kind="stable")[:N_BASES]
    front = found.efficient("recall", "ild")
    bases = dict.fromkeys([*by_accuracy.tolist(), *front.tolist()])
    settings = [
        RankingSettings(found.settings(point), WHOLE_CATALOGUE, k, strength, method)
        for point in bases
        for strength in STRENGTHS
        for method in (DIVERSITY_METHODS if strength else DIVERSITY_METHODS[:1])
    ]
    tried = {each.settings: each for each in measured(settings, engine, base, progress)}
    for method in DIVERSITY_METHODS:
        of_method = [each for each in tried.values() if each.settings.method == method]
        if of_method:
            _climb(max(of_method, key=lambda each: each.merit), tried, engine, base, progress)
    return list(tried.values())


def measured(
    settings: Sequence[RankingSettings], engine: LiveEngine, traditional: MeasuredLists, progress: Progress = silent
) -> list[Candidate]:
    """Each setting's lifts over the traditional lists of the same shoppers."""
    base, found = {name: float(np.nanmean(traditional.values[name])) for name in MEASURED}, []
    if not all(mean > 0 for mean in base.values()):
        raise DataError(
            "the traditional model finds nothing that the shoppers chose, so no lift over it can be told",
            file="the data folder",
            remedy="bring more data, or lower --min-interactions",
        )
    for each in reported(progress, "re-ranking for diversity", settings):
        now, lifts, errors = engine.measure(each).lists.values, {}, {}
        for name in MEASURED:
            lifts[name] = float(np.nanmean(now[name])) / base[name] - 1
            left = now[name] - (1 + lifts[name]) * traditional.values[name]
            errors[name] = float(np.nanstd(left) / np.sqrt(np.isfinite(left).sum())) / base[name]
        found.append(Candidate(each, lifts, errors))
    return found


def nearby(settings: RankingSettings) -> list[RankingSettings]:
    """Settings that are one move away: a little more or less variety, or a twentieth of all weight shifted."""
    strengths = [round(settings.diversity + move, 2) for move in STRENGTH_MOVES]
    around = [replace(settings, diversity=strength) for strength in strengths if 0 < strength <= 1]
    shares = {name: round(share, 4) for name, share in settings.fusion.normalised().items()}
    for source, target in permutations(COMPONENTS, 2):
        if shares[source] >= WEIGHT_MOVE - 1e-9:
            moved = {source: round(shares[source] - WEIGHT_MOVE, 4), target: round(shares[target] + WEIGHT_MOVE, 4)}
            around.append(replace(settings, fusion=FusionSettings(**{**shares, **moved})))
    return around


def _climb(
    start: Candidate,
    tried: dict[RankingSettings, Candidate],
    engine: LiveEngine,
    traditional: MeasuredLists,
    progress: Progress,
) -> None:
    """Go to the best setting nearby until there is no better one; all that was measured goes into `tried`."""
    best = start
    for _ in range(MOST_MOVES):
        around = nearby(best.settings)
        new = [each for each in around if each not in tried]
        tried.update((each.settings, each) for each in measured(new, engine, traditional, progress))
        better = max((tried[each] for each in around), key=lambda each: each.merit)
        if better.merit <= best.merit:
            return
        best = better


LABELS = {"precision": "Precision", "recall": "Recall", "f1": "F1", "ild": "Diversity (ILD)"}
SAME_VARIETY = "Traditional, with the same variety"
NOT_COUNTED = "nobody was shown these lists, so it is not counted among the lifts that are reached"


_WHY_CHOSEN = {
    False: "whose worst metric came nearest to the lift that the paper reports",
    True: "that most surely reached the lifts that the paper reports, in standard errors",
}


@dataclass(frozen=True, eq=False, slots=True)
class PaperFigures:
    """The paper's metrics on test shoppers, of `MEASURED` and, where the click rate is known, of "ctr".

    `rests_on` are lifts of the chosen setting, and of it with one thing changed; `front` is as `frontier`, on
    validation, and `later` the same on test.
    """

    n_users: int
    traditional: Mapping[str, Interval]
    full: Mapping[str, Interval]
    lifts: Mapping[str, Interval]
    rests_on: Mapping[str, Mapping[str, Interval]]
    chosen: Candidate
    front: Sequence[Candidate]
    later: Sequence[Candidate]
    clicks: ClickProbabilities


def lifts(
    new: MeasuredLists, old: MeasuredLists, seed: int = 0, names: tuple[str, ...] = MEASURED
) -> dict[str, Interval]:
    """Relative change of each metric with its paired 95% interval: the change of the mean over the old mean."""
    values = np.stack([new.values[name] - old.values[name] for name in names], axis=1)
    base = np.stack([np.where(np.isnan(new.values[n]), np.nan, old.values[n]) for n in names], axis=1)
    return dict(zip(names, ratio_intervals(values, base, seed), strict=True))


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    k, panel = settings.k, test.panel
    weights = tuned(validation, k, progress, TRADITIONAL)
    asked = "validation"
    if len(validation.panel) > MAX_ASKED:
        drawn = np.random.default_rng(settings.seed).choice(len(validation.panel), MAX_ASKED, replace=False)
        validation, asked = LiveEngine(validation.panel.only(np.sort(drawn))), f"{MAX_ASKED:,} validation shoppers"
    traditional = RankingSettings(weights, WHOLE_CATALOGUE, k)
    tried = candidates(validation, traditional, k, progress)
    chosen = max(tried, key=lambda each: each.merit)
    mix, diversity, method = chosen.settings.fusion, chosen.settings.diversity, chosen.settings.method
    old, new = test.measure(traditional).lists, test.measure(chosen.settings).lists
    front = frontier(tried)
    names = (*MEASURED, "ctr") if panel.clicks.is_known else MEASURED
    changed = _parts(traditional, chosen).items()
    found = PaperFigures(
        n_users=len(panel),
        traditional=means(old, panel.facts, settings.seed),
        full=means(new, panel.facts, settings.seed),
        lifts=lifts(new, old, settings.seed, names),
        rests_on={name: lifts(test.measure(each).lists, old, settings.seed) for name, each in changed},
        chosen=chosen,
        front=front,
        later=measured([each.settings for each in front], test, old, progress),
        clicks=panel.clicks,
    )
    measures = {"traditional": found.traditional, "full": found.full, "lifts": found.lifts}
    document = {
        name: {"ctr": None} | as_json({metric: each[metric] for metric in names}) for name, each in measures.items()
    }
    document["ctr_source"] = panel.clicks.source if panel.clicks.is_known else None
    document["chosen"] = {"weights": mix.normalised(), "diversity": diversity, "method": method}
    document["chosen"]["validation_lifts"] = dict(chosen.lifts)
    variety = f"variety {diversity:g} by {method.upper()}" if diversity else "no variety"
    return Result(
        protocol=f"{panel.protocol} Traditional is the collaborative component and content "
        f"({mix_in_words(weights)}), its weights chosen by nDCG@{k} on validation. "
        f"Full is the one setting of {len(tried):,} (mixes of all components, "
        f"with variety by MMR, DPP or MSD) {_WHY_CHOSEN[chosen.merit[0]]}, on "
        f"{asked}: {mix_in_words(mix)}, {variety}. Lifts are changes of means over means of the traditional model, "
        "with paired 95% intervals.",
        conclusion=conclusion(found),
        caveats=(
            "Absolute values cannot be compared with the paper's: it does not say on which data, with how many "
            "products to choose from, or how it held out. Here the whole catalogue is ranked, and each shopper has "
            "few products to find, so precision at k cannot exceed those few over k.",
            *summary(panel.clicks),
            panel.leak_check,
        ),
        tables=tables(found),
        plots=plots(found),
        figures=document,
    )


def _parts(traditional: RankingSettings, chosen: Candidate) -> dict[str, RankingSettings]:
    """The chosen setting, and that with one thing changed at a time."""
    settings, shares = chosen.settings, chosen.settings.fusion.normalised()
    parts = {"As chosen": settings, SAME_VARIETY: replace(settings, fusion=traditional.fusion)}
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


def conclusion(found: PaperFigures) -> tuple[str, ...]:
    n_reached = sum(found.lifts[name].mean >= paper_lift(name) and found.lifts[name].sign > 0 for name in MEASURED)
    lifts = [f"{LABELS[name]} {percent(found.lifts[name])}, the paper {_paper(name)}" for name in MEASURED]
    same, language = found.rests_on[SAME_VARIETY], found.chosen.settings.fusion.normalised()["semantic"]
    return (
        f"{n_reached} of {len(MEASURED)} of the paper's lifts are reached at one setting, on {found.n_users:,} test "
        f"shoppers; the one that comes off worst reached {found.chosen.worst:.0%} of it on validation.",
        f"{'; '.join(lifts)}.",
        f"Language has {language:.0%} of the weight; the traditional model with the same variety reaches recall "
        f"{percent(same['recall'])} and diversity {percent(same['ild'])}.",
        f"{NAMES[found.clicks.source]}: {percent(found.lifts['ctr'])}, the paper {_paper('ctr')}; {NOT_COUNTED}."
        if found.clicks.is_known
        else f"There is no click rate of these lists: {why_none(found.clicks)}.",
    )


def _paper(name: str) -> str:
    return f"{signed(100 * paper_lift(name), 1)}%"


def tables(found: PaperFigures) -> tuple[Table, ...]:
    labels = LABELS | {"ctr": NAMES[found.clicks.source]}
    return (
        table_of(
            "lifts",
            "The paper's metrics, traditional and full, and the paper's own lifts",
            [name for name in PAPER if name in found.lifts],
            {
                "metric": ("Metric", labels.get),
                "traditional": ("Traditional", found.traditional.get),
                "full": ("Full", found.full.get),
                "lift": ("Lift", found.lifts.get),
                "paper_lift": ("Paper's lift", paper_lift),
                "paper_traditional": ("Paper's traditional", lambda name: PAPER[name][0]),
                "paper_full": ("Paper's hybrid", lambda name: PAPER[name][1]),
            },
            f"{labels['ctr']}: {NOT_COUNTED}." if found.clicks.is_known else "",
        ),
        table_of(
            "rests_on",
            "What the lifts rest on: the chosen setting with one thing changed, against the traditional model",
            [{"model": name, **each} for name, each in found.rests_on.items()],
            {"model": "Setting"} | {name: f"{LABELS[name]}, lift" for name in MEASURED},
        ),
    )


def plots(found: PaperFigures) -> tuple[Plot, ...]:
    names = tuple(LABELS[name] for name in MEASURED)
    paper = {name: paper_lift(name) for name in MEASURED}

    def points(name: str, *lifted: Mapping[str, float]) -> Series:
        return Series.of(name, [each["recall"] for each in lifted], [each["ild"] for each in lifted])

    lifts_beside = (
        Series.of("ours, with 95% interval", names, [found.lifts[name] for name in MEASURED]),
        Series.of("the paper", names, list(paper.values())),
    )
    reached = (
        points("frontier, on validation", *(each.lifts for each in found.front)),
        points("the same settings, on test", *(each.lifts for each in found.later)),
        points("chosen, on validation", found.chosen.lifts),
        points("chosen, on test", {name: each.mean for name, each in found.lifts.items()}),
        points("the paper", paper),
    )
    title = "Relative lift of all components over the traditional ones, ours and the paper's"
    frontier_title = "Recall against diversity: the frontier of what one setting reaches"
    axes = "Relative lift of recall", "Relative lift of diversity (ILD)"
    return (
        Plot("lifts", title, "Metric", "Relative lift", lifts_beside, zero=True),
        Plot("frontier", frontier_title, *axes, reached, "line"),
    )

"""The paper's table beside ours: figures, and their tables, plots and conclusion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.click_models.format import NAMES, why_none
from recsys.studies.format import percent, signed, table_of
from recsys.studies.paper.search import MEASURED, PAPER, Candidate, paper_lift
from recsys.studies.result import Plot, Series, Table

LABELS = {"precision": "Precision", "recall": "Recall", "f1": "F1", "ild": "Diversity (ILD)"}


@dataclass(frozen=True, eq=False, slots=True)
class PaperFigures:
    """The paper's metrics on test shoppers.

    Parameters
    ----------
    traditional, full, lifts : of each of `MEASURED`, and of "ctr" where the click rate is known
    rests_on : lifts of the chosen setting with one thing changed, by what was changed; as it was chosen first
    chosen : the setting, with its lifts on validation shoppers
    front, later : settings that nothing beats in both recall and diversity, on validation, and the same on test
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


def conclusion(found: PaperFigures) -> tuple[str, ...]:
    """How many lifts are reached, each beside the paper's, what they rest on, and the click rate."""
    n_reached = sum(found.lifts[name].mean >= paper_lift(name) and found.lifts[name].sign > 0 for name in MEASURED)
    lifts = [f"{LABELS[name]} {percent(found.lifts[name])}, the paper {_paper(name)}" for name in MEASURED]
    same, language = found.rests_on[SAME_VARIETY], found.chosen.settings.fusion.normalised()["semantic"]
    return (
        f"{n_reached} of {len(MEASURED)} of the paper's lifts are reached at one setting, on {found.n_users:,} test "
        f"shoppers; the one that comes off worst reached {found.chosen.worst:.0%} of it on validation.",
        f"{'; '.join(lifts)}.",
        f"Language has {language:.0%} of the weight; the traditional model with the same variety reaches recall "
        f"{percent(same['recall'])} and diversity {percent(same['ild'])}.",
        f"{NAMES[found.clicks.source]}: {percent(found.lifts['ctr'])}, the paper {_paper('ctr')}; {_NOT_COUNTED}."
        if found.clicks.is_known
        else f"There is no click rate of these lists: {why_none(found.clicks)}.",
    )


_NOT_COUNTED = "nobody was shown these lists, so it is not counted among the lifts that are reached"
SAME_VARIETY = "Traditional, with the same variety"


def _paper(name: str) -> str:
    return f"{signed(100 * paper_lift(name), 1)}%"


def tables(found: PaperFigures) -> tuple[Table, ...]:
    """The paper's metrics, and what the lifts rest on."""
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
            f"{labels['ctr']}: {_NOT_COUNTED}." if found.clicks.is_known else "",
        ),
        table_of(
            "rests_on",
            "What the lifts rest on: the chosen setting with one thing changed, against the traditional model",
            [{"model": name, **each} for name, each in found.rests_on.items()],
            {"model": "Setting"} | {name: f"{LABELS[name]}, lift" for name in MEASURED},
        ),
    )


def plots(found: PaperFigures) -> tuple[Plot, ...]:
    """Our lifts beside the paper's, and what can be had together: the most diversity at every accuracy."""
    names = tuple(LABELS[name] for name in MEASURED)
    paper = {name: paper_lift(name) for name in MEASURED}

    def series(name: str, *lifted: Mapping[str, float]) -> Series:
        return Series(name, tuple(each["recall"] for each in lifted), tuple(each["ild"] for each in lifted))

    return (
        Plot(
            "lifts",
            "Relative lift of all components over the traditional ones, ours and the paper's",
            "Metric",
            "Relative lift",
            (
                Series.of("ours, with 95% interval", names, [found.lifts[name] for name in MEASURED]),
                Series("the paper", names, tuple(paper.values())),
            ),
            zero=True,
        ),
        Plot(
            "frontier",
            "Recall against diversity: the frontier of what one setting reaches",
            "Relative lift of recall",
            "Relative lift of diversity (ILD)",
            (
                series("frontier, on validation", *(each.lifts for each in found.front)),
                series("the same settings, on test", *(each.lifts for each in found.later)),
                series("chosen, on validation", found.chosen.lifts),
                series("chosen, on test", {name: each.mean for name, each in found.lifts.items()}),
                series("the paper", paper),
            ),
            "line",
        ),
    )

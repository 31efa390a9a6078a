"""What was found about explanations: figures, tables and a plain conclusion."""

from collections.abc import Mapping
from dataclasses import dataclass

from recsys.evaluation.statistics.significance import Interval
from recsys.studies.faithfulness.checks import Exactness, Stability
from recsys.studies.faithfulness.measures import SideReport
from recsys.studies.faithfulness.polarity import PolarityAgreement
from recsys.studies.format import change_text, table_of
from recsys.studies.result import Table, interval_columns

DEFINITIONS = {
    "leading": "the leading aspect",
    "two_leading": "one of the two leading aspects",
    "fifth": "one with a fifth of the pull",
}
"""When an aspect of a demo shop's hidden truth drove a choice."""


@dataclass(frozen=True, slots=True)
class FaithfulnessFigures:
    """Everything that the study measures; parts that the data do not allow are None."""

    exactness: Exactness
    faithfulness: Mapping[str, SideReport]
    stability: Stability
    planted_aspects: Mapping[str, Mapping[str, float | None]] | None
    polarity: PolarityAgreement | None


def conclusion(figures: FaithfulnessFigures) -> tuple[str, ...]:
    """What to take away, most important first."""
    exact, stable = figures.exactness, figures.stability
    costs = {side: each.measures["comprehensiveness"].difference for side, each in figures.faithfulness.items()}
    changes = "; ".join(f"of the {side} {change_text(each)}" for side, each in costs.items())
    return (
        f"{exact.n:,} random explanations: parts and score differ by {exact.residual:.1e} at most, a component and its "
        f"contributions by {exact.component_residual:.1e}, both sides of the words by {exact.side_residual:.1e}; "
        f"{exact.n_verbatim:,} of {exact.n_quotes:,} quotes stand word for word in the review they name.",
        "Taking the named phrases away costs this much more of the score than taking as many at random: phrases "
        f"{changes}.",
        f"Trained again with another seed, a model names {stable.same_top.mean:.0%} of the largest contributions "
        f"again, {stable.chance_top.mean:.0%} by chance.",
    )


def tables(figures: FaithfulnessFigures) -> tuple[Table, ...]:
    """Phrases taken away, the other seed, the hidden truth of a demo shop, and human labels."""
    stability = {name: getattr(figures.stability, name) for name in Stability.__slots__}
    skipped = ", ".join(f"{each.n_skipped:,} of the {side}" for side, each in figures.faithfulness.items())
    found = [
        table_of(
            "faithfulness",
            "Phrases taken away, against as many by chance",
            [
                {"side": side, "n": each.n, "measure": name, "value": one.value, "control": one.control}
                | {"difference": one.difference}
                for side, each in figures.faithfulness.items()
                for name, one in each.measures.items()
            ],
            {
                **{"side": "Phrases of the", "n": "Recommendations", "measure": "Measure"},
                **{"value": "Named", "control": "By chance", "difference": "Difference"},
            },
            f"Skipped, with too few phrases: {skipped}.",
        ),
        _intervals("stability", "Trained again with another seed", stability),
    ]
    if figures.planted_aspects is not None:
        columns = {"definition": "Do the top phrases name", **interval_columns("hit_rate", "Hits")}
        rows = [
            {**each, "definition": DEFINITIONS[name], "hit_rate_low": each["low"], "hit_rate_high": each["high"]}
            for name, each in figures.planted_aspects.items()
        ]
        columns |= {"chance": "By chance", "n": "Recommendations"}
        found.append(table_of("planted_aspects", "The demo shop's hidden truth", rows, columns))
    if (agreement := figures.polarity) is not None:
        of = {"AUC, sentences as a whole": agreement.auc, "AUC, mean of their phrases": agreement.auc_of_phrases}
        note = (
            f"{agreement.n_sentences:,} sentences that judge one way, {agreement.n_positive:,} of them praise; always "
            f"praise would have {agreement.share_of_majority:.3f} of the signs right."
        )
        title = "Praise and complaint against human labels"
        found.append(_intervals("polarity", title, of | {"right sign": agreement.accuracy}, note))
    return tuple(found)


def _intervals(name: str, title: str, intervals: Mapping[str, Interval], note: str = "") -> Table:
    rows = [{"measure": measure, "value": value} for measure, value in intervals.items()]
    return table_of(name, title, rows, {"measure": "Measure", "value": "Value"}, note)

"""What every state of the texts is worth, with paired differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.statistics.intervals import mean_interval
from recsys.evaluation.statistics.paired import Difference, MeasuredLists
from recsys.evaluation.statistics.significance import Interval
from recsys.settings import FusionSettings
from recsys.studies.paired_differences import paired_differences
from recsys.studies.sparsity.measure import MeasuredLevel
from recsys.studies.sparsity.texts import CLEAN, SILENT, TextLevel

METRIC = "ndcg"

MEANS: Mapping[str, str] = {
    "alone": "semantic alone",
    "mix": "mix tuned at this level",
    "steady": "mix tuned for all texts",
}
"""Lists that are measured at each level."""

CHANGES: Mapping[str, tuple[str, str]] = {
    "alone_clean": ("alone", "clean"),
    "alone_silent": ("alone", "silent"),
    "gain": ("mix", "plain"),
    "mix_clean": ("mix", "clean"),
    "mix_silent": ("mix", "silent"),
    "steady_gain": ("steady", "plain"),
    "steady_clean": ("steady", "clean"),
}
"""Paired changes by name: which of `MEANS`, and what it is held against: the same with all texts or with none, or the
mix without the semantic component."""


@dataclass(frozen=True, slots=True)
class LevelFigures:
    """One state of the texts.

    Parameters
    ----------
    weights : of the mix, tuned at this level
    n_texts, n_phrases, n_listed, residual : as in `MeasuredLevel`
    means : nDCG by name of `MEANS`
    changes : by name of `CHANGES`, p-values corrected for the levels that are compared together
    """

    level: TextLevel
    weights: FusionSettings
    n_texts: int
    n_phrases: int
    n_listed: float
    residual: float
    means: Mapping[str, Interval]
    changes: Mapping[str, Difference]


@dataclass(frozen=True, slots=True)
class SparsityFigures:
    """Everything that the study measures.

    Parameters
    ----------
    plain_weights, plain : of the best mix without the semantic component, and its nDCG
    shares, noises : by name of the level
    """

    plain_weights: FusionSettings
    plain: Interval
    shares: Mapping[str, LevelFigures]
    noises: Mapping[str, LevelFigures]


def compare_levels(
    levels: Sequence[MeasuredLevel], references: Mapping[TextLevel, MeasuredLevel], plain: MeasuredLists, seed: int
) -> dict[str, LevelFigures]:
    """Figures of some levels by name, p-values corrected for how many they are.

    Parameters
    ----------
    references : of `CLEAN` and `SILENT`
    plain : the mix without the semantic component
    """
    held = {"clean": references[CLEAN], "silent": references[SILENT]}

    def pair(each: MeasuredLevel, of: str, against: str) -> tuple[UserValues, UserValues]:
        return _ndcg(getattr(each, of)), _ndcg(getattr(held[against], of) if against in held else plain)

    found = {
        name: paired_differences({each.level: pair(each, *change) for each in levels}, seed)
        for name, change in CHANGES.items()
    }
    return {
        each.level.name: LevelFigures(
            level=each.level,
            weights=each.fusion,
            n_texts=each.n_texts,
            n_phrases=each.n_phrases,
            n_listed=each.n_listed,
            residual=each.residual,
            means={name: mean_interval(_ndcg(getattr(each, name)), seed) for name in MEANS},
            changes={name: by_level[each.level] for name, by_level in found.items()},
        )
        for each in levels
    }


def _ndcg(lists: MeasuredLists) -> UserValues:
    return lists.values[METRIC]

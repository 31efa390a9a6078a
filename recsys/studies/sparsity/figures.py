"""What every state of the texts is worth, with paired intervals, as figures and as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recsys.evaluation.statistics.intervals import changes, mean_interval, ratio_intervals
from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.evaluation.statistics.randomisation import holm, sign_flip_p
from recsys.evaluation.statistics.significance import Interval, Verdict, verdict_of
from recsys.progress import Progress, silent
from recsys.studies.format import mix_in_words
from recsys.studies.result import Cell, Table, interval_cells, interval_columns
from recsys.studies.sparsity.models import METRIC, Measured
from recsys.studies.sparsity.texts import CLEAN, SILENT, Level
from recsys.training.paired_gain import Values

CHANGES: Mapping[str, str] = {
    "alone_clean": "less that with all texts",
    "alone_silent": "less that without texts",
    "gain": "less that of the mix without semantic",
    "mix_clean": "less that with all texts",
    "mix_silent": "less that without texts",
    "steady_gain": "less that of the mix without semantic",
    "steady_clean": "less that with all texts",
}
"""Paired changes, by name, as they stand behind the value that they belong to."""

MEANS: Mapping[str, str] = {
    "alone": "semantic alone",
    "mix": "mix tuned at this level",
    "steady": "mix tuned for all texts",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A level with intervals over test shoppers.

    Parameters
    ----------
    means : nDCG by name of `MEANS`
    changes : by name of `CHANGES`
    p : of each change, by sign flips, corrected by Holm for the levels that are told together
    """

    measured: Measured
    means: Mapping[str, Interval]
    changes: Mapping[str, Interval]
    p: Mapping[str, float]

    @property
    def level(self) -> Level:
        """The state of the texts."""
        return self.measured.level

    def shown(self, change: str) -> Verdict:
        """Which way a change goes beyond doubt: "better" or "worse" where interval and p-value agree, or "unclear"."""
        return verdict_of(self.changes[change], p=self.p[change])

    @property
    def pays(self) -> bool:
        """Whether the mix is better with the semantic part than without, beyond doubt."""
        return self.shown("gain") == "better"


def ndcg(lists: MeasuredLists) -> Values:
    """Of every shopper, float64 of shape (n_users,)."""
    return lists.values[METRIC]


def told_of(
    found: Sequence[Measured],
    references: Mapping[Level, Measured],
    plain: MeasuredLists,
    seed: int,
    progress: Progress = silent,
) -> list[Told]:
    """Intervals of some levels, and p-values corrected for how many they are.

    Parameters
    ----------
    references : of `CLEAN` and `SILENT`
    plain : the mix without the semantic component
    """
    clean, none = references[CLEAN], references[SILENT]
    answer, p_values = [], np.empty((len(found), len(CHANGES)))
    for place, each in enumerate(found):
        progress("comparing test shoppers", place, len(found))
        alone, mix, steady = ndcg(each.alone), ndcg(each.mix), ndcg(each.steady)
        pairs = {
            "alone_clean": (alone, clean.alone),
            "alone_silent": (alone, none.alone),
            "gain": (mix, plain),
            "mix_clean": (mix, clean.mix),
            "mix_silent": (mix, none.mix),
            "steady_gain": (steady, plain),
            "steady_clean": (steady, clean.steady),
        }
        gaps = {name: changes(new, ndcg(old)) for name, (new, old) in pairs.items()}
        told = ratio_intervals(np.stack([alone, mix, steady, *gaps.values()], axis=1), seed=seed)
        p_values[place] = [sign_flip_p(gaps[name], seed) for name in CHANGES]
        means = dict(zip(MEANS, told, strict=False))
        answer.append(Told(each, means, dict(zip(gaps, told[len(means) :], strict=True)), {}))
    corrected = np.stack([holm(column) for column in p_values.T], axis=1).tolist()
    progress("comparing test shoppers", len(found), len(found))
    return [replace(each, p=dict(zip(CHANGES, p, strict=True))) for each, p in zip(answer, corrected, strict=True)]


def by_kind(noises: Sequence[Told]) -> dict[str, list[Told]]:
    """Levels of each noise, in the order of their doses."""
    kinds: dict[str, list[Told]] = {}
    for each in sorted(noises, key=lambda told: told.level.share):
        kinds.setdefault(each.level.noise, []).append(each)
    return kinds


def mean_of(lists: MeasuredLists, seed: int) -> Interval:
    """nDCG of everybody, with its interval."""
    return mean_interval(ndcg(lists), seed)


def table(name: str, title: str, told: Sequence[Told], k: int, note: str) -> Table:
    """One row a level."""
    columns = {"level": "Texts", "n_texts": "Reviews with text", "n_phrases": "Different phrases"}
    columns |= {"n_listed": "Texts of a product on lists of semantic alone", "weights": "Mix tuned at this level"}
    for mean, label in MEANS.items():
        columns |= interval_columns(mean, f"nDCG@{k}, {label}")
        for change in (each for each in CHANGES if each.startswith(mean) or (mean, each) == ("mix", "gain")):
            columns |= interval_columns(change, CHANGES[change]) | {f"{change}_p": "p, corrected"}
    columns["residual"] = "Parts miss the score by at most"
    return Table(name, title, columns, tuple(map(_row, told)), note)


def as_json(told: Sequence[Told]) -> dict[str, Any]:
    """Levels by name."""
    return {
        each.level.name: {
            "share": each.level.share,
            **{name: mean.as_json() for name, mean in each.means.items()},
            "n_listed": each.measured.n_listed,
            "weights": each.measured.fusion.normalised(),
            **{name: change.as_json() for name, change in each.changes.items()},
            **{f"{name}_p": p for name, p in each.p.items()},
            "pays": each.pays,
        }
        for each in told
    }


def _row(told: Told) -> dict[str, Cell]:
    found = told.measured
    row: dict[str, Cell] = {"level": told.level.name, "n_texts": found.n_texts, "n_phrases": found.n_phrases}
    row |= {"n_listed": found.n_listed, "weights": mix_in_words(found.fusion), "residual": f"{found.residual:.1e}"}
    for name, mean in told.means.items():
        row |= interval_cells(name, mean)
    against_itself = {CLEAN: "_clean", SILENT: "_silent"}.get(told.level, "none")
    for name, change in told.changes.items():
        if not name.endswith(against_itself):
            row |= interval_cells(name, change) | {f"{name}_p": told.p[name]}
    return row

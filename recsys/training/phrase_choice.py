"""How phrases are weighed, chosen on validation shoppers: the default, unless another way is better beyond doubt.

Every alternative changes one thing. It is judged by the nDCG of the semantic component alone, shopper by shopper,
against the default: better beyond doubt is one whose paired 95% interval lies above 0 and whose p-value by sign flips,
corrected by Holm for all alternatives, is at most `significance.MOST_P`. What is better is then combined step by step,
and joins only where it again adds something beyond doubt.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut, Round
from recsys.evaluation.metrics.expected import expected_list_accuracy, tied_places
from recsys.evaluation.protocols.hold_out import SplitName
from recsys.evaluation.protocols.requests import batches
from recsys.progress import Progress, silent
from recsys.ranking.fusion import Standardised
from recsys.scorers.base import Fitting, Scorer
from recsys.scorers.phrase_weights import SemanticSettings
from recsys.scorers.semantic import SemanticScorer
from recsys.text.phrasebook import Phrasebook
from recsys.training.paired_gain import Compared, Values, compare

DEFAULT = "default"

ALTERNATIVES: Mapping[str, Mapping[str, Any]] = {
    "common phrases count in full": {"commonness_power": 0.0},
    "common phrases count less still": {"commonness_power": 1.0},
    "focus on what people agree on counts nothing": {"focus_power": 0.0},
    "focus on what people agree on counts more": {"focus_power": 2.0},
    "only the sign of the stars counts": {"polarity_power": 0.0},
    "complaints are left out": {"complaint_weight": 0.0},
    "complaints count as praise": {"complaint_weight": -1.0},
    "the past fades four times as fast": {"half_life_days": 250.0},
    "the past fades a quarter as fast": {"half_life_days": 4000.0},
    "own words count nothing": {"own_weight": 0.0},
    "own words count half": {"own_weight": 0.5},
    "own words count twice": {"own_weight": 2.0},
    "reviews count half": {"review_weight": 2.5},
    "reviews count twice": {"review_weight": 10.0},
    "few reviews count in full": {"review_prior": 0.5},
    "few reviews count less": {"review_prior": 10.0},
}
"""Informativeness, polarity, recency, own words and the weight of reviews, one change of the default each."""

Measure = Callable[[SemanticSettings], Values]
"""Gives the nDCG of every validation shopper under some settings, float64 of shape (n_users,)."""


@dataclass(frozen=True, slots=True)
class PhraseChoice:
    """What was chosen.

    Parameters
    ----------
    names : the changes that were taken over, in that order; none leaves the default
    compared : every alternative against the default
    combined : every attempt to add one more change to what was chosen so far
    """

    settings: SemanticSettings
    names: tuple[str, ...]
    compared: tuple[Compared[SemanticSettings], ...]
    combined: tuple[Compared[SemanticSettings], ...]


def candidates(default: SemanticSettings | None = None) -> dict[str, SemanticSettings]:
    """The default and every alternative, by name, the default first; what would change nothing is left out.

    Raises
    ------
    TypeError : an alternative names no setting
    """
    default = default or SemanticSettings()
    changed = {name: replace(default, **change) for name, change in ALTERNATIVES.items()}
    return {DEFAULT: default} | {name: each for name, each in changed.items() if each != default}


def ndcg_of_shoppers(
    scorer: Scorer, data: Dataset, train: Dataset, held_out: HeldOut, split: SplitName, k: int = 10
) -> Values:
    """nDCG@k of one fitted component alone for every shopper with anything held out, float64 of shape (n_users,).

    Parameters
    ----------
    data : everything, for the circumstances of the held-out acts
    train : what the component was fitted on; what a shopper has there is not listed
    """
    users, owned = held_out.users(), train.owned()
    relevant, tied = held_out.relevant()[users], np.zeros((len(users), 4, k), np.int32)
    for start, requests in batches(data, train, held_out, users, split):
        eligible = ~owned[requests.user_rows].toarray().astype(bool)
        for place, scores in enumerate(scorer.score(requests)):
            wanted = relevant.indices[slice(*relevant.indptr[start + place : start + place + 2])]
            tied[start + place] = tied_places(Standardised.of(scores[None]).values[0], eligible[place], wanted, k)
    return expected_list_accuracy(tied, np.diff(relevant.indptr))["ndcg"]


def choose_phrase_weights(
    measure: Measure, default: SemanticSettings | None = None, seed: int = 0, progress: Progress = silent
) -> PhraseChoice:
    """The way of weighing phrases for a shop.

    Parameters
    ----------
    measure : fits the semantic component on what validation may know, and asks about the validation shoppers
    """
    tried, measured = candidates(default), {}
    for place, (name, settings) in enumerate(tried.items()):
        progress("trying ways to weigh phrases", place, len(tried))
        measured[name] = measure(settings)
    progress("trying ways to weigh phrases", len(tried), len(tried))
    compared = compare(tried, measured, DEFAULT, seed)
    better = sorted((each for each in compared if each.is_better), key=lambda each: -each.change.mean)
    if not better:
        return PhraseChoice(tried[DEFAULT], (), compared, ())
    first, *others = better
    chosen, values, names, attempts = (
        first.settings,
        measured[first.name],
        [first.name],
        list[Compared[SemanticSettings]](),
    )
    for place, each in enumerate(others):
        progress("combining ways to weigh phrases", place, len(others))
        if set(_changed(each.settings, tried[DEFAULT])) & set(_changed(chosen, tried[DEFAULT])):
            continue  # another value of a setting that was changed already
        both = replace(chosen, **_changed(each.settings, tried[DEFAULT]))
        of_both = measure(both)
        (found,) = compare({"so far": chosen, each.name: both}, {"so far": values, each.name: of_both}, "so far", seed)
        found = replace(found, p=min(found.p * len(others), 1.0))
        attempts.append(found)
        if found.is_better:
            chosen, values = both, of_both
            names.append(each.name)
    return PhraseChoice(chosen, tuple(names), compared, tuple(attempts))


def choose_on(
    data: Dataset,
    asked: Round,
    book: Phrasebook,
    split: SplitName,
    seed: int = 0,
    progress: Progress = silent,
) -> PhraseChoice:
    """The way of weighing phrases for a shop, by the shoppers who are asked about.

    Parameters
    ----------
    data : everything, for the circumstances of the held-out acts
    asked : what may be learned from, and who is asked about
    book : phrases of at least what may be learned from
    """
    fitting = Fitting(asked.train, book, seed)

    def measure(settings: SemanticSettings) -> Values:
        return ndcg_of_shoppers(SemanticScorer(settings).fit(fitting), data, asked.train, asked.held_out, split)

    return choose_phrase_weights(measure, seed=seed, progress=progress)


def _changed(settings: SemanticSettings, default: SemanticSettings) -> dict[str, Any]:
    """The settings that differ from the default's, by name."""
    usual = asdict(default)
    return {name: value for name, value in asdict(settings).items() if value != usual[name]}

"""Judges of explanations and of learnt context effects that know the hidden truth of a demo folder.

Whoever explains hands over phrases and hears how often they name what drove the choice; whoever learnt log-lifts hands
them over by category and hears what was planted beside each. Nothing ranks by it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.demo.shop import VALUES
from recsys.demo.truth import Truth, load_truth

N_TOP = 3
QUOTED = ("review", "description")
"""Only words that somebody wrote about the product can name an aspect; titles and categories name the product."""

Phrases = Sequence[tuple[float, Mapping[str, Any]]]
"""Contributions with their sources, as `recsys explain --json` gives them."""

Ends = tuple[float | None, float | None]


def planted_aspects(
    folder: Path,
    explained: Iterable[tuple[str, str, Phrases]],
    ends: Callable[[NDArray[np.float64]], Ends] = lambda hits: (None, None),
) -> dict[str, dict[str, float | None]]:
    """How often one of the N_TOP quoted phrases that speak most for a product names a driving aspect of the choice.

    An aspect drives a choice by the shopper's taste for it times the product's quality in it. Three definitions, from
    strict to mild: the leading aspect, one of the two leading ones, one that makes up a fifth of the pull or more.

    Parameters
    ----------
    explained : shopper, product, and the contributions of the product's phrases
    ends : of the 95% interval of a mean of hits, float64 of shape (n_explained,), None where there is none

    Returns by definition: hit_rate, low and high (by `ends`), chance (of as many phrases drawn at random from those
    quoted of the same product), ratio, n and n_skipped.

    Raises DataError: the folder is not a demo shop.
    """
    truth = load_truth(folder)
    rows: dict[str, list[tuple[bool, float]]] = {"leading": [], "two_leading": [], "fifth": []}
    n_skipped = 0
    for user_id, item_id, phrases in explained:
        driving = truth.driving_aspects(user_id, item_id)
        quoted = sorted((phrase for phrase in phrases if phrase[1]["kind"] in QUOTED), key=lambda phrase: -phrase[0])
        if not driving or len(quoted) < 2 * N_TOP:
            n_skipped += 1
            continue
        named = [_named(truth, source) for _, source in quoted]
        aspects = [aspect for aspect, _ in driving]
        fifth = {aspect for aspect, share in driving if share >= 0.2}
        for definition, hit_by in zip(rows, (set(aspects[:1]), set(aspects[:2]), fifth), strict=True):
            if hit_by:
                hits = [not each.isdisjoint(hit_by) for each in named]
                # The chance that one of N_TOP phrases drawn at random is among the hits.
                missed = comb(len(hits) - sum(hits), N_TOP) / comb(len(hits), N_TOP)
                rows[definition].append((any(hits[:N_TOP]), 1 - missed))
    return {name: _summed(np.array(found, np.float64).reshape(-1, 2), n_skipped, ends) for name, found in rows.items()}


def _named(truth: Truth, source: Mapping[str, Any]) -> frozenset[str]:
    """Aspects that a quoted phrase names, by the spans that the writer of the demo shop remembers."""
    of_review, item_id = source["kind"] == "review", source["item_id"]
    mentions = truth.mentions_of(source["user_id"], item_id) if of_review else truth.described_as(item_id)
    return frozenset(one.aspect for one in mentions if one.start < source["end"] and one.end > source["start"])


def _summed(
    found: NDArray[np.float64], n_skipped: int, ends: Callable[[NDArray[np.float64]], Ends]
) -> dict[str, float | None]:
    if not len(found):
        return {"n": 0, "n_skipped": n_skipped}
    low, high = ends(found[:, 0])
    hit_rate, chance = found.mean(axis=0).tolist()
    rates = {"hit_rate": hit_rate, "low": low, "high": high, "chance": chance}
    ratio = hit_rate / chance if chance else float("nan")
    return {**rates, "ratio": ratio, "n": len(found), "n_skipped": n_skipped}


Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class PlantedEffect:
    """What one circumstance does to one category, in log-odds.

    Parameters
    ----------
    planted : of the category itself; effects of what products are like come on top
    learnt : as it was handed over
    planted_beside, learnt_beside : the same, less what the category does in all circumstances and what the circumstance
        does to all categories. A log-lift is a share against a share, which moves by just these two, so that only what
        is left of either can be the same number
    """

    dimension: str
    value: str
    category: str
    planted: float
    learnt: float
    planted_beside: float
    learnt_beside: float


def planted_context(
    folder: Path, categories: Sequence[str], learnt: Mapping[str, tuple[Sequence[str], Floats]]
) -> list[PlantedEffect]:
    """Every learnt effect beside the planted one.

    Parameters
    ----------
    categories : names, in the order of the learnt effects' columns
    learnt : by dimension, its values and their log-lifts of shape (n_values, n_categories)

    Raises DataError: the folder hides no truth.
    """
    truth = load_truth(folder)
    found = []
    for dimension, (values, lifts) in learnt.items():
        known = [place for place, value in enumerate(values) if value in VALUES[dimension]]
        by_value = [truth.effect(dimension, values[place]) for place in known]
        planted = np.array([[effects[category] for category in categories] for effects in by_value], np.float64)
        handed = np.asarray(lifts, np.float64)[known]
        figures = np.stack([planted, handed, _beside(planted), _beside(handed)], axis=-1)
        for row, place in enumerate(known):
            for category, cell in zip(categories, figures[row].tolist(), strict=True):
                found.append(PlantedEffect(dimension, values[place], category, *cell))
    return found


def _beside(effects: Floats) -> Floats:
    """Without the means of rows and of columns."""
    return np.asarray(effects - effects.mean(axis=0) - effects.mean(axis=1, keepdims=True) + effects.mean())

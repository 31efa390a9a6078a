"""What may leave the hidden truth of a demo folder: simulated clicks, and agreement with explanations and effects."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.demo.behaviour import POLICIES, fill_positions
from recsys.demo.shop import VALUES
from recsys.demo.truth import N_POSITIONS, POSITION_EFFECTS, Floats, Ints, Truth, load_truth, on_sale, true_click_rates
from recsys.settings import Context


@dataclass(frozen=True, eq=False, slots=True)
class Redrawn:
    """New impressions, one row for each of those that were redrawn."""

    item_rows: Ints
    propensity: NDArray[np.float64]
    clicks: NDArray[np.int8]


class ClickSimulator:
    """The truth about the clicks of one demo shop; item rows are positions in `item_ids`, the caller's catalogue."""

    def __init__(self, truth: Truth, item_ids: Sequence[str]) -> None:
        self._truth, self._item_ids = truth, list(item_ids)
        self._items = truth.item_rows(self._item_ids)
        self._row_of = np.full(len(truth.item_ids), -1)
        self._row_of[self._items] = np.arange(len(self._items))

    @classmethod
    def open(cls, folder: Path, item_ids: Sequence[str]) -> "ClickSimulator":
        """Open a demo folder; raises DataError where there is no hidden truth."""
        return cls(load_truth(folder), item_ids)

    def utilities(self, user_ids: Sequence[str], contexts: Sequence[Context]) -> Floats:
        """Compute the true utility of every product for every page, float32 of shape (n_pages, n_items)."""
        utilities = np.empty((len(user_ids), len(self._item_ids)), np.float32)
        for page, (user_id, context) in enumerate(zip(user_ids, contexts, strict=True)):
            utilities[page] = self._truth.utility(user_id, self._item_ids, context)
        return utilities

    rates = staticmethod(true_click_rates)

    def odds_by_place(self, n: int) -> NDArray[np.float64]:
        """Compute each position's odds of a click relative to the first one: float64 of shape (n,)."""
        return np.asarray(np.exp(np.array(POSITION_EFFECTS)[np.minimum(np.arange(n), N_POSITIONS - 1)]))

    def on_sale(self, item_rows: Ints, time_s: Ints) -> NDArray[np.bool_]:
        """Find which products could be bought at a moment; both broadcast."""
        return on_sale(self._truth.items, self._items[item_rows], time_s)

    def redraw(
        self,
        user_ids: Sequence[str],
        time_s: Ints,
        policy: Sequence[str],
        position: Ints,
        page: Ints,
        utilities: Floats,
        rng: np.random.Generator,
    ) -> Redrawn:
        """Draw new products by the shop's own logging policy on the same pages, and new clicks at the true rates.

        All but `utilities` have one value an impression; `page` is its row of `utilities`.
        """
        truth, codes = self._truth, np.array([POLICIES.index(name) for name in policy])
        user = truth.user_rows(list(user_ids))
        items, propensity = fill_positions(truth.items, truth.shoppers, user, time_s, codes, rng)
        rows = self._row_of[items]
        clicks = rng.random(len(time_s)) < true_click_rates(utilities[page, rows], position)
        return Redrawn(rows, propensity, clicks.astype(np.int8))


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
    """Measure how often one of the N_TOP quoted phrases of highest contribution names a driving aspect of the choice.

    An aspect drives a choice by the shopper's taste for it times the product's quality in it. Three definitions, from
    strict to mild: the leading aspect, one of the two leading ones, one with a fifth of the sum or more.

    `explained`: shopper, product, and the contributions of the product's phrases; `ends`: of the 95% interval of a mean
    of hits, float64 of shape (n_explained,), None where there is none.

    Returns by definition: hit_rate, low and high (by `ends`), chance (of as many phrases drawn at random from those
    quoted of the same product), ratio, n and n_skipped. Raises DataError: the folder is not a demo shop.
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
    return {name: _summary(np.array(hits, np.float64).reshape(-1, 2), n_skipped, ends) for name, hits in rows.items()}


def _named(truth: Truth, source: Mapping[str, Any]) -> frozenset[str]:
    """Find the aspects that a quoted phrase names, by the spans that the generator recorded."""
    of_review, item_id = source["kind"] == "review", source["item_id"]
    mentions = truth.mentions_of(source["user_id"], item_id) if of_review else truth.described_as(item_id)
    return frozenset(one.aspect for one in mentions if one.start < source["end"] and one.end > source["start"])


def _summary(
    hits: NDArray[np.float64], n_skipped: int, ends: Callable[[NDArray[np.float64]], Ends]
) -> dict[str, float | None]:
    if not len(hits):
        return {"n": 0, "n_skipped": n_skipped}
    low, high = ends(hits[:, 0])
    hit_rate, chance = hits.mean(axis=0).tolist()
    rates = {"hit_rate": hit_rate, "low": low, "high": high, "chance": chance}
    ratio = hit_rate / chance if chance else float("nan")
    return {**rates, "ratio": ratio, "n": len(hits), "n_skipped": n_skipped}


@dataclass(frozen=True, slots=True)
class PlantedEffect:
    """Effect of one circumstance on one category, in log-odds.

    `planted` is of the category itself; effects of aspects come on top. `_beside` is the same, less the means of the
    category over circumstances and of the circumstance over categories: a log-lift is a share against a share, so only
    these can be the same number.
    """

    dimension: str
    value: str
    category: str
    planted: float
    learnt: float
    planted_beside: float
    learnt_beside: float


def planted_context(
    folder: Path, categories: Sequence[str], learnt: Mapping[str, tuple[Sequence[str], NDArray[np.floating]]]
) -> list[PlantedEffect]:
    """Pair every learnt effect with the planted one.

    `learnt`: by dimension, its values and their log-lifts of shape (n_values, n_categories), columns as `categories`.
    Raises DataError: the folder is not a demo shop.
    """
    truth = load_truth(folder)
    pairs = []
    for dimension, (values, lifts) in learnt.items():
        known = [row for row, value in enumerate(values) if value in VALUES[dimension]]
        by_value = [truth.effect(dimension, values[row]) for row in known]
        planted = np.array([[effects[category] for category in categories] for effects in by_value], np.float64)
        lifts = np.asarray(lifts, np.float64)[known]
        figures = np.stack([planted, lifts, _centred(planted), _centred(lifts)], axis=-1)
        for row, cells in zip(known, figures.tolist(), strict=True):
            for category, cell in zip(categories, cells, strict=True):
                pairs.append(PlantedEffect(dimension, values[row], category, *cell))
    return pairs


def _centred(effects: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(effects - effects.mean(axis=0) - effects.mean(axis=1, keepdims=True) + effects.mean())

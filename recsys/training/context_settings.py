"""Settings of the context component, chosen by its nDCG@10 alone on a shop's validation shoppers.

They say how fast interest fades, whether the last days count on their own, and how many acts a product needs before its
own habits are believed. Of equal candidates the one nearest to the defaults is taken.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from recsys.data.dataset import Dataset
from recsys.data.splitting import Round
from recsys.evaluation.protocols.hold_out import SplitName, contexts_of
from recsys.progress import Progress, silent
from recsys.scorers.base import Fitting, FloatArray
from recsys.scorers.context import ContextScorer, ContextSettings, log_count
from recsys.settings import Context
from recsys.training.weights import ValidationScores, ndcg_of_weights

K = 10
"""Cut-off of the nDCG by which candidates are chosen."""

FEWEST_SHOPPERS = 200
"""With fewer to choose by, luck would choose; then the defaults stay."""

MAX_CELLS = 20_000_000
"""At most so many pairs of shopper and product are scored; beyond, some shoppers are drawn."""

BLOCK_CELLS = 2_000_000
"""Pairs of shopper and product scored at a time."""

TREND_DAYS = (30.0, 14.0, 60.0, 120.0)
BURSTS = ((7.0, 10.0, 0.0), *((3.0, 3.0, w) for w in (1.0, 2.0)), *((7.0, 3.0, w) for w in (1.0, 2.0)))
BURSTS += ((7.0, 10.0, 4.0), (7.0, 10.0, 8.0), (14.0, 3.0, 1.0), (14.0, 10.0, 4.0))
"""burst_days, burst_prior, burst_weight."""
ITEM_SHRINKAGES = (100.0, 300.0, 1000.0)


def context_candidates() -> list[ContextSettings]:
    """The defaults first, then what else is tried."""
    return [
        ContextSettings(
            item_shrinkage=shrinkage, trend_days=days, burst_days=burst[0], burst_prior=burst[1], burst_weight=burst[2]
        )
        for days, burst, shrinkage in product(TREND_DAYS, BURSTS, ITEM_SHRINKAGES)
    ]


@dataclass(frozen=True, slots=True)
class ContextChoice:
    """Settings of the context component chosen for a shop.

    `n_shoppers`: validation shoppers that it was chosen by; 0 where they were too few, and nothing was; `ndcg`,
    `default_ndcg`: mean nDCG@K of the context component alone, as chosen and with its defaults.
    """

    context: ContextSettings
    n_shoppers: int = 0
    ndcg: float = float("nan")
    default_ndcg: float = float("nan")

    def settings(self) -> Mapping[str, Any]:
        """By component, as `fit_scorers` takes them."""
        return {"context": self.context}

    def in_words(self) -> str:
        """A sentence for protocols.

        >>> ContextChoice(ContextSettings()).in_words()
        'The context component has its default settings: too few validation shoppers to choose by.'
        """
        if not self.n_shoppers:
            return "The context component has its default settings: too few validation shoppers to choose by."
        found = self.context
        burst = f", the last {found.burst_days:g} days on their own at {found.burst_weight:g}"
        return (
            f"The context component's settings are the best of {len(context_candidates())} by nDCG@{K} of that "
            f"component alone on {self.n_shoppers:,} validation shoppers (trend of {found.trend_days:g} days"
            f"{burst if found.burst_weight else ''}, shrinkage {found.item_shrinkage:g}: {self.ndcg:.4f}, "
            f"defaults {self.default_ndcg:.4f})."
        )


def choose_context(
    data: Dataset, rounds: Iterable[Round], split: SplitName, seed: int = 0, progress: Progress = silent
) -> ContextChoice:
    """Choose on validation shoppers, some of them drawn by the seed where all are too many.

    `data`: everything; only the circumstances of what is asked about are read from it; `rounds`: of validation; whoever
    is asked in several counts in each.
    """
    rounds = list(rounds)
    n_users = sum(len(each.held_out.users()) for each in rounds)
    if n_users < FEWEST_SHOPPERS:
        return ContextChoice(ContextSettings())
    share = min(1.0, MAX_CELLS / (n_users * data.n_items))
    candidates, lots = context_candidates(), np.random.default_rng(seed)
    total, n_asked, drawn = np.zeros(len(candidates)), 0, []
    for each in rounds:
        users = each.held_out.users()
        users = np.sort(lots.choice(users, max(1, round(share * len(users))), replace=False))
        drawn.append(users)
        contexts, blocks = contexts_of(data, each.train, each.held_out, users, split), _Blocks.of(each.train)
        at_once = max(1, BLOCK_CELLS // data.n_items)
        for start in range(0, len(users), at_once):
            progress("choosing settings of the context component", n_asked, round(share * n_users))
            chunk = users[start : start + at_once]
            values = blocks.values(contexts[start : start + at_once])
            scores = ValidationScores.of(values, each.train, each.held_out, chunk)
            total += len(chunk) * ndcg_of_weights(scores, blocks.weights(candidates), K)
            n_asked += len(chunk)
    progress("choosing settings of the context component", n_asked, n_asked)
    means = total / n_asked
    best = int(np.argmax(np.round(means, 9)))
    return ContextChoice(candidates[best], len(np.unique(np.concatenate(drawn))), float(means[best]), float(means[0]))


@dataclass(frozen=True, eq=False, slots=True)
class _Blocks:
    """Parts that the scores of all candidates are weighted sums of."""

    by_shrinkage: Mapping[float, ContextScorer]
    counts: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, train: Dataset) -> "_Blocks":
        fitting = Fitting(train)
        scorers = {each: ContextScorer(ContextSettings(item_shrinkage=each)).fit(fitting) for each in ITEM_SHRINKAGES}
        prior = ContextSettings().trend_prior
        counts = [*((days, prior) for days in TREND_DAYS), *((days, prior) for days, prior, weight in BURSTS if weight)]
        return cls(scorers, tuple(dict.fromkeys(counts)))

    def values(self, contexts: list[Context]) -> FloatArray:
        """Float32 of shape (n_users, n_blocks, n_items)."""
        one = next(iter(self.by_shrinkage.values()))
        values = np.zeros((len(contexts), len(self.by_shrinkage) + len(self.counts), one.n_items), np.float32)
        for user, context in enumerate(contexts):
            for block, scorer in enumerate(self.by_shrinkage.values()):
                for part in scorer.lifts_in(context.stated()).values():
                    values[user, block] += part
        moments_s, moment = np.unique([one.moment_s(context) for context in contexts], return_inverse=True)
        found = {days: one.decayed(moments_s, days) for days in {days for days, _ in self.counts}}
        for block, (days, prior) in enumerate(self.counts, len(self.by_shrinkage)):
            values[:, block] = log_count(found[days], prior)[moment]
        return values

    def weights(self, candidates: list[ContextSettings]) -> FloatArray:
        """Float32 of shape (n_candidates, n_blocks)."""
        shrinkages, first = list(self.by_shrinkage), len(self.by_shrinkage)
        weights = np.zeros((len(candidates), first + len(self.counts)), np.float32)
        for row, settings in zip(weights, candidates, strict=True):
            row[shrinkages.index(settings.item_shrinkage)] = 1
            row[first + self.counts.index((settings.trend_days, settings.trend_prior))] += settings.trend_weight
            if settings.burst_weight:
                burst = self.counts.index((settings.burst_days, settings.burst_prior))
                row[first + burst] += settings.trend_weight * settings.burst_weight
        return weights

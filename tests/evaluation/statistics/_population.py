"""A large population of shoppers with lists of two settings, from which samples are drawn as a shop draws its shoppers.

Popularity falls like a power law, taste lives in a few dimensions, shoppers hold out one to three products (some none)
and have histories of very different lengths (some none). The two settings mix popularity and taste differently, so
their lists are as correlated as those of two positions of a slider: the closer the mixes, the rarer a change.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys.evaluation.metrics.lists import ListFacts, long_tail_mask, measure_lists, product_facts
from recsys.evaluation.statistics.paired import MeasuredLists, ShopFacts
from recsys.offpolicy.click_models.conditional_logit import SEEN

K = 10
MOST_CHOSEN = 44
AT_ONCE = 2000

Mix = tuple[float, float]


@dataclass(frozen=True, eq=False, slots=True)
class Population:
    """Lists of both settings for every shopper of the population."""

    new: MeasuredLists
    old: MeasuredLists
    facts: ShopFacts

    def sample(self, rng: np.random.Generator, n: int) -> "Population":
        """n shoppers drawn independently."""
        rows = rng.integers(0, len(self.facts.profile_popularity), n)
        return Population(self.new.of(rows), self.old.of(rows), self.facts.of(rows))


def population(n_users: int, n_items: int, new: Mix, old: Mix, seed: int = 0) -> Population:
    """`n_users` shoppers; a mix is (weight of popularity, weight of taste)."""
    rng = np.random.default_rng(seed)
    appeal = -np.log(np.arange(1, n_items + 1))
    appeal = (appeal - appeal.mean()) / appeal.std()
    measured = appeal + 0.3 * rng.normal(size=n_items)
    tastes = rng.normal(size=(n_items, 16)).astype(np.float32)
    tastes /= np.linalg.norm(tastes, axis=1, keepdims=True)
    learned = 0.9 * (tastes + 0.17 * rng.normal(size=tastes.shape).astype(np.float32))
    ranked = {name: np.empty((n_users, K), np.int32) for name in ("new", "old", "popular")}
    chosen = np.empty((n_users, MOST_CHOSEN), np.int32)
    n_had = np.minimum(rng.lognormal(1.2, 0.9, n_users).astype(int), 40)
    n_held = rng.integers(1, 4, n_users) * (rng.random(n_users) < 0.93)
    for start in range(0, n_users, AT_ONCE):
        rows = slice(start, min(start + AT_ONCE, n_users))
        shoppers = rng.normal(size=(rows.stop - start, 16)).astype(np.float32)
        wanted = appeal + 0.8 * (shoppers @ tastes.T) + rng.gumbel(size=(len(shoppers), n_items))
        first = _top(wanted, MOST_CHOSEN)
        lots = rng.random(first.shape) + 9 * (np.arange(MOST_CHOSEN) >= (n_had + n_held)[rows, None])
        chosen[rows] = np.take_along_axis(first, np.argsort(lots, axis=1), axis=1)
        had = np.where(np.arange(MOST_CHOSEN) < n_had[rows, None], chosen[rows], n_items)
        owned = np.zeros((len(shoppers), n_items + 1), bool)
        np.put_along_axis(owned, had, True, axis=1)
        liked = shoppers @ learned.T
        for name, (popular, taste) in {"new": new, "old": old, "popular": (1.0, 0.0)}.items():
            ranked[name][rows] = _top(np.where(owned[:, :-1], -np.inf, popular * measured + taste * liked), K)
    places = np.arange(MOST_CHOSEN)
    history = _matrix(chosen, places < n_had[:, None], n_items)
    held = _matrix(chosen, (places >= n_had[:, None]) & (places < (n_had + n_held)[:, None]), n_items)
    popularity = np.asarray(history.sum(0)).ravel().astype(np.float64)
    profile = np.where(n_had > 0, history @ popularity / np.maximum(n_had, 1), np.nan)
    products = product_facts(popularity, n_users, long_tail_mask(popularity), tastes)
    known = ListFacts.of_held_out(held, products, tastes)._replace(
        expected=ranked["popular"], attraction=_attraction(n_users, appeal, seed), odds=np.ones(K), seen=SEEN[:K]
    )
    both = []
    for name in ("new", "old"):
        both.append(MeasuredLists(ranked[name], measure_lists(ranked[name], known, np.arange(n_users))))
    return Population(both[0], both[1], ShopFacts(n_items, popularity, profile))


def _attraction(n_users: int, appeal: np.ndarray, seed: int) -> np.ndarray:
    """Chances of a click that go with popularity and differ from shopper to shopper, float32 (n_users, n_items)."""
    attraction = np.random.default_rng((seed, 1)).standard_normal((n_users, len(appeal)), np.float32)
    attraction += appeal - 4
    np.exp(attraction, out=attraction)
    attraction /= 1 + attraction
    return attraction


def _top(scores: np.ndarray, n: int) -> np.ndarray:
    rows = np.argpartition(-scores, n, axis=1)[:, :n]
    order = np.argsort(-np.take_along_axis(scores, rows, axis=1), axis=1)
    return np.take_along_axis(rows, order, axis=1).astype(np.int32)


def _matrix(chosen: np.ndarray, mask: np.ndarray, n_items: int) -> csr_array:
    indptr = np.concatenate([[0], np.cumsum(mask.sum(1))])
    return csr_array((np.ones(indptr[-1], np.float32), chosen[mask], indptr), shape=(len(chosen), n_items))

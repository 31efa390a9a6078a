"""What each metric means, one list at a time: the plain reference that `metrics.lists` is held against.

Relevance is binary throughout, lists hold no repeats, and only the first k places are read. A shopper without a
relevant item has no accuracy: the answer is NaN, never 0, so that averages can say how many shoppers they leave out.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")


def _hits(ranked_items: Sequence[Item], relevant_items: Collection[Item], k: int) -> list[bool]:
    if k < 1:
        raise ValueError(f"k={k} is not a list length; give at least 1")
    return [item in relevant_items for item in ranked_items[:k]]


def precision_at_k(ranked_items: Sequence[Item], relevant_items: Collection[Item], k: int) -> float:
    """Share of the k places that hold a relevant item; places left empty by a short list count as misses.

    >>> precision_at_k(["i1", "i7", "i3"], {"i3", "i9"}, k=4)
    0.25
    """
    hits = _hits(ranked_items, relevant_items, k)
    return sum(hits) / k if relevant_items else math.nan


def recall_at_k(ranked_items: Sequence[Item], relevant_items: Collection[Item], k: int) -> float:
    """Share of the relevant items that stand among the first k.

    >>> recall_at_k(["i1", "i7", "i3"], {"i3", "i9"}, k=3)
    0.5
    """
    hits = _hits(ranked_items, relevant_items, k)
    return sum(hits) / len(relevant_items) if relevant_items else math.nan


def f1_at_k(ranked_items: Sequence[Item], relevant_items: Collection[Item], k: int) -> float:
    """Harmonic mean of this shopper's own precision and recall; 0 when both are 0.

    Averages are means of these values, not the harmonic mean of the averages.

    >>> round(f1_at_k(["i1", "i7", "i3"], {"i3", "i9"}, k=3), 4)
    0.4
    """
    precision = precision_at_k(ranked_items, relevant_items, k)
    recall = recall_at_k(ranked_items, relevant_items, k)
    return 2 * precision * recall / (precision + recall) if precision + recall != 0 else 0.0


def ndcg_at_k(ranked_items: Sequence[Item], relevant_items: Collection[Item], k: int) -> float:
    """Normalised discounted cumulative gain.

    The item at rank r counts 1 / log2(r + 1); the ideal list places min(k, n_relevant) relevant items first.

    Parameters
    ----------
    ranked_items : item ids, best first, without repeats; only the first k are read
    relevant_items : held-out items of this shopper; order is ignored
    k : at least 1

    Returns
    -------
    float in [0, 1], or NaN when the shopper has no relevant item

    Raises
    ------
    ValueError : k is below 1

    References
    ----------
    Järvelin & Kekäläinen (2002), ACM TOIS 20(4).

    Examples
    --------
    >>> round(ndcg_at_k(["i1", "i7", "i3"], {"i3", "i9"}, k=3), 4)
    0.3066
    """
    hits = _hits(ranked_items, relevant_items, k)
    if not relevant_items:
        return math.nan
    gain = math.fsum(1 / math.log2(place + 2) for place, hit in enumerate(hits) if hit)
    ideal = math.fsum(1 / math.log2(place + 2) for place in range(min(k, len(relevant_items))))
    return gain / ideal


def average_precision_at_k(ranked_items: Sequence[Item], relevant_items: Collection[Item], k: int) -> float:
    """Mean, over min(k, n_relevant), of the precision at each rank that holds a relevant item (the AP of MAP@k).

    Dividing by min(k, n_relevant) rather than by n_relevant lets a perfect list of k score 1 even when more than k
    items are relevant; for k of at least n_relevant the two agree.

    References
    ----------
    Buckley & Voorhees (2000), SIGIR; cut-off form as in Manning, Raghavan & Schütze (2008), section 8.4.

    >>> round(average_precision_at_k(["i3", "i7", "i9"], {"i3", "i9"}, k=3), 4)
    0.8333
    """
    hits = _hits(ranked_items, relevant_items, k)
    if not relevant_items:
        return math.nan
    precisions = [sum(hits[: place + 1]) / (place + 1) for place, hit in enumerate(hits) if hit]
    return math.fsum(precisions) / min(k, len(relevant_items))


def reciprocal_rank_at_k(ranked_items: Sequence[Item], relevant_items: Collection[Item], k: int) -> float:
    """1 / rank of the first relevant item, 0 when none stands among the first k (the RR of MRR@k).

    References
    ----------
    Voorhees (1999), TREC-8 question answering track.

    >>> reciprocal_rank_at_k(["i1", "i3"], {"i3", "i9"}, k=2)
    0.5
    """
    hits = _hits(ranked_items, relevant_items, k)
    if not relevant_items:
        return math.nan
    return 1 / (hits.index(True) + 1) if any(hits) else 0.0


def hit_at_k(ranked_items: Sequence[Item], relevant_items: Collection[Item], k: int) -> float:
    """1 when any relevant item stands among the first k, else 0; its mean is the hit rate.

    >>> hit_at_k(["i1", "i3"], {"i3"}, k=1)
    0.0
    """
    hits = _hits(ranked_items, relevant_items, k)
    return float(any(hits)) if relevant_items else math.nan


def intra_list_diversity(vectors: NDArray[np.floating]) -> float:
    """1 minus the mean cosine over all pairs of a list's products, in the encoder's own space.

    Parameters
    ----------
    vectors : float of shape (n_listed, n_dims), unit length; a product without text is all zeros and is left out

    Returns
    -------
    float in [0, 2], or NaN when fewer than two of the products have a vector

    References
    ----------
    Ziegler et al. (2005), WWW; the mean over pairs as in Castells, Hurley & Vargas (2015), Recommender Systems
    Handbook.

    >>> intra_list_diversity(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])).__round__(4)
    0.6667
    """
    described = [vector for vector in np.asarray(vectors, np.float64) if vector.any()]
    pairs = [(a, b) for a in range(len(described)) for b in range(a)]
    if not pairs:
        return math.nan
    return 1 - math.fsum(float(described[a] @ described[b]) for a, b in pairs) / len(pairs)


def novelty(ranked_items: Sequence[Item], popularity: Mapping[Item, int], n_train_users: int) -> float:
    """Mean self-information -log2 p(item) of the listed products, in bits.

    p(item) = (shoppers who have it + 1) / (all shoppers + 1): the +1 acts as one more shopper who has everything, so
    that a product nobody has is log2(n + 1) bits and one that everybody has is 0.

    References
    ----------
    Zhou et al. (2010), PNAS 107(10); Vargas & Castells (2011), RecSys.

    >>> novelty(["i1", "i2"], {"i1": 7, "i2": 1}, n_train_users=7)
    1.0
    """
    if not ranked_items:
        return math.nan
    bits = [math.log2((n_train_users + 1) / (popularity.get(item, 0) + 1)) for item in ranked_items]
    return math.fsum(bits) / len(bits)


def coverage(lists: Sequence[Sequence[Item]], n_items: int) -> float:
    """Share of a catalogue of n_items that is shown on at least one of the lists.

    References
    ----------
    Ge, Delgado-Battenfeld & Jannach (2010), RecSys ("catalogue coverage").

    >>> coverage([["i1", "i2"], ["i2", "i3"]], n_items=6)
    0.5
    """
    if n_items < 1:
        raise ValueError(f"n_items={n_items}: coverage needs a catalogue of at least one product")
    return len({item for ranked_items in lists for item in ranked_items}) / n_items


def serendipity_at_k(
    ranked_items: Sequence[Item], relevant_items: Collection[Item], expected_items: Collection[Item], k: int
) -> float:
    """Share of the k places that hold a relevant item which the popularity baseline does not list for this shopper.

    Useful and unexpected at once: `expected_items` are the k most popular items that the shopper does not have yet.

    References
    ----------
    Ge, Delgado-Battenfeld & Jannach (2010), RecSys, whose primitive recommender is here the most popular items.

    >>> serendipity_at_k(["i1", "i7", "i3"], {"i1", "i3"}, expected_items={"i1", "i2"}, k=4)
    0.25
    """
    hits = _hits(ranked_items, relevant_items, k)
    surprising = [hit and item not in expected_items for item, hit in zip(ranked_items, hits, strict=False)]
    return sum(surprising) / k if relevant_items else math.nan


def long_tail_items(popularity: Mapping[Item, int]) -> set[Item]:
    """The least chosen products: those outside the smallest set of most chosen ones that hold 80% of all choices.

    The set is filled in order of popularity, and products that are equally popular enter together, so no order of the
    catalogue decides. A product that nobody chose is always in the long tail; when nothing was ever chosen, all are.

    References
    ----------
    Abdollahpouri, Burke & Mobasher (2019), FLAIRS ("short head" of 80% of the ratings).

    >>> sorted(long_tail_items({"i1": 70, "i2": 10, "i3": 10, "i4": 5, "i5": 5, "i6": 0}))
    ['i4', 'i5', 'i6']
    """
    total, held, tail = sum(popularity.values()), 0, set(popularity)
    for level in sorted(set(popularity.values()), reverse=True):
        if 5 * held >= 4 * total:
            break
        together = {item for item, count in popularity.items() if count == level}
        held += level * len(together)
        tail -= together
    return tail


def long_tail(ranked_items: Sequence[Item], tail: Collection[Item]) -> float:
    """Share of the listed products that belong to the long tail; NaN for an empty list.

    References
    ----------
    Abdollahpouri, Burke & Mobasher (2019), FLAIRS ("average percentage of long tail items").

    >>> long_tail(["i1", "i4"], long_tail_items({"i1": 70, "i2": 25, "i4": 5}))
    0.5
    """
    return sum(item in tail for item in ranked_items) / len(ranked_items) if ranked_items else math.nan


def click_rate(
    ranked_items: Sequence[Item], attraction: Mapping[Item, float], odds: Sequence[float], seen: Sequence[float], k: int
) -> float:
    """Mean over the k places of the chance of a click there; a place without a product is never clicked.

    Parameters
    ----------
    attraction : of each product, the chance of a click in the first place
    odds : of each place, by how much it multiplies the odds of a click in the first place
    seen : of each place, the chance that it is looked at at all

    References
    ----------
    Richardson, Dominowska & Ragno (2007), WWW (examination and attraction); Craswell, Zoeter, Taylor & Ramsey (2008),
    WSDM (position-based and logistic models of a place).

    >>> click_rate(["i1", "i2"], {"i1": 0.5, "i2": 0.5}, odds=[1, 1 / 3], seen=[1, 0.8], k=2)
    0.35
    """
    chances = []
    for item, of_odds, of_seen in zip(ranked_items[:k], odds, seen, strict=False):
        first = attraction[item]
        chances.append(of_seen * first * of_odds / (1 - first + first * of_odds))
    return math.fsum(chances) / k


def gini(lists: Sequence[Sequence[Item]], n_items: int) -> float:
    """Gini coefficient of how often each product of a catalogue of n_items is shown, unshown ones included.

    Half the mean absolute difference between two products' numbers of lists, relative to the mean number: 0 when all
    are shown equally often, 1 - 1 / n_items when only one is shown; NaN when nothing is.

    References
    ----------
    Gini (1912), Variabilità e mutabilità; Fleder & Hosanagar (2009), Management Science 55(5), for recommendations.

    >>> gini([["i1", "i2"], ["i1"], ["i1"]], n_items=4)
    0.625
    """
    if n_items < 1:
        raise ValueError(f"n_items={n_items}: the Gini of exposure needs a catalogue of at least one product")
    shown = [item for ranked_items in lists for item in ranked_items]
    counts = [shown.count(item) for item in set(shown)]
    counts += [0] * (n_items - len(counts))
    differences = sum(abs(a - b) for a in counts for b in counts)
    return differences / (2 * n_items * sum(counts)) if shown else math.nan


def personalisation(lists: Sequence[Sequence[Item]]) -> float:
    """1 - how many products two lists share out of as many as they could: as many as the shorter one holds.

    Both are added up over all pairs of different lists, so that with lists of equal length it is 1 - the mean over
    pairs of the share of a list that the other one holds, too; NaN where no two lists hold anything.

    References
    ----------
    Zhou et al. (2010), PNAS 107(10) ("personalization", the mean Hamming distance of two lists).

    >>> personalisation([["i1", "i2"], ["i2", "i3"], ["i4", "i5"]]).__round__(4)
    0.8333
    """
    pairs = list(combinations(lists, 2))
    shared, most = sum(len(set(a) & set(b)) for a, b in pairs), sum(min(len(a), len(b)) for a, b in pairs)
    return 1 - shared / most if most else math.nan


def popularity_lift(
    lists: Sequence[Sequence[Item]], histories: Sequence[Sequence[Item]], popularity: Mapping[Item, int]
) -> float:
    """How much more popular the listed products are than those which the same shoppers chose before.

    Mean over shoppers of the mean popularity of their list, over the mean of that of their training history, minus 1:
    0.2 says that lists are a fifth more popular than choices. Shoppers without a history or a list are left out.

    References
    ----------
    Abdollahpouri, Mansoury, Burke & Mobasher (2020), RecSys ("popularity lift").

    >>> round(popularity_lift([["i1"], ["i2"]], [["i1", "i2"], ["i2"]], {"i1": 9, "i2": 3}), 4)
    0.3333
    """
    both = [(listed, history) for listed, history in zip(lists, histories, strict=True) if listed and history]
    if not both:
        return math.nan
    listed, chosen = (
        [sum(popularity[item] for item in items) / len(items) for items in side] for side in zip(*both, strict=True)
    )
    return math.fsum(listed) / math.fsum(chosen) - 1 if any(chosen) else math.nan

"""How much each component has in deciding a list, beside how much weight it was given.

    influence_k = sum over listed products of |contribution_k| / the same summed over all components

A contribution is the weight times the standardised score, as in `rank.Ranking.contributions`. A component whose scores
lie far out where lists are decided has more influence than weight.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recsys.settings import COMPONENTS

FAR_OFF = 0.10
"""An influence that is further than this from its weight has to be pointed out."""

_ROUNDING = 1e-9


def influence(contributions: NDArray[np.floating]) -> NDArray[np.float64]:
    """Compute every component's share in deciding each list; shares of a list sum to 1, NaN where nothing decides.

    `contributions`: of shape (..., n_listed, n_components), 0 where a list is short; answers with (..., n_components).

    >>> influence(np.array([[2.0, 0.0, -1.0, 1.0], [2.0, 0.0, 1.0, 1.0]])).tolist()
    [0.5, 0.0, 0.25, 0.25]
    """
    sizes = np.abs(contributions).sum(axis=-2, dtype=np.float64)
    whole = sizes.sum(axis=-1, keepdims=True)
    shares: NDArray[np.float64] = np.divide(sizes, whole, out=np.full_like(sizes, np.nan), where=whole > 0)
    return shares


def by_component(shares: NDArray[np.float64]) -> dict[str, float] | None:
    """The influence on one list, or its mean over lists of shape (n_lists, n_components), by component.

    Lists that nothing decides are left out; None where nothing decides any.
    """
    lists = shares.reshape(-1, len(COMPONENTS))
    decided = lists[~np.isnan(lists).any(axis=1)]
    return dict(zip(COMPONENTS, decided.mean(axis=0).tolist(), strict=True)) if len(decided) else None


def far_off(weights: Mapping[str, float], shares: Mapping[str, float]) -> list[str]:
    """Components whose influence is more than `FAR_OFF` from their weight, the furthest first.

    >>> far_off({"collaborative": 0.4, "content": 0.35, "context": 0.25}, {"collaborative": 0.3, "content": 0.05, \
"context": 0.65})
    ['context', 'content']
    """
    gaps = {name: abs(shares[name] - weight) for name, weight in weights.items()}
    return sorted((name for name, gap in gaps.items() if gap > FAR_OFF + _ROUNDING), key=lambda name: -gaps[name])
